"""Service requests: from intake to support after delivery.

submitted ─► [awaiting_approval] ─► assessed ─► in_progress ─► delivered ─► closed              standard
          ─► analysing ─► requirements_confirmed ─► solution_review ⇄ revising
          ─► solution_approved ─► implementing ─► in_acceptance ⇄ rectifying ─► delivered ─► closed   project
any open ⇄ on_hold          any open ─► cancelled | rejected          delivered, closed ─► reopened
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.children import ExternalReference, Follower
from app.common.notices import Responsible, Step, Tells
from app.common.people import SEE_EVERYTHING, Person, Role
from app.common.priority import Impact, Urgency
from app.common.records import KeyOf, Labelled, Refers
from app.common.tickets import Channel, HoldReason
from app.foundation.custom.values import CustomValues, custom_fits, give
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import put, withdraw_open
from app.foundation.decisions.preparation import open_decisions
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import on_file
from app.foundation.documents.records import DocumentClass
from app.foundation.editing import editing, take
from app.foundation.people.records import Team
from app.foundation.services.records import CatalogueItem, FulfilmentPath
from app.kernel.bodies import Body, Instant, Key, Nothing, Patch, Reason, Reference, Title, Words
from app.kernel.forms import Answers
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Fork, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import DESK
from app.kernel.who import (
    acceptor,
    agent,
    anybody,
    assignee,
    decision,
    engineer,
    integration,
    reporter,
    rule,
    solution_reviewer,
    the_requester,
)
from app.processes.requests import checks
from app.processes.requests.acceptance import (
    after_acceptance,
    record_acceptance,
    record_training,
    submit_for_acceptance,
)
from app.processes.requests.catalogue import (
    Approval,
    approval,
    approve,
    begin_with_its_checklist,
    of_the_catalogue,
    refuse,
    what_follows,
)
from app.processes.requests.implementation import (
    begin_implementation,
    check_quality,
    complete_task,
    report_progress,
    the_doers,
)
from app.processes.requests.preparation import (
    acceptors,
    business_reviewers,
    current_checks,
    current_criteria,
    current_milestones,
    unfinished_tasks,
)
from app.processes.requests.records import CHILDREN as OWN
from app.processes.requests.records import ENDED, OPEN, Request
from app.processes.requests.records import RequestState as State
from app.processes.requests.requirements import change_requirements, confirm_requirements
from app.processes.requests.solutions import (
    after_review,
    number_of_a_solution,
    propose_solution,
    review_solution,
    the_author,
)
from app.ticketing import CHILDREN, every_ticket


class SubmitRequest(Body):
    """Something is asked for."""

    title: Title = Field(description="What is asked for, in a line. Lists show it: name no persons here.")
    description: Words = Field(description="What is wanted, in the words of whoever asks.")
    channel: Channel = Field(description="How it came in.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    requester: Annotated[Reference, Refers("person", on_behalf=True)] | None = Field(
        default=None,
        description="Whom it is asked for, if not the caller: a person's id, or `<source>:<name>`, as "
        "another system calls them.",
    )
    item: Annotated[Reference, Refers("catalogue_item")] | None = Field(
        default=None, description="What is asked for out of the catalogue: its key or id."
    )
    answers: Answers | None = Field(
        default=None, description="The answers to the item's form, by its fields."
    )
    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service, if known, and not that of the item."
    )
    ci: Annotated[Key, KeyOf("ci")] | None = Field(
        default=None, description="The key of the configuration item, if known."
    )
    custom: CustomValues = Field(default_factory=dict)


def submit(request: Request, body: SubmitRequest, at: Moment) -> None:
    """Something is asked for."""
    requester = at.the(Person, "requester")
    request.title = body.title
    request.description = body.description
    request.channel = body.channel
    request.urgency = body.urgency
    item = at.the(CatalogueItem, "item")
    request.service = body.service or (item.service if item else None)
    request.ci = body.ci
    if item is not None:
        request.item, request.target_seconds = item.key, item.target_seconds
        request.answers = body.answers
    request.requester_id = requester.id if requester else at.caller.person_id
    # The customer is the requester's team at opening, whatever becomes of either later.
    request.customer_id = requester.team_id if requester else at.caller.team_id
    request.opened_at = at.occurred_at
    if request.requester_id != at.caller.person_id:
        request.reported_by_id = at.caller.person_id
    give(request, at)


class AssessRequest(Body):
    """What it is, how soon, how it is made, and by whom."""

    category: Annotated[Key, KeyOf("category", per_process=True)] = Field(
        description="The key of the category."
    )
    impact: Impact = Field(description="How many it is for: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    path: FulfilmentPath = Field(description="How it is made.")
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="The team that sees to it: its key or id."
    )
    assignee: Annotated[Reference, Refers("person"), Responsible(Step.given)] | None = Field(
        default=None, description="The person: an id, or `me`. With a team: one of its members."
    )
    approval_due_at: Instant | None = Field(
        default=None, description="Until when it is to be approved, if it must be: two weeks, if not said."
    )


def assess(request: Request, body: AssessRequest, at: Moment) -> None:
    """It is settled what it is, how soon, how it is made, and by whom."""
    team, person = at.the(Team, "team"), at.the(Person, "assignee")
    request.category = body.category
    request.impact = body.impact
    request.urgency = body.urgency
    request.path = body.path
    if team is not None:
        request.team_id = team.id
    elif person is None:
        item = at.prepared(Approval).item
        assert item is not None
        request.team_id = item.default_team_id
    request.assignee_id = person.id if person else None
    if request.assessed_at is None:
        begin_with_its_checklist(request, at.prepared(Approval).item, at)
    request.assessed_at = at.occurred_at
    asked = at.prepared(Approval).asked
    request.approval_id = None if asked is None else asked.decision.id
    if asked is not None:
        put(asked, at)


def begins(request: Request) -> Labelled:
    """Where its path begins."""
    return State.analysing if request.path is FulfilmentPath.project else State.assessed


def after_assessment(request: Request) -> Labelled:
    """Where an assessment leads: to those who approve it, if somebody must, or on."""
    return begins(request) if request.approval_id is None else State.awaiting_approval


def start(request: Request, body: Nothing, at: Moment) -> None:
    """Work on it begins."""


class FulfilRequest(Body):
    """It is done."""

    delivered: Words = Field(description="What was delivered.")
    started_at: Instant | None = Field(
        default=None, description="When work on it started, if it is done in one step."
    )


def fulfil(request: Request, body: FulfilRequest, at: Moment) -> None:
    """It is done and delivered."""
    request.delivery = body.delivered
    if body.started_at is not None:
        request.started_at = body.started_at


class HoldRequest(Body):
    """Work waits for something."""

    reason: HoldReason = Field(description="What it waits for.")
    wake_up_at: Instant | None = Field(
        default=None, description="When to look at it again; none: when somebody resumes it."
    )


def hold(request: Request, body: HoldRequest, at: Moment) -> None:
    """Work waits for something."""
    request.hold_reason = body.reason
    request.wake_up_at = body.wake_up_at


def resume(request: Request, body: Nothing, at: Moment) -> None:
    """What it waited for has come."""


def close(request: Request, body: Nothing, at: Moment) -> None:
    """It is what was asked for."""


def reopen(request: Request, body: Reason, at: Moment) -> None:
    """It is not what was asked for after all."""


def cancel(request: Request, body: Reason, at: Moment) -> None:
    """It is not wanted any more."""
    withdraw_open(at)


def reject(request: Request, body: Reason, at: Moment) -> None:
    """It is not done, and the requester is told why."""
    withdraw_open(at)


class EditRequest(Patch):
    """What is known of it."""

    OWN_WORDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What is asked for, in a line. Lists show it.")
    description: Words = Field(default_factory=str, description="What is wanted.")
    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service."
    )
    ci: Annotated[Key, KeyOf("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[Key, KeyOf("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    custom: CustomValues = Field(default_factory=dict)


def edit(request: Request, body: EditRequest, at: Moment) -> None:
    """What is known of it is put right."""
    take(request, body, at)


def where_it_was(request: Request) -> Labelled:
    """The state that it was held in."""
    assert request.held_from is not None
    return request.held_from


def where_it_is_mended(request: Request) -> Labelled:
    """Where work goes on when it is reopened."""
    return State.rectifying if request.path is FulfilmentPath.project else State.in_progress


def entered(request: Request, before: Labelled | None, at: Moment) -> None:
    """What goes with a state, whoever leads there: a person, a rule, or another system's history."""
    if before is State.awaiting_approval and request.state in (State.assessed, State.analysing):
        request.approved_at = at.occurred_at
    if request.state is State.in_progress and request.started_at is None:
        request.started_at = at.occurred_at
    elif request.state is State.on_hold and before is not State.on_hold:
        request.held_from = State(before) if before in OPEN else State.in_progress
    elif request.state is State.delivered:
        request.delivered_at = at.occurred_at
    elif request.state is State.closed:
        request.closed_at = at.occurred_at
    elif request.state is State.cancelled:
        request.cancelled_at = at.occurred_at
    elif request.state is State.rejected:
        request.rejected_at = at.occurred_at
    if request.state not in OPEN:
        request.next_report_due_at = None
    if before is State.on_hold and request.state is not State.on_hold:
        request.held_from = request.hold_reason = request.wake_up_at = None
    if before in ENDED and request.state in OPEN:
        request.delivered_at = request.closed_at = request.delivery = None


