"""Calendars of absences: addresses from which a worker takes a person's absences (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, PersonKind, Role
from app.common.personal import Personal
from app.common.records import ForeignRef, Hidden
from app.foundation.absences.records import AbsenceCalendar, FetchFailure
from app.foundation.absences.records import AbsenceCalendarState as State
from app.foundation.people.credentials.bounds import ABSENCE_CALENDARS, within_bound
from app.foundation.people.credentials.maker_credential import (
    MakerCredential,
    consent_needed,
    not_suspended,
)
from app.foundation.people.eligibility import check_on_the_same_side
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import addressee, rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import NO_LINE, EmptyPayload, Patch, Payload, Reference, ShortText
from app.kernel.actions.refusals import WrongValue

#: The address, encrypted where it is stored.
CalendarUrl = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000, pattern=rf"^[^\s{NO_LINE}]+$"),
    Personal(),
    Hidden(),
    Field(
        description="Address of the calendar (iCalendar). It may contain a secret, so only its origin "
        "is shown. The origin is kept when persons are erased: use a host without names of persons.",
        examples=["https://calendar.example.org/private/lin.ics"],
    ),
]
Origin = Annotated[ShortText, Field(description="Scheme, host and port of the calendar's address.")]


class AbsenceCalendarFields(Payload, of=AbsenceCalendar):
    """The deputy in absences that are taken from a calendar."""

    deputy: Annotated[Reference, ForeignRef("person", GivenDuty.deputising, quiet=True)] | None = None


class NewAbsenceCalendar(AbsenceCalendarFields, of=AbsenceCalendar):
    """A calendar of the caller's own absences."""

    url: CalendarUrl


class AddAbsenceCalendar(NewAbsenceCalendar, of=AbsenceCalendar):
    """A calendar of one's own absences, with the origin of its address."""

    origin: Origin


def add(calendar: AbsenceCalendar, body: AddAbsenceCalendar, ctx: ActionContext) -> None:
    """Add an absence calendar: the caller's absences are taken from it every hour."""
    copy_fields(calendar, body, ctx)
    calendar.person_id = ctx.caller.person_id
    _bind(calendar, ctx)


def _bind(calendar: AbsenceCalendar, ctx: ActionContext) -> None:
    """Let the calendar end with the key that it was added or confirmed with."""
    used = MakerCredential.of_caller(ctx.caller)
    used.stamp(calendar)
    calendar.ends_at = used.lasts_until


def _bind_change(calendar: AbsenceCalendar, ctx: ActionContext) -> None:
    """Let the calendar end also with the key that has changed it: its address and deputy may be of two."""
    used = MakerCredential.of_caller(ctx.caller)
    used.add_to(calendar)
    calendar.ends_at = min(
        (end for end in (calendar.ends_at, used.lasts_until) if end is not None), default=None
    )


async def invalid_calendar_deputy(
    reads: ReadContext, calendar: AbsenceCalendar, body: AbsenceCalendarFields, ctx: ActionContext
) -> None:
    """Refuse a deputy who is oneself, a machine, or of another side."""
    deputy = ctx.ref(Person, "deputy")
    if deputy is None:
        return
    if deputy.id == ctx.caller.person_id:
        raise WrongValue(pointer="/deputy", because="deputy_of_oneself")
    if deputy.kind is not PersonKind.human:
        raise WrongValue(pointer="/deputy", because="machines_do_not_deputise")
    await check_on_the_same_side(reads, ctx.caller.person_id, deputy, "/deputy")


class EditAbsenceCalendar(Patch, AbsenceCalendarFields, of=AbsenceCalendar):
    """Fields to change; fields left out stay unchanged."""


def edit(calendar: AbsenceCalendar, body: EditAbsenceCalendar, ctx: ActionContext) -> None:
    """Edit the calendar: the deputy for absences that are imported from now on."""
    copy_fields(calendar, body, ctx)
    _bind_change(calendar, ctx)


class NewCalendarAddress(Payload):
    """The new address of a calendar."""

    url: CalendarUrl


class MoveAbsenceCalendar(NewCalendarAddress):
    """Another address for a calendar, with its origin."""

    origin: Origin


