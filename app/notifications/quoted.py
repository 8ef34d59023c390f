"""Quotations in the texts of notices besides the payloads of events: the days in which a ticket may be
reopened, the agreement and the due time of a target, the step of an agreement, and the time until which
something is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from app.common.notices import NoticeKind, NoticeType
from app.i18n import translate
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.log.events import id_of, kind_of
from app.notifications.steps import OF_CLOCKS
from app.notifications.told_fields import AT_THE_EVENT, DEADLINES, DUE_DAYS, TOLD_FIELDS, field_types

#: Steps whose sentence names the clock of the ticket.
CLOCK_STEPS = frozenset(OF_CLOCKS.values())
#: Steps whose sentence gives the time until which the ticket may be reopened.
REOPENED_STEPS = frozenset({NoticeType.resolved, NoticeType.delivered})
#: Steps whose sentence depends on the type of their event, or on fields of their record.
AGREEMENT_STEPS = frozenset(
    {
        NoticeType.agreement_moved,
        NoticeType.to_consent,
        NoticeType.consent_refused,
        NoticeType.agreement_ends,
    }
)
#: Fields with the time at which a record in an event takes place, by their labels.
SPANS = (("window_from_at", "window_until_at"), ("from_at", "until_at"), ("starts_at", "ends_at"))
SERVICES = "select key, name_en, name_zh from fold.service where key = any(%s)"
#: The kinds of notices that ask something of their readers.
ASKING = frozenset({NoticeKind.waits_for_you, NoticeKind.is_yours})
REOPEN_DAYS = "select id, reopen_days from fold.{kind} where id = any(%s)"
NUMBERS = "select id::text, number from fold.sla where id = any(%s::uuid[])"
CLOCKS = "select id, due_at from sla.clock where id = any(%s)"
ENDS = "select id, valid_to from fold.sla where id = any(%s)"
MINUTE, HOUR = 60, 3600
#: The field that names a record of any kind, and the form of the name.
ABOUT, STREAM = "about", re.compile(r"[a-z_]+/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: What begins the paths to fields of the notice's record.
RECORD_FIELD = "own."
# The value by the newest event until then that set the field of the record; null if only later ones set it.
VALUES_AT_EVENT = """
select t.stream, t.version, t.field, (
  select e.data->'set'->t.stream->t.field from log.told e where e.stream = t.stream
    and e.version <= t.version and e.data->'set'->t.stream ? t.field
  order by e.version desc limit 1) as value
from jsonb_to_recordset(%s::jsonb) as t(stream text, version integer, field text)
where exists (select from log.told e where e.stream = t.stream and e.data->'set'->t.stream ? t.field)"""
#: Rows of events, by stream and version of the event.
EventRows = Mapping[tuple[str, int], Mapping[str, Any]]
#: Payloads of events, by stream and version of the event.
EventPayloads = dict[tuple[str, int], dict[str, Any]]


def from_json(value: Any) -> Any:
    """Return the value of JSON text; other values unchanged."""
    return json.loads(value) if isinstance(value, str | bytes) else value


async def add_values_at_event(
    ledger: Ledger, steps: Iterable[tuple[Any, str, int, NoticeType]], events: EventRows
) -> None:
    """Add to the events the values that their records had then, for notices that show these."""
    names_by_event: dict[tuple[str, int], set[str]] = {}
    for _, stream, version, step in steps:
        if step in AT_THE_EVENT:
            paths = (path for paths in TOLD_FIELDS.get(step, ()) for path in paths.split("|"))
            names = {path.removeprefix(RECORD_FIELD) for path in paths if path.startswith(RECORD_FIELD)}
            names_by_event.setdefault((stream, version), set()).update(names)
    fields = [
        {"stream": stream, "version": version, "field": name}
        for (stream, version), names in names_by_event.items()
        for name in sorted(names)
    ]
    if not fields:
        return
    for row in await ledger.db.rows(VALUES_AT_EVENT, (json.dumps(fields),)):
        values = events[row["stream"], row["version"]]["data"]["set"]
        values[row["stream"]] = {row["field"]: row["value"]} | (values.get(row["stream"]) or {})


async def add_quoted(
    ledger: Ledger, steps: Sequence[tuple[str, int, NoticeType]], payloads: EventPayloads
) -> None:
    """Add to the payloads of these steps what their texts quote of records."""
    days = await _by_id(ledger, {name for name, _, step in steps if step in REOPENED_STEPS}, "reopen_days")
    ends = await _ends(ledger, [name for name, _, step in steps if step is NoticeType.agreement_ends])
    clocks = [name for name, _, step in steps if step in CLOCK_STEPS]
    due = await _due(ledger, clocks)
    agreements = {str(payloads.get((name, n), {}).get("agreement")) for name, n, _ in steps if name in clocks}
    numbers = await _numbers(ledger, agreements - {"None"})
    for name, n, step in steps:
        more: dict[str, Any] = {}
        if step in REOPENED_STEPS and days.get(name) is not None:
            more = {"reopen_days": days[name]}
        elif step in CLOCK_STEPS:
            payload = payloads[name, n]
            agreement = str(payload.get("agreement"))
            more = {"agreement_number": numbers.get(agreement)}
            # A breached target was due at that instant; one that is close may still be paused.
            more["due_at"] = payload["at"] if step is NoticeType.target_missed else due.get(name)
        elif step is NoticeType.agreement_ends:
            more = {"valid_to": ends.get(name)}
        if more:
            payloads[name, n] = payloads.get((name, n), {}) | more


async def _by_id(ledger: Ledger, streams: Iterable[str], column: str) -> dict[str, int | None]:
    """Return the days in which the tickets may be reopened, if their agreement sets them."""
    kinds: dict[str, list[UUID]] = {}
    for name in streams:
        if column in ledger.lifecycles[kind_of(name)].record.model_fields:
            kinds.setdefault(kind_of(name), []).append(id_of(name))
    return {
        f"{kind}/{row['id']}": row["reopen_days"]
        for kind, ids in kinds.items()
        for row in await ledger.db.rows(REOPEN_DAYS.format(kind=kind), (ids,))
    }


async def _numbers(ledger: Ledger, agreements: Iterable[str]) -> dict[str, str]:
    rows = await ledger.db.rows(NUMBERS, (ids,)) if (ids := sorted(agreements)) else ()
    return {row["id"]: row["number"] for row in rows}


def span_of(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return when the record in the row takes place; empty without a time."""
    for begins, ends in SPANS:
        if row.get(begins) is not None and row.get(ends) is not None:
            return f", {moment(row[begins], zone)} – {moment(row[ends], zone)}"
    return ""


