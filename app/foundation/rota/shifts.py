"""Shifts: weekly hours at which a person is on duty in a team (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.people import Person, PersonState
from app.common.records import ForeignRef
from app.foundation.calendars.week import ClockTime, IsoDate, Weekday
from app.foundation.people.fields import Zone
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team, TeamState
from app.foundation.rota.records import Duty, Shift, ShiftState
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import BoundedList, Payload, Reference
from app.kernel.actions.refusals import WrongValue

MOST_WEEKS = 52


class AddShift(Payload, of=Shift):
    """Weekly hours during which a person is on duty in a team."""

    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
    person: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)]
    duty: Duty
    weekdays: Annotated[tuple[Weekday, ...], BoundedList] = Field(min_length=1, max_length=len(Weekday))
    starts: ClockTime
    ends: ClockTime
    time_zone: Zone
    from_date: IsoDate
    until_date: IsoDate | None = None
    every_weeks: int = Field(default=1, ge=1, le=MOST_WEEKS, strict=True)


def add(shift: Shift, body: AddShift, ctx: ActionContext) -> None:
    """Add a shift: the person is on duty at these weekly hours."""
    copy_fields(shift, body, ctx)
    shift.weekdays = [day.value for day in Weekday if day in body.weekdays]


async def not_a_member(reads: ReadContext, shift: Shift, body: AddShift, ctx: ActionContext) -> str | None:
    """Refuse if the team is retired, or the person is inactive or not in the team."""
    await check_team_member(reads, ctx, "person")
    return None


async def check_team_member(reads: ReadContext, ctx: ActionContext, field: str) -> None:
    """Check that the team is active, and that the person in the payload's field, if any, is an active member.
    Raises WrongValue.
    """
    team, person = ctx.required_ref(Team, "team"), ctx.ref(Person, field)
    if team.state is TeamState.retired:
        raise WrongValue(pointer="/team", because="team_retired")
    if person is None:
        return
    if person.state is PersonState.erased:
        raise WrongValue(pointer=f"/{field}", because="person_erased")
    if person.state is PersonState.inactive:
        raise WrongValue(pointer=f"/{field}", because="person_inactive")
    if await membership(reads, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer=f"/{field}", because="not_in_the_team")


async def ends_before_it_begins(
    reads: ReadContext, shift: Shift, body: AddShift, ctx: ActionContext
) -> str | None:
    """Refuse if the shift's end date is before its first day."""
    _check_date_order(body.from_date, body.until_date)
    return None


class EndShift(Payload):
    """The date from which the shift ends."""

    until_date: IsoDate = Field(description="First day on which the shift no longer begins.")


def end(shift: Shift, body: EndShift, ctx: ActionContext) -> None:
    """End the shift from a day on. Earlier duties stay unchanged."""
    shift.until_date = body.until_date


async def ended_before_it_began(
    reads: ReadContext, shift: Shift, body: EndShift, ctx: ActionContext
) -> str | None:
    """Refuse if the end date is before the shift's first day."""
    _check_date_order(shift.from_date or "", body.until_date)
    return None


def _check_date_order(first: str, until: str | None) -> None:
    """Check that the end date is not before the first day. Raises WrongValue."""
    if until is not None and until < first:
        raise WrongValue({"since": first}, pointer="/until_date", because="before_its_first_day")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="shift", plural="shifts", zh="班次", record=Shift, access=KindAccess(administrative=True),
    visible=(to_staff(), to_persons("person_id")),
    rows=(
        #      action 中文    from                 to                 who           event
        action(add, "添加", NEW_RECORD,          ShiftState.active, admin | rule, "shift.added",
               wrong=(not_a_member, ends_before_it_begins)),
        action(end, "结束", [ShiftState.active], ShiftState.ended,  admin | rule, "shift.ended",
               wrong=(ended_before_it_began,)),
    ),
)
# fmt: on
