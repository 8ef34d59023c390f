"""Read side of suggestions: one of them, its proposers and evidence, and the list."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.filters import ME, NONE, Parameter, PersonNamed, WhereClause, multi_value
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut, Renderer
from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.foundation.people.queries import PERSONS
from app.processes.improvement_suggestions.lifecycle import LIFECYCLE
from app.processes.improvement_suggestions.records import (
    SuggestionCause,
    SuggestionEvidence,
    SuggestionProposer,
    SuggestionState,
)


class ImprovementSuggestionOut(RecordOut):
    """A suggestion for an improvement."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: SuggestionState
    title: str
    scope: ImprovementScope
    process: str | None = Field(description="The process that it is about; null: the whole department.")
    aspect: ImprovementAspect
    source: SuggestionSource
    what: str | None = Field(description="What is to be improved. Null of a rule's, and when erased.")
    why: str | None = Field(description="Why. Null of a rule's, and when erased.")
    evidence: str | None = Field(description="What shows it, in words.")
    plan_id: UUID | None = Field(description="The improvement plan that it helps.")
    plan_target: str | None = Field(description="The key of the target of that plan.")
    cause: SuggestionCause | None = Field(
        description="Why a rule has offered it, or one that was merged into it."
    )
    cause_scope: str | None = Field(description="What the cause is about, as `service/mail`.")
    author: PersonStub | None = Field(description="Who has offered it; null: a rule.")
    offered_at: datetime
    merged_into_id: UUID | None = Field(description="The suggestion that goes on in its place.")
    improvement_id: UUID | None = Field(description="The improvement that carries it out.")
    assessment_id: UUID | None = Field(description="The assessment that has decided on it last.")
    reason: str | None = Field(description="Why it was declined or deferred.")
    deferred_until_at: datetime | None = Field(
        description="The first assessment after it takes up a deferred one."
    )
    decided_at: datetime | None
    decided_by: PersonStub | None


class SuggestionProposerOut(OutputModel):
    """A person who proposes a suggestion."""

    id: UUID
    person: PersonStub
    merged_from_id: UUID | None = Field(
        description="The suggestion that they have proposed, which was merged into this one."
    )
    added_at: datetime


class SuggestionEvidenceOut(OutputModel):
    """A piece of evidence for a suggestion."""

    id: UUID
    about: str | None = Field(description="The record that shows it, as `<kind>/<id>`.")
    text: str
    kpi: str | None
    period: str | None
    added_at: datetime


CHILD_LISTINGS = (
    ChildListing(
        "proposers",
        SuggestionProposer,
        "added_at",
        SuggestionProposerOut,
        "the proposers of a suggestion, in the order in which they came",
    ),
    ChildListing(
        "evidence",
        SuggestionEvidence,
        "added_at",
        SuggestionEvidenceOut,
        "the evidence for a suggestion, in the order in which it came",
    ),
)


async def _of_proposers(where: WhereClause, said: list[str], renderer: Renderer) -> None:
    """Restrict the list to suggestions with one of these among their proposers; `none`: with no proposer."""
    ids = [renderer.caller.person_id if one == ME else UUID(one) for one in said if one != NONE]
    of_record = "select from fold.suggestion_proposer x where x.record = 'improvement_suggestion/' || r.id"
    ways = [f"not exists ({of_record})"] if NONE in said else []
    ways.append(f"exists ({of_record} and x.person_id = any({where.bind(ids)}::uuid[]))")
    where.conditions.append(f"({' or '.join(ways)})")


PROPOSER = Parameter(
    "proposer",
    multi_value(
        PersonNamed,
        "Those that one of these proposes: ids, or `me`; `none`: those that only a rule has offered.",
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
