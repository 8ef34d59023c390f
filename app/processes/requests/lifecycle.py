"""Lifecycle of service requests, from intake to support after delivery.

submitted ─► [awaiting_approval] ─► assessed ─► in_progress ─► delivered ─► closed              standard
          ─► analysing ─► requirements_confirmed ─► solution_review ⇄ revising
          ─► solution_approved ─► implementing ─► in_acceptance ⇄ rectifying ─► delivered ─► closed   project
any open ⇄ on_hold          any open ─► cancelled | rejected          delivered, closed ─► reopened
"""

from __future__ import annotations

from app.common.children import ExternalReference, Follower
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import CodeEnum
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import add_prepared_decision
from app.foundation.decisions.authorship import (
    agreed_by_another,
    agrees_to_what_was_read,
    authors_do_not_judge,
)
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import load_documents
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.records import DocumentClass
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import AssigningSpec, TaskSpec
from app.foundation.services.records import CatalogueItem, FulfilmentPath
from app.foundation.statements.actions import statement_rows, statements_of_record
from app.foundation.statements.records import PersonStatement
from app.kernel.access.audience_rules import to_persons, to_roles, to_services, to_team_or_desk
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import (
    agent,
    anybody,
    assignee,
    decision,
    engineer,
    integration,
    process_relation,
    reporter,
    rule,
    service_level_manager,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Reason,
)
from app.kernel.actions.rules import Rules
from app.processes.requests import checks
from app.processes.requests.acceptance import checks as acceptance_checks
from app.processes.requests.acceptance.actions import (
    acceptance_group_staffed,
    after_acceptance,
    after_objection,
    ask_acceptor,
    ask_reviewer,
    forget_presence,
    name_acceptance_group,
    new_acceptors,
    presences,
    record_acceptance,
    record_training,
    submit_for_acceptance,
)
from app.processes.requests.catalogue import (
    ITEM_APPROVAL,
    Approval,
    action_of_outcome,
    add_checklist_tasks,
    answers_invalid,
    approval,
    approval_is_open,
    approve,
    neither_given_nor_supplied,
    refuse,
    set_reader_roles,
    with_supplied_texts,
)
from app.processes.requests.face import FACE
from app.processes.requests.implementation import (
    begin_implementation,
    check_quality,
    complete_task,
    implementer,
    report_progress,
)
from app.processes.requests.payloads import (
    AssessRequest,
    EditRequest,
    FulfilRequest,
    HoldRequest,
    NoteChangeEndedRequest,
    SubmitRequest,
)
from app.processes.requests.preparation import (
    acceptors,
    business_reviewers,
    current_checks,
    current_criteria,
    known_checkpoint,
)
from app.processes.requests.records import CHILDREN as OWN
from app.processes.requests.records import ENDED, OPEN, Request
from app.processes.requests.records import RequestState as State
from app.processes.requests.requirements import (
    agree_to_requirements,
    change_requirements,
    confirm_requirements,
    propose_requirements,
    requirements_denied,
    requirements_document_class,
    return_requirements,
)
from app.processes.requests.solutions import (
    after_review,
    propose_solution,
    review_solution,
    solution_author,
    solution_document_class,
)
from app.service_levels.clocks.reopening import AgreedReopening
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing.opening import reopening_of_opened, set_requester
from app.ticketing.priority import PRIORITY
from app.ticketing.projects.actions import flag_rows
from app.ticketing.projects.checks import invalid_progress
from app.ticketing.projects.preparation import current_milestones, unfinished_tasks
from app.ticketing.reopening import (
    former_assignee,
    reopening_of_edited,
    return_to_team,
    told_of_reopening,
)
from app.ticketing.work.ticket_holds import (
    REQUESTER_TO_ANSWER,
    cannot_wait_for_change,
    cannot_wait_for_supplier,
    question_to_requester,
    set_hold_fields,
    state_before_hold,
    wake_up_in_past,
)

solution_reviewer = process_relation(
    "solution_reviewer", "one IT and one business reviewer", "信息技术方和业务方评审人各一名"
)
acceptor = process_relation(
    "acceptor", "the requester and their acceptance group", "申请人及需求方验收组", of_requesters=True
)


