"""Benchmark of clocks: computing them over a history, listing what is due first, computing running ones anew
after a calendar changed, and saying what has fallen due while nobody worked.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from app.automation.agreements import watch_clocks
from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.foundation.calendars import lifecycle as calendars
from app.foundation.calendars.definition import WeeklyHours
from app.foundation.calendars.lifecycle import ReviseCalendar
from app.foundation.calendars.week import Weekday
from app.foundation.people import persons
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.platform.db import Connection, connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from app.service_levels.clocks.projection import CASES_AT_ONCE, WATCH, load_terms, project_streams
from bench.cases import OFFICE, LargeSite, add_organisation, ledger_of, make_cases
from bench.figures import Figure, Run, Threshold, alternate, number, paired_figure
from bench.reading import Reading
from bench.site import made_token, site

NAMES = ("clocks", "clocks_list", "clocks_anew", "clocks_writes", "clocks_due")
PROJECTION, LIST, ANEW, WRITES, DUE = NAMES
PLAIN, BY_DUE, READERS = "/v1/incidents?limit=50", "/v1/incidents?limit=50&sort=due", 8
CASES, QUICK_CASES = 100_000, 5_000
RUNNING, QUICK_RUNNING = 1_000_000, 100_000
LATE, QUICK_LATE = 100_000, 5_000
HOURS = 4 * 3600
BENCH = rule_caller("bench")
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
# So often somebody reports an incident while clocks are computed anew.
WRITE_SECONDS = 0.02
#: Further running clocks, of cases that are nowhere else: each is like one of those that are there. `of` is
#: no column; without it a row would be made for each model only.
MORE_CLOCKS = """
with model as materialized (
  select row_number() over (order by id) - 1 as k, count(*) over () as many, to_jsonb(c) as row
  from sla.clock c where state = 'running' and not retargeted
)
insert into sla.clock
select c.* from generate_series(1, %(many)s) as n
join model on model.k = n %% model.many
cross join lateral jsonb_populate_record(
  null::sla.clock, model.row || jsonb_build_object('id', uuidv7(), 'case_id', uuidv7(), 'of', n)
) c"""
OF_NOBODY = "delete from sla.clock c where not exists (select from fold.incident i where i.id = c.case_id)"
ALL_DUE = """
insert into plumbing.timer (rule, stream, due_at)
select %(rule)s, 'clock/' || id, opened_at from sla.clock order by id limit %(many)s
on conflict (rule, stream) do update set due_at = excluded.due_at"""


async def measure(run: Run) -> list[Figure]:
    """Measures the figures of clocks on an installation of their own."""
    run.announce("Making an installation with clocks")
    with site() as installation, embedded_server(installation.data) as server:
        token = made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        line = await connect(installation.url, FOLLOW_LIMITS)
        try:
            many = LargeSite(run, installation, owner, datetime.now(UTC))
            async with ledger_of(installation) as ledger:
                await add_organisation(ledger, owner, words=1_000)
                await _sign(ledger)
                await make_cases(many, QUICK_CASES if run.quick else CASES)
                return [
                    await _projection(many, line),
                    await _list(many, token),
                    *await _anew(many, ledger, line),
                    await _due(many, ledger, line),
                ]
        finally:
            await line.close()
            await owner.close()


async def _sign(ledger: Ledger) -> None:
    """Signs an agreement of which every incident has two clocks."""
    agreement = uuid7()
    name = stream("sla", agreement)
    fields: dict[str, Any] = {
        "number": "SLA-2010-000001",
        "state": "signed",
        "state_since": instant(LONG_AGO),
        "agreement_type": "SLA",
        "title": "Incidents",
        "edition": 1,
        "calendar": OFFICE,
        "valid_from": "2010-01-01",
        "targets": [_target("response", 1_800), _target("resolution", HOURS)],
        "recorded_requirement_at": instant(LONG_AGO),
        "signed_at": instant(LONG_AGO),
    }
    event = Event(
        id=uuid7(),
        stream=name,
        version=1,
        type="sla.signed",
        occurred_at=LONG_AGO,
        actor="rule:bench",
        correlation_id="bench",
        source="rule",
        data={"given": {}, "set": {name: fields}},
    )
    row = fields | {"id": str(agreement), "version": 1, "changed_at": instant(LONG_AGO)}
    await ledger.writer.write(
        AppendRequest(
            reads={name: 0}, events=(event,), rows=(("fold.sla", row),), audiences={name: ("staff",)}
        )
    )


def _target(metric: str, seconds: int) -> dict[str, Any]:
    conditions = ("priority", "category", "service", "catalogue_item", "calendar", "threshold", "kpi")
    return {
        **dict.fromkeys(conditions),
        "id": metric,
        "metric": metric,
        "process": "incident",
        "threshold_seconds": seconds,
        "comparator": "le",
        "compliance": None,
        "pause_reasons": [],
        "pause_states": [],
        "warning_percents": [50, 75, 90],
    }


async def _projection(many: LargeSite, line: Connection) -> Figure:
    """Measures the facts with the clocks, then the clocks alone; what is left are the facts."""
    began = time.perf_counter()
    events = await catch_up(line, FACTS)
    whole = time.perf_counter() - began
    await many.owner.execute("truncate sla.clock, sla.case")
    rows = await (await line.execute("select 'incident/' || id from fold.incident order by id")).fetchall()
    streams = [name for (name,) in rows]
    began = time.perf_counter()
    terms = await load_terms(line)
    assert terms is not None
    for start in range(0, len(streams), CASES_AT_ONCE):
        async with line.transaction():
            await project_streams(line, terms, streams[start : start + CASES_AT_ONCE], terms.cut + 1)
    clocks = time.perf_counter() - began
    facts = max(whole - clocks, 0.001)
    what = f"clocks over a history of {events:,} events, two for each case / facts"
    rate, floor = f"{number(events / clocks)} events/s", f"{number(events / facts)} events/s"
    return Figure(PROJECTION, what, rate, facts / clocks, Threshold(0.5, 1.0), floor)


async def _list(many: LargeSite, token: str) -> Figure:
    """Lists incidents by due time, in turns with the list in its usual order."""
    await many.site.serve()
    reading = Reading(many, token, "")
    rates = [reading.rate(READERS, partial(str, path), token) for path in (PLAIN, BY_DUE)]
    paired = await alternate(many.run, *rates)
    many.site.kill("api")
    what = f"list of 50 of {many.incidents:,} by due time / in the usual order, {READERS} clients"
    return paired_figure(LIST, what, paired, Threshold(0.5, 0.8))


async def _anew(many: LargeSite, ledger: Ledger, line: Connection) -> list[Figure]:
    """Revises the calendar of running clocks while people report incidents."""
    wanted = QUICK_RUNNING if many.run.quick else RUNNING
    await many.owner.execute(MORE_CLOCKS, {"many": wanted})
    await many.owner.execute("vacuum analyze sla.clock")
    office = WeeklyHours(weekdays=tuple(Weekday)[:5], starts="07:00", ends="19:00")
    body = ReviseCalendar(time_zone="Europe/Berlin", weekly=(office,), reason="Longer hours.")
    await _revise(many, ledger, body)
    writing = asyncio.create_task(_reports(ledger))
    began = time.perf_counter()
    await catch_up(line, FACTS)
    seconds = time.perf_counter() - began
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
    slowest = max(_took, default=0.0) * 1000
    await many.owner.execute(OF_NOBODY)
    what = f"{wanted:,} running clocks computed anew by another version of their calendar"
    return [
        Figure(ANEW, what, f"{number(wanted / seconds)}/s", wanted / seconds, Threshold(5_000, 20_000, "/s")),
        Figure(
            WRITES,
            f"slowest of {len(_took):,} writes meanwhile",
            f"{number(slowest)} ms",
            slowest,
            Threshold(1_000, 250, " ms", at_most=True),
        ),
    ]


_took: list[float] = []


async def _reports(ledger: Ledger) -> None:
    """Adds persons for ever, and notes how long each took."""
    _took.clear()
    while True:
        began = time.perf_counter()
        await _perform(ledger, persons.LIFECYCLE, "add", None, persons.AddPerson(name="Somebody"))
        _took.append(time.perf_counter() - began)
        await asyncio.sleep(WRITE_SECONDS)


async def _revise(many: LargeSite, ledger: Ledger, body: Payload) -> None:
    """Revises the calendar as a person, since the reason is somebody's words."""
    found = await (await many.owner.execute("select id from bench.person where n = 0")).fetchone()
    assert found is not None
    manager = Caller(f"person:{found[0]}", found[0], (RoleGrant(Role.service_level_manager),))
    key = await ledger.db.value("select id from fold.calendar where key = %s", (OFFICE,))
    await _perform(ledger, calendars.LIFECYCLE, "revise", str(key), body, manager)