def audience(request: Request) -> tuple[str, ...]:
    """Who asked or asked for somebody, who works on it, and the desk as long as it is nobody's."""
    persons = (request.requester_id, request.reported_by_id, request.assignee_id)
    tokens = tuple(f"person:{person}" for person in persons if person is not None)
    if request.service is not None:
        tokens = (*tokens, f"service:{request.service}")
    if request.team_id is not None:
        return (*tokens, f"team:{request.team_id}")
    return (*tokens, DESK)


MAKING = (State.implementing, State.rectifying)
ASSESSED = Fork(after_assessment, (State.assessed, State.analysing, State.awaiting_approval))
BEGINS = Fork(begins, (State.assessed, State.analysing))
REVIEWED = Fork(after_review, (State.solution_approved, State.revising, State.solution_review))
ACCEPTED = Fork(
    after_acceptance, (State.delivered, State.rectifying), {State.rectifying: "request.acceptance_failed"}
)
REOPENED = Fork(where_it_is_mended, (State.in_progress, State.rectifying))


#: Approval of an item, by those whom the item names and not by the requester.
APPROVAL = decisions.Deciding(
    kind="request", any=(State.awaiting_approval,), never=(the_requester,), outcome=what_follows
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="request", plural="requests", zh="服务请求", record=Request, states=State, code="REQ",
    audience=audience, sees_all=SEE_EVERYTHING,
    columns={"person": ("requester_id", "reported_by_id", "assignee_id"), "team": ("team_id",), "service": ("service",)},
    unassigned="team_id is null",
    entered=entered, children=(ExternalReference, *decisions.CHILDREN, *DOCUMENTS, *OWN, *CHILDREN), ended=ENDED,
    searched=("title", "description", "delivery", "service", "ci", "category"), judged_by="acceptance_group_id",
    rows=(
        # action, 中文, from → to, who, event; and what forbids it
        action(submit, "提交", FROM_NOTHING, State.submitted, anybody | integration, "request.submitted",
               wrong=(of_the_catalogue, custom_fits)),
        action(assess, "评估", [State.submitted, State.awaiting_approval], ASSESSED, agent, "request.assessed",
               prepare=(approval,), wrong=(checks.cannot_be_given,)),
        action(approve, "批准", [State.awaiting_approval], BEGINS, decision, "request.approved"),
        action(refuse, "拒绝", [State.awaiting_approval], State.rejected, decision, "request.refused"),
        action(start,  "开始处理", [State.assessed], State.in_progress, assignee | agent, "request.started"),
        action(fulfil, "交付", [State.assessed, State.in_progress], State.delivered, assignee, "request.fulfilled",
               wrong=(checks.started_at_another_time,)),
        action(confirm_requirements, "确认需求", [State.analysing], State.requirements_confirmed, engineer, "request.requirements_confirmed",
               wrong=(checks.confirmed_at_another_time, checks.nobody_accepts), prepare=(current_criteria, on_file), document=lambda _: DocumentClass.SN),
        action(propose_solution, "提出方案", [State.requirements_confirmed, State.revising], State.solution_review, engineer, "request.solution_proposed",
               prepare=(business_reviewers, on_file), wrong=(checks.planned_before,), document=number_of_a_solution,
               tells=(Tells(Step.to_review, made=Follower), Tells(Step.to_review, team=True))),
        action(review_solution, "评审方案", [State.solution_review], REVIEWED, solution_reviewer, "request.solution_reviewed",
               prepare=(on_file,), wrong=(checks.not_of_that_side, checks.side_has_reviewed), never=(the_author,),
               tells=(Tells(Step.reviewed, field="solution_author_id"),)),
        action(begin_implementation, "开始实施", [State.solution_approved], State.implementing, engineer, "request.implementation_begun",
               prepare=(current_milestones, unfinished_tasks, current_checks, on_file), wrong=(checks.cannot_do_it,),
               document=lambda _: DocumentClass.IM),
        action(report_progress, "汇报进展", MAKING, STAYS, engineer, "request.progress_reported",
               prepare=(current_milestones,), wrong=(checks.cannot_be_reported,)),
        action(change_requirements, "变更需求", [State.implementing], State.analysing, reporter | engineer, "request.requirements_changed"),
        action(check_quality, "质量检查", MAKING, STAYS, engineer, "request.quality_checked",
               prepare=(on_file,), never=(the_doers,), document=lambda _: DocumentClass.TE),
        action(submit_for_acceptance, "提交验收", MAKING, State.in_acceptance, engineer, "request.submitted_for_acceptance",
               unless=(checks.task_is_open, checks.not_checked, checks.nobody_to_accept),
               prepare=(on_file, acceptors), wrong=(checks.papers_missing, checks.too_short_notice), tells=(Tells(Step.to_accept, made=Follower),)),
        action(record_acceptance, "登记验收", [State.in_acceptance], ACCEPTED, acceptor, "request.accepted",
               unless=(checks.not_in_the_acceptance_group,), prepare=(current_criteria, on_file), wrong=(checks.each_criterion_once,),
               never=(the_doers,), document=lambda _: DocumentClass.AC),
        action(record_training, "登记培训", [State.delivered], STAYS, engineer, "request.training_recorded",
               prepare=(on_file,), wrong=(checks.trained_later,), document=lambda _: DocumentClass.TR),
        action(hold,   "挂起", OPEN - {State.on_hold}, State.on_hold, assignee, "request.held", wrong=(checks.wakes_up_before,)),
        action(resume, "恢复", [State.on_hold], where_it_was, assignee | rule, "request.resumed"),
        action(close,  "关闭", [State.delivered], State.closed, reporter | rule, "request.closed"),
        action(reopen, "重新打开", [State.delivered, State.closed], REOPENED, reporter | agent, "request.reopened",
               unless=(checks.too_late_to_reopen,)),
        action(cancel, "取消", OPEN, State.cancelled, reporter, "request.cancelled", prepare=(open_decisions,)),
        action(reject, "驳回", OPEN, State.rejected, agent, "request.rejected", prepare=(open_decisions,)),
        *decisions.rows(APPROVAL),
        *editing(edit, "request", State),
        *every_ticket(
            kind="request", any=State, open=OPEN, delivered=ENDED, manager=Role.service_level_manager, complete_task=complete_task
        ),
    ),
)
# fmt: on