def submit(request: Request, body: SubmitRequest, ctx: ActionContext) -> None:
    """Submit a service request."""
    copy_fields(request, body, ctx)
    item = ctx.ref(CatalogueItem, "item")
    if item is not None:
        request.item, request.target_seconds = item.key, item.target_seconds
        request.service = body.service or item.service
    set_reader_roles(request, item)
    set_requester(request, ctx)
    request.opened_at = ctx.occurred_at
    request.reopen_days = ctx.prepared(AgreedReopening).days
    set_custom_fields(request, ctx)


def assess(request: Request, body: AssessRequest, ctx: ActionContext) -> None:
    """Assess the request: classify, prioritise and assign it, and ask for approval if it needs one."""
    team = ctx.ref(Team, "team")
    # The present assignee stays, unless the payload names another person or team.
    stays = body.assignee is None and (team is None or team.id == request.team_id)
    copy_fields(request, body, ctx, without="team assignee" if stays else "team")
    if team is not None:
        request.team_id = team.id
    elif request.assignee_id is None:
        item = ctx.prepared(Approval).item
        assert item is not None
        request.team_id = item.default_team_id
    if request.assessed_at is None:
        add_checklist_tasks(request, ctx.prepared(Approval).item, ctx)
    set_reader_roles(request, ctx.prepared(Approval).item)
    request.assessed_at = ctx.occurred_at
    decision = ctx.prepared(Approval).decision
    request.approval_id = None if decision is None else decision.decision.id
    if decision is not None:
        add_prepared_decision(decision, ctx)


def path_start(request: Request) -> CodeEnum:
    """Return the first state of the request's path."""
    return State.analysing if request.path is FulfilmentPath.project else State.assessed


def after_assessment(request: Request) -> CodeEnum:
    """Return the state after the assessment: awaiting approval if the item needs one, else the start of the
    path.
    """
    return path_start(request) if request.approval_id is None else State.awaiting_approval


def start(request: Request, body: EmptyPayload, ctx: ActionContext) -> None:
    """Start work on the request."""


def fulfil(request: Request, body: FulfilRequest, ctx: ActionContext) -> None:
    """Fulfil the request: it is delivered."""
    request.delivery = body.delivered
    if body.started_at is not None:
        request.started_at = body.started_at


def hold(request: Request, body: HoldRequest, ctx: ActionContext) -> None:
    """Put the request on hold: work waits for an answer or an event."""
    set_hold_fields(request, body, ctx)
    request.inquiry.hold_question = body.question


def resume(request: Request, body: EmptyPayload, ctx: ActionContext) -> None:
    """Resume work on the request: it no longer waits."""
    request.inquiry.hold_question = None


def note_change_ended(request: Request, body: NoteChangeEndedRequest, ctx: ActionContext) -> None:
    """Note how the request's change ended: it has not fulfilled the request."""


def close(request: Request, body: EmptyPayload, ctx: ActionContext) -> None:
    """Close the request: the delivery is as requested."""


def reopen(request: Request, body: Reason, ctx: ActionContext) -> None:
    """Reopen the request: the delivery is not as requested. An assignee who has left is cleared."""
    return_to_team(request, ctx)


def cancel(request: Request, body: Reason, ctx: ActionContext) -> None:
    """Cancel the request: it is no longer wanted."""
    request.inquiry.hold_question = None
    withdraw_open_decisions(ctx)


def reject(request: Request, body: Reason, ctx: ActionContext) -> None:
    """Reject the request. Its requester is notified of the reason."""
    request.inquiry.hold_question = None
    withdraw_open_decisions(ctx)


def edit(request: Request, body: EditRequest, ctx: ActionContext) -> None:
    """Edit the request's fields."""
    apply_patch(request, body, ctx)
    request.reopen_days = ctx.prepared(AgreedReopening).days


def state_after_reopening(request: Request) -> CodeEnum:
    """Return the state in which work continues when the request is reopened."""
    return State.rectifying if request.path is FulfilmentPath.project else State.in_progress


