"""Assessment and approval of changes: the risk, the change advisory board, and the emergency board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from app.common.priorities.risk_level import RiskLevel
from app.common.records import CodeEnum
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.decisions.matters import SAME_TITLE, TASKS, WORK_EVENTS, Matter, Origins
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.decisions.preparation import NewDecision, Question, new_decision
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome
from app.foundation.decisions.voters.electorate import earliest_end_of_vote
from app.foundation.decisions.voters.parties import parties_of
from app.foundation.editing import JudgedStep
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, requester_duty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.payloads import (
    AssessChange,
    RequestApprovalChange,
    RequestEmergencyApprovalChange,
)
from app.processes.changes.planning.scheduling import WantedWindowConflicts
from app.processes.changes.policies.criticality import at_least_medium
from app.processes.changes.policies.questionnaires import (
    QuestionnaireInForce,
    questionnaire_in_force,
    questionnaire_of,
    questionnaire_versions,
)
from app.processes.changes.policies.recorded import RecordedAnswers
from app.processes.changes.policies.records import ChangeTemplate
from app.processes.changes.records import Change, ChangeState, ChangeType, DeferralReason
from app.ticketing.wishers import wishers


async def wishers_of_change(reads: ReadContext, record: Change | ChangeTemplate) -> Origins:
    """Return who asked for what the change carries out in its services; nobody for a template."""
    return await wishers(reads, record, record.touched_services) if isinstance(record, Change) else Origins()


#: People who ask for a change or for what it carries out, submit it, have taken it on, wrote its plan
#: or assessed it do not vote on it. The assessed risk counts, since it determines who decides.
APPROVAL = Matter(
    decision=DecisionKind.change,
    duties=(requester_duty, RecordDuty("implementer", "实施人", ("assignee_id", "implementer_ids"))),
    fields=(
        *("title", "type", "reason", "description", "services", "ci_ids", "no_cis_reason", "plan"),
        *("test_plan", "back_out_plan", "wanted_from_at", "wanted_until_at", "risk_answers", "effects"),
        "resources",
    ),
    child_duties=(TASKS,),
    origins=wishers_of_change,
    acts=("submitted", "resubmitted", *WORK_EVENTS, "started", "implemented", "backed_out"),
    subject=(
        *SAME_TITLE,
        ("ci_ids", "ci_ids"),
        ("touched_services", "services"),
        ("touched_services", "ci_services"),
    ),
    subject_elsewhere=(
        ("change_template", (*SAME_TITLE, ("ci_ids", "ci_ids"), ("touched_services", "services"))),
    ),
    remembered=timedelta(days=30),
)
#: An edit of any of this after the assessment leads back to it: the risk determines who decides.
ASSESSMENT = JudgedStep(
    ChangeState.assessed,
    back_to=ChangeState.submitted,
    verdict="risk_level",
    fields=(
        *("title", "reason", "description", "services", "ci_ids", "no_cis_reason", "plan", "test_plan"),
        *("back_out_plan", "wanted_from_at", "wanted_until_at"),
    ),
)
#: Nobody assesses plans, services, items or a window of their own: the risk determines who decides.
ASSESSED_BY_OTHERS = authors_do_not_judge(
    tuple(name for name in ASSESSMENT.fields if name not in ("title", "reason", "description"))
)
#: In an emergency the approval rules ask other people, at any hour, and the request states why it cannot
#: wait.
EMERGENCY = replace(APPROVAL, decision=DecisionKind.emergency_change, without_asker=True)

#: An emergency may take so long, even if the usual board could have decided sooner.
LONGEST_EMERGENCY = timedelta(days=1)


def assess(change: Change, body: AssessChange, ctx: ActionContext) -> None:
    """Assess the change: its risk, its effects, and conflicts of its window. Its risk is at least medium if
    it touches a critical service, or one that is unknown or only proposed.
    """
    risk = ctx.prepared(QuestionnaireInForce)
    assessment = change.assessment
    assessment.questionnaire_id = risk.id
    copy_fields(assessment, body, ctx)
    answers = ctx.prepared(RecordedAnswers).raised(risk.questions, body.risk_answers)
    assessment.risk_answers = answers
    assessment.risk_score, level = risk.score(answers)
    level = max(level, ctx.prepared(LeastRisk).level or level, key=list(RiskLevel).index)
    change.risk_level = at_least_medium(level, ctx.prepared(RecordedAnswers).demands_a_board)
    conflicts = ctx.prepared(WantedWindowConflicts).conflicts
    assessment.conflicts_found = list(dict.fromkeys(conflict.name for conflict in conflicts))
    assessment.assessed_by_id = ctx.caller.person_id


async def risk_questionnaire(
    reads: ReadContext, change: Change, body: AssessChange, ctx: ActionContext
) -> QuestionnaireInForce:
    """Find the risk questionnaire in force."""
    return await questionnaire_in_force(reads)


@dataclass(frozen=True, slots=True)
class LeastRisk:
    """The least risk, by the newest questionnaire that is older than the change and was set by nobody
    involved in it; null if this is the questionnaire in force.
    """

    level: RiskLevel | None = None


async def least_risk(reads: ReadContext, change: Change, body: AssessChange, ctx: ActionContext) -> LeastRisk:
    """Find the risk that the answers come to at least. Raises WrongValue if the caller has set the
    questionnaire in force or agreed to it, and the answers do not fit the one before.
    """
    if ctx.prepared(QuestionnaireInForce).id is None:
        return LeastRisk()
    opening = (await parties_of(reads, change, APPROVAL)).opening(ctx.caller.person_id)
    versions = await questionnaire_versions(reads)
    trusted = [version for version in versions if version.is_trusted(opening)]
    if trusted and trusted[-1] is versions[-1]:
        return LeastRisk()
    before = trusted[-1].questionnaire if trusted else questionnaire_of(None)
    try:
        answers = ctx.prepared(RecordedAnswers).raised(before.questions, body.risk_answers)
        return LeastRisk(before.score(answers)[1])
    except WrongValue:
        if ctx.caller.person_id in (versions[-1].set_by, versions[-1].agreed_by):
            raise WrongValue(pointer="/risk_answers", because="own_questionnaire") from None
        return LeastRisk()


async def risk_answers_do_not_fit(
    reads: ReadContext, change: Change, body: AssessChange, ctx: ActionContext
) -> None:
    """Refuse answers that leave out a question of the questionnaire, or that it does not know."""
    ctx.prepared(QuestionnaireInForce).score(body.risk_answers)


async def approval_question(
    reads: ReadContext, change: Change, body: AskDecision, ctx: ActionContext
) -> NewDecision:
    """Prepare the decision on the change, whose voters the approval rules name."""
    matter = EMERGENCY if isinstance(body, RequestEmergencyApprovalChange) else APPROVAL
    return await new_decision(reads, change, Question(body.question, matter, body.due_at), ctx)


def request_approval(change: Change, body: RequestApprovalChange, ctx: ActionContext) -> None:
    """Request the approval of the change: it is put to the vote."""
    _put_to_vote(change, ctx)


def request_emergency_approval(
    change: Change, body: RequestEmergencyApprovalChange, ctx: ActionContext
) -> None:
    """Request emergency approval of the change: it is put to the vote at once. The voters see the freezes and
    changes in its wanted window, since an emergency needs no exception.
    """
    change.assessment.cannot_wait = body.cannot_wait
    conflicts = ctx.prepared(WantedWindowConflicts).conflicts
    change.assessment.conflicts_found = list(dict.fromkeys(conflict.name for conflict in conflicts))
    _put_to_vote(change, ctx)


def _put_to_vote(change: Change, ctx: ActionContext) -> None:
    new_decision = ctx.prepared(NewDecision)
    change.approval_id = new_decision.decision.id
    change.assessment.approval_requested_at = ctx.occurred_at
    add_prepared_decision(new_decision, ctx)


async def is_no_emergency(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse what only an emergency change does without an assessment."""
    return None if change.type is ChangeType.emergency else "is_no_emergency"


