"""The terms of services from the log: the events of services, calendars and SLAs up to a position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from app.kpis.outages.terms import (
    BEGINNING_OF_TIME,
    END_OF_TIME,
    CalendarSpans,
    CalendarValidity,
    CountedAgreement,
    ServiceHistory,
    ServiceTerms,
    cut_by_version,
    floor_to_second,
    service_terms,
)
from app.log.canonical import from_instant
from app.platform.db import Connection

SELECT_EVENTS = """
select event.stream, event.occurred_at, event.recorded_at, its.fields,
  event.data->'set'->('calendar_version/' || (its.fields->>'newest_id'))->>'published_at'
from fold.{kind} record
cross join lateral (
  select stream, version, occurred_at, recorded_at, data from log.told
  where stream = '{kind}/' || record.id and position <= %(position)s
  offset 0
) event
cross join lateral (select event.data->'set'->event.stream as fields offset 0) its
where its.fields is not null
order by event.stream, event.version"""
SELECT_REACHES = """
select version, min(starts), max(starts) from business_time.calendar_span
where version = any(%(versions)s::uuid[]) group by version"""


async def load_terms(connection: Connection, position: int) -> list[ServiceTerms]:
    """Return the terms of all services, as the log knew them at the position."""
    events = {kind: await _events(connection, kind, position) for kind in ("service", "calendar", "sla")}
    versions = await _versions(connection, events["calendar"].values())
    services = [_service(of_stream) for of_stream in events["service"].values()]
    agreements = [_agreement(stream, of_stream) for stream, of_stream in events["sla"].items()]
    signed = [agreement for agreement in agreements if agreement is not None]
    all_terms: list[ServiceTerms] = []
    for service in services:
        for terms, calendar in service_terms(service, signed):
            all_terms += cut_by_version(terms, versions.get(calendar or "", ()))
    return all_terms


class _Event(NamedTuple):
    """An event of a record: the fields that it set, and when the calendar version was published that it
    added, if any.
    """

    occurred_at: datetime
    recorded_at: datetime
    fields: Mapping[str, Any]
    published_at: str | None


async def _events(connection: Connection, kind: str, position: int) -> dict[str, list[_Event]]:
    """Return the events of the records of that kind, by stream."""
    events: dict[str, list[_Event]] = defaultdict(list)
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SELECT_EVENTS.format(kind=kind).encode(), {"position": position}, prepare=False)
        for stream, *columns in await cursor.fetchall():
            events[stream].append(_Event(*columns))
    return events


async def _versions(
    connection: Connection, calendars: Iterable[Sequence[_Event]]
) -> dict[str, list[CalendarSpans]]:
    """Return the versions of each calendar, by its key. The first holds for all time before it, too."""
    published: dict[str, list[tuple[datetime, UUID]]] = {}
    for events in calendars:
        key = _last_value(events, "key")
        published[key] = [
            (floor_to_second(_published_at(event)), UUID(event.fields["newest_id"]))
            for event in events
            if event.fields.get("newest_id") is not None
        ]
    ids = [version for calendar_versions in published.values() for _, version in calendar_versions]
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SELECT_REACHES.encode(), {"versions": ids}, prepare=False)
        reaches = {row[0]: CalendarValidity(row[1], row[2]) for row in await cursor.fetchall()}
    spans_by_calendar = {}
    for key, calendar_versions in published.items():
        begins = [BEGINNING_OF_TIME, *(instant for instant, _ in calendar_versions[1:]), END_OF_TIME]
        spans_by_calendar[key] = [
            CalendarSpans(
                version,
                CalendarValidity(*applied),
                reaches.get(version, CalendarValidity(BEGINNING_OF_TIME, BEGINNING_OF_TIME)),
            )
            for applied, (_, version) in zip(pairwise(begins), calendar_versions, strict=True)
        ]
    return spans_by_calendar


def _published_at(event: _Event) -> datetime:
    return event.recorded_at if event.published_at is None else from_instant(event.published_at)


def _service(events: Sequence[_Event]) -> ServiceHistory:
    live, retired = (_first_in(events, state) for state in ("live", "retired"))
    calendars = [
        (floor_to_second(e.occurred_at), e.fields["calendar"]) for e in events if "calendar" in e.fields
    ]
    # Recorded later is not always occurred later; of one instant the event that was recorded last holds.
    calendars.sort(key=lambda begin_and_calendar: begin_and_calendar[0])
    return ServiceHistory(
        _last_value(events, "key"),
        CalendarValidity(floor_to_second(live), floor_to_second(retired)),
        calendars,
    )


def _first_in(events: Sequence[_Event], state: str) -> datetime:
    """Return when the record first entered the state; the end of time if it never did."""
    entered = (event.occurred_at for event in events if event.fields.get("state") == state)
    return min(entered, default=END_OF_TIME)


def _agreement(stream: str, events: Sequence[_Event]) -> CountedAgreement | None:
    """Return the agreement; None if it is not a signed SLA."""
    fields: dict[str, Any] = {}
    for event in events:
        fields |= event.fields
    if fields.get("agreement_type") != "SLA" or fields.get("signed_at") is None:
        return None
    begins, ends = (fields.get(name) for name in ("begins_at", "ends_at"))
    if begins is None:
        return None
    validity = CalendarValidity(
        floor_to_second(from_instant(begins)),
        END_OF_TIME if ends is None else floor_to_second(from_instant(ends)),
    )
    if not validity.since < validity.until:  # it was ended before it began
        return None
    return CountedAgreement(
        UUID(stream.partition("/")[2]), fields, from_instant(fields["signed_at"]), validity
    )


def _last_value(events: Sequence[_Event], name: str) -> Any:
    """Return the field as it was set last; None if it was never set."""
    return next((event.fields[name] for event in reversed(events) if name in event.fields), None)
