"""Hours that agreements promise: a calendar that they name keeps its hours until they are amended."""

from __future__ import annotations

from typing import Any

from app.common.records import empty
from app.foundation.calendars import definition
from app.foundation.calendars.definition import CalendarFields
from app.foundation.calendars.lookups import AGREEMENTS
from app.foundation.calendars.records import Calendar, CalendarVersion, DayOrigin
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: Fields of a version that determine its hours. Public holidays of the same countries follow the years.
HOURS = ("time_zone", "weekly", "weekly_from", "struck")
DAYS = ("holidays", "working_days")


async def agreed_hours_change(
    reads: ReadContext, calendar: Calendar, body: CalendarFields, ctx: ActionContext
) -> None:
    """Refuse to change the hours of a calendar that agreements in force name; both parties agreed on them. A
    rule, such as the one that adds public holidays, may. Raises WrongValue for the first changed field.
    """
    if ctx.caller.is_rule:
        return
    before = await reads.child(CalendarVersion, calendar, id=calendar.newest_id)
    changed = next(iter(_changed(before, body, ctx.now.year)), None) if before is not None else None
    if changed is None:
        return
    guard = Unguarded("An agreement that is signed meanwhile is signed with the hours of this version.")
    rows = await reads.rows(AGREEMENTS, {"key": calendar.key}, guard=guard)
    if rows:
        words = {"agreements": ", ".join(row["number"] for row in rows)}
        raise WrongValue(words, pointer=f"/{changed}", because="hours_agreed")


def _changed(before: CalendarVersion, body: CalendarFields, this_year: int) -> list[str]:
    after = empty(CalendarVersion, before.id)
    definition.apply_definition(after, body, this_year)
    changed = [name for name in HOURS if _ordered(getattr(before, name)) != _ordered(getattr(after, name))]
    if _places(before) != _places(after):
        changed.append("public_holidays")
    return changed + [name for name in DAYS if _added(before, name) != _added(after, name)]


def _ordered(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


def _places(version: CalendarVersion) -> list[tuple[Any, Any]]:
    return sorted((place["country"], place["subdivision"] or "") for place in version.public_holidays or ())


def _added(version: CalendarVersion, name: str) -> list[tuple[str, Any]]:
    days = [day for day in getattr(version, name) or () if day["origin"] == DayOrigin.added.value]
    return sorted((day["date"], day.get("hours")) for day in days)