async def emergency_wanted_late(reads: ReadContext, change: Change, body: object, ctx: ActionContext) -> None:
    """Refuse an emergency that is wanted so late that the usual board can decide about it: by the approval
    rules for a normal change, the least time of a question put now ends before. Work that takes longer than
    that, and longer than a day, is decided by the usual board as well.
    """
    if change.type is not ChangeType.emergency or change.wanted_from_at is None:
        return
    board_decides_at = await earliest_end_of_vote(reads, change, APPROVAL, ctx.caller.person_id, ctx.now)
    if change.wanted_from_at > board_decides_at:
        words = {"until": board_decides_at.replace(microsecond=0)}
        raise WrongValue(words, pointer="/wanted_from_at", because="no_emergency_so_late")
    latest_end = max(board_decides_at, change.wanted_from_at + LONGEST_EMERGENCY)
    if change.wanted_until_at is not None and change.wanted_until_at > latest_end:
        words = {"until": latest_end.replace(microsecond=0)}
        raise WrongValue(words, pointer="/wanted_until_at", because="no_emergency_so_long")


def approve(change: Change, body: Tallied, ctx: ActionContext) -> None:
    """Approve the change: its board has decided for it."""


def approve_emergency(change: Change, body: Tallied, ctx: ActionContext) -> None:
    """Approve the emergency change: its board has decided for it, and it may start at once."""


def reject(change: Change, body: Tallied, ctx: ActionContext) -> None:
    """Reject the change: its board has decided against it."""


def defer(change: Change, body: Tallied, ctx: ActionContext) -> None:
    """Defer the change: its board needs more information, or too few have voted in time."""
    lapsed = body.outcome is DecisionOutcome.lapsed
    change.deferral_reason = DeferralReason.no_quorum if lapsed else DeferralReason.by_vote


def remind_of_emergency(change: Change, body: Tallied, ctx: ActionContext) -> None:
    """Remind the board of the emergency change: the board has not decided on it. The change stays submitted,
    and its board can be asked again.
    """


#: The action that follows from an outcome of the approval, by the state of the change.
ACTIONS_OF_OUTCOMES: dict[tuple[CodeEnum | None, DecisionOutcome], str] = {
    (ChangeState.awaiting_approval, DecisionOutcome.approved): "approve",
    (ChangeState.awaiting_approval, DecisionOutcome.rejected): "reject",
    (ChangeState.awaiting_approval, DecisionOutcome.deferred): "defer",
    (ChangeState.awaiting_approval, DecisionOutcome.lapsed): "defer",
    (ChangeState.submitted, DecisionOutcome.approved): "approve_emergency",
    (ChangeState.submitted, DecisionOutcome.rejected): "reject",
    (ChangeState.submitted, DecisionOutcome.deferred): "remind_of_emergency",
    (ChangeState.submitted, DecisionOutcome.lapsed): "remind_of_emergency",
}


def action_of_outcome(change: Change, decision: Decision) -> tuple[str, Any] | None:
    """Return the action to which the outcome of the decision leads, with its payload; None if the decision is
    not the one on the change's approval, or leads nowhere.
    """
    assert decision.outcome is not None
    name = ACTIONS_OF_OUTCOMES.get((change.state, decision.outcome))
    return None if name is None or decision.id != change.approval_id else (name, tallied(decision))
