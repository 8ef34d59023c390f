"""Lifecycle of applications for changes of processes.

applied ─► under_review ─► published | refused
"""

from __future__ import annotations

from datetime import timedelta

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import Record
from app.common.times.working_days import days_late
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.preparation import NewDecision
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.governance.process_changes import checks
from app.governance.process_changes.payloads import (
    ApplyProcessChange,
    PublishProcessChange,
    ReviewProcessChange,
)
from app.governance.process_changes.preparation import (
    CHANGE,
    ConcernedTeams,
    FirstVote,
    PublicationDue,
    change_question,
    concerned_teams,
    first_vote,
    publication_due,
)
from app.governance.process_changes.records import ProcessChange
from app.governance.process_changes.records import ProcessChangeState as State
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.actions.actor_policy import (
    RecordDuty,
    anybody,
    decision,
    process_owner,
    process_relation,
    quality_manager,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.rules import Rules

#: After a finding it is applied for within this time.
TIME_AFTER_FINDING = timedelta(days=7)
FINDING = "finding"


def apply(change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext) -> None:
    """Apply for a process change, with its reasons."""
    assert ctx.assigned.number is not None, "applications have numbers"
    change.number = ctx.assigned.number
    copy_fields(change, body, ctx, without="origin teams")
    concerned, origin = ctx.prepared(ConcernedTeams), ctx.ref(Record, "origin")
    change.process_owner_id = concerned.owner_id
    change.team_ids = [str(team.id) for team in concerned.teams]
    change.head_ids = list(concerned.head_ids) or None
    change.applicant_id = ctx.caller.person_id
    change.origin = None if origin is None else origin.row_key
    raised_at = getattr(origin, "raised_at", None) if getattr(origin, "KIND", None) == FINDING else None
    proposal_due_at = None if raised_at is None else raised_at + TIME_AFTER_FINDING
    change.proposal_late_days = days_late(proposal_due_at, ctx.now)
    change.due_at = ctx.prepared(PublicationDue).due_at


def review(change: ProcessChange, body: ReviewProcessChange, ctx: ActionContext) -> None:
    """Review the process change, and ask the heads of the teams concerned for approval."""
    question = ctx.prepared(NewDecision)
    add_prepared_decision(question, ctx)
    change.decision_id = question.decision.id
    if change.reviewed_at is None:
        change.reviewed_by_id = ctx.caller.person_id
        change.review_late_days = days_late(change.due_at, ctx.now)
    change.opinion, change.reviewed_at = body.opinion, ctx.occurred_at


def approve(change: ProcessChange, body: Tallied, ctx: ActionContext) -> None:
    """Approve the process change: the heads have decided for it."""
    change.approved_at = ctx.occurred_at
    change.decision_late_days = _days_decided_late(change, ctx)


def _days_decided_late(change: ProcessChange, ctx: ActionContext) -> int:
    """Return the days since it was due or, if the heads were asked later, since their first vote ended."""
    ends = [end for end in (change.due_at, ctx.prepared(FirstVote).due_at) if end is not None]
    return days_late(max(ends, default=None), ctx.now)


def refuse(change: ProcessChange, body: Tallied, ctx: ActionContext) -> None:
    """Refuse the process change: the heads have decided against it."""
    change.decision_late_days = _days_decided_late(change, ctx)


def publish(change: ProcessChange, body: PublishProcessChange, ctx: ActionContext) -> None:
    """Publish the process change, as an edition of the process definition."""
    change.definition_id = ctx.required_ref(Record, "definition").id
    change.publication_late_days = days_late(change.due_at, ctx.now)


def flag_overdue(change: ProcessChange, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the process change as overdue: it was not published in time."""
    change.overdue_at = ctx.occurred_at


def action_of_outcome(change: ProcessChange, decision_taken: Decision) -> tuple[str, Payload] | None:
    """Return the action that follows from the outcome of a decision; a lapsed one has no action."""
    if change.state is not State.under_review or decision_taken.id != change.decision_id:
        return None
    names = {DecisionOutcome.approved: "approve", DecisionOutcome.rejected: "refuse"}
    name = None if decision_taken.outcome is None else names.get(decision_taken.outcome)
    return None if name is None else (name, tallied(decision_taken))


OPEN = (State.applied, State.under_review)
VOTES = decisions.DecisionSpec(
    kind="process_change", any=(State.under_review,), matters=(CHANGE,), outcome=action_of_outcome
)
#: The applicant of a change does not review it.
APPLICANT = RecordDuty("applicant", "申请人", ("applicant_id",))
owner = process_relation(
    "process_change_owner", "the owner of the process", "该流程的负责人", "process_owner_id"
)
REVIEWERS = quality_manager | process_owner | owner
TO_REVIEW = (
    RecipientRule(
        NoticeType.process_change_applied, roles=frozenset({Role.quality_manager, Role.process_owner})
    ),
    RecipientRule(NoticeType.process_change_applied, field="process_owner_id"),
)


def _to_applicant(step: NoticeType) -> RecipientRule:
    return RecipientRule(step, field="applicant_id")


APPROVED = tuple(
    RecipientRule(NoticeType.approved, field=field)
    for field in ("applicant_id", "process_owner_id", "reviewed_by_id")
)
OVERDUE = RecipientRule(NoticeType.process_change_overdue, roles=frozenset({Role.quality_manager}))

# fmt: off
LIFECYCLE = Lifecycle(
    kind="process_change", plural="process_changes", zh="流程变更申请", record=ProcessChange, code="PCH",
    rules=Rules(change_check=decisions.not_while_decided(VOTES)),
    visible=(to_staff(), to_persons("applicant_id", "process_owner_id")), children=decisions.CHILDREN,
    rows=(
        #      action        中文        from                  to                  who        event
        action(apply,        "申请",     NEW_RECORD,           State.applied,      anybody,   "process_change.applied",
               prepare=(concerned_teams, publication_due), notifies=TO_REVIEW,
               wrong=(checks.teams_invalid, checks.origin_missing, checks.origin_leads_nowhere)),
        action(review,       "审核",     OPEN,                 State.under_review, REVIEWERS, "process_change.reviewed",
               unless=(checks.decided_already,), prepare=(change_question,), segregate_from=(APPLICANT,)),
        action(approve,      "批准",     [State.under_review], STAYS,              decision,  "process_change.approved", prepare=(first_vote,),
               notifies=APPROVED),
        action(refuse,       "不批准",   [State.under_review], State.refused,      decision,  "process_change.refused", prepare=(first_vote,),
               notifies=(_to_applicant(NoticeType.refused),)),
        action(publish,      "发布",     [State.under_review], State.published,    REVIEWERS, "process_change.published",
               unless=(checks.not_approved,), wrong=(checks.definition_does_not_fit,), notifies=(_to_applicant(NoticeType.process_change_published),)),
        action(flag_overdue, "标记逾期", OPEN,                 STAYS,              rule,      "process_change.overdue",
               due=DueAt("due_at", "flag_process_changes", unless="overdue_at"), notifies=(OVERDUE, _to_applicant(NoticeType.process_change_overdue))),
        *decisions.rows(VOTES),
    ),
)
# fmt: on
