"""Lifecycle of changes: plan, assess, approve, schedule, implement and review.

draft ─► submitted ─► assessed ─► awaiting_approval ─► approved ─► scheduled ─►
implementing ─► implemented ─► closed
standard: draft ─► scheduled       emergency: submitted ─► approved ─► implementing
assessed ─► submitted (edited)
awaiting_approval ─► rejected | deferred ─► submitted        implementing, implemented ─► backed_out ─► closed
"""

from __future__ import annotations

from functools import partial

from app.common.children import ExternalReference
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.cis.records import Ci
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import DecisionSpec
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import AssigningSpec
from app.foundation.statements.actions import statement_rows
from app.foundation.statements.records import PersonStatement
from app.kernel.access.audience_rules import to_persons, to_services, to_team_or_desk
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import (
    change_manager,
    decision,
    implementer,
    planner,
    reporter,
    role,
    rule,
    staff,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import RetryDecision, Rules
from app.processes.changes import approval, checks, implementation, review, standard
from app.processes.changes.face import FACE
from app.processes.changes.item_services import ItemServices, item_services
from app.processes.changes.payloads import DraftChange, EditChange, ResubmitChange
from app.processes.changes.planning import scheduling
from app.processes.changes.planning.bookings import CHANGE_WINDOWS, no_booking
from app.processes.changes.policies.recorded import recorded_answers
from app.processes.changes.preparation import (
    DraftSource,
    confirmed_causes,
    draft_source,
    review_due,
)
from app.processes.changes.records import BEFORE_IMPLEMENTATION, ENDED, IMPLEMENTATION_ENDED, OPEN, Change
from app.processes.changes.records import ChangeState as State
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing.links import LinkTicket, add_link
from app.ticketing.opening import set_requester
from app.ticketing.priority import PRIORITY
from app.ticketing.records import LinkKind


def draft(change: Change, body: DraftChange, ctx: ActionContext) -> None:
    """Draft a change: its content, its reason and its plan."""
    source = ctx.prepared(DraftSource)
    template, request = source.template, source.request
    team = ctx.ref(Team, "team")
    copy_fields(change, body, ctx, without="title template services cis team request requester")
    copy_fields(change.plans, body, ctx)
    change.template = None if template is None else template.key
    change.title = body.title or (None if template is None else template.title)
    services = list(dict.fromkeys(body.services)) or list((template and template.services) or ())
    _set_scope(change, services, ctx)
    change.risk_level = None if template is None else template.risk_level
    change.team_id = source.default_team_id if team is None else team.id
    set_requester(change, ctx)
    change.opened_at = ctx.occurred_at
    if request is not None:
        change.request_id = request.id
        add_link(change, LinkKind.implements, request, source.wishers, ctx)
    set_custom_fields(change, ctx)


def _set_scope(change: Change, services: list[str], ctx: ActionContext) -> None:
    change.services = services
    change.service = services[0] if services else None
    _set_items(change, ctx)


def _set_items(change: Change, ctx: ActionContext) -> None:
    items = ctx.refs(Ci, "cis")
    change.ci_ids = list(dict.fromkeys(str(ci.id) for ci in items))
    change.ci_classes = sorted({ci.ci_class.value for ci in items if ci.ci_class is not None})
    services = ctx.prepared(ItemServices).by_item.values()
    change.ci_services = sorted({service for keys in services for service in keys})


def submit(change: Change, body: EmptyPayload, ctx: ActionContext) -> None:
    """Submit the change for assessment, or an emergency change to its board."""


def resubmit(change: Change, body: ResubmitChange, ctx: ActionContext) -> None:
    """Resubmit the deferred change, with the missing information."""


def cancel(change: Change, body: Reason, ctx: ActionContext) -> None:
    """Cancel the change before it is implemented. Its window and its items become free."""
    withdraw_open_decisions(ctx)
    ctx.outcome.derive(CHANGE_WINDOWS, no_booking(change))


def flag_review(change: Change, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the change's overdue review."""
    change.review_overdue_at = ctx.occurred_at


def edit(change: Change, body: EditChange, ctx: ActionContext) -> None:
    """Edit the change's fields. An assessed change is assessed again, unless only its category or its custom
    fields were edited.
    """
    before = change.editable_copy()
    apply_patch(change, body, ctx, skip=("services", "cis"))
    copy_fields(change.plans, body, ctx)
    if "services" in body.model_fields_set:
        change.services = list(dict.fromkeys(body.services))
        change.service = change.services[0] if change.services else None
    if "cis" in body.model_fields_set:
        _set_items(change, ctx)
    approval.ASSESSMENT.forget_verdict(before, change)


LINK_REQUEST = RelatedCommand(
    action="link",
    field="request",
    record=lambda ctx: () if (request := ctx.prepared(DraftSource).request) is None else request.row_key,
    body=lambda change, body: LinkTicket(kind=LinkKind.implemented_by, other=str(change.id)),
)
BACKERS = implementer | change_manager
JUDGES = role(Role.change_manager, Role.incident_manager, Role.problem_manager, Role.engineer, Role.agent)
CHANGE_READERS = {
    Role.cab_member: "votes on changes, and reads others to judge one",
    Role.configuration_manager: "holds alterations of items against the changes that allow them",
    Role.project_manager: "plans releases of changes",
}
its_requester = partial(RecipientRule, field="requester_id")
its_assignee = partial(RecipientRule, field="assignee_id")
its_team = partial(RecipientRule, team=True)
managers = partial(RecipientRule, roles=frozenset({Role.change_manager}))
STARTED = State.implementing, *IMPLEMENTATION_ENDED, State.closed
#: A question is open in these states only: an emergency's while it stays submitted.
VOTED_ON = State.submitted, State.awaiting_approval
VOTES = DecisionSpec(
    kind="change",
    any=VOTED_ON,
    matters=(approval.APPROVAL, approval.EMERGENCY),
    outcome=approval.action_of_outcome,
    after_withdrawal={State.awaiting_approval: State.assessed},
)


def those_concerned(notice: NoticeType) -> tuple[RecipientRule, ...]:
    """Return the rules by which requester, assignee and team of the change get that notice."""
    return its_requester(notice), its_assignee(notice), its_team(notice)


#: A review is by somebody who has not judged or made it, and does not contradict the log.
REVIEW_CHECKS = (
    review.PLANNED_BY_OTHERS,
    review.approved_alone,
    standard.reviews_own_standard_change,
    review.review_contradicts_the_log,
)

#: The board is notified of a window that it has not approved. People of changes that are overridden are
#: notified by `note_overlap`, which the rule `tell_overlapped_changes` runs afterwards.
SCHEDULED = (
    *those_concerned(NoticeType.scheduled),
    RecipientRule(
        NoticeType.scheduled, roles=frozenset({Role.cab_member}), when="is_outside_approved_window"
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="change", plural="changes", zh="变更", record=Change, code="CHG",
    face=FACE,
    rules=Rules(
        change_check=decisions.not_while_decided(VOTES),
        # Taken meanwhile, by another change or a freeze: decided again, so `window_booking` words the refusal.
        constraints={"booking_free": RetryDecision(), "booking_walk": RetryDecision(), "change_window_frozen": RetryDecision()},
        derivation=PRIORITY,
    ),
    visible=(to_persons("requester_id", "reported_by_id", "assignee_id"), *to_team_or_desk(), to_services("services")),
    access=KindAccess(also_seen_by=CHANGE_READERS),
    children=(*Change.PARTS, ExternalReference, *decisions.CHILDREN, *CHILDREN, PersonStatement),
    lookup=Lookup(
        ended=ENDED,
        searched_fields=("title", "description", "reason", "plan", "work_done", "lessons", "service", "category"),
    ),
    rows=(
        # action                 中文        from                          to                       who             event
        action(draft,              "起草",     NEW_RECORD,                   State.draft,             staff | rule,   "change.drafted",
               prepare=(draft_source, item_services), related=LINK_REQUEST,
               wrong=(checks.item_named_twice, standard.beyond_template, invalid_custom_values)),
        action(submit,             "提交",     [State.draft],                State.submitted,         staff | reporter, "change.submitted",
               unless=(checks.is_standard,), wrong=(checks.change_incomplete, checks.wanted_window_unusable, approval.emergency_wanted_late)),
        action(approval.assess,    "评估",     [State.submitted],            State.assessed,          change_manager, "change.assessed",
               unless=(checks.is_emergency,), prepare=(approval.risk_questionnaire, recorded_answers, approval.least_risk,
                                               scheduling.conflicts_in_wanted_window),
               wrong=(approval.ASSESSED_BY_OTHERS, approval.risk_answers_do_not_fit)),
        action(approval.request_emergency_approval, "申请紧急审批", [State.submitted], STAYS,         change_manager | staff, "change.emergency_approval_requested",
               unless=(approval.is_no_emergency,), prepare=(approval.approval_question, scheduling.conflicts_in_wanted_window),
               wrong=(checks.decision_is_open, approval.emergency_wanted_late),
               notifies=(managers(NoticeType.emergency_asked),)),
        action(approval.approve_emergency, "紧急批准", [State.submitted],    State.approved,          decision,       "change.approved",
               notifies=those_concerned(NoticeType.approved)),
        action(approval.remind_of_emergency, "提醒紧急委员会", [State.submitted], STAYS,                decision,       "change.emergency_undecided",
               notifies=(its_requester(NoticeType.undecided), managers(NoticeType.undecided))),
        action(resubmit,           "重新提交", [State.deferred],             State.submitted,         reporter | change_manager, "change.resubmitted",
               wrong=(checks.wanted_window_unusable,)),
        action(approval.request_approval, "申请审批", [State.assessed],      State.awaiting_approval, change_manager, "change.approval_requested",
               prepare=(approval.approval_question,)),
        action(approval.approve,   "批准",     [State.awaiting_approval],    State.approved,          decision,       "change.approved",
               notifies=those_concerned(NoticeType.approved)),
        action(approval.reject,    "否决",     [State.awaiting_approval, State.submitted], State.rejected, decision, "change.rejected",
               notifies=(its_requester(NoticeType.refused), managers(NoticeType.refused))),
        action(approval.defer,     "暂缓",     [State.awaiting_approval],    State.deferred,          decision,       "change.deferred",
               notifies=(its_requester(NoticeType.deferred), managers(NoticeType.deferred))),
        action(scheduling.schedule, "排期",    [State.draft, State.approved], State.scheduled,        change_manager, "change.scheduled",
               unless=(scheduling.not_ready_to_schedule,), prepare=(scheduling.window_booking,),
               wrong=(scheduling.standard_without_items, standard.scheduled_beyond_template, scheduling.outside_approved_window),
               notifies=SCHEDULED),
        action(scheduling.reschedule, "改期",  [State.scheduled],            STAYS,                   change_manager, "change.rescheduled",
               prepare=(scheduling.window_booking,), wrong=(standard.scheduled_beyond_template,),
               notifies=SCHEDULED),
        action(scheduling.note_overlap, "提示冲突", [State.scheduled],       STAYS,                   rule,           "change.overlapped",
               notifies=(*those_concerned(NoticeType.overlapped), managers(NoticeType.overlapped))),
        action(implementation.start, "开始实施", [State.scheduled, State.approved], State.implementing, implementer,  "change.started",
               unless=(implementation.not_ready_to_start, implementation.voted_for_it), prepare=(implementation.start_booking, implementation.starter)),
        action(implementation.complete, "完成实施", [State.implementing],    State.implemented,       implementer,    "change.implemented",
               unless=(implementation.voted_for_it,), prepare=(review_due,),
               notifies=(managers(NoticeType.to_review_change), its_requester(NoticeType.delivered))),
        action(implementation.back_out, "回退", [State.implementing, State.implemented], State.backed_out, BACKERS,   "change.backed_out",
               prepare=(review_due,), wrong=(implementation.restored_ahead,),
               notifies=(managers(NoticeType.backed_out), its_requester(NoticeType.backed_out), its_team(NoticeType.backed_out))),
        action(implementation.confirm_cause, "确认引发事件", STARTED,            STAYS,                   JUDGES,         "change.cause_confirmed",
               wrong=(implementation.cannot_be_its_cause,), staff_only=True, anywhere=True, related=implementation.LINK_INCIDENT,
               follow_up=review.reopen_after_cause),
        action(review.review,      "评审",     IMPLEMENTATION_ENDED,         State.closed,            change_manager, "change.reviewed",
               segregate_from=(review.IMPLEMENTER,), prepare=(confirmed_causes,),
               wrong=REVIEW_CHECKS, related=review.LINK_INCIDENTS,
               notifies=(its_requester(NoticeType.closed), its_assignee(NoticeType.closed))),
        action(review.reopen_review, "重开评审", [State.closed],             STAYS,                   rule,           "change.review_reopened",
               notifies=(managers(NoticeType.to_review_change),)),
        action(review.review_again, "重新评审", [State.closed],              STAYS,                   change_manager, "change.reviewed_again",
               unless=(review.review_stands,), segregate_from=(review.IMPLEMENTER,), prepare=(confirmed_causes,),
               wrong=REVIEW_CHECKS,
               related=review.LINK_INCIDENTS),
        action(flag_review,        "标记评审逾期", IMPLEMENTATION_ENDED,     STAYS,                   rule,           "change.review_fell_overdue",
               due=DueAt("review_due_at", "flag_overdue_reviews", unless="review_overdue_at"),
               notifies=(managers(NoticeType.to_review_change),)),
        action(cancel,             "取消",     BEFORE_IMPLEMENTATION,        State.cancelled,         reporter | change_manager, "change.cancelled",
               prepare=(open_decisions,), notifies=those_concerned(NoticeType.cancelled)),
        *edit_action(edit, "change", State, checks.cannot_be_edited, standard.beyond_template,
                     prepare=(item_services,), judged=approval.ASSESSMENT),
        *decisions.rows(VOTES),
        *ticket_actions(kind="change", any=State, open=OPEN, delivered=ENDED | IMPLEMENTATION_ENDED, manager=Role.change_manager,
                        assigning=AssigningSpec(planner, (implementation.assignee_voted_for_it,))),
        *statement_rows("change", State),
        *succession_rows("change", State),
    ),
)
# fmt: on
