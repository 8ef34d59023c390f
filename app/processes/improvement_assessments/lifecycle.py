"""Lifecycle of monthly assessments: opened with the suggestions then open, scored, concluded.

open ─► concluded
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.common.improvement import AssessmentCriterion
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.records import Record, jsonb_ordered
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import process_relation, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.kernel.actions.rules import Rules, ValueTaken
from app.log.canonical import instant
from app.log.events import stream
from app.meetings.records import Meeting
from app.processes.improvement_assessments import checks
from app.processes.improvement_assessments.lookups import SUGGESTION_KIND, weights_of
from app.processes.improvement_assessments.payloads import (
    ConcludeImprovementAssessment,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from app.processes.improvement_assessments.preparation import (
    EarlierScore,
    JudgedSuggestion,
    JudgedSuggestions,
    WaitingSuggestions,
    find_earlier_score,
    find_waiting_suggestions,
    judge_suggestions,
)
from app.processes.improvement_assessments.records import (
    AssessedSuggestion,
    Assessor,
    ImprovementAssessment,
    SuggestionScore,
    SuggestionVerdict,
)
from app.processes.improvement_assessments.records import AssessmentState as State

assessor = process_relation(
    "assessor", "those who assess it", "评估人", named_in=(("assessor", "person_id"),)
)


IMPROVEMENT_KIND = "improvement"


def open_(assessment: ImprovementAssessment, body: OpenImprovementAssessment, ctx: ActionContext) -> None:
    """Open an improvement assessment for a month, with the open suggestions that no other assessment has."""
    assert ctx.assigned.number is not None, "assessments have numbers"
    plan = ctx.ref(Record, "plan")
    assessment.number, assessment.month = ctx.assigned.number, body.month
    assessment.plan_id = None if plan is None else plan.id
    assessment.weights = jsonb_ordered(weights_of(plan))
    assessment.opened_at, assessment.opened_by_id = ctx.occurred_at, ctx.caller.person_id
    for person in ctx.refs(Person, "assessors"):
        ctx.outcome.add(
            Assessor(
                id=ctx.new_id(), record=assessment.row_key, person_id=person.id, asked_at=ctx.occurred_at
            )
        )
    for waiting in ctx.prepared(WaitingSuggestions).suggestions:
        ctx.outcome.add(
            AssessedSuggestion(
                id=ctx.new_id(),
                record=assessment.row_key,
                suggestion_id=waiting.id,
                number=waiting.number,
                title=waiting.title,
                taken_at=ctx.occurred_at,
            )
        )


def score(assessment: ImprovementAssessment, body: ScoreImprovementAssessment, ctx: ActionContext) -> None:
    """Score a suggestion of the assessment, by all criteria. The caller's earlier scores are replaced."""
    earlier = ctx.prepared(EarlierScore).score
    scores = jsonb_ordered(
        {criterion.value: getattr(body, criterion.value) for criterion in AssessmentCriterion}
    )
    if earlier is None:
        row = SuggestionScore(
            id=ctx.new_id(),
            record=assessment.row_key,
            suggestion_id=ctx.required_ref(Record, "suggestion").id,
            person_id=ctx.caller.person_id,
        )
        ctx.outcome.add(row)
    else:
        row = ctx.outcome.change(earlier)
    row.scores, row.comment, row.scored_at = scores, body.comment, ctx.occurred_at


def conclude(
    assessment: ImprovementAssessment, body: ConcludeImprovementAssessment, ctx: ActionContext
) -> None:
    """Conclude the assessment: each suggestion is selected, declined or deferred."""
    assessment.concluded_by_id = ctx.caller.person_id
    assessment.meeting_id = ctx.required_ref(Meeting, "meeting").id
    for judged in ctx.prepared(JudgedSuggestions).judged:
        row, judgement = ctx.outcome.change(judged.row), body.verdicts[judged.place]
        row.verdict, row.reason, row.until_at = judgement.verdict, judgement.reason, judgement.until_at
        row.improvement_id = judged.improvement_id


def void_review(assessment: ImprovementAssessment, body: EmptyPayload, ctx: ActionContext) -> None:
    """Void the assessment's verdicts: people who were to have attended its meeting object, and nobody else of
    the committee came. Projects that it opened stay, and are decided by the committee.
    """
    assessment.void_at = ctx.occurred_at


