"""Actions of a pilot: it is started when all is ready, issues and feedback are logged, it is reported, the
committee judges it by a decision.
"""

from __future__ import annotations

from typing import Any

from app.common.people import Person
from app.common.records import Record
from app.foundation.decisions.actions import tallied
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.statements.actions import add_statements
from app.foundation.statements.records import StatedFact
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    EmptyPayload,
)
from app.kpis.effects.lifecycle import filters_of
from app.processes.improvements.committee.questions import put_to_committee
from app.processes.improvements.pilot.payloads import (
    AskJudgementImprovement,
    ExtendPilotImprovement,
    LogPilotFeedbackImprovement,
    LogPilotIssueImprovement,
    PassPilotImprovement,
    ReportPilotImprovement,
    SolvePilotIssueImprovement,
    StartPilotImprovement,
    StopPilotImprovement,
)
from app.processes.improvements.pilot.preparation import PilotEvidence
from app.processes.improvements.pilot.records import (
    PilotFeedback,
    PilotIssue,
    PilotJudgement,
    PilotLength,
    PilotReadiness,
)
from app.processes.improvements.project.actions import pilot_length
from app.processes.improvements.proposal.records import DecisionSubject
from app.processes.improvements.records import Improvement
from app.ticketing.projects.planning import expect_no_report


