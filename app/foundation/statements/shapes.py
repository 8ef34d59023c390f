"""Schemas of statements about people."""

from __future__ import annotations

from app.api.listings.child_listings import ChildListing
from app.api.records.shapes import OutputModel
from app.foundation.statements.records import PersonStatement


class PersonStatementOut(OutputModel, of=PersonStatement):
    """A fact that somebody recorded about another person."""


STATEMENTS = ChildListing(
    "statements",
    PersonStatement,
    "stated_at",
    PersonStatementOut,
    "the facts that were recorded about people other than the caller who recorded them, the earliest first",
)