async def _perform(
    ledger: Ledger,
    lifecycle: Any,
    action: str,
    name: str | None,
    body: Payload,
    caller: Caller = BENCH,
) -> None:
    context = CommandMetadata(caller, datetime.now(UTC), correlation_id=f"bench-{uuid7()}", source="cli")
    await perform(ledger, Command(lifecycle, lifecycle[action], name, body, context))


async def _due(many: LargeSite, ledger: Ledger, line: Connection) -> Figure:
    """Lets the timers of clocks go off that nobody has looked at since their cases were opened."""
    wanted = QUICK_LATE if many.run.quick else LATE
    await line.execute("delete from plumbing.timer where rule = %s", (WATCH,))
    await many.owner.execute(ALL_DUE, {"rule": WATCH, "many": wanted})
    await many.owner.execute("vacuum analyze plumbing.timer")
    head = await ledger.db.value("select position from log.head")
    clocks, began = 0, time.perf_counter()
    now = datetime.now(UTC) + timedelta(seconds=1)
    while fired := await watch_clocks.fire_due(line, ledger, now, failed=_raise):
        clocks += fired
    seconds = time.perf_counter() - began
    events = await ledger.db.value("select position from log.head") - head
    what = f"{clocks:,} due clocks after downtime, which said {events:,} events"
    return Figure(DUE, what, f"{number(clocks / seconds)}/s", clocks / seconds, Threshold(300, 2_000, "/s"))


def _raise(name: str, error: Exception) -> None:
    raise error