IMPLEMENTING_STATES = (State.implementing, State.rectifying)
ASSESSED = Branch(after_assessment, (State.assessed, State.analysing, State.awaiting_approval))
PATH_START = Branch(path_start, (State.assessed, State.analysing))
REVIEWED = Branch(after_review, (State.solution_approved, State.revising, State.solution_review))
ACCEPTED = Branch(
    after_acceptance, (State.delivered, State.rectifying), {State.rectifying: "request.acceptance_failed"}
)
REOPENED = Branch(state_after_reopening, (State.in_progress, State.rectifying))


#: Everyone who ever proposed a solution is excluded from its review, even if a later proposal is another
#: person's.
#: The author of the requirements does not confirm them.
WRITTEN_BY_ANOTHER = agreed_by_another(("requirements_proposed_at",))
AGREED_AS_READ = agrees_to_what_was_read(
    ("requirements_proposed",), ("requirements_agreed", "requirements_returned", "requirements_confirmed")
)
PROPOSED_BY_OTHERS = authors_do_not_judge(("solution_author_id",))
#: Approval of a catalogue item, by the approvers of the item, never by the requester.
APPROVAL = decisions.DecisionSpec(
    kind="request",
    any=(State.awaiting_approval,),
    matters=(ITEM_APPROVAL,),
    outcome=action_of_outcome,
)

#: The analyst is notified of the requester's comments on the requirements. People who wait for the delivery
#: are notified of a new date.
DELIVERY_MOVED = (
    RecipientRule(NoticeType.delivery_moved, field="requester_id", when="delivery_was_moved"),
    RecipientRule(NoticeType.delivery_moved, children=Follower, when="delivery_was_moved"),
)
REQUIREMENTS_ANSWERED = (RecipientRule(NoticeType.requirements_answered, responsible=True),)
#: A request files nothing before its requirements are confirmed; a delivered one may go on.
DOCUMENTS_KEPT = KeptDocuments(
    kind="request",
    any=frozenset(State) - {State.submitted, State.awaiting_approval, State.assessed, State.in_progress},
    archivable=(State.closed, State.cancelled, State.rejected),
)

CHANGEABLE = (State.requirements_confirmed, State.revising, State.implementing)
#: The acceptance group is named and has not accepted.
GROUP_WAITED_FOR = (
    *(State.requirements_confirmed, State.solution_review, State.revising, State.solution_approved),
    *(State.implementing, State.in_acceptance, State.rectifying),
)
#: Requirements, an acceptance or a training name people in these.
HEARD = frozenset(State) - {State.submitted, State.awaiting_approval, State.assessed, State.in_progress}

