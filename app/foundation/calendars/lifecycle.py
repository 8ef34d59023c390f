"""Calendars: added with what they say, revised by a next version, retired.

active ⇄ retired
"""

from __future__ import annotations

from pydantic import Field

from app.common.people import SEE_EVERYTHING
from app.common.records import empty
from app.foundation.calendars import definition, spans
from app.foundation.calendars.definition import Said
from app.foundation.calendars.records import Calendar, CalendarVersion
from app.foundation.calendars.records import CalendarState as State
from app.foundation.editing import take
from app.kernel.bodies import Key, Line, Nothing, Patch, Words
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.visibility import EVERYBODY
from app.kernel.who import admin, rule, service_level_manager


class AddCalendar(Said):
    """A calendar, and what it says."""

    key: Key = Field(description="What it is called in addresses; unique, never changed.")
    name: Line = Field(description="What people call it.")


def add(calendar: Calendar, body: AddCalendar, at: Moment) -> None:
    """It can be chosen when something is promised."""
    calendar.key = body.key
    calendar.name = body.name
    calendar.added_at = at.occurred_at
    _publish(calendar, body, at)


class ReviseCalendar(Said):
    """All that it says from now on, and why: what is left out is not so any more."""

    reason: Words = Field(description="Why, in the words of whoever acts.", examples=["A new holiday."])


def revise(calendar: Calendar, body: ReviseCalendar, at: Moment) -> None:
    """What is known of it is put right by a next version; the versions before it stay as they are."""
    _publish(calendar, body, at)


def _publish(calendar: Calendar, said: Said, at: Moment) -> None:
    version = empty(CalendarVersion, at.new_id())
    version.record = calendar.row_key
    version.revision = (calendar.revision or 0) + 1
    # By the clock, whatever is said of when it happened: what was decided by now went by the version before.
    version.published_at = at.now
    definition.take(version, said, at.now.year)
    at.add(version)
    at.derive(spans.TABLE, spans.first_row(version))
    calendar.newest_id = version.id
    calendar.revision = version.revision
    calendar.time_zone = version.time_zone


async def can_be_so(look: Look, calendar: Calendar, body: AddCalendar | ReviseCalendar, at: Moment) -> None:
    """There are such hours, days and places."""
    definition.fits(body, at.now.year)


class EditCalendar(Patch):
    """What is otherwise than it was."""

    name: Line = Field(default_factory=str, description="What people call it now.", examples=["Office"])


def edit(calendar: Calendar, body: EditCalendar, at: Moment) -> None:
    """It is called otherwise."""
    take(calendar, body, at)


def retire(calendar: Calendar, body: Nothing, at: Moment) -> None:
    """It is not chosen any more; what goes by it goes on."""
    calendar.retired_at = at.occurred_at


def reinstate(calendar: Calendar, body: Nothing, at: Moment) -> None:
    """It can be chosen again."""
    calendar.retired_at = None


WHO = admin | service_level_manager | rule
# fmt: off
LIFECYCLE = Lifecycle(
    kind="calendar", plural="calendars", zh="日历", record=Calendar, states=State,
    audience=lambda calendar: (EVERYBODY,), sees_all=SEE_EVERYTHING, columns={"everybody": ()}, children=(CalendarVersion,),
    retired={State.retired: "calendar_retired"},
    constraints={"calendar_key_key": Taken("key")},
    rows=(
        #      action     中文    from             to             who  event
        action(add,       "添加", FROM_NOTHING,    State.active,  WHO, "calendar.added",      wrong=(can_be_so,)),
        action(revise,    "修订", [State.active],  STAYS,         WHO, "calendar.revised",    wrong=(can_be_so,)),
        action(edit,      "编辑", [State.active],  STAYS,         WHO, "calendar.edited"),
        action(retire,    "停用", [State.active],  State.retired, WHO, "calendar.retired"),
        action(reinstate, "恢复", [State.retired], State.active,  WHO, "calendar.reinstated"),
    ),
)
# fmt: on