def move(calendar: AbsenceCalendar, body: MoveAbsenceCalendar, ctx: ActionContext) -> None:
    """Move the calendar to another address. Absences that are not found there are removed."""
    copy_fields(calendar, body, ctx)
    _bind_change(calendar, ctx)


def end(calendar: AbsenceCalendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the calendar: it is no longer fetched. Absences that were imported from it stay until they are
    withdrawn.
    """


def suspend(calendar: AbsenceCalendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """Suspend the calendar, because the key that added it was lost: it is not fetched until its person
    confirms it.
    """
    calendar.suspended_by_rotation = True


def confirm(calendar: AbsenceCalendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm the calendar: it was suspended when a key was rotated, or would end with a key. It is fetched
    as long as the key that confirms it is valid.
    """
    calendar.suspended_by_rotation = None
    _bind(calendar, ctx)


async def calendar_without_end(
    reads: ReadContext, calendar: AbsenceCalendar, ctx: ActionContext
) -> str | None:
    """Refuse to confirm what is neither suspended nor ends with a key (`not_suspended`)."""
    return None if calendar.ends_at is not None else await not_suspended(reads, calendar, ctx)


class NoteFailureAbsenceCalendar(Payload):
    """The reason why a calendar cannot be fetched or read."""

    because: FetchFailure = Field(description="Reason for the failure.")


def note_failure(calendar: AbsenceCalendar, body: NoteFailureAbsenceCalendar, ctx: ActionContext) -> None:
    """Note a failure of the calendar: it cannot be fetched or read, and its person is notified."""
    calendar.failing_since_at = ctx.occurred_at
    calendar.failing_because = body.because


async def failure_noted(reads: ReadContext, calendar: AbsenceCalendar, ctx: ActionContext) -> str | None:
    """Refuse to report a failure twice (`calendar_failing_already`)."""
    return None if calendar.failing_since_at is None else "calendar_failing_already"


def clear_failure(calendar: AbsenceCalendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """Clear an absence calendar's failure: it can be fetched and read again."""
    calendar.failing_since_at = calendar.failing_because = None


async def no_failure(reads: ReadContext, calendar: AbsenceCalendar, ctx: ActionContext) -> str | None:
    """Refuse to note a recovery without a reported failure (`calendar_not_failing`)."""
    return "calendar_not_failing" if calendar.failing_since_at is None else None


#: The deputy votes in the person's name: no assistant and no machine names one.
ADDERS = staff.for_people()
OWNER = addressee.in_person()
FAILING = (RecipientRule(NoticeType.absence_calendar_failing, field="person_id"),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="absence_calendar", plural="absence_calendars", zh="不在岗日历", record=AbsenceCalendar,
    access=KindAccess(administrative=True, oversight=frozenset({Role.admin, Role.auditor})),
    visible=(to_persons("person_id"),),
    rows=(
        #      action         中文        from            to            who     event
        action(add,           "添加",     NEW_RECORD,     State.active, ADDERS, "absence_calendar.added",
               wrong=(consent_needed, invalid_calendar_deputy, within_bound(ABSENCE_CALENDARS))),
        action(edit,          "编辑",     [State.active], STAYS,        OWNER,  "absence_calendar.edited",    wrong=(consent_needed, invalid_calendar_deputy)),
        action(move,          "变更地址", [State.active], STAYS,        OWNER,  "absence_calendar.moved",     wrong=(consent_needed,)),
        action(end,           "终止",     [State.active], State.ended,  OWNER,  "absence_calendar.ended"),
        action(suspend,       "中止",     [State.active], STAYS,        rule,   "absence_calendar.suspended"),
        action(confirm,       "确认",     [State.active], STAYS,        OWNER,  "absence_calendar.confirmed",
               unless=(calendar_without_end,), wrong=(consent_needed,)),
        action(note_failure,  "记录失败", [State.active], STAYS,        rule,   "absence_calendar.failing",   unless=(failure_noted,), notifies=FAILING),
        action(clear_failure, "标记恢复", [State.active], STAYS,        rule,   "absence_calendar.recovered", unless=(no_failure,)),
    ),
)
# fmt: on