TO_ACCEPT_AGAIN = (RecipientRule(NoticeType.to_accept, field="requester_id", when="waits_for_acceptance"),)
OBJECTED = Branch(
    after_objection,
    tuple(sorted(HEARD)),
    outcomes={
        state: (state, State.in_acceptance) if state is State.delivered else (state,) for state in HEARD
    },
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="request", plural="requests", zh="服务请求", record=Request, code="REQ",
    face=FACE,
    rules=Rules(change_check=decisions.not_while_decided(APPROVAL), derivation=PRIORITY),
    visible=(
        to_persons("requester_id", "reported_by_id", "assignee_id"), *to_team_or_desk(), to_services("service"),
        to_roles("reader_roles", {Role.change_manager: "makes a change from it, where its item opens one"}),
    ),
    children=(ExternalReference, *decisions.CHILDREN, *DOCUMENTS, *OWN, *CHILDREN, PersonStatement),
    lookup=Lookup(ended=ENDED, searched_fields=("title", "description", "delivery", "service", "ci", "category")),
    access=KindAccess(reviewer_group_field="acceptance_group_id"),
    rows=(
        # action, 中文, from → to, who, event; and what forbids it
        action(submit,                "提交",     NEW_RECORD, State.submitted, anybody | integration, "request.submitted",
               prepare=(reopening_of_opened,), wrong=(answers_invalid, neither_given_nor_supplied, invalid_custom_values),
               supplies=with_supplied_texts),
        action(assess,                "评估",     [State.submitted, State.awaiting_approval], ASSESSED, agent, "request.assessed",
               unless=(approval_is_open,), prepare=(approval,), wrong=(checks.cannot_be_assigned,)),
        action(approve,               "批准",     [State.awaiting_approval], PATH_START, decision, "request.approved"),
        action(refuse,                "拒绝",     [State.awaiting_approval], State.rejected, decision, "request.refused"),
        action(start,                 "开始处理", [State.assessed], State.in_progress, assignee | agent, "request.started"),
        action(fulfil,                "交付",     [State.assessed, State.in_progress], State.delivered, assignee | rule, "request.fulfilled",
               wrong=(checks.invalid_start_time, checks.checklist_is_open)),
        action(propose_requirements,  "提出需求说明", [State.analysing], STAYS, engineer | assignee, "request.requirements_proposed",
               prepare=(current_criteria, load_documents, statements_of_record), document=requirements_document_class,
               wrong=(checks.acceptance_group_empty, checks.accepted_by_strangers, checks.strangers_consulted),
               notifies=(RecipientRule(NoticeType.to_confirm_requirements, field="requester_id"),)),
        action(agree_to_requirements, "同意需求说明", [State.analysing], State.requirements_confirmed, reporter.in_person(), "request.requirements_agreed",
               unless=(checks.nothing_proposed, requirements_denied), prepare=(load_documents,), wrong=(WRITTEN_BY_ANOTHER, AGREED_AS_READ),
               notifies=REQUIREMENTS_ANSWERED),
        action(return_requirements,   "退回需求说明", [State.analysing], STAYS, reporter, "request.requirements_returned",
               unless=(checks.nothing_proposed,), notifies=REQUIREMENTS_ANSWERED),
        action(confirm_requirements,  "确认需求", [State.analysing], State.requirements_confirmed, engineer | assignee, "request.requirements_confirmed",
               wrong=(checks.confirmation_unfounded, checks.acceptance_group_empty, checks.accepted_by_strangers, checks.strangers_consulted),
               prepare=(current_criteria, load_documents, statements_of_record), document=requirements_document_class,
               notifies=(RecipientRule(NoticeType.requirements_recorded, field="requester_id"),)),
        action(propose_solution,      "提出方案", [State.requirements_confirmed, State.revising], State.solution_review, engineer | assignee,
               "request.solution_proposed",
               unless=(requirements_denied,), prepare=(business_reviewers, load_documents),
               wrong=(checks.delivery_not_in_future, checks.risks_not_assessed), document=solution_document_class,
               notifies=(RecipientRule(NoticeType.to_review, created=Follower), RecipientRule(NoticeType.to_review, team=True))),
        action(review_solution,       "评审方案", [State.solution_review], REVIEWED, solution_reviewer, "request.solution_reviewed",
               unless=(checks.no_review_side_left,), prepare=(load_documents,),
               wrong=(checks.not_on_review_side, checks.side_already_reviewed, PROPOSED_BY_OTHERS), segregate_from=(solution_author,),
               notifies=(RecipientRule(NoticeType.reviewed, field="solution_author_id"),)),
        action(ask_reviewer,          "通知新评审人", [State.solution_review], STAYS, rule, "request.reviewer_asked",
               notifies=(RecipientRule(NoticeType.to_review, created=Follower),)),
        action(begin_implementation,  "开始实施", [State.solution_approved], State.implementing, engineer | assignee, "request.implementation_begun",
               prepare=(current_milestones, unfinished_tasks, current_checks, load_documents), wrong=(checks.plan_not_assignable,),
               document=lambda _: DocumentClass.IM),
        action(report_progress,       "汇报进展", IMPLEMENTING_STATES, STAYS, engineer | assignee, "request.progress_reported",
               prepare=(current_milestones,), wrong=(invalid_progress,), notifies=DELIVERY_MOVED),
        *flag_rows("request", IMPLEMENTING_STATES),
        action(change_requirements,   "变更需求", CHANGEABLE, State.analysing, reporter | engineer, "request.requirements_changed"),
        action(check_quality,         "质量检查", IMPLEMENTING_STATES, STAYS, engineer, "request.quality_checked",
               prepare=(load_documents, known_checkpoint), segregate_from=(implementer,), document=lambda _: DocumentClass.TE),
        action(submit_for_acceptance, "提交验收", IMPLEMENTING_STATES, State.in_acceptance, engineer | assignee, "request.submitted_for_acceptance",
               unless=(checks.task_is_open, acceptance_checks.quality_not_checked, acceptance_checks.no_acceptor_left),
               prepare=(load_documents, acceptors),
               wrong=(acceptance_checks.documents_missing, acceptance_checks.manual_not_readable, acceptance_checks.too_short_notice),
               notifies=(RecipientRule(NoticeType.to_accept, field="requester_id"), RecipientRule(NoticeType.to_accept, created=Follower))),
        action(ask_acceptor,          "通知新验收人", [State.in_acceptance], STAYS, rule, "request.acceptor_asked",
               notifies=(RecipientRule(NoticeType.to_accept, created=Follower),)),
        action(name_acceptance_group, "另定验收组", GROUP_WAITED_FOR, STAYS, service_level_manager.in_person(), "request.acceptance_group_named",
               unless=(acceptance_group_staffed,), prepare=(new_acceptors,), wrong=(checks.accepted_by_strangers,),
               notifies=(RecipientRule(NoticeType.to_review, created=Follower, when="waits_for_review"),
                         RecipientRule(NoticeType.to_accept, created=Follower, when="waits_for_acceptance"))),
        action(record_acceptance,     "登记验收", [State.in_acceptance], ACCEPTED, acceptor, "request.accepted",
               prepare=(current_criteria, load_documents),
               wrong=(
                   acceptance_checks.accepts_own_check, acceptance_checks.not_in_the_acceptance_group, acceptance_checks.group_absent,
                   acceptance_checks.accepted_early, checks.strangers_accept,
                   acceptance_checks.criterion_results_incomplete, acceptance_checks.accepts_with_issues,
               ),
               segregate_from=(implementer,), document=lambda _: DocumentClass.AC),
        action(record_training,       "登记培训", [State.delivered], STAYS, engineer | assignee, "request.training_recorded",
               prepare=(load_documents,), wrong=(acceptance_checks.no_such_training, acceptance_checks.trained_elsewhere), document=lambda _: DocumentClass.TR),
        action(hold,                  "挂起",     OPEN - {State.on_hold}, State.on_hold, assignee | agent, "request.held",
               wrong=(wake_up_in_past, cannot_wait_for_change, cannot_wait_for_supplier), follow_up=question_to_requester, notifies=(REQUESTER_TO_ANSWER,)),
        action(resume,                "恢复",     [State.on_hold], state_before_hold, assignee | agent | rule, "request.resumed",
               due=DueAt("wake_up_at", "resume_at_wake_up_time", timers_per_kind=True)),
        action(note_change_ended,     "告知变更结果", OPEN, STAYS, rule, "request.change_ended",
               notifies=(
                   RecipientRule(NoticeType.change_ended, field="requester_id"), RecipientRule(NoticeType.change_ended, field="assignee_id"),
                   RecipientRule(NoticeType.change_ended, team=True),
               )),
        action(close,                 "关闭",     [State.delivered], State.closed, reporter | rule, "request.closed"),
        action(reopen,                "重新打开", [State.delivered, State.closed], REOPENED, reporter | agent, "request.reopened",
               unless=(checks.too_late_to_reopen,), prepare=(former_assignee,), notifies=told_of_reopening(Role.service_level_manager)),
        action(cancel,                "取消",     OPEN, State.cancelled, reporter, "request.cancelled", prepare=(open_decisions,)),
        action(reject,                "驳回",     OPEN, State.rejected, agent, "request.rejected", prepare=(open_decisions,)),
        *statement_rows("request", HEARD, forget=forget_presence, prepare=(presences,), to=OBJECTED, notifies=TO_ACCEPT_AGAIN),
        *decisions.rows(APPROVAL),
        *document_actions(DOCUMENTS_KEPT),
        *edit_action(edit, "request", State, checks.approved_as_it_is, prepare=(reopening_of_edited,)),
        *ticket_actions(
            kind="request", any=State, open=OPEN, delivered=ENDED, manager=Role.service_level_manager,
            task_spec=TaskSpec(complete_task, (acceptance_checks.altered_by_judged,), acceptor),
            assigning=AssigningSpec(wrong=(checks.assignee_approved_it,)),
        ),
        *succession_rows("request", State),
    ),
)
# fmt: on