def kick_off(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Kick off the improvement's pilot, as the sponsor, so that its project manager may start it."""
    improvement.pilot.kicked_off_at = ctx.occurred_at


def start_pilot(improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext) -> None:
    """Start the improvement's pilot: its preparation is complete."""
    improvement.executor_id = ctx.required_ref(Person, "executor").id
    improvement.pilot.pilot_rounds = (improvement.pilot.pilot_rounds or 0) + 1
    improvement.pilot.pilot_started_at = ctx.occurred_at
    readiness = PilotReadiness(
        id=ctx.new_id(),
        record=improvement.row_key,
        pilot_round=improvement.pilot.pilot_rounds,
        kicked_off_at=improvement.pilot.kicked_off_at,
        kicked_off_by_id=improvement.sponsor_id,
        told=body.told,
        key_user_training_id=ctx.required_ref(Record, "key_user_training").id,
        executor_training_id=ctx.required_ref(Record, "executor_training").id,
        duties=body.duties,
        standards=list(body.standards),
        external_numbers=list(body.external_numbers) or None,
        started_at=ctx.occurred_at,
    )
    ctx.outcome.add(readiness)


def log_pilot_issue(improvement: Improvement, body: LogPilotIssueImprovement, ctx: ActionContext) -> None:
    """Log a pilot issue of the improvement."""
    issue = PilotIssue(
        id=ctx.new_id(),
        record=improvement.row_key,
        title=body.title,
        text=body.text,
        pilot_round=improvement.pilot.pilot_rounds,
        logged_by_id=ctx.caller.person_id,
        logged_at=ctx.occurred_at,
    )
    ctx.outcome.add(issue)


def solve_pilot_issue(improvement: Improvement, body: SolvePilotIssueImprovement, ctx: ActionContext) -> None:
    """Solve a pilot issue of the improvement, and record the solution."""
    issue = ctx.outcome.change(ctx.required_ref(PilotIssue, "issue"))
    issue.solution = body.solution
    issue.solved_by_id = ctx.caller.person_id
    issue.solved_at = ctx.occurred_at


def log_pilot_feedback(
    improvement: Improvement, body: LogPilotFeedbackImprovement, ctx: ActionContext
) -> None:
    """Log pilot feedback on the improvement."""
    feedback = PilotFeedback(
        id=ctx.new_id(),
        record=improvement.row_key,
        person_id=ctx.required_ref(Person, "person").id,
        stance=body.stance,
        text=body.text,
        pilot_round=improvement.pilot.pilot_rounds,
        logged_by_id=ctx.caller.person_id,
        logged_at=ctx.occurred_at,
    )
    ctx.outcome.add(feedback)
    add_statements(improvement, StatedFact.gave_feedback, (feedback.person_id,), ctx, feedback.id)


def report_pilot(improvement: Improvement, body: ReportPilotImprovement, ctx: ActionContext) -> None:
    """Report the improvement's pilot: how far its goals were reached is computed from the measured
    effects.
    """
    evidence = ctx.prepared(PilotEvidence)
    supersede(DocumentClass.PL, ctx)
    sections = (
        (Heading.early, body.early_reason),
        (Heading.goals_met, evidence.goals_text()),
        (Heading.goal_revisions, body.goal_revisions),
        (Heading.tools, body.tools),
        (Heading.open_issues, evidence.open_issues_text()),
        (Heading.reception, evidence.feedback_text()),
        (Heading.reception, body.reception),
        (Heading.rollout_advice, body.rollout_advice),
        (Heading.institutionalise, body.institutionalise),
        (Heading.further_pilot, body.further_pilot),
        (Heading.legacy, body.legacy),
    )
    improvement.pilot.pilot_report_id = file_document(improvement, DocumentClass.PL, sections, ctx).id


def ask_judgement(improvement: Improvement, body: AskJudgementImprovement, ctx: ActionContext) -> None:
    """Ask to judge an improvement's pilot: the committee decides."""
    put_to_committee(improvement, DecisionSubject.pilot, ctx)
    improvement.judgement.asked_judgement = body.judgement
    improvement.judgement.asked_position = body.position
    improvement.judgement.asked_reason = body.reason
    improvement.judgement.asked_told = body.told
    improvement.judgement.judgement_overdue_at = None
    extended = body.judgement is PilotJudgement.extended
    scope, control = improvement.pilot.pilot_scope, improvement.pilot.pilot_control
    if body.scope is not None:
        scope = filters_of(body.scope)
    if body.control is not None:
        control = filters_of(body.control)
    improvement.judgement.next_scope = scope if extended else None
    improvement.judgement.next_control = control if extended else None
    improvement.judgement.next_begins_at = body.begins_at if extended else None
    improvement.judgement.next_ends_at = body.ends_at if extended else None


def pass_pilot(improvement: Improvement, body: PassPilotImprovement, ctx: ActionContext) -> None:
    """Pass the improvement's pilot, as the committee has decided: the improvement can be rolled out."""
    _judge(improvement, PilotJudgement.passed, body, ctx)
    evidence = ctx.prepared(PilotEvidence)
    improvement.evaluation.against_evidence = bool(evidence.not_improved())
    needs_reason = improvement.evaluation.against_evidence or evidence.promises_missed()
    improvement.evaluation.against_evidence_reason = (
        improvement.judgement.asked_reason if needs_reason else None
    )


def extend_pilot(improvement: Improvement, body: ExtendPilotImprovement, ctx: ActionContext) -> None:
    """Extend the improvement's pilot, as the committee has decided, with a new scope and new dates."""
    _judge(improvement, PilotJudgement.extended, body, ctx)
    improvement.pilot.pilot_scope = improvement.judgement.next_scope
    improvement.pilot.pilot_control = improvement.judgement.next_control
    improvement.pilot.pilot_begins_at = improvement.judgement.next_begins_at
    improvement.pilot.pilot_ends_at = improvement.judgement.next_ends_at
    improvement.pilot.pilot_length = pilot_length(
        improvement.judgement.next_begins_at, improvement.judgement.next_ends_at, ctx
    )
    if improvement.pilot.pilot_length is not PilotLength.usual:
        improvement.pilot.pilot_length_reason = improvement.judgement.asked_reason
    improvement.judgement.next_scope = improvement.judgement.next_control = None
    improvement.judgement.next_begins_at = improvement.judgement.next_ends_at = None
    improvement.pilot.pilot_rounds = (improvement.pilot.pilot_rounds or 0) + 1


def stop_pilot(improvement: Improvement, body: StopPilotImprovement, ctx: ActionContext) -> None:
    """Stop the improvement's pilot, as the committee has decided: the old process applies again."""
    _judge(improvement, PilotJudgement.stopped, body, ctx)
    improvement.outcome.revert_reason = improvement.judgement.asked_reason
    improvement.outcome.reverted_told = improvement.judgement.asked_told
    improvement.reverted_at = ctx.occurred_at
    expect_no_report(improvement)


def _judge(
    improvement: Improvement, judgement: PilotJudgement, body: PassPilotImprovement, ctx: ActionContext
) -> None:
    if improvement.judgement.first_judgement is None:
        improvement.judgement.first_judgement = judgement
        improvement.judgement.first_judged_at = ctx.occurred_at
    improvement.judgement.last_judgement = judgement
    improvement.judgement.judged_at = ctx.occurred_at
    improvement.judged_position = body.position


def flag_judgement(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Flag the improvement's overdue judgement: the committee has not judged the pilot in time and must be
    asked again.
    """
    improvement.judgement.judgement_overdue_at = ctx.occurred_at


#: The action that an approved judgement leads to, and its payload.
ACTIONS_OF_JUDGEMENTS: dict[PilotJudgement, tuple[str, type[PassPilotImprovement]]] = {
    PilotJudgement.passed: ("pass_pilot", PassPilotImprovement),
    PilotJudgement.extended: ("extend_pilot", ExtendPilotImprovement),
    PilotJudgement.stopped: ("stop_pilot", StopPilotImprovement),
}


def action_of_judgement(improvement: Improvement, decision: Decision) -> tuple[str, Any] | None:
    """Return the action to which the committee's decision on the pilot leads, with its payload; None if it is
    rejected or deferred: then it can be asked again.
    """
    if decision.outcome is DecisionOutcome.lapsed:
        return "flag_judgement", tallied(decision)
    if decision.outcome is not DecisionOutcome.approved or improvement.judgement.asked_judgement is None:
        return None
    name, payload = ACTIONS_OF_JUDGEMENTS[improvement.judgement.asked_judgement]
    payload_fields = {**dict(tallied(decision)), "position": improvement.judgement.asked_position}
    return name, payload.model_validate(payload_fields)
