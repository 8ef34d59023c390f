"""Complaints: whoever asked for a ticket says what was wrong, and is told what was found and done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import Step, Tells
from app.common.people import Role
from app.common.records import Child
from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import reporter, service_level_manager
from app.ticketing.records import Complaint, Subject
from app.ticketing.working_days import at_that_time, days_of_the_service, working_days_after

ANSWERED_WITHIN_WORKING_DAYS = 5


class ComplainTicket(Body):
    """What was wrong."""

    subject: Subject = Field(description="What it is about.", examples=["speed"])
    about: Words = Field(
        description="What was wrong, in their own words.", examples=["Nobody called back for three days."]
    )
    about_assignee: bool = Field(
        default=False, strict=True, description="Whether it is about the person whom the ticket is given to."
    )


def complain(ticket: Ticket, body: ComplainTicket, at: Moment) -> None:
    """Whoever asked for it says what was wrong; they are answered within five working days."""
    made = Complaint(
        id=at.new_id(),
        record=ticket.row_key,
        subject=body.subject,
        about=body.about,
        person_id=ticket.assignee_id if body.about_assignee else None,
        complained_at=at.occurred_at,
        due_at=at.prepared(AnswerDue).due_at,
    )
    at.add(made)


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """When a complaint must be answered."""

    due_at: datetime


async def answer_due(look: Look, ticket: Ticket, body: ComplainTicket, at: Moment) -> AnswerDue:
    """Finds when it must be answered: at the same time of day, so many working days later."""
    zone, works = await days_of_the_service(look, ticket, at)
    since = at.occurred_at.astimezone(zone).date()
    day = working_days_after(since, ANSWERED_WITHIN_WORKING_DAYS, works)
    return AnswerDue(at_that_time(at.occurred_at, day, zone))


async def about_nobody(look: Look, ticket: Ticket, body: ComplainTicket, at: Moment) -> None:
    """A complaint about whoever has the ticket is about somebody."""
    if body.about_assignee and ticket.assignee_id is None:
        raise WrongValue(pointer="/about_assignee", because="about_nobody")


class AnswerComplaint(Body):
    """What came of it."""

    complaint: Annotated[UUID, Child(Complaint)] = Field(description="The complaint: its id.")
    findings: Words = Field(description="What was found.")
    remedy: Words = Field(description="What is done about it.")


def answer_complaint(ticket: Ticket, body: AnswerComplaint, at: Moment) -> None:
    """Whoever complained is told what was found, and what is done."""
    complaint = at.change(at.named(Complaint, "complaint"))
    complaint.findings = body.findings
    complaint.remedy = body.remedy
    complaint.answered_at = at.occurred_at
    complaint.answered_by_id = at.caller.person_id


async def answered_already(look: Look, ticket: Ticket, body: AnswerComplaint, at: Moment) -> None:
    """A complaint is answered once."""
    if at.named(Complaint, "complaint").answered_at is not None:
        raise WrongValue(pointer="/complaint", because="answered_already")


async def is_about_oneself(look: Look, ticket: Ticket, body: AnswerComplaint, at: Moment) -> None:
    """Nobody judges themselves."""
    if at.caller.person_id == at.named(Complaint, "complaint").person_id:
        raise WrongValue(pointer="/complaint", because="is_about_oneself")


#: Nobody answers what is about themselves.
ANSWERERS = Tells(
    Step.complained, roles=frozenset({Role.service_level_manager, Role.quality_manager}), but="person_id"
)


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of complaints."""
    return (
        #      action            中文        from             to     who                    event
        action(complain,         "投诉",     table.delivered, STAYS, reporter,              f"{table.kind}.complained", prepare=(answer_due,),
               wrong=(about_nobody,), tells=(ANSWERERS,)),
        action(answer_complaint, "答复投诉", table.any,       STAYS, service_level_manager, f"{table.kind}.complaint_answered",
               wrong=(answered_already, is_about_oneself), tells=(Tells(Step.complaint_answered, field="requester_id"),)),
    )
# fmt: on
