"""The time until which a notice asks for something, and names of services in notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from app.common.notices import NoticeKind, NoticeType
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.notifications.told_fields import DEADLINES, DUE_DAYS, field_types

SERVICES = "select key, name_en, name_zh from fold.service where key = any(%s)"
#: The kinds of notices that ask something of their readers.
ASKING = frozenset({NoticeKind.waits_for_you, NoticeKind.is_yours})


class ShownValue(Protocol):
    """A value that a notice shows: its field, the field's model, and the stored value."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> type[BaseModel]: ...
    @property
    def value(self) -> Any: ...


def deadline_of(notice: NoticeType, values: Iterable[ShownValue], zone: ZoneInfo) -> datetime | None:
    """Return until when something is asked of the reader, by the values that the notice shows."""
    if notice.kind not in ASKING:
        return None
    deadlines: list[datetime] = []
    for shown in values:
        if shown.name in DUE_DAYS:
            deadlines.append(end_of_day(str(shown.value), zone))
        elif shown.name in DEADLINES and field_types(shown.model, shown.name)[1]:
            deadline = shown.value
            deadlines.append(deadline if isinstance(deadline, datetime) else from_instant(deadline))
    return min(deadlines, default=None)


def end_of_day(day: str, zone: ZoneInfo) -> datetime:
    """Return the end of the day in the zone."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(following, time.min, zone)


async def service_names(ledger: Ledger, keys: Collection[str], language: str) -> Mapping[str, str]:
    """Return the names of the services with these keys."""
    rows = await ledger.db.rows(SERVICES, (list(keys),)) if keys else ()
    return {row["key"]: row[f"name_{language}"] for row in rows}
