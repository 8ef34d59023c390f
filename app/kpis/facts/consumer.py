"""The consumer that keeps the KPI facts up to date: it recomputes the facts of every case with new events.

The facts are defined in `facts/<process>.sql`; this module only writes their rows to the tables. One consumer
serves all processes, so that all facts reflect the same position of the log.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from app.kpis.facts import knowledge, satisfaction
from app.kpis.facts.noting import changed_cases
from app.kpis.facts.statements import FOLDER, TIMED_AT, kinds_read, statement
from app.kpis.facts.tables import PROCESSES, SATISFACTION, TABLES
from app.log.batches import Batch, PositionRange
from app.log.follow import GRACE_SECONDS, Consumer
from app.platform.db import AnswerDeadline, Connection, DatabaseGone, connect_alike, fetch_tuples
from app.service_levels.clocks import projection, recomputation

# Measured: with smaller batches more cases are recomputed twice; larger ones are hardly faster.
BATCH = 50_000
# Measured: two seconds per batch; far more if cases have thousands of events each.
LONGEST_SECONDS = 600.0
MILLISECONDS = int(LONGEST_SECONDS * 1000)
WORK_MEMORY = "128MB"
LOCK_TIMEOUT = "5s"
# Nested loops are off since the planner takes a freshly filled log for a small table, and would run the count
# of all cases' moves once per case: a minute instead of a second, measured. The idle timeout is long since a
# connection that has finished its share waits for the others.
SETTINGS = f"""
set local work_mem = '{WORK_MEMORY}';
set local enable_nestloop = off;
set local idle_in_transaction_session_timeout = {MILLISECONDS}"""
# A batch with at least this many events is split into shares that as many connections process in parallel.
# Measured: two shares with two cores; more would wait for each other at the write-ahead log. During an
# import, which keeps all cores busy, shares gain nothing and cost an eighth more.
PARALLEL_EVENTS = 20_000
SHARES = min(os.cpu_count() or 1, 4)

#: All tables that this consumer fills: the facts, and the clocks of the cases.
EMPTIED_TABLES = ", ".join([TABLES, *projection.TABLES, *recomputation.TABLES, *changed_cases.TABLES])
STATEMENTS = {process: statement(process, tables) for process, tables in PROCESSES.items()}
SATISFYING = satisfaction.statements("".join(table.replace() for table in SATISFACTION))
#: Whether an incident repeats another one depends on two cases, so it is computed after their other facts.
RESOLVED_BEFORE = """
select service, category, ci, at from kpi.incident_resolved
where final and case_id = any (%(begun)s::uuid[])
union
select told.* from kpi.unfinished,
  unnest(services, categories, cis, times) as told(service, category, ci, at)"""
#: Events about breaches: their cause, and their withdrawal.
BREACHES = (FOLDER / "clocks.sql").read_text(encoding="utf-8")
#: Catalogue keys that openings name but the catalogue did not hold, and the kinds of records with such
#: openings.
UNKNOWN_KEYS = (FOLDER / "unknown_keys.sql").read_text(encoding="utf-8")
KEY_KINDS = frozenset({"service", "ci", "category", "incident", "request"})
REPEATS = (FOLDER / "repeats.sql").read_text(encoding="utf-8")
PROBLEM_REPEATS = (FOLDER / "problem_repeats.sql").read_text(encoding="utf-8")
#: The records with events in a batch, by kind and share; among them those that may already have facts (they
#: had begun before, or a batch was left unfinished), with the first version of each in the batch; and whether
#: one of them begins in it. The arrays are text since they are only passed on.
SELECT_AFFECTED = """
select kind, share, array_agg(id)::text, (array_agg(id) filter (where known))::text,
  (array_agg(version) filter (where known))::text, bool_or(version = 1)
