"""Complaints: requesters complain about a ticket, and are answered with findings and a remedy.

A complaint has an owner, who sees to its answer; one that is not answered in time is escalated, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role
from app.common.records import ChildRef, ForeignRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import quality_manager, reporter, rule, service_level_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.ticketing.records import Complaint, ComplaintState, ComplaintSubject
from app.ticketing.work.working_days import same_time_on, service_working_days, working_days_after

ANSWERED_WITHIN_WORKING_DAYS = 5


class ComplainTicket(Payload):
    """A complaint about the ticket."""

    subject: ComplaintSubject = Field(description="Subject of the complaint.", examples=["speed"])
    about: FreeText = Field(
        description="Complaint in the requester's own words.",
        examples=["Nobody called back for three days."],
    )
    about_assignee: bool = Field(
        default=False, strict=True, description="True if the complaint is about the ticket's assignee."
    )


def complain(ticket: Ticket, body: ComplainTicket, ctx: ActionContext) -> None:
    """Complain about the ticket. The complaint is answered within five working days."""
    complaint = Complaint(
        id=ctx.new_id(),
        record=ticket.row_key,
        subject=body.subject,
        about=body.about,
        person_id=ticket.assignee_id if body.about_assignee else None,
        complained_at=ctx.occurred_at,
        due_at=ctx.prepared(AnswerDue).due_at,
    )
    ctx.outcome.add(complaint)


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """The time by which a complaint must be answered."""

    due_at: datetime


async def answer_due(
    reads: ReadContext, ticket: Ticket, body: ComplainTicket, ctx: ActionContext
) -> AnswerDue:
    """Find the time by which the complaint must be answered: the same time of day, so many working days
    later.
    """
    zone, works = await service_working_days(reads, ticket, ctx)
    since = ctx.occurred_at.astimezone(zone).date()
    day = working_days_after(since, ANSWERED_WITHIN_WORKING_DAYS, works)
    return AnswerDue(same_time_on(ctx.occurred_at, day, zone))


async def complaint_without_assignee(
    reads: ReadContext, ticket: Ticket, body: ComplainTicket, ctx: ActionContext
) -> None:
    """Refuse a complaint about the assignee of a ticket that has none (`about_nobody`)."""
    if body.about_assignee and ticket.assignee_id is None:
        raise WrongValue(pointer="/about_assignee", because="about_nobody")


class AssignComplaint(Payload):
    """The owner of a complaint."""

    complaint: Annotated[UUID, ChildRef(Complaint)] = Field(description="Identifier of the complaint.")
    owner: Annotated[
        Reference, ForeignRef("person", GivenDuty.answering), Responsible(NoticeType.complaint_assigned)
    ] = Field(
        description="Person who is responsible for the answer: the id of a service level manager, or `me`.",
        examples=["me"],
    )


def assign_complaint(ticket: Ticket, body: AssignComplaint, ctx: ActionContext) -> None:
    """Assign a complaint about the ticket to an owner: the owner is responsible for the answer."""
    complaint = ctx.outcome.change(ctx.required_ref(Complaint, "complaint"))
    complaint.owner_id = ctx.required_ref(Person, "owner").id


async def owner_complained_about(
    reads: ReadContext, ticket: Ticket, body: AssignComplaint, ctx: ActionContext
) -> None:
    """Refuse an owner who is a subject of the complaint (`complained_about`)."""
    owner = ctx.required_ref(Person, "owner")
    if owner.id == ctx.required_ref(Complaint, "complaint").person_id:
        raise WrongValue(pointer="/owner", because="complained_about")


class MergeComplaint(Payload):
    """A complaint that repeats another one about the ticket."""

    complaint: Annotated[UUID, ChildRef(Complaint)] = Field(description="Identifier of the complaint.")
    into: Annotated[UUID, ChildRef(Complaint)] = Field(
        description="Identifier of the other complaint, which gets the answer to both."
    )


def merge_complaint(ticket: Ticket, body: MergeComplaint, ctx: ActionContext) -> None:
    """Merge a complaint about the ticket into another one; both are answered together."""
    complaint = ctx.outcome.change(ctx.required_ref(Complaint, "complaint"))
    complaint.merged_into_id = ctx.required_ref(Complaint, "into").id
    complaint.merged_at = ctx.occurred_at


async def cannot_be_merged(
    reads: ReadContext, ticket: Ticket, body: MergeComplaint, ctx: ActionContext
) -> None:
    """Refuse to merge a complaint into itself (`is_the_same`), or into one that is merged itself
    (`merged_already`).
    """
    into = ctx.required_ref(Complaint, "into")
    if into.id == ctx.required_ref(Complaint, "complaint").id:
        raise WrongValue(pointer="/into", because="is_the_same")
    if into.state is ComplaintState.merged:
        raise WrongValue(pointer="/into", because="merged_already")


class EscalateComplaint(Payload):
    """The recipients for a complaint that was not answered in time."""

    complaint: Annotated[UUID, ChildRef(Complaint)] = Field(description="Identifier of the complaint.")
    told: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.complaint_overdue)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(
        max_length=LONGEST_LIST,
        description="Persons who are notified: the owner and the service level managers.",
    )
    escalated_to: Annotated[
        tuple[
            Annotated[
                Reference,
                ForeignRef("person", GivenDuty.recorded),
                Responsible(NoticeType.complaint_escalated),
            ],
            ...,
        ],
        BoundedList,
    ] = Field(
        max_length=LONGEST_LIST,
        description="Persons that the complaint is escalated to: department heads and quality managers.",
    )


def escalate_complaint(ticket: Ticket, body: EscalateComplaint, ctx: ActionContext) -> None:
    """Escalate a complaint about the ticket: it was not answered in time."""
    complaint = ctx.outcome.change(ctx.required_ref(Complaint, "complaint"))
    complaint.escalated_at = ctx.occurred_at


async def escalated_already(
    reads: ReadContext, ticket: Ticket, body: EscalateComplaint, ctx: ActionContext
) -> None:
    """Refuse to escalate a complaint a second time (`escalated_already`)."""
    if ctx.required_ref(Complaint, "complaint").escalated_at is not None:
        raise WrongValue(pointer="/complaint", because="escalated_already")


class AnswerComplaint(Payload):
    """The answer to a complaint: the findings and the remedy."""

    complaint: Annotated[UUID, ChildRef(Complaint)] = Field(description="Identifier of the complaint.")
    findings: FreeText = Field(description="Findings about the complaint.")
    remedy: FreeText = Field(description="Remedy for the complaint.")


def answer_complaint(ticket: Ticket, body: AnswerComplaint, ctx: ActionContext) -> None:
    """Answer a complaint about the ticket, with the findings and the remedy."""
    complaint = ctx.outcome.change(ctx.required_ref(Complaint, "complaint"))
    complaint.findings = body.findings
    complaint.remedy = body.remedy
    complaint.answered_at = ctx.occurred_at
    complaint.answered_by_id = ctx.caller.person_id


async def complaint_not_open(
    reads: ReadContext,
    ticket: Ticket,
    body: AnswerComplaint | AssignComplaint | MergeComplaint | EscalateComplaint,
    ctx: ActionContext,
) -> None:
    """Refuse if the complaint is answered (`answered_already`) or merged (`merged_already`)."""
    state = ctx.required_ref(Complaint, "complaint").state
    if state is ComplaintState.answered:
        raise WrongValue(pointer="/complaint", because="answered_already")
    if state is ComplaintState.merged:
        raise WrongValue(pointer="/complaint", because="merged_already")


async def is_about_oneself(
    reads: ReadContext, ticket: Ticket, body: AnswerComplaint, ctx: ActionContext
) -> None:
    """Refuse an answer by the subject of the complaint (`is_about_oneself`)."""
    if ctx.caller.person_id == ctx.required_ref(Complaint, "complaint").person_id:
        raise WrongValue(pointer="/complaint", because="is_about_oneself")


#: Subjects of the complaint are left out: they must not answer it.
ANSWERERS = RecipientRule(
    NoticeType.complained,
    roles=frozenset({Role.service_level_manager, Role.quality_manager}),
    but="person_id",
)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for complaints."""
    manager = service_level_manager | quality_manager
    return (
        #      action              中文            from            to     who                    event
        # The commonest complaint is that nobody deals with it: it is possible at any time.
        action(complain,           "投诉",         spec.any,       STAYS, reporter,              f"{spec.kind}.complained", prepare=(answer_due,),
               wrong=(complaint_without_assignee,), notifies=(ANSWERERS,)),
        action(assign_complaint,   "指定投诉负责人", spec.any,       STAYS, manager,               f"{spec.kind}.complaint_assigned",
               wrong=(complaint_not_open, owner_complained_about), staff_only=True),
        action(merge_complaint,    "合并投诉",     spec.any,       STAYS, manager,               f"{spec.kind}.complaint_merged",
               wrong=(complaint_not_open, cannot_be_merged)),
        action(escalate_complaint, "升级投诉",     spec.any,       STAYS, rule,                  f"{spec.kind}.complaint_escalated",
               wrong=(complaint_not_open, escalated_already), staff_only=True),
        action(answer_complaint,   "答复投诉",     spec.any,       STAYS, service_level_manager, f"{spec.kind}.complaint_answered",
               wrong=(complaint_not_open, is_about_oneself), notifies=(RecipientRule(NoticeType.complaint_answered, field="requester_id"),)),
    )
# fmt: on
