"""Lifecycle of suggestions for improvements: anybody offers them, or a rule; the monthly assessment decides.

offered ─► selected | declined | merged | deferred ─► selected | declined | deferred
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import ANY_RECORD, ForeignRef, Record
from app.foundation.editing import apply_patch
from app.foundation.process_names import ProcessName
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import anybody, author, process_owner, quality_manager, rule
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, RelatedCommand, action
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
from app.kpis.catalogue import KPIS
from app.log.events import stream
from app.processes.improvement_suggestions import checks
from app.processes.improvement_suggestions.preparation import NewProposers, new_proposers
from app.processes.improvement_suggestions.records import (
    OPEN,
    ImprovementSuggestion,
    SuggestionCause,
    SuggestionEvidence,
    SuggestionProposer,
)
from app.processes.improvement_suggestions.records import SuggestionState as State

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


def offer(suggestion: ImprovementSuggestion, body: OfferImprovementSuggestion, ctx: ActionContext) -> None:
    """Offer an improvement suggestion: what, and why."""
    assert ctx.number is not None, "suggestions have numbers"
    suggestion.number = ctx.number
    suggestion.title, suggestion.scope, suggestion.process = body.title, body.scope, body.process
    suggestion.aspect, suggestion.source = body.aspect, body.source
    suggestion.what, suggestion.why, suggestion.evidence = body.what, body.why, body.evidence
    plan = ctx.ref(Record, "plan")
    suggestion.plan_id = None if plan is None else plan.id
    suggestion.plan_target = body.plan_target
    suggestion.cause, suggestion.cause_scope = body.cause, body.cause_scope
    suggestion.author_id = ctx.caller.person_id
    if suggestion.author_id is not None:
        ctx.add(
            SuggestionProposer(
                id=ctx.new_id(),
                record=suggestion.row_key,
                person_id=suggestion.author_id,
                added_at=ctx.occurred_at,
            )
        )
    _add_shown_by(suggestion, body.shown_by, ctx)


def _add_shown_by(suggestion: ImprovementSuggestion, given: Evidence, ctx: ActionContext) -> None:
    for n, one in enumerate(given):
        about = ctx.ref(Record, f"shown_by/{n}/about")
        _add_row(suggestion, ctx, None if about is None else about.row_key, one.text, one.kpi, one.period)


def _add_row(
    suggestion: ImprovementSuggestion,
    ctx: ActionContext,
    about: str | None,
    text: str,
    kpi: str | None = None,
    period: str | None = None,
) -> None:
    row = SuggestionEvidence(
        id=ctx.new_id(),
        record=suggestion.row_key,
        about=about,
        text=text,
        kpi=kpi,
        period=period,
        added_at=ctx.occurred_at,
    )
    ctx.add(row)


class AddEvidenceImprovementSuggestion(Payload):
    """Further evidence for a suggestion."""

    shown_by: Evidence = Field(
        min_length=1, max_length=MOST_EVIDENCE, description="Records and figures that show it, too."
    )


def add_evidence(
    suggestion: ImprovementSuggestion, body: AddEvidenceImprovementSuggestion, ctx: ActionContext
) -> None:
    """Add evidence to the suggestion: another signal of the same cause and scope joins it."""
    _add_shown_by(suggestion, body.shown_by, ctx)


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


def edit(suggestion: ImprovementSuggestion, body: EditImprovementSuggestion, ctx: ActionContext) -> None:
    """Edit the suggestion, as long as nothing has become of it."""
    apply_patch(suggestion, body, ctx)


class MergeImprovementSuggestion(Payload):
    """The suggestion that goes on in the place of this one."""

    into: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion that goes on, with the proposers of both: its number or id."
    )


def merge(suggestion: ImprovementSuggestion, body: MergeImprovementSuggestion, ctx: ActionContext) -> None:
    """Merge the suggestion, into another one that says the same; its proposers are kept there."""
    suggestion.merged_into_id = ctx.required_ref(ImprovementSuggestion, "into").id
    _decide(suggestion, ctx)


class TakeOverImprovementSuggestion(Payload):
    """The suggestion whose proposers go over to this one."""

    merged: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion that was merged into this one: its number or id."
    )


def take_over_proposers(
    suggestion: ImprovementSuggestion, body: TakeOverImprovementSuggestion, ctx: ActionContext
) -> None:
    """Extend the suggestion's proposers, by those of one that is merged into it; further signals of a rule's
    cause join this one, too.
    """
    merged = ctx.required_ref(ImprovementSuggestion, "merged")
    if suggestion.cause is None:
        suggestion.cause, suggestion.cause_scope = merged.cause, merged.cause_scope
    for person in ctx.prepared(NewProposers).persons:
        ctx.add(
            SuggestionProposer(
                id=ctx.new_id(),
                record=suggestion.row_key,
                person_id=person,
                merged_from_id=merged.id,
                added_at=ctx.occurred_at,
            )
        )
    _add_row(suggestion, ctx, merged.row_key, str(merged.title))


class SelectImprovementSuggestion(Payload):
    """The improvement that carries the suggestion out."""

    improvement: Annotated[Reference, ForeignRef("improvement")] = Field(
        description="The improvement: its number or id."
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that has selected it; none: outside of any."
    )


def select(suggestion: ImprovementSuggestion, body: SelectImprovementSuggestion, ctx: ActionContext) -> None:
    """Select the suggestion: an improvement carries it out."""
    suggestion.improvement_id = ctx.required_ref(Record, "improvement").id
    _decide(suggestion, ctx)


class DeclineImprovementSuggestion(Payload):
    """The reason why nothing is made of the suggestion."""

    reason: FreeText = Field(description="Why; whoever proposes it reads this.")
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that declines it; none: outside of any."
    )


def decline(
    suggestion: ImprovementSuggestion, body: DeclineImprovementSuggestion, ctx: ActionContext
) -> None:
    """Decline the suggestion, with the reason."""
    suggestion.reason = body.reason
    _decide(suggestion, ctx)


class DeferImprovementSuggestion(Payload):
    """The time at which the suggestion is open again, and the reason."""

    reason: FreeText = Field(description="Why; whoever proposes it reads this.")
    until_at: Instant = Field(
        description="The first assessment after it takes it up again.", examples=["2199-01-01T00:00:00Z"]
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that defers it; none: outside of any."
    )


def defer(suggestion: ImprovementSuggestion, body: DeferImprovementSuggestion, ctx: ActionContext) -> None:
    """Defer the suggestion; the first assessment after the date takes it up again."""
    suggestion.reason, suggestion.deferred_until_at = body.reason, body.until_at
    _decide(suggestion, ctx)


def _decide(suggestion: ImprovementSuggestion, ctx: ActionContext) -> None:
    """Set who decided on the suggestion, when, and in which assessment."""
    assessment = ctx.ref(Record, "assessment")
    suggestion.assessment_id = None if assessment is None else assessment.id
    suggestion.decided_at, suggestion.decided_by_id = ctx.occurred_at, ctx.caller.person_id


def _audience(suggestion: ImprovementSuggestion) -> tuple[str, ...]:
    return (STAFF,) if suggestion.author_id is None else (STAFF, f"person:{suggestion.author_id}")


def _taken_over(suggestion: ImprovementSuggestion, body: Any) -> TakeOverImprovementSuggestion:
    return TakeOverImprovementSuggestion(merged=str(suggestion.id))


TAKE_OVER_PROPOSERS = RelatedCommand(
    action="take_over",
    field="into",
    record=lambda ctx: stream(ImprovementSuggestion.KIND, ctx.required_ref(ImprovementSuggestion, "into").id),
    body=_taken_over,
)
#: Whoever proposes it is told what became of it.
PROPOSERS = (RecipientRule(NoticeType.suggestion_settled, children=SuggestionProposer),)
EDITORS = author | quality_manager
MERGERS = quality_manager | process_owner
SUGGESTION_READERS = {
    Role.committee_member: "decides which suggestions are taken up",
    Role.project_manager: "makes what is suggested",
}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="improvement_suggestion", plural="improvement_suggestions", zh="改进建议", record=ImprovementSuggestion, states=State, code="SUG",
    audience=_audience, also_seen_by=SUGGESTION_READERS, columns={"staff": (), "person": ("author_id",)},
    children=(SuggestionProposer, SuggestionEvidence), vocabulary=frozenset(KPIS),
    constraints={"improvement_suggestion_cause_key": ValueTaken("cause_scope")},
    rows=(
        #      action        中文      from             to              who              event
        action(offer,        "提出",     NEW_RECORD,      State.offered,  anybody | rule,  "improvement_suggestion.offered",
               wrong=(checks.words_missing, checks.scope_does_not_fit, checks.cause_of_people, checks.unknown_kpi)),
        action(add_evidence, "补充依据", OPEN,            STAYS,          rule,            "improvement_suggestion.evidence_added",
               wrong=(checks.unknown_kpi,)),
        action(edit,         "编辑",     [State.offered], STAYS,          EDITORS,         "improvement_suggestion.edited",
               wrong=(checks.edit_does_not_fit,)),
        action(merge,        "合并",     [State.offered], State.merged,   MERGERS,         "improvement_suggestion.merged",
               wrong=(checks.cannot_go_on,), related=TAKE_OVER_PROPOSERS, notifies=PROPOSERS),
        action(take_over_proposers, "接收", OPEN,         STAYS,          MERGERS,         "improvement_suggestion.proposers_added",
               name="take_over", prepare=(new_proposers,), wrong=(checks.not_merged_into_it,)),
        action(select,       "选定",     OPEN,            State.selected, quality_manager, "improvement_suggestion.selected", notifies=PROPOSERS),
        action(decline,      "不采纳",   OPEN,            State.declined, quality_manager, "improvement_suggestion.declined",
               wrong=(checks.is_being_assessed,), notifies=PROPOSERS),
        action(defer,        "暂缓",     OPEN,            State.deferred, quality_manager, "improvement_suggestion.deferred",
               wrong=(checks.until_in_past, checks.is_being_assessed), notifies=PROPOSERS),
    ),
)
# fmt: on
