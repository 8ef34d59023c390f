"""Read side of findings: the list with its filters and sorts, and the routes."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.people.queries import PERSONS
from app.governance.findings.lifecycle import LIFECYCLE

LISTING = Listing(
    LIFECYCLE,
    ("state", "kind", "severity", "process", "team", "audit_id", "person", "owner", "due_at", "raised_at"),
    sorts=("raised_at", "due_at"),
    expands=(PERSONS,),
)
