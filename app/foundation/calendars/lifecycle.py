"""Calendars: added with what they say, revised by a next version, retired.

active ⇄ retired
"""

from __future__ import annotations

from pydantic import Field

from app.common.people import OVERSIGHT_ROLES
from app.common.records import empty
from app.foundation.calendars import definition, spans
from app.foundation.calendars.definition import CalendarDefinition
from app.foundation.calendars.records import Calendar, CalendarVersion
from app.foundation.calendars.records import CalendarState as State
from app.foundation.editing import apply_patch
from app.kernel.actor_policy import admin, rule, service_level_manager
from app.kernel.constraints import ValueTaken
from app.kernel.context import ActionContext
from app.kernel.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.payloads import EmptyPayload, FreeText, Patch, RecordKey, ShortText
from app.kernel.reads import ReadContext
from app.kernel.visibility import EVERYBODY


class AddCalendar(CalendarDefinition):
    """A calendar, and what it says."""

    key: RecordKey = Field(description="What it is called in addresses; unique, never changed.")
    name: ShortText = Field(description="What people call it.")


def add(calendar: Calendar, body: AddCalendar, ctx: ActionContext) -> None:
    """It can be chosen when something is promised."""
    calendar.key = body.key
    calendar.name = body.name
    calendar.added_at = ctx.occurred_at
    _publish(calendar, body, ctx)


class ReviseCalendar(CalendarDefinition):
    """All that it says from now on, and why: what is left out is not so any more."""

    reason: FreeText = Field(description="Why, in the words of whoever acts.", examples=["A new holiday."])


def revise(calendar: Calendar, body: ReviseCalendar, ctx: ActionContext) -> None:
    """What is known of it is put right by a next version; the versions before it stay as they are."""
    _publish(calendar, body, ctx)


def _publish(calendar: Calendar, said: CalendarDefinition, ctx: ActionContext) -> None:
    version = empty(CalendarVersion, ctx.new_id())
    version.record = calendar.row_key
    version.revision = (calendar.revision or 0) + 1
    # By the clock, whatever is said of when it happened: what was decided by now went by the version before.
    version.published_at = ctx.now
    definition.apply_definition(version, said, ctx.now.year)
    ctx.add(version)
    ctx.derive(spans.SPAN_TABLE, spans.initial_row(version))
    calendar.newest_id = version.id
    calendar.revision = version.revision
    calendar.time_zone = version.time_zone


async def invalid_definition(
    reads: ReadContext, calendar: Calendar, body: AddCalendar | ReviseCalendar, ctx: ActionContext
) -> None:
    """There are such hours, days and places."""
    definition.check_definition(body, ctx.now.year)


class EditCalendar(Patch):
    """What is otherwise than it was."""

    name: ShortText = Field(default_factory=str, description="What people call it now.", examples=["Office"])


def edit(calendar: Calendar, body: EditCalendar, ctx: ActionContext) -> None:
    """It is called otherwise."""
    apply_patch(calendar, body, ctx)


def retire(calendar: Calendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """It is not chosen any more; what goes by it goes on."""
    calendar.retired_at = ctx.occurred_at


def reinstate(calendar: Calendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """It can be chosen again."""
    calendar.retired_at = None


MANAGERS = admin | service_level_manager | rule
# fmt: off
LIFECYCLE = Lifecycle(
    kind="calendar", plural="calendars", zh="日历", record=Calendar, states=State,
    audience=lambda calendar: (EVERYBODY,), overseer_roles=OVERSIGHT_ROLES, columns={"everybody": ()}, children=(CalendarVersion,),
    retired={State.retired: "calendar_retired"},
    constraints={"calendar_key_key": ValueTaken("key")},
    rows=(
        #      action     中文    from             to             who  event
        action(add,       "添加", NEW_RECORD,      State.active,  MANAGERS, "calendar.added",   wrong=(invalid_definition,)),
        action(revise,    "修订", [State.active],  STAYS,         MANAGERS, "calendar.revised", wrong=(invalid_definition,)),
        action(edit,      "编辑", [State.active],  STAYS,         MANAGERS, "calendar.edited"),
        action(retire,    "停用", [State.active],  State.retired, MANAGERS, "calendar.retired"),
        action(reinstate, "恢复", [State.retired], State.active,  MANAGERS, "calendar.reinstated"),
    ),
)
# fmt: on
