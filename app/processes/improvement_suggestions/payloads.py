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
    Statement,
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
    """A piece of evidence: a record, a KPI in a period, or both, with one line of text."""

    text: Statement
    about: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] | None = Field(
        default=None, description="Record that shows the evidence: a number, or `<kind>/<id>`."
    )
    kpi: RecordKey | None = None
    period: ShortText | None = None


Evidence = Annotated[tuple[GivenEvidence, ...], at_most_entries(MOST_EVIDENCE)]


class ImprovementSuggestionFields(Payload, of=ImprovementSuggestion):
    """Fields of a suggestion that can be edited, except its texts, which rules leave out."""

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
        default=(), max_length=MOST_EVIDENCE, description="Records and figures as evidence."
    )
    cause: SuggestionCause | None = None
    cause_scope: ShortText | None = None


class AddEvidenceImprovementSuggestion(Payload):
    """Further evidence for a suggestion."""

    shown_by: Evidence = Field(
        min_length=1, max_length=MOST_EVIDENCE, description="Records and figures as further evidence."
    )


class EditImprovementSuggestion(Patch, ImprovementSuggestionFields, of=ImprovementSuggestion):
    """The fields of the suggestion to change."""

    what: FreeText = Field(default_factory=str)
    why: FreeText = Field(default_factory=str)


class MergeImprovementSuggestion(Payload):
    """The suggestion into which this one is merged."""

    into: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="Suggestion into which this one is merged, which gets the proposers of both: its "
        "number or id."
    )


class TakeOverImprovementSuggestion(Payload):
    """The suggestion whose proposers this one takes over."""

    merged: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="Suggestion that was merged into this one: its number or id."
    )


class SelectImprovementSuggestion(Payload):
    """The improvement that carries out the suggestion."""

    improvement: Annotated[Reference, ForeignRef("improvement")] = Field(
        description="Improvement that carries out the suggestion: its number or id."
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None,
        description="Assessment that selected the suggestion; left out outside of an assessment.",
    )


class DeclineImprovementSuggestion(Payload):
    """The reason for declining the suggestion."""

    reason: FreeText = Field(description="Reason for the decision, which the proposers read.")
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None,
        description="Assessment that declines the suggestion; left out outside of an assessment.",
    )


class DeferImprovementSuggestion(Payload):
    """The end of the deferral, and the reason."""

    reason: FreeText = Field(description="Reason for the decision, which the proposers read.")
    until_at: Instant = Field(
        description="End of the deferral; the first assessment after it includes the suggestion again.",
        examples=["2035-01-01T00:00:00Z"],
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="Assessment that defers the suggestion; left out outside of an assessment."
    )