async def _due(ledger: Ledger, clocks: Sequence[str]) -> dict[str, datetime | None]:
    rows = await ledger.db.rows(CLOCKS, ([id_of(name) for name in clocks],)) if clocks else ()
    return {f"clock/{row['id']}": row["due_at"] for row in rows}


async def _ends(ledger: Ledger, agreements: Sequence[str]) -> dict[str, str | None]:
    rows = await ledger.db.rows(ENDS, ([id_of(name) for name in agreements],)) if agreements else ()
    return {f"sla/{row['id']}": row["valid_to"] for row in rows}


def duration(seconds: int, language: str) -> str:
    """Return business seconds as hours, minutes and seconds, as far as there are such."""
    hours, minutes, rest = seconds // HOUR, seconds % HOUR // MINUTE, seconds % MINUTE
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    texts = [f"{n} {translate(language, 'service_report', f'unit_{unit}')}" for n, unit in parts if n]
    return " ".join(texts) or f"0 {translate(language, 'service_report', 'unit_s')}"


def moment(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return the instant by the clocks of the zone."""
    return "" if instant is None else f"{instant.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


class ShownValue(Protocol):
    """A value that a notice shows: its field, the field's model, and the stored value."""

    @property
    def name(self) -> str:
        """The name of the field."""

    @property
    def model(self) -> type[BaseModel]:
        """The model that declares the field."""

    @property
    def value(self) -> Any:
        """The stored value."""


def deadline_of(notice: NoticeType, values: Iterable[ShownValue], zone: ZoneInfo) -> datetime | None:
    """Return until when something is asked of the reader, by the values that the notice shows."""
    if notice.kind not in ASKING:
        return None
    deadlines: list[tuple[int, datetime]] = []
    for field in values:
        if field.name not in DEADLINES:
            continue
        rank, deadline = DEADLINES.index(field.name), field.value
        if field.name in DUE_DAYS:
            deadlines.append((rank, end_of_day(str(deadline), zone)))
        elif field_types(field.model, field.name)[1]:
            is_read = isinstance(deadline, datetime)
            deadlines.append((rank, deadline if is_read else from_instant(deadline)))
    return min(deadlines)[1] if deadlines else None


def end_of_day(day: str, zone: ZoneInfo) -> datetime:
    """Return the end of the day in the zone."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(following, time.min, zone)


async def service_names(ledger: Ledger, keys: Collection[str], language: str) -> Mapping[str, str]:
    """Return the names of the services with these keys."""
    rows = await ledger.db.rows(SERVICES, (list(keys),)) if keys else ()
    return {row["key"]: row[f"name_{language}"] for row in rows}


def stream_named(name: str, part: Any) -> tuple[str, str] | None:
    """Return kind and id of the record that a field names by its stream, such as `finding/0199…`."""
    if name != ABOUT or not isinstance(part, str) or not STREAM.fullmatch(part):
        return None
    return kind_of(part), part.partition("/")[2]


def value_in_language(value: ShownValue, part: Any, language: str, zone: ZoneInfo) -> str | None:
    """Return a value that is neither a reference nor encrypted in the reader's language."""
    code, is_instant = field_types(value.model, value.name)
    if isinstance(part, bool):
        return translate(language, "notice_part", "yes" if part else "no")
    if code is not None:
        return code(part).label(language)
    if is_instant:
        return moment(part if isinstance(part, datetime) else from_instant(part), zone)
    if isinstance(part, int) and value.name.endswith("_seconds"):
        return duration(part, language)
    # Nobody needs to read how many there are not.
    return str(part) if part and isinstance(part, str | int | float | date) else None


def as_list(value: Any) -> list[Any]:
    """Return the parts of a list, or a single value as the only one."""
    return list(value) if isinstance(value, list | tuple) else [value]
