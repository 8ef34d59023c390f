"""Checks of actions on assessments, beyond state and role. Each raises the code of its refusal."""

from __future__ import annotations

from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.months import end_of_month
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import Refusal, WrongValue, caller_check
from app.meetings.judging import require_several_judges
from app.meetings.records import HELD_STATES, Meeting, MeetingKind
from app.processes.improvement_assessments.lookups import (
    plan_in_force,
    proposes,
    suggestions_by_id,
)
from app.processes.improvement_assessments.payloads import (
    ConcludeImprovementAssessment,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from app.processes.improvement_assessments.records import (
    AssessedSuggestion,
    Assessor,
    ImprovementAssessment,
    SuggestionVerdict,
)

#: Meetings at which the suggestions of a month are assessed.
ASSESSING_MEETINGS = frozenset({MeetingKind.monthly_assessment, MeetingKind.plan_review})

#: Roles with which the quality manager assesses the suggestions of a month.
JUDGES = (Role.process_owner, Role.committee_member)


class NotAnAssessor(Refusal):
    """Refusal: the caller is not among the assessors."""

    STATUS = 403
    CODE = "not_an_assessor"


async def assessor_named_twice(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: OpenImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse an assessor who is named twice."""
    earlier = set()
    for n, person in enumerate(ctx.refs(Person, "assessors")):
        if person.id in earlier:
            raise WrongValue(pointer=f"/assessors/{n}", because="each_once")
        earlier.add(person.id)


async def month_not_begun(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: OpenImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse a month that lies ahead (`month_not_begun`): it would take suggestions from those before it."""
    if body.month > f"{ctx.occurred_at.astimezone(ctx.settings.zone):%Y-%m}":
        raise WrongValue({"month": body.month}, pointer="/month", because="month_not_begun")


async def plan_not_named(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: OpenImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse to leave out the plan that is carried out since that month or before it (`plan_in_force`): its
    weights count, and it lists the assessed months.
    """
    if body.plan is not None:
        return
    year, until = int(body.month[:4]), min(ctx.occurred_at, end_of_month(body.month, ctx.settings.zone))
    number = await plan_in_force(reads, year, until)
    if number is not None:
        raise WrongValue({"number": number}, pointer="/plan", because="plan_in_force")


@caller_check
async def not_an_assessor(
    reads: ReadContext, assessment: ImprovementAssessment, body: object, ctx: ActionContext
) -> None:
    """Refuse people who are not assessors (`not_an_assessor`)."""
    if await reads.child(Assessor, assessment, person_id=ctx.caller.person_id) is None:
        raise NotAnAssessor()


async def cannot_be_scored(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: ScoreImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse a suggestion that is not assessed here (`not_assessed_here`) or is
    settled (`suggestion_settled`), and scores of the caller's own suggestion (`own_suggestion`).
    """
    me, suggestion = ctx.caller.person_id, ctx.required_ref(Record, "suggestion")
    if await reads.child(AssessedSuggestion, assessment, suggestion_id=suggestion.id) is None:
        raise WrongValue(pointer="/suggestion", because="not_assessed_here")
    current = (await suggestions_by_id(reads, [suggestion.id]))[suggestion.id]
    if not current.is_open:
        raise WrongValue({"number": current.number}, pointer="/suggestion", because="suggestion_settled")
    if await proposes(reads, suggestion, me):
        raise WrongValue(pointer="/suggestion", because="own_suggestion")


async def meeting_not_held(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: ConcludeImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse to conclude without a meeting, by one that has not been held (`meeting_not_held`), or by one for
    another purpose (`no_assessing_meeting`). Nor does the word of one person conclude: the meeting had the
    assessment on its agenda (`not_on_agenda`), another process owner or member of the committee, or another
    quality manager, signed its minutes (`minutes_not_signed`), and another process owner or member of the
    committee was invited and attended (`nobody_of_committee_attended`).
    """
    meeting = ctx.ref(Meeting, "meeting")
    if meeting is None:
        raise WrongValue(pointer="/meeting", because="missing")
    if meeting.state not in HELD_STATES:
        raise WrongValue(pointer="/meeting", because="meeting_not_held")
    if meeting.meeting_kind not in ASSESSING_MEETINGS:
        raise WrongValue(pointer="/meeting", because="no_assessing_meeting")
    await require_several_judges(reads, assessment, meeting, JUDGES, ctx)


async def verdict_incomplete(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: ConcludeImprovementAssessment,
    ctx: ActionContext,
) -> None:
    """Refuse a declined or deferred suggestion without the reason, a deferred one without its date, and what
    does not go with a verdict.
    """
    for n, judgement in enumerate(body.verdicts):
        pointer, verdict = f"/verdicts/{n}", judgement.verdict
        if judgement.reason is None and verdict is not SuggestionVerdict.selected:
            raise WrongValue(pointer=f"{pointer}/reason", because="missing")
        if judgement.title is not None and verdict is not SuggestionVerdict.selected:
            raise WrongValue(pointer=f"{pointer}/title", because="not_for_this_verdict")
        if verdict is not SuggestionVerdict.deferred:
            if judgement.until_at is not None:
                raise WrongValue(pointer=f"{pointer}/until_at", because="not_for_this_verdict")
        elif judgement.until_at is None:
            raise WrongValue(pointer=f"{pointer}/until_at", because="missing")
        elif judgement.until_at <= ctx.counts_from:
            raise WrongValue(pointer=f"{pointer}/until_at", because="not_ahead")
