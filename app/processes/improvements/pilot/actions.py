"""Actions of a pilot: it is started when all is ready, issues and feedback are logged, it is reported, the
committee judges it by a decision.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ChildRef, ForeignRef, Record
from app.foundation.decisions.actions import tallied
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Payload,
    Reference,
    ShortText,
    Title,
)
from app.kpis.effects.lifecycle import Scope, filters_of
from app.log.canonical import LARGEST_WHOLE_NUMBER
from app.processes.improvements.pilot.preparation import PilotEvidence
from app.processes.improvements.pilot.records import (
    FeedbackStance,
    PilotFeedback,
    PilotIssue,
    PilotJudgement,
    PilotReadiness,
)
from app.processes.improvements.project.actions import pilot_length
from app.processes.improvements.proposal.actions import put_to_committee
from app.processes.improvements.proposal.records import DecisionSubject
from app.processes.improvements.records import Improvement
from app.ticketing.projects.planning import expect_no_report


def kick_off(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Kick the improvement's pilot off, as the sponsor: its project manager may start it."""
    improvement.pilot.kicked_off_at = ctx.occurred_at


class StartPilotImprovement(Payload):
    """The readiness for the pilot; what is left out is missing, and the pilot is refused."""

    model_config = example_includes(
        "told",
        "key_user_training",
        "executor_training",
        "duties",
        "standards",
        "executor",
    )
    told: FreeText | None = Field(
        default=None, description="Who was told, and how.", examples=["Both teams, in their meetings."]
    )
    key_user_training: Annotated[Reference, ForeignRef("training")] | None = Field(
        default=None, description="The training of the key users, which was held: its number or id."
    )
    executor_training: Annotated[Reference, ForeignRef("training")] | None = Field(
        default=None, description="The training of the executors, held after that of the key users."
    )
    duties: FreeText | None = Field(
        default=None, description="How duties were adjusted.", examples=["The first line closes, too."]
    )
    standards: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The numbers of the standards that were revised.",
        examples=[["PR2026001"]],
    )
    executor: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None,
        description="The accountable executor: a person's id. They are licensed to carry out the process, "
        "and do not own it.",
    )


def start_pilot(improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext) -> None:
    """Start the improvement's pilot: what must be ready for it is ready."""
    improvement.executor_id = ctx.required_ref(Person, "executor").id
    improvement.pilot.pilot_rounds = (improvement.pilot.pilot_rounds or 0) + 1
    improvement.pilot.pilot_started_at = ctx.occurred_at
    made = PilotReadiness(
        id=ctx.new_id(),
        record=improvement.row_key,
        pilot_round=improvement.pilot.pilot_rounds,
        kicked_off_at=improvement.pilot.kicked_off_at,
        kicked_off_by_id=improvement.sponsor_id,
        told=body.told,
        key_user_training_id=ctx.required_ref(Record, "key_user_training").id,
        executor_training_id=ctx.required_ref(Record, "executor_training").id,
        duties=body.duties,
        standards=list(dict.fromkeys(body.standards)),
        started_at=ctx.occurred_at,
    )
    ctx.add(made)


class LogPilotIssueImprovement(Payload):
    """An issue that the pilot has met."""

    title: Title = Field(
        description="What it is, in a line. Lists show it: name no persons here.",
        examples=["The form asks twice"],
    )
    text: FreeText | None = Field(default=None, description="What is to be said of it.")


def log_pilot_issue(improvement: Improvement, body: LogPilotIssueImprovement, ctx: ActionContext) -> None:
    """Log a pilot issue of the improvement."""
    made = PilotIssue(
        id=ctx.new_id(),
        record=improvement.row_key,
        title=body.title,
        text=body.text,
        pilot_round=improvement.pilot.pilot_rounds,
        logged_by_id=ctx.caller.person_id,
        logged_at=ctx.occurred_at,
    )
    ctx.add(made)


