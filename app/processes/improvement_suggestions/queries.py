"""Read side of suggestions: one of them, its proposers and evidence, and the list."""

from __future__ import annotations

from uuid import UUID

from app.api.listings.child_listings import ChildListing
from app.api.listings.filters import BY_PERSON, ME, NONE, Parameter, PersonNamed, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.people.queries import PERSONS
from app.processes.improvement_suggestions.lifecycle import LIFECYCLE
from app.processes.improvement_suggestions.records import (
    ImprovementSuggestion,
    SuggestionEvidence,
    SuggestionProposer,
)


class ImprovementSuggestionOut(RecordOut, of=ImprovementSuggestion):
    """A suggestion for an improvement."""


class SuggestionProposerOut(OutputModel, of=SuggestionProposer):
    """A person who proposes a suggestion."""


class SuggestionEvidenceOut(OutputModel, of=SuggestionEvidence):
    """A piece of evidence for a suggestion."""


CHILD_LISTINGS = (
    ChildListing(
        "proposers",
        SuggestionProposer,
        "added_at",
        SuggestionProposerOut,
        "the proposers of a suggestion, the earliest first",
    ),
    ChildListing(
        "evidence",
        SuggestionEvidence,
        "added_at",
        SuggestionEvidenceOut,
        "the evidence for a suggestion, the oldest first",
    ),
)


async def _of_proposers(where: WhereClause, names: list[str], renderer: Renderer) -> None:
    """Restrict the list to suggestions with one of these among their proposers; `none`: with no proposer."""
    ids = [renderer.caller.person_id if name == ME else UUID(name) for name in names if name != NONE]
    of_record = "select from fold.suggestion_proposer x where x.record = 'improvement_suggestion/' || r.id"
    conditions = [f"not exists ({of_record})"] if NONE in names else []
    conditions.append(f"exists ({of_record} and x.person_id = any({where.bind(ids)}::uuid[]))")
    where.conditions.append(f"({' or '.join(conditions)})")


PROPOSER = Parameter(
    "proposer",
    multi_value(
        PersonNamed,
        "Suggestions of these proposers: ids, or `me`; `none` for suggestions that only an automation "
        "rule has offered.",
        reference=BY_PERSON,
    ),
    _of_proposers,
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ImprovementSuggestionOut,
    filters=(
        "state",
        "source",
        "scope",
        "process",
        "aspect",
        "author",
        "cause",
        "cause_scope",
        "plan_id",
        "improvement_id",
        "offered_at",
        "changed_at",
    ),
    sorts=("offered_at", "changed_at"),
    expands=(PERSONS,),
    own_parameters=(PROPOSER,),
)