from (
  select split_part(stream, '/', 1) as kind, split_part(stream, '/', 2) as id, version,
    kpi.share(stream, %(shares)s) as share,
    version > 1 or exists (select from kpi.unfinished where position >= %(first)s) as known
  from (
    select stream, min(version) as version
    from log.event where position between %(first)s and %(last)s group by stream
  ) told
) touched
group by kind, share"""
#: A person's work on a day also depends on several cases, of both kinds.
WORKED_BEFORE = """
select assignee_id, day from kpi.agent_work
where case_id = any (%(incidents)s::uuid[] || %(requests)s::uuid[])
union
select told.* from kpi.unfinished, unnest(assignees, days) as told(assignee_id, day)"""
#: The kinds of records that a person's work on a day is counted for.
WORK_KINDS = frozenset({"incident", "request"})
#: The kinds of records between which it lies whether incidents of a problem are repeats.
REPEAT_KINDS = frozenset({"incident", "problem"})
AGENT_DAYS = (FOLDER / "agent_days.sql").read_text(encoding="utf-8")
#: The deployment that brought a revision first also depends on several deployments, and on changes.
BROUGHT_BEFORE = """
select brought from kpi.deployment_brought where case_id = any (%(begun)s::uuid[])
union
select unnest(brought) from kpi.unfinished"""
#: The kinds of records between which that lies.
BROUGHT_KINDS = frozenset({"deployment", "change"})
BROUGHT = (FOLDER / "brought.sql").read_text(encoding="utf-8")
#: Records that shares are committed while the batch is not. The previous facts of its cases are kept with the
#: mark, since they cannot be read again later.
LEAVE_UNFINISHED = """
insert into kpi.unfinished (position, services, categories, cis, times, assignees, days, brought)
values (%(last)s, %(services)s::text[], %(categories)s::text[], %(cis)s::text[], %(times)s::timestamptz[],
  %(assignees)s::uuid[], %(days)s::date[], %(brought)s::text[])"""
FINISHED = "delete from kpi.unfinished where position <= %(last)s"
EMPTY = f"set local lock_timeout = '{LOCK_TIMEOUT}'; truncate {EMPTIED_TABLES}"
#: Marks the emptied facts as unfinished; at position 0, since no case has facts yet.
EMPTIED = """
insert into kpi.unfinished (position, services, categories, cis, times, assignees, days)
values (0, '{}', '{}', '{}', '{}', '{}', '{}')"""

#: A version behind all of a stream.
LAST_VERSION = 2_147_483_647

Values = dict[str, Any]
#: By kind: the affected cases, those that had begun before, and whether one begins, as in SELECT_AFFECTED.
CasesByKind = dict[str, Values]


async def handle_batch(connection: Connection, batch: Batch) -> None:
    """Recompute the facts of the cases that have events in the batch."""
    if batch.shares_transaction:
        await _process_short_span(connection, batch.span)
    else:
        await process_span(connection, batch.span)


async def _process_short_span(connection: Connection, span: PositionRange) -> None:
    """Recompute the facts for a few events at the end of the log, with the connection's cached plans.

    For so few events, planning again would take longer than all the rest.
    """
    stretch = {"first": span.first, "last": span.last, "shares": 1, "share": 0}
    await recomputation.recompute(connection, span.first, span.last, _fact_writer(span.last))
    kinds, by_share = await _affected_cases(connection, stretch, prepare=None)
    before = await _previous_facts(connection, kinds, prepare=None)
    await _write(connection, stretch, by_share.get(0, {}), prepare=None)
    await _write_shared(connection, stretch | before, kinds, prepare=None)
    await fetch_tuples(connection, FINISHED, stretch)


async def process_span(connection: Connection, span: PositionRange) -> None:
    """Recompute the facts of the cases with events in the range, from all their events up to its end."""
    single = span.during_import or span.last - span.first + 1 < PARALLEL_EVENTS
    await process_in_shares(connection, span, 1 if single else SHARES)


async def process_in_shares(connection: Connection, span: PositionRange, shares: int) -> None:
    """Recompute the facts with as many connections in parallel as there are shares; each has its own cases.

    They commit before the checkpoint moves, and the facts are marked as unfinished until it has moved. Raises
    whatever one of them raises; the marked facts are recomputed with the next batch.
    """
    async with AsyncExitStack() as stack:
        await connection.execute(SETTINGS.encode())
        committed = await recomputation.recompute(connection, span.first, span.last, _fact_writer(span.last))
        # Other connections would wait for facts that this one has written and cannot commit yet.
        several = shares > 1 and committed
        lines = await _open_connections(stack, connection, shares) if several else [connection]
        stretch = {"first": span.first, "last": span.last, "shares": len(lines)}
        if span.first == 1:  # a rebuild from the first event starts with empty tables
            await _empty(lines)
        kinds, by_share = await _affected_cases(connection, stretch)
        before = await _previous_facts(connection, kinds)
        async with _transactions(lines):
            await _run_all(
                _write(line, stretch | {"share": share}, by_share.get(share, {}))
                for share, line in enumerate(lines)
            )
            if len(lines) > 1:
                for line in lines:
                    await line.execute(LEAVE_UNFINISHED.encode(), stretch | before, prepare=False)
        async with _transactions(lines):
            await _run_all(
                _write_shared(line, stretch | before | {"share": share}, kinds)
                for share, line in enumerate(lines)
            )
    await connection.execute(FINISHED.encode(), stretch)


async def _empty(lines: Sequence[Connection]) -> None:
    """Empty the tables of facts. With several connections (`lines`), this is committed at once, with the
    unfinished mark.
    """
    # Readers hold a lock on the tables (see answer.BEGIN_SNAPSHOT). If TRUNCATE waits too long, its timeout
    # lets the readers queued behind it proceed, and the batch is retried. The tables are locked until the
    # commit.
    if len(lines) == 1:
        await lines[0].execute(EMPTY.encode())
    else:
        async with lines[0].transaction():
            await lines[0].execute(EMPTY.encode())
            await lines[0].execute(EMPTIED.encode())


async def _open_connections(stack: AsyncExitStack, connection: Connection, count: int) -> list[Connection]:
    """Return `count` new connections like this one, open until the stack exits.

    Returns only the given connection if the database has no room for more.
    """
    connections = []
    try:
        for _ in range(count):
            connections.append(await stack.enter_async_context(await connect_alike(connection)))
    except DatabaseGone:
        return [connection]
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS + GRACE_SECONDS
    for other in connections:
        await stack.enter_async_context(AnswerDeadline(other, ends))
    return connections


@asynccontextmanager
async def _transactions(lines: Sequence[Connection]) -> AsyncIterator[None]:
    """Open a transaction on each of several connections, all ended together.

    A single connection already is in its own transaction.
    """
    async with AsyncExitStack() as stack:
        for line in lines if len(lines) > 1 else ():
            await stack.enter_async_context(line.transaction())
            # These transactions end together, so one of them may wait for a session that waits for another of
            # them: a deadlock that PostgreSQL cannot detect, hence the timeouts.
            limits = (
                f"set local lock_timeout = '{LOCK_TIMEOUT}'; set local statement_timeout = {MILLISECONDS}"
            )
            await line.execute(f"{limits}; {SETTINGS}".encode())
        yield


# Statements are planned again each time, so that a plan made for a log of another size is never reused; with
# `prepare=None` plans may be reused.
async def _affected_cases(
    connection: Connection, stretch: Values, *, prepare: bool | None = False
) -> tuple[CasesByKind, dict[int, CasesByKind]]:
    """Return the cases with events in the range: all of them by kind, and by share and kind."""
    by_share: dict[int, CasesByKind] = {}
    rows = await fetch_tuples(connection, SELECT_AFFECTED, stretch, prepare=prepare)
    for kind, share, cases, begun, versions, _ in rows:
        parameters = {"cases": cases, "begun": begun, "next_versions": versions}
        by_share.setdefault(share, {})[kind] = parameters
    names = {"cases": 2, "begun": 3}
    kinds: CasesByKind = {
        kind: {name: _joined(row[n] for row in rows if row[0] == kind) for name, n in names.items()}
        for kind, *_ in rows
    }
    for kind, affected in kinds.items():
        affected["has_openings"] = any(row[-1] for row in rows if row[0] == kind)
    return kinds, by_share


def _joined(arrays: Iterable[str | None]) -> str:
    """Concatenate PostgreSQL array literals to one."""
    return "{" + ",".join(array[1:-1] for array in arrays if array is not None) + "}"


def _cases_of(kinds: CasesByKind, name: str, process_kinds: Iterable[str] = WORK_KINDS) -> Values:
    return {f"{kind}s": kinds[kind][name] if kind in kinds else None for kind in process_kinds}


async def _previous_facts(
    connection: Connection, kinds: CasesByKind, *, prepare: bool | None = False
) -> Values:
    """Return the present facts of cases that had begun which facts shared with other cases depend on."""
    resolved, worked, brought = list[Any](), list[Any](), list[Any]()
    if "incident" in kinds:
        resolved = await fetch_tuples(connection, RESOLVED_BEFORE, kinds["incident"], prepare=prepare)
    if kinds.keys() & WORK_KINDS:
        worked = await fetch_tuples(connection, WORKED_BEFORE, _cases_of(kinds, "begun"), prepare=prepare)
    if "deployment" in kinds:
        brought = await fetch_tuples(connection, BROUGHT_BEFORE, kinds["deployment"], prepare=prepare)
    names = {
        name: (resolved, column) for column, name in enumerate(("services", "categories", "cis", "times"))
    }
    names |= {"assignees": (worked, 0), "days": (worked, 1), "brought": (brought, 0)}
    return {name: [row[n] for row in rows] for name, (rows, n) in names.items()}


async def _write(
    connection: Connection, stretch: Values, kinds: CasesByKind, *, prepare: bool | None = False
) -> None:
    """Write the facts that depend on one case alone, and the clocks of the cases."""
    cases = {kind: affected["cases"][1:-1].split(",") for kind, affected in kinds.items()}
    await changed_cases.note(connection, stretch["last"], cases, PROCESSES, prepare)
    await projection.project(connection, cases, stretch["first"], stretch["last"])
    for process, text in STATEMENTS.items():
        if process in kinds:
            await fetch_tuples(connection, text, stretch | kinds[process], prepare=prepare)
    of_kinds = {kind: stretch | affected for kind, affected in kinds.items()}
    await satisfaction.write(connection, SATISFYING, of_kinds, prepare)


def _fact_writer(last: int) -> recomputation.ComputeDependents:
    """Return a function that recomputes the facts of cases whose clocks have changed without an event of
    theirs, from their events up to that position.
    """

    async def write(connection: Connection, streams: Sequence[str]) -> None:
        await connection.execute(SETTINGS.encode())
        concerned = {
            kind: [name.partition("/")[2] for name in streams if name.startswith(f"{kind}/")]
            for kind in PROCESSES
        }
        await changed_cases.note(connection, last, concerned, PROCESSES, prepare=False)
        for process in TIMED_AT:
            cases = concerned[process]
            if cases:
                parameters = {"cases": cases, "begun": cases, "next_versions": [LAST_VERSION] * len(cases)}
                nothing_new = {"first": last + 1, "last": last, "shares": 1, "share": 0}
                await fetch_tuples(connection, STATEMENTS[process], nothing_new | parameters, prepare=False)

    return write


async def _write_shared(
    connection: Connection, stretch: Values, kinds: CasesByKind, *, prepare: bool | None = False
) -> None:
    """Write the facts that depend on several cases: repeated incidents, persons' days, and the first
    deployments of revisions.
    """
    if stretch["share"] == 0:
        await fetch_tuples(connection, BREACHES, stretch, prepare=prepare)
        if kinds.keys() & BROUGHT_KINDS:
            parameters = stretch | _cases_of(kinds, "cases", BROUGHT_KINDS)
            await fetch_tuples(connection, BROUGHT, parameters, prepare=prepare)
        await knowledge.follow(connection, stretch, kinds, prepare)
        if any(affected["has_openings"] for kind, affected in kinds.items() if kind in KEY_KINDS):
            await fetch_tuples(connection, UNKNOWN_KEYS, stretch, prepare=prepare)
    if "incident" in kinds:
        await fetch_tuples(connection, REPEATS, stretch | kinds["incident"], prepare=prepare)
    if kinds.keys() & REPEAT_KINDS:
        parameters = stretch | _cases_of(kinds, "cases", REPEAT_KINDS)
        await fetch_tuples(connection, PROBLEM_REPEATS, parameters, prepare=prepare)
    if kinds.keys() & WORK_KINDS:
        await fetch_tuples(connection, AGENT_DAYS, stretch | _cases_of(kinds, "cases"), prepare=prepare)


async def _run_all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all coroutines in parallel. If one fails, cancel the others and raise its exception."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


#: Kinds of the events that the facts depend on: kinds of records that have facts, and kinds that a statement
#: names. A missing kind would be counted only next to another event in the same batch.
KINDS_READ = kinds_read((*STATEMENTS.values(), *SATISFYING.values(), *knowledge.STATEMENTS, BREACHES)).union(
    recomputation.KINDS_CONCERNED, PROCESSES, KEY_KINDS
)
#: Increase this with each change of the rows that the statements write. Then `ledgerdesk migrate` rebuilds
#: the facts next to the live ones.
SHAPE = 5
#: The consumer is not throttled during imports: its figures are the purpose of importing a history.
FACTS = Consumer(
    "kpi",
    handle_batch,
    BATCH,
    LONGEST_SECONDS,
    throttled_during_import=False,
    kinds=KINDS_READ,
    tables=(*TABLES.split(", "), *projection.TABLES),
    # Rebuilt facts have no notes of changes: an export of the former facts is outdated.
    tables_of_progress=(*recomputation.TABLES, *changed_cases.TABLES),
    shape=SHAPE,
)
