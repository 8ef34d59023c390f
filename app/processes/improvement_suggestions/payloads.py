"""Payloads of actions on improvement suggestions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.common.records import ANY_RECORD, ForeignRef
from app.foundation.process_names import ProcessName
from app.kernel.actions.payloads import (
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.processes.improvement_suggestions.records import (
    ImprovementSuggestion,
    SuggestionCause,
    SuggestionEvidence,
)

MOST_EVIDENCE = 50


class GivenEvidence(PayloadPart, of=SuggestionEvidence):
    """A piece of evidence: a record that shows it, a KPI in a period, or both, in a line."""

    text: ShortText
    about: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] | None = Field(
        default=None, description="The record that shows it: a number, or `<kind>/<id>`."
    )
    kpi: RecordKey | None = None
    period: ShortText | None = None


Evidence = Annotated[tuple[GivenEvidence, ...], at_most_entries(MOST_EVIDENCE)]


class ImprovementSuggestionFields(Payload, of=ImprovementSuggestion):
    """Fields of a suggestion that can be edited, but for its words, which rules leave out."""

    title: Title
    scope: ImprovementScope
    process: ProcessName | None = None
    aspect: ImprovementAspect
    source: SuggestionSource
    evidence: FreeText | None = None
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = None
    plan_target: ShortText | None = None


class OfferImprovementSuggestion(ImprovementSuggestionFields, of=ImprovementSuggestion):
    """A suggestion for an improvement."""

    what: FreeText | None = None
    why: FreeText | None = None
    shown_by: Evidence = Field(
        default=(), max_length=MOST_EVIDENCE, description="Records and figures that show it."
    )
    cause: SuggestionCause | None = None
    cause_scope: ShortText | None = None


class AddEvidenceImprovementSuggestion(Payload):
    """Further evidence for a suggestion."""

    shown_by: Evidence = Field(
        min_length=1, max_length=MOST_EVIDENCE, description="Records and figures that show it, too."
    )


class EditImprovementSuggestion(Patch, ImprovementSuggestionFields, of=ImprovementSuggestion):
    """The fields of the suggestion to change."""

    what: FreeText = Field(default_factory=str)
    why: FreeText = Field(default_factory=str)


class MergeImprovementSuggestion(Payload):
    """The suggestion that goes on in the place of this one."""

    into: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion that goes on, with the proposers of both: its number or id."
    )


class TakeOverImprovementSuggestion(Payload):
    """The suggestion whose proposers go over to this one."""

    merged: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion that was merged into this one: its number or id."
    )


class SelectImprovementSuggestion(Payload):
    """The improvement that carries the suggestion out."""

    improvement: Annotated[Reference, ForeignRef("improvement")] = Field(
        description="The improvement: its number or id."
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that has selected it; none: outside of any."
    )


class DeclineImprovementSuggestion(Payload):
    """The reason why nothing is made of the suggestion."""

    reason: FreeText = Field(description="The reason why; whoever proposes it reads this.")
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that declines it; none: outside of any."
    )


class DeferImprovementSuggestion(Payload):
    """The time at which the suggestion is open again, and the reason."""

    reason: FreeText = Field(description="The reason why; whoever proposes it reads this.")
    until_at: Instant = Field(
        description="The first assessment after it takes it up again.", examples=["2199-01-01T00:00:00Z"]
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that defers it; none: outside of any."
    )
