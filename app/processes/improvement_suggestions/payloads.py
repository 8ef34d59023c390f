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
    SuggestionCause,
)

MOST_EVIDENCE = 50


class GivenEvidence(PayloadPart):
    """A piece of evidence: a record that shows it, a KPI in a period, or both, in a line."""

    text: ShortText = Field(description="What it shows, in a line. Name no persons here.")
    about: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] | None = Field(
        default=None, description="The record that shows it: a number, or `<kind>/<id>`."
    )
    kpi: RecordKey | None = Field(default=None, description="The key of the KPI that shows it.")
    period: ShortText | None = Field(default=None, description="The period that it is of, as `2026-10`.")


Evidence = Annotated[tuple[GivenEvidence, ...], at_most_entries(MOST_EVIDENCE)]


class OfferImprovementSuggestion(Payload):
    """A suggestion for an improvement."""

    title: Title = Field(
        description="What is to be improved, in a line. Lists show it: name no persons here."
    )
    scope: ImprovementScope = Field(description="Whether it is about the department or about one process.")
    process: ProcessName | None = Field(
        default=None,
        description="Of the scope `process`: which one, as `incident`, or its name; of the department, none.",
    )
    aspect: ImprovementAspect = Field(
        description="What of it: `interface`, `new_process`, `platform` of the department, else of a process."
    )
    source: SuggestionSource = Field(description="Where it comes from.")
    what: FreeText | None = Field(default=None, description="What is to be improved. Rules leave it out.")
    why: FreeText | None = Field(default=None, description="Why. Rules leave it out.")
    evidence: FreeText | None = Field(default=None, description="What shows it, in words.")
    shown_by: Evidence = Field(
        default=(), max_length=MOST_EVIDENCE, description="Records and figures that show it."
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None, description="The improvement plan that it helps: its number or id."
    )
    plan_target: ShortText | None = Field(default=None, description="Which target of that plan: its key.")
    cause: SuggestionCause | None = Field(default=None, description="Why a rule offers it; people give none.")
    cause_scope: ShortText | None = Field(
        default=None, description="What the rule's cause is about, as `service/mail`; people give none."
    )


class AddEvidenceImprovementSuggestion(Payload):
    """Further evidence for a suggestion."""

    shown_by: Evidence = Field(
        min_length=1, max_length=MOST_EVIDENCE, description="Records and figures that show it, too."
    )


class EditImprovementSuggestion(Patch):
    """The fields of the suggestion to change."""

    title: Title = Field(default_factory=str, description="What is to be improved, in a line.")
    scope: ImprovementScope = Field(
        default=ImprovementScope.department,
        description="Whether it is about the department or about one process.",
    )
    process: ProcessName | None = Field(default=None, description="Of the scope `process`: which one.")
    aspect: ImprovementAspect = Field(default=ImprovementAspect.interface, description="What of it.")
    source: SuggestionSource = Field(default=SuggestionSource.staff, description="Where it comes from.")
    what: FreeText = Field(default_factory=str, description="What is to be improved.")
    why: FreeText = Field(default_factory=str, description="Why.")
    evidence: FreeText | None = Field(default=None, description="What shows it, in words.")
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None, description="The improvement plan that it helps: its number or id."
    )
    plan_target: ShortText | None = Field(default=None, description="Which target of that plan: its key.")


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

    reason: FreeText = Field(description="Why; whoever proposes it reads this.")
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that declines it; none: outside of any."
    )


class DeferImprovementSuggestion(Payload):
    """The time at which the suggestion is open again, and the reason."""

    reason: FreeText = Field(description="Why; whoever proposes it reads this.")
    until_at: Instant = Field(
        description="The first assessment after it takes it up again.", examples=["2199-01-01T00:00:00Z"]
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that defers it; none: outside of any."
    )