class SolvePilotIssueImprovement(Payload):
    """An issue of the pilot, and how it was solved."""

    issue: Annotated[UUID, ChildRef(PilotIssue)] = Field(description="The issue: its id.")
    solution: FreeText = Field(description="How it was solved.", examples=["The second question is gone."])


def solve_pilot_issue(improvement: Improvement, body: SolvePilotIssueImprovement, ctx: ActionContext) -> None:
    """Solve a pilot issue of the improvement: how is recorded."""
    issue = ctx.change(ctx.required_ref(PilotIssue, "issue"))
    issue.solution = body.solution
    issue.solved_by_id = ctx.caller.person_id
    issue.solved_at = ctx.occurred_at


class LogPilotFeedbackImprovement(Payload):
    """Feedback on the pilot: whose, for or against it, and what they suggest."""

    person: Annotated[Reference, ForeignRef("person")] = Field(
        description="Whose it is: a person's id, or `me`.", examples=["me"]
    )
    stance: FeedbackStance = Field(
        description="Whether they are for it or against it.", examples=["in_favour"]
    )
    text: FreeText = Field(description="What they suggest.", examples=["Ask for the room first."])


def log_pilot_feedback(
    improvement: Improvement, body: LogPilotFeedbackImprovement, ctx: ActionContext
) -> None:
    """Log pilot feedback on the improvement."""
    made = PilotFeedback(
        id=ctx.new_id(),
        record=improvement.row_key,
        person_id=ctx.required_ref(Person, "person").id,
        stance=body.stance,
        text=body.text,
        pilot_round=improvement.pilot.pilot_rounds,
        logged_by_id=ctx.caller.person_id,
        logged_at=ctx.occurred_at,
    )
    ctx.add(made)


class ReportPilotImprovement(Payload):
    """What the report of the pilot says besides what is computed: how far the goals were met, feedback and
    the open issues.
    """

    tools: FreeText = Field(
        description="Problems with tools, and their remedies.", examples=["None that has stayed."]
    )
    reception: FreeText = Field(description="How people took to it.", examples=["Well, after a week."])
    goal_revisions: FreeText | None = Field(
        default=None, description="How the goals are to be revised; none: they stay."
    )
    rollout_advice: FreeText = Field(
        description="How it is to be rolled out, as the report advises.", examples=["Team by team."]
    )
    institutionalise: FreeText = Field(
        description="What is to be institutionalised.", examples=["The new form and its training."]
    )
    further_pilot: FreeText = Field(
        description="Whether to pilot further, and why.", examples=["No: three months have shown it."]
    )
    legacy: FreeText = Field(
        description="The people, templates and lessons that it leaves behind.",
        examples=["Four trained key users, and a template."],
    )


def report_pilot(improvement: Improvement, body: ReportPilotImprovement, ctx: ActionContext) -> None:
    """Report on the improvement's pilot: how far its goals were met is computed from measured effects."""
    evidence = ctx.prepared(PilotEvidence)
    supersede(DocumentClass.PL, ctx)
    sections = (
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


class AskJudgementImprovement(AskDecision):
    """The question what becomes of the pilot, the judgement that is put to the vote, and the measured effect
    that it names.
    """

    judgement: PilotJudgement = Field(description="What the committee is to approve.", examples=["passed"])
    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="The log position of the measured effect in the report, as `measured_position` says: the "
        "decision names it.",
    )
    reason: FreeText | None = Field(
        default=None,
        description="Why. Must be said to stop the pilot, and to pass it on an effect that is not improved.",
    )
    scope: Scope | None = Field(
        default=None, description="For an extended pilot, its new scope; none: as it is."
    )
    control: Scope | None = Field(
        default=None, description="The cases that it is compared with then; none: as they are."
    )
    begins_at: Instant | None = Field(
        default=None, description="When the extended pilot begins; must be said to extend it."
    )
    ends_at: Instant | None = Field(default=None, description="When it ends; must be said to extend it.")
    told: FreeText | None = Field(
        default=None, description="Who is told that it is stopped, and how; must be said to stop it."
    )


