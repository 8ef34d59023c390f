"""Projection of clocks: the engine recomputes the clocks of every case with new events, and their rows are
written.

The consumer of the KPI facts calls it in its transaction for the same cases, so that clocks stand at the same
position as the facts. As long as no agreement was ever signed it does nothing.
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from psycopg.rows import tuple_row

from app.foundation.escalation.lookups import PERCENTS, percents_of
from app.platform.db import Connection, fetch_rows, fetch_tuples
from app.service_levels.clocks.agreement_history import AgreementHistory, load_agreements
from app.service_levels.clocks.calendar_history import CalendarHistory, load_calendars
from app.service_levels.clocks.case_clocks import KINDS, CaseClocks, Percents
from app.service_levels.clocks.clock_rows import BREACH_DIMENSIONS, Row, rows_of
from app.service_levels.clocks.timeline import COLUMNS, LogEvent, Timeline, timeline_of

#: The tables, which can be emptied and filled again.
TABLES = ("sla.clock", "sla.case")
#: Rule whose timers fire when a clock has something to announce; they are set with the rows.
WATCH = "watch_clocks"
# Cases that are read, computed and written at once, and cases after which other tasks get their turn.
CASES_AT_ONCE = 1_000
CASES_IN_A_ROW = 50
RECORDED_AT = "select recorded_at from log.event where position = %s"
# Each stream is one probe of the index, whatever the planner believes.
EVENTS = f"""
select touched.stream, e.* from unnest(%(streams)s::text[]) as touched(stream)
cross join lateral (
  select {COLUMNS} from log.event where stream = touched.stream and position <= %(last)s offset 0
) e"""
WRITE_CLOCKS = """
with fresh as materialized (
  select * from jsonb_populate_recordset(null::sla.clock, %(rows)s::text::jsonb)
), gone as (
  delete from sla.clock where case_id = any(%(cases)s::text[]::uuid[]) and id not in (select id from fresh)
  returning id
), written as (
  insert into sla.clock as old select * from fresh
  on conflict (id) do update set ({columns}) = row({excluded}) where ({old}) is distinct from ({excluded})
), armed as (
  insert into plumbing.timer as old (rule, stream, due_at)
    select '{rule}', 'clock/' || id, head.recorded_at from fresh, log.head
    where living and case_id = any(%(moved)s::text[]::uuid[])
  on conflict (rule, stream) do update set due_at = excluded.due_at where old.due_at > excluded.due_at
)
delete from plumbing.timer where rule = '{rule}'
  and stream = any (array(select 'clock/' || id from gone))"""
WRITE_CASES = """
with fresh as materialized (
  select * from jsonb_populate_recordset(null::sla.case, %(rows)s::text::jsonb)
), gone as (
  delete from sla.case
  where case_id = any(%(cases)s::text[]::uuid[]) and case_id not in (select case_id from fresh)
)
insert into sla.case as old select * from fresh
on conflict (case_id) do update set ({columns}) = row({excluded})
  where ({old}) is distinct from ({excluded})"""
CLOCK_COLUMNS = (
    *("id", "case_id", "kind", "agreement_type", "agreement_id", "target_id", "why", "metric", "party"),
    *("round", "target_seconds", "calendar", "calendar_version", "started_at", "stopped_at", "state", "runs"),
    *(
        "elapsed_seconds",
        "counted_at",
        "due_at",
        "breaches_at",
        "breached_at",
        "first_warned_75_at",
        "warning_seconds",
    ),
    *("marks", "retargeted", "urgent", "living", "priority", "team_id", "service", "channel"),
    *("category", "assignee_id", "customer_id", "catalogue_item", "opened_at", "opened_position"),
    *("position", "excluded", "irregular"),
    *(f"breach_{name}" for name in BREACH_DIMENSIONS),
    "breach_cause",
    *("knows_opening", *(f"opened_{name}" for name in BREACH_DIMENSIONS)),
)
CASE_COLUMNS = ("case_id", "kind", "agreement_id", "why", "reopen_days", "opened_at", "position")


def _writing(statement: str, columns: Sequence[str]) -> str:
    """Return the statement with the columns that it writes; the first is the key."""
    value_columns = columns[1:]
    return statement.format(
        columns=", ".join(value_columns),
        excluded=", ".join(f"excluded.{name}" for name in value_columns),
        old=", ".join(f"old.{name}" for name in value_columns),
        rule=WATCH,
    )


_WRITE_CLOCKS = _writing(WRITE_CLOCKS, CLOCK_COLUMNS)
_WRITE_CASES = _writing(WRITE_CASES, CASE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Terms:
    """The agreements, calendars and percentages by which clocks are read, as known just after the position
    `cut`.
    """

    cut: int
    history: AgreementHistory
    calendars: CalendarHistory
    #: Further percentages of targets that escalation rules ask for, by process and metric.
    percents: Percents

    def clocks_of(self, timeline: Timeline) -> CaseClocks:
        """Return the clocks of a case."""
        return CaseClocks(timeline, self.history, self.calendars, self.cut, self.percents)


async def load_terms(connection: Connection, cut: int | None = None) -> Terms | None:
    """Return the terms as of a position of the log (None: its end); None where no agreement was signed by
    then.
    """
    calendars = await load_calendars(connection)
    agreements = await load_agreements(connection, calendars)
    until = None
    if cut is None:
        cut = (await fetch_rows(connection, "select position from log.head", ()))[0]["position"]
    elif agreements.has_any_agreement(cut):
        rows = await fetch_rows(connection, RECORDED_AT, (cut,))
        until = rows[0]["recorded_at"] if rows else None
    if not agreements.has_any_agreement(cut):
        return None
    percents = percents_of(await fetch_rows(connection, PERCENTS, ()))
    return Terms(cut, agreements, calendars.as_of(until), percents)


async def project(connection: Connection, cases: Mapping[str, Sequence[str]], first: int, last: int) -> None:
    """Recompute the clocks of these cases (their ids, by kind), from their events up to the position
    `last`. The batch begins at `first`.
    """
    streams = [f"{kind}/{case_id}" for kind, ids in cases.items() if kind in KINDS for case_id in ids]
    if not streams:
        return
    terms = await load_terms(connection, last)
    if terms is not None:
        await project_streams(connection, terms, streams, first)


async def project_streams(connection: Connection, terms: Terms, streams: Sequence[str], first: int) -> None:
    """Recompute the clocks of the cases of these streams, as many at once as fit well into memory."""
    for start in range(0, len(streams), CASES_AT_ONCE):
        some = streams[start : start + CASES_AT_ONCE]
        histories = await read_events(connection, some, terms.cut)
        await _write(connection, some, await _compute(terms, histories, first))


async def read_events(connection: Connection, streams: Sequence[str], last: int) -> dict[str, list[LogEvent]]:
    """Return the events of these streams up to a position, by stream, in the order of their versions."""
    log_events: dict[str, list[LogEvent]] = {}
    # In binary: as text, instants and bytes cost four times as much.
    async with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(EVENTS, {"streams": list(streams), "last": last})
        for stream, *rest, data in await cursor.fetchall():
            log_events.setdefault(stream, []).append(LogEvent._make((*rest, orjson.loads(data))))
    for events in log_events.values():
        events.sort(key=_VERSION)
    return log_events


_VERSION = operator.attrgetter("version")


@dataclass(slots=True)
class _Computed:
    """The rows to write, and the ids of the cases with events in the batch that concern a clock."""

    cases: list[Row]
    clocks: list[Row]
    moved: list[str]


async def _compute(terms: Terms, log_events: Mapping[str, list[LogEvent]], first: int) -> _Computed:
    """Return the rows of these cases, letting other tasks of the process have their turn in between."""
    computed = _Computed([], [], [])
    for n, (stream, events) in enumerate(log_events.items()):
        if n % CASES_IN_A_ROW == CASES_IN_A_ROW - 1:
            await asyncio.sleep(0)
        timeline = timeline_of(stream, events)
        case, clocks = rows_of(terms.clocks_of(timeline))
        if case is not None:
            computed.cases.append(case)
        computed.clocks += clocks
        if _has_moved(timeline, events, first):
            computed.moved.append(timeline.case_id)
    return computed


def _has_moved(timeline: Timeline, events: Sequence[LogEvent], first: int) -> bool:
    """Return whether an event from that position on may have changed the reading of a clock."""
    told_again = any(event.replaces_version is not None and event.position >= first for event in events)
    return told_again or any(event.position >= first for event in timeline.events)


async def _write(connection: Connection, streams: Sequence[str], computed: _Computed) -> None:
    ids = [stream.partition("/")[2] for stream in streams]
    clocks = {"cases": ids, "rows": orjson.dumps(computed.clocks).decode(), "moved": computed.moved}
    await fetch_tuples(connection, _WRITE_CLOCKS, clocks)
    await fetch_tuples(
        connection, _WRITE_CASES, {"cases": ids, "rows": orjson.dumps(computed.cases).decode()}
    )
