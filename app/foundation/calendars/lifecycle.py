"""Calendars: added with a definition, revised by new versions, retired (lifecycle).

active ⇄ retired
"""

from __future__ import annotations

from pydantic import Field

from app.common.records import empty
from app.foundation.calendars import definition, spans
from app.foundation.calendars.agreed_hours import agreed_hours_change
from app.foundation.calendars.definition import CalendarFields
from app.foundation.calendars.face import FACE
from app.foundation.calendars.records import Calendar, CalendarVersion
from app.foundation.calendars.records import CalendarState as State
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule, service_level_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, FreeText, Patch, RecordKey, ShortText
from app.kernel.actions.rules import Rules, ValueTaken


class AddCalendar(CalendarFields, of=Calendar):
    """A calendar and its definition."""

    key: RecordKey
    name: ShortText


def add(calendar: Calendar, body: AddCalendar, ctx: ActionContext) -> None:
    """Add a calendar, with its first version."""
    calendar.key = body.key
    calendar.name = body.name
    calendar.added_at = ctx.occurred_at
    _publish(calendar, body, ctx)


class ReviseCalendar(CalendarFields):
    """The whole new definition and the reason for it: everything that it leaves out is removed."""

    reason: FreeText = Field(description="Reason for the new version.", examples=["A new holiday."])


def revise(calendar: Calendar, body: ReviseCalendar, ctx: ActionContext) -> None:
    """Revise the calendar: a new version corrects or changes it. Earlier versions stay unchanged. Hours that
    agreements in force promise stay as agreed.
    """
    _publish(calendar, body, ctx)


def _publish(calendar: Calendar, content: CalendarFields, ctx: ActionContext) -> None:
    version = empty(CalendarVersion, ctx.new_id())
    version.record = calendar.row_key
    version.revision = (calendar.revision or 0) + 1
    # The time of recording, even if the action is reported as earlier: decisions until now used the previous
    # version.
    version.published_at = ctx.now
    definition.apply_definition(version, content, ctx.now.year)
    ctx.outcome.add(version)
    ctx.outcome.derive(spans.SPAN_TABLE, spans.initial_row(version))
    calendar.newest_id = version.id
    calendar.revision = version.revision
    calendar.time_zone = version.time_zone


async def invalid_definition(
    reads: ReadContext, calendar: Calendar, body: AddCalendar | ReviseCalendar, ctx: ActionContext
) -> None:
    """Refuse if the definition is inconsistent, or names unknown places."""
    definition.check_definition(body, ctx.now.year)


class EditCalendar(Patch, of=Calendar):
    """Fields to change; fields left out stay unchanged."""

    name: ShortText = Field(default_factory=str)


def edit(calendar: Calendar, body: EditCalendar, ctx: ActionContext) -> None:
    """Edit the calendar: its name."""
    apply_patch(calendar, body, ctx)


def retire(calendar: Calendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the calendar: it can no longer be chosen, but agreements and rules that use it keep it."""


def reinstate(calendar: Calendar, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reinstate the calendar: it can be chosen again."""
    calendar.retired_at = None


MANAGERS = admin | service_level_manager | rule
# fmt: off
LIFECYCLE = Lifecycle(
    kind="calendar", plural="calendars", zh="日历", face=FACE, record=Calendar,
    visible=(to_everybody(),), children=(CalendarVersion,),
    lookup=Lookup(retired={State.retired: "calendar_retired"}),
    rules=Rules(constraints={"calendar_key_key": ValueTaken("key")}),
    rows=(
        #      action     中文    from             to             who  event
        action(add,       "添加", NEW_RECORD,      State.active,  MANAGERS, "calendar.added",   wrong=(invalid_definition,)),
        action(revise,    "修订", [State.active],  STAYS,         MANAGERS, "calendar.revised", wrong=(invalid_definition, agreed_hours_change)),
        action(edit,      "编辑", [State.active],  STAYS,         MANAGERS, "calendar.edited"),
        action(retire,    "停用", [State.active],  State.retired, MANAGERS, "calendar.retired"),
        action(reinstate, "恢复", [State.retired], State.active,  MANAGERS, "calendar.reinstated"),
    ),
)
# fmt: on