def ask_judgement(improvement: Improvement, body: AskJudgementImprovement, ctx: ActionContext) -> None:
    """Ask to judge the improvement's pilot: the committee decides."""
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


class PassPilotImprovement(Tallied):
    """The decision by which the pilot is passed, and the measured effect that it names."""

    position: int = Field(
        ge=0, le=LARGEST_WHOLE_NUMBER, strict=True, description="The log position of the measured effect."
    )


def pass_pilot(improvement: Improvement, body: PassPilotImprovement, ctx: ActionContext) -> None:
    """Pass the improvement's pilot, as the committee has decided: it is rolled out."""
    _judge(improvement, PilotJudgement.passed, body, ctx)
    evidence = ctx.prepared(PilotEvidence)
    improvement.evaluation.against_evidence = bool(evidence.not_improved())
    needs_reason = improvement.evaluation.against_evidence or evidence.promises_missed()
    improvement.evaluation.against_evidence_reason = (
        improvement.judgement.asked_reason if needs_reason else None
    )


class ExtendPilotImprovement(PassPilotImprovement):
    """The decision by which the pilot is extended, and the measured effect that it names."""


def extend_pilot(improvement: Improvement, body: ExtendPilotImprovement, ctx: ActionContext) -> None:
    """Extend the improvement's pilot, as the committee has decided: it goes on with a new scope and new
    dates.
    """
    _judge(improvement, PilotJudgement.extended, body, ctx)
    improvement.pilot.pilot_scope = improvement.judgement.next_scope
    improvement.pilot.pilot_control = improvement.judgement.next_control
    improvement.pilot.pilot_begins_at = improvement.judgement.next_begins_at
    improvement.pilot.pilot_ends_at = improvement.judgement.next_ends_at
    improvement.pilot.pilot_length = pilot_length(
        improvement.judgement.next_begins_at, improvement.judgement.next_ends_at, ctx
    )
    improvement.judgement.next_scope = improvement.judgement.next_control = None
    improvement.judgement.next_begins_at = improvement.judgement.next_ends_at = None
    improvement.pilot.pilot_rounds = (improvement.pilot.pilot_rounds or 0) + 1


class StopPilotImprovement(PassPilotImprovement):
    """The decision by which the pilot is stopped, and the measured effect that it names."""


def stop_pilot(improvement: Improvement, body: StopPilotImprovement, ctx: ActionContext) -> None:
    """Stop the improvement's pilot, as the committee has decided: the old process stands."""
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
    """Flag the improvement's overdue judgement: the committee has not judged the pilot in time, and is to be
    asked again.
    """
    improvement.judgement.judgement_overdue_at = ctx.occurred_at


#: The action that an approved judgement leads to, and its payload.
ACTIONS_OF_JUDGEMENTS: dict[PilotJudgement, tuple[str, type[PassPilotImprovement]]] = {
    PilotJudgement.passed: ("pass_pilot", PassPilotImprovement),
    PilotJudgement.extended: ("extend_pilot", ExtendPilotImprovement),
    PilotJudgement.stopped: ("stop_pilot", StopPilotImprovement),
}


def action_of_judgement(improvement: Improvement, taken: Decision) -> tuple[str, Any] | None:
    """Return the action to which the committee's decision on the pilot leads, with its payload; None if it is
    rejected or deferred: then it can be asked again.
    """
    if taken.outcome is DecisionOutcome.lapsed:
        return "flag_judgement", tallied(taken)
    if taken.outcome is not DecisionOutcome.approved or improvement.judgement.asked_judgement is None:
        return None
    name, payload = ACTIONS_OF_JUDGEMENTS[improvement.judgement.asked_judgement]
    said = {**dict(tallied(taken)), "position": improvement.judgement.asked_position}
    return name, payload.model_validate(said)