def _note_in_plan(
    assessment: ImprovementAssessment, body: OpenImprovementAssessment, ctx: ActionContext
) -> Sequence[RelatedPart]:
    """Return the note in the plan, if one is named."""
    plan = ctx.ref(Record, "plan")
    return [] if plan is None else [RelatedPart(plan.row_key, {"month": body.month}, place="plan")]


def _selected(
    assessment: ImprovementAssessment, body: ConcludeImprovementAssessment, ctx: ActionContext
) -> Sequence[RelatedPart]:
    """Return the opening of an improvement for each selected suggestion."""
    selected = ctx.prepared(JudgedSuggestions).with_verdict(SuggestionVerdict.selected, body.verdicts)
    parts = []
    for judged in selected:
        assert judged.improvement_id is not None
        judgement, suggestion = body.verdicts[judged.place], judged.suggestion
        payload: dict[str, Any] = {
            "title": judgement.title or suggestion.title,
            "suggestions": [str(suggestion.id)],
            "assessment": str(assessment.id),
            "scope": suggestion.scope,
            "aspect": suggestion.aspect,
        }
        payload |= {} if suggestion.process is None else {"process": suggestion.process}
        payload |= {} if judgement.reason is None else {"reason": judgement.reason}
        parts.append(
            RelatedPart(
                stream(IMPROVEMENT_KIND, judged.improvement_id), payload, place=_verdict_place(judged)
            )
        )
    return parts


def _settled(verdict: SuggestionVerdict) -> Any:
    """Return the function that settles all suggestions with this verdict."""

    def settling_parts(
        assessment: ImprovementAssessment, body: ConcludeImprovementAssessment, ctx: ActionContext
    ) -> Sequence[RelatedPart]:
        parts = []
        for judged in ctx.prepared(JudgedSuggestions).with_verdict(verdict, body.verdicts):
            judgement = body.verdicts[judged.place]
            payload = {"reason": judgement.reason, "assessment": str(assessment.id)}
            payload |= {} if judgement.until_at is None else {"until_at": instant(judgement.until_at)}
            parts.append(
                RelatedPart(
                    stream(SUGGESTION_KIND, judged.suggestion.id), payload, place=_verdict_place(judged)
                )
            )
        return parts

    return settling_parts


def _verdict_place(judged: JudgedSuggestion) -> str:
    return f"verdicts/{judged.place}/suggestion"


NOTE_IN_PLAN = RelatedCommands(action="note_assessment", field="plan", parts=_note_in_plan, permitted=True)
SETTLE_SUGGESTIONS = (
    RelatedCommands(action="select", field="verdicts", parts=_selected, goes_on=True, permitted=True),
    RelatedCommands(
        action="decline", field="verdicts", parts=_settled(SuggestionVerdict.declined), permitted=True
    ),
    RelatedCommands(
        action="defer", field="verdicts", parts=_settled(SuggestionVerdict.deferred), permitted=True
    ),
)
ASSESSMENT_READERS = {
    Role.committee_member: "decides by the assessments",
    Role.process_owner: "answers for what is assessed",
    Role.project_manager: "makes what is assessed",
}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="improvement_assessment", plural="improvement_assessments", zh="改进建议评估", record=ImprovementAssessment, code="ASM",
    visible=(to_staff(),), access=KindAccess(also_seen_by=ASSESSMENT_READERS),
    children=(Assessor, AssessedSuggestion, SuggestionScore),
    rules=Rules(constraints={"improvement_assessment_month_key": ValueTaken("month")}),
    rows=(
        #      action    中文     from          to               who              event
        action(open_,    "开始", NEW_RECORD,   State.open,      quality_manager, "improvement_assessment.opened",
               prepare=(find_waiting_suggestions,), wrong=(checks.month_not_begun, checks.plan_not_named, checks.assessor_named_twice), related=NOTE_IN_PLAN),
        action(score,    "评分", [State.open], STAYS,           assessor.in_person(),        "improvement_assessment.scored",
               prepare=(find_earlier_score,), wrong=(checks.not_an_assessor, checks.cannot_be_scored,)),
        action(conclude, "结束", [State.open], State.concluded, quality_manager.in_person(), "improvement_assessment.concluded",
               wrong=(checks.meeting_not_held, checks.verdict_incomplete), prepare=(judge_suggestions,), related=SETTLE_SUGGESTIONS),
        action(void_review, "结论作废", [State.concluded], STAYS,    rule,                        "improvement_assessment.review_voided",
               notifies=(RecipientRule(NoticeType.assessment_overdue, roles=frozenset({Role.quality_manager})),)),
    ),
)
# fmt: on
