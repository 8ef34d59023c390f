"""Complaints: requesters complain about a ticket, and are answered with findings and a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import ChildRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.actor_policy import reporter, service_level_manager
from app.kernel.context import ActionContext
from app.kernel.lifecycle import STAYS, action
from app.kernel.payloads import FreeText, Payload
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue
from app.ticketing.records import Complaint, ComplaintSubject
from app.ticketing.working_days import same_time_on, service_working_days, working_days_after

ANSWERED_WITHIN_WORKING_DAYS = 5


class ComplainTicket(Payload):
    """A complaint about the ticket."""

    subject: ComplaintSubject = Field(description="What it is about.", examples=["speed"])
    about: FreeText = Field(
        description="What was wrong, in their own words.", examples=["Nobody called back for three days."]
    )
    about_assignee: bool = Field(
        default=False, strict=True, description="Whether it is about the person whom the ticket is given to."
    )


def complain(ticket: Ticket, body: ComplainTicket, ctx: ActionContext) -> None:
    """Complain about the ticket; the complaint is answered within five working days."""
    made = Complaint(
        id=ctx.new_id(),
        record=ticket.row_key,
        subject=body.subject,
        about=body.about,
        person_id=ticket.assignee_id if body.about_assignee else None,
        complained_at=ctx.occurred_at,
        due_at=ctx.prepared(AnswerDue).due_at,
    )
    ctx.add(made)


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


class AnswerComplaint(Payload):
    """The answer to a complaint: the findings and the remedy."""

    complaint: Annotated[UUID, ChildRef(Complaint)] = Field(description="The complaint: its id.")
    findings: FreeText = Field(description="What was found.")
    remedy: FreeText = Field(description="What is done about it.")


def answer_complaint(ticket: Ticket, body: AnswerComplaint, ctx: ActionContext) -> None:
    """Answer a complaint with the findings and the remedy."""
    complaint = ctx.change(ctx.required_ref(Complaint, "complaint"))
    complaint.findings = body.findings
    complaint.remedy = body.remedy
    complaint.answered_at = ctx.occurred_at
    complaint.answered_by_id = ctx.caller.person_id


async def already_answered(
    reads: ReadContext, ticket: Ticket, body: AnswerComplaint, ctx: ActionContext
) -> None:
    """Refuse if the complaint is answered already (`answered_already`)."""
    if ctx.required_ref(Complaint, "complaint").answered_at is not None:
        raise WrongValue(pointer="/complaint", because="answered_already")


async def is_about_oneself(
    reads: ReadContext, ticket: Ticket, body: AnswerComplaint, ctx: ActionContext
) -> None:
    """Refuse an answer by the person whom the complaint is about (`is_about_oneself`)."""
    if ctx.caller.person_id == ctx.required_ref(Complaint, "complaint").person_id:
        raise WrongValue(pointer="/complaint", because="is_about_oneself")


#: Persons whom the complaint is about are left out: nobody answers a complaint about themselves.
ANSWERERS = RecipientRule(
    NoticeType.complained,
    roles=frozenset({Role.service_level_manager, Role.quality_manager}),
    but="person_id",
)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for complaints."""
    return (
        #      action            中文        from             to     who                    event
        action(complain,         "投诉",     spec.delivered, STAYS, reporter,              f"{spec.kind}.complained", prepare=(answer_due,),
               wrong=(complaint_without_assignee,), notifies=(ANSWERERS,)),
        action(answer_complaint, "答复投诉", spec.any,       STAYS, service_level_manager, f"{spec.kind}.complaint_answered",
               wrong=(already_answered, is_about_oneself), notifies=(RecipientRule(NoticeType.complaint_answered, field="requester_id"),)),
    )
# fmt: on
