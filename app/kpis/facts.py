"""The fast path: follows the log, and makes anew what every case that was touched has come to.

What a fact is stands in `facts/<process>.sql`. Here is only how its rows get into the tables. One consumer
follows for all processes, so that all facts are of one moment of the log.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db import AnswerDeadline, Connection, DatabaseGone, connect_alike, fetch_tuples
from app.log.batches import Batch, PositionRange
from app.log.follow import GRACE_SECONDS, Consumer

FOLDER = Path(__file__).with_name("facts")
CASE = ("case_id",)
DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
CASE_FLAGS = ("excluded", "irregular", "position", "opened_position")
FACT = (*CASE, "at", *DIMENSIONS, *CASE_FLAGS)
TIMED = (*FACT, "seconds", "business_seconds")
ACCURACY_FLAGS = ("inferred", "skewed")
END = ("ended_at", "ended_seconds")
CHANGE = ("from_team_id", "to_team_id", "came_back", "ended_position")
OF_RESOLVED = (
    "final",
    "reopened_soon",
    "reopened",
    "reassignments",
    "handovers",
    "came_back",
    "first_contact",
    "unattended",
    "review_on_time",
    "recorded_at",
    "source",
    "cost",
    "currency",
)
STRETCH = ("since", "until", "phase", "on_hold", "responded", "resolved_before", "opened_at")

# Measured: smaller spans meet more cases twice, larger ones are hardly faster.
BATCH = 50_000
# Measured: two seconds; far more where cases have thousands of events each.
LONGEST_SECONDS = 600.0
MILLISECONDS = int(LONGEST_SECONDS * 1000)
WORK_MEMORY = "128MB"
LOCK_TIMEOUT = "5s"
# Of a log that was filled just now the planner believes that it is small, and that what counts the moves of
# all cases may as well be run once for each case: a minute instead of a second, measured. And who has done a
# share waits for the others.
SETTINGS = f"""
set local work_mem = '{WORK_MEMORY}';
set local enable_nestloop = off;
set local idle_in_transaction_session_timeout = {MILLISECONDS}"""
# From so many events on a span is worked off in shares, by so many connections at once. Two of them, with two
# cores: measured. More would wait for each other at the log of PostgreSQL. Beside a history that comes in,
# which has all cores busy, they gain nothing, and cost an eighth more.
PARALLEL_EVENTS = 20_000
SHARES = min(os.cpu_count() or 1, 4)


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of facts, its columns, and those of its key."""

    name: str
    columns: Sequence[str]
    key: Sequence[str] = CASE

    def replace(self) -> str:
        """Parts of a statement that make the table's rows those in the part that has the table's name.

        A row that stays as it is, is not written. Only a case that had begun before has rows, which can be
        wrong now; looking for those that are in the way costs a fifth of writing. `is true`: by itself, of
        which the planner does not make a join that hashes all rows for the few of these cases.
        """
        columns = ", ".join(self.columns)
        fields = [column for column in self.columns if column not in self.key]
        old, new = (", ".join(f"{row}.{field}" for field in fields) for row in ("old", "excluded"))
        changes = ", ".join(f"{field} = excluded.{field}" for field in fields)
        key = ", ".join(self.key)
        return f"""
, added_{self.name} as (
  insert into kpi.{self.name} ({columns}) select {columns} from {self.name}
  where case_id not in (select case_id from begun)
)
, written_{self.name} as (
  insert into kpi.{self.name} as old ({columns}) select {columns} from {self.name}
  where (case_id in (select case_id from begun)) is true
  on conflict ({key}) do update set {changes} where ({old}) is distinct from ({new})
)
, gone_{self.name} as (
  delete from kpi.{self.name} where case_id = any (array(select case_id from begun))
  and ({key}) not in (select {key} from {self.name} where (case_id in (select case_id from begun)) is true)
)"""


#: Of requests and incidents alike: who has worked on a case, on which days.
AGENT_WORK = FactTable(
    "agent_work",
    (*CASE, "n", "assignee_id", "team_id", "day", "quarters", "ended_at", *CASE_FLAGS[1:]),
    key=(*CASE, "n"),
)
INCIDENT = (
    AGENT_WORK,
    FactTable("incident_opened", (*FACT, "recorded_at", "source", *END)),
    FactTable("incident_responded", (*TIMED, *ACCURACY_FLAGS)),
    FactTable("incident_first_resolved", TIMED),
    FactTable("incident_resolved", (*CASE, "n", *TIMED[1:], *OF_RESOLVED), key=(*CASE, "n")),
    FactTable("incident_closed", TIMED),
    FactTable("incident_moved", (*CASE, "n", *FACT[1:], *CHANGE), key=(*CASE, "n")),
    FactTable("incident_restored", (*TIMED, *ACCURACY_FLAGS)),
    FactTable("incident_declared_major", (*FACT, "downgraded")),
    FactTable("incident_response_due", (*FACT, "met")),
    FactTable("incident_resolution_due", (*FACT, "met")),
    FactTable(
        "incident_life",
        (*CASE, "n", *STRETCH, *DIMENSIONS, "source", "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

OF_REQUEST = (*DIMENSIONS, "path", "catalogue_item")
REQUEST_FACT = (*CASE, "at", *OF_REQUEST, *CASE_FLAGS)
REQUEST_TIMED = (*REQUEST_FACT, "seconds", "business_seconds")
OF_DELIVERED = ("final", "rework_rounds", "requirement_changes", "reopened_soon")
REQUEST = (
    AGENT_WORK,
    FactTable("request_opened", (*REQUEST_FACT, "settled")),
    FactTable("request_responded", (*REQUEST_TIMED, *ACCURACY_FLAGS)),
    FactTable("request_approved", (*CASE, "n", *REQUEST_TIMED[1:], "approver_role"), key=(*CASE, "n")),
    FactTable("request_delivered", (*REQUEST_TIMED, *OF_DELIVERED)),
    FactTable("request_handled", (*REQUEST_TIMED, "final", "at_once")),
    FactTable("request_state", (*CASE, "state", *REQUEST_FACT[1:], "seconds"), key=(*CASE, "state")),
    FactTable("request_judged", (*REQUEST_FACT, "passed")),
    FactTable("request_due", (*REQUEST_FACT, "met")),
    FactTable("request_project_due", (*REQUEST_FACT, "met")),
    FactTable("request_task", (*CASE, "task_id", *REQUEST_FACT[1:], "met"), key=(*CASE, "task_id")),
    FactTable(
        "request_life",
        (
            *(*CASE, "n", *STRETCH, "undecided", *OF_REQUEST, "approver_role"),
            *("irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
)
OF_PROBLEM = ("priority", "team_id", "service", "category", "assignee_id")
PROBLEM_FACT = (*CASE, "at", *OF_PROBLEM, *CASE_FLAGS)
PROBLEM_TIMED = (*PROBLEM_FACT, "seconds", "business_seconds", "final")
PROBLEM_STRETCH = ("since", "until", "phase", "on_hold", "caused", "known_error", "opened_at")
PROBLEM = (
    FactTable("problem_opened", (*PROBLEM_FACT, "proactive", *END)),
    FactTable("problem_caused", PROBLEM_TIMED),
    FactTable("problem_resolved", (*PROBLEM_FACT, "final")),
    FactTable("problem_risk_accepted", PROBLEM_FACT),
    FactTable("problem_fixed", PROBLEM_TIMED),
    FactTable("problem_incident", (*CASE, "incident_id", "position"), key=(*CASE, "incident_id")),
    FactTable(
        "problem_life",
        (*CASE, "n", *PROBLEM_STRETCH, *OF_PROBLEM, "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

#: The tables of each process, by the kind of its records.
PROCESSES: dict[str, Sequence[FactTable]] = {"incident": INCIDENT, "request": REQUEST, "problem": PROBLEM}
#: Which facts of a process say how its cases ended; of a case one of them is final.
ENDINGS = {"incident": "resolved", "request": "delivered", "problem": "resolved"}

#: What all cases together come to, person by person and day by day.
AGENT_DAY = "agent_day"
#: Has rows while the facts are of no one moment of the log.
UNFINISHED = "unfinished"
TABLES = ", ".join(
    f"kpi.{name}"
    for name in dict.fromkeys(
        [UNFINISHED, AGENT_DAY, *(table.name for of in PROCESSES.values() for table in of)]
    )
)


def statement(process: str, tables: Sequence[FactTable]) -> str:
    """The one statement that works off a `share` of all `shares` of a span, given as `first` and `last`, and
    its cases that had `begun` before it with the `next_versions` of their streams.
    """
    parts = (FOLDER / f"{process}.sql").read_text(encoding="utf-8")
    return parts + "".join(table.replace() for table in tables) + "\nselect count(*) from begun"


STATEMENTS = {process: statement(process, tables) for process, tables in PROCESSES.items()}
#: Whether an incident repeats another one is about two cases: it is told when their other facts are there.
RESOLVED_BEFORE = """
select service, category, at from kpi.incident_resolved
where final and service is not null and category is not null and case_id = any (%(begun)s::uuid[])
union
select told.* from kpi.unfinished, unnest(services, categories, times) as told(service, category, at)"""
REPEATS = (FOLDER / "repeats.sql").read_text(encoding="utf-8")
#: The records with events in a span, by their kind and share; those among them that may have facts, since
#: they had begun before it or something was left unfinished, and what their next version is. As text: what is
#: only passed on need not be read.
SELECT_AFFECTED = """
select kind, share, array_agg(id)::text, (array_agg(id) filter (where known))::text,
  (array_agg(version) filter (where known))::text
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
#: What somebody did on a day is about many cases, too: those of both kinds.
WORKED_BEFORE = """
select assignee_id, day from kpi.agent_work
where case_id = any (%(incidents)s::uuid[] || %(requests)s::uuid[])
union
select told.* from kpi.unfinished, unnest(assignees, days) as told(assignee_id, day)"""
#: The kinds whose cases people work on by the day.
WORK_KINDS = frozenset({"incident", "request"})
AGENT_DAYS = (FOLDER / "agent_days.sql").read_text(encoding="utf-8")
#: A share that is written before the rest of its span is. What its cases had before is kept with it, for it
#: cannot be looked up again.
LEAVE_UNFINISHED = """
insert into kpi.unfinished (position, services, categories, times, assignees, days)
values (%(last)s, %(services)s::text[], %(categories)s::text[], %(times)s::timestamptz[],
  %(assignees)s::uuid[], %(days)s::date[])"""
FINISHED = "delete from kpi.unfinished where position <= %(last)s"
EMPTY = f"set local lock_timeout = '{LOCK_TIMEOUT}'; truncate {TABLES}"
#: From then on they are of no moment; up to position 0, for none of the cases has facts.
EMPTIED = """
insert into kpi.unfinished (position, services, categories, times, assignees, days)
values (0, '{}', '{}', '{}', '{}', '{}')"""

Values = dict[str, Any]
#: The cases of each kind, and those that had begun, as TOUCHED has them.
CasesByKind = dict[str, Values]


async def handle_batch(connection: Connection, batch: Batch) -> None:
    """Makes the facts of the cases with events in the batch anew."""
    if batch.shares_transaction:
        await _process_short_span(connection, batch.span)
    else:
        await process_span(connection, batch.span)


async def _process_short_span(connection: Connection, span: PositionRange) -> None:
    """The same for a short span of the log's end, by the plans that the connection keeps: to make them anew
    takes longer than all the rest.
    """
    stretch = {"first": span.first, "last": span.last, "shares": 1, "share": 0}
    kinds, by_share = await _affected_cases(connection, stretch, prepare=None)
    before = await _previous_facts(connection, kinds, prepare=None)
    await _write(connection, stretch, by_share.get(0, {}), prepare=None)
    await _write_shared(connection, stretch | before, kinds, prepare=None)
    await fetch_tuples(connection, FINISHED, stretch)


async def process_span(connection: Connection, span: PositionRange) -> None:
    """Makes the facts of the cases with events in the span anew, from all their events up to its end."""
    single = span.during_import or span.last - span.first + 1 < PARALLEL_EVENTS
    await process_in_shares(connection, span, 1 if single else SHARES)


async def process_in_shares(connection: Connection, span: PositionRange, shares: int) -> None:
    """Does so by as many connections at once as there are shares, each with cases of its own.

    They commit what they write before the checkpoint moves; from then on and until it has moved, that is
    marked as unfinished. Raises what any of them does; what is marked is made anew with the next span.
    """
    async with AsyncExitStack() as stack:
        lines = await _open_connections(stack, connection, shares) if shares > 1 else [connection]
        stretch = {"first": span.first, "last": span.last, "shares": len(lines)}
        if span.first == 1:  # from the beginning, that is: from nothing
            await _empty(lines)
        await connection.execute(SETTINGS.encode())
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
    """Leaves no facts. Where several are to write them that is committed first, and marked."""
    # Whoever reads holds the tables (see answer.LOOK). If that takes long, let those behind it read, and try
    # later. Until this is committed nobody else can read them or write to them.
    if len(lines) == 1:
        await lines[0].execute(EMPTY.encode())
    else:
        async with lines[0].transaction():
            await lines[0].execute(EMPTY.encode())
            await lines[0].execute(EMPTIED.encode())


async def _open_connections(stack: AsyncExitStack, connection: Connection, count: int) -> list[Connection]:
    """So many connections like this one until the end of the stack; only itself, if there is no room."""
    others = []
    try:
        for _ in range(count):
            others.append(await stack.enter_async_context(await connect_alike(connection)))
    except DatabaseGone:
        return [connection]
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS + GRACE_SECONDS
    for other in others:
        await stack.enter_async_context(AnswerDeadline(other, ends))
    return others


@asynccontextmanager
async def _transactions(lines: Sequence[Connection]) -> AsyncIterator[None]:
    """A transaction of each, which end together; a single one is in its own already."""
    async with AsyncExitStack() as stack:
        for line in lines if len(lines) > 1 else ():
            await stack.enter_async_context(line.transaction())
            # Who waits for a lock behind one of them may be before another: PostgreSQL cannot know of that.
            limits = (
                f"set local lock_timeout = '{LOCK_TIMEOUT}'; set local statement_timeout = {MILLISECONDS}"
            )
            await line.execute(f"{limits}; {SETTINGS}".encode())
        yield


# Without `prepare=None` each statement is planned anew: never a plan that was made for a log of another size.
async def _affected_cases(
    connection: Connection, stretch: Values, *, prepare: bool | None = False
) -> tuple[CasesByKind, dict[int, CasesByKind]]:
    """The cases that the stretch is about, all together and by their share."""
    by_share: dict[int, CasesByKind] = {}
    rows = await fetch_tuples(connection, SELECT_AFFECTED, stretch, prepare=prepare)
    for kind, share, cases, begun, versions in rows:
        of = {"cases": cases, "begun": begun, "next_versions": versions}
        by_share.setdefault(share, {})[kind] = of
    names = {"cases": 2, "begun": 3}
    kinds = {
        kind: {name: _joined(row[n] for row in rows if row[0] == kind) for name, n in names.items()}
        for kind, *_ in rows
    }
    return kinds, by_share


def _joined(arrays: Iterable[str | None]) -> str:
    """One array of them, as PostgreSQL writes it."""
    return "{" + ",".join(array[1:-1] for array in arrays if array is not None) + "}"


def _cases_of_both(kinds: CasesByKind, name: str) -> Values:
    return {f"{kind}s": kinds[kind][name] if kind in kinds else None for kind in WORK_KINDS}


async def _previous_facts(
    connection: Connection, kinds: CasesByKind, *, prepare: bool | None = False
) -> Values:
    """What the facts know by now of these cases that is about other cases, too. Only of what had begun."""
    resolved, worked = list[Any](), list[Any]()
    if "incident" in kinds:
        resolved = await fetch_tuples(connection, RESOLVED_BEFORE, kinds["incident"], prepare=prepare)
    if kinds.keys() & WORK_KINDS:
        worked = await fetch_tuples(
            connection, WORKED_BEFORE, _cases_of_both(kinds, "begun"), prepare=prepare
        )
    names = {"services": (resolved, 0), "categories": (resolved, 1), "times": (resolved, 2)}
    names |= {"assignees": (worked, 0), "days": (worked, 1)}
    return {name: [row[n] for row in rows] for name, (rows, n) in names.items()}


async def _write(
    connection: Connection, stretch: Values, kinds: CasesByKind, *, prepare: bool | None = False
) -> None:
    """Writes what these cases have come to, each by itself."""
    for process, text in STATEMENTS.items():
        if process in kinds:
            await fetch_tuples(connection, text, stretch | kinds[process], prepare=prepare)


async def _write_shared(
    connection: Connection, stretch: Values, kinds: CasesByKind, *, prepare: bool | None = False
) -> None:
    """Writes what these cases and others come to together."""
    if "incident" in kinds:
        await fetch_tuples(connection, REPEATS, stretch | kinds["incident"], prepare=prepare)
    if kinds.keys() & WORK_KINDS:
        await fetch_tuples(connection, AGENT_DAYS, stretch | _cases_of_both(kinds, "cases"), prepare=prepare)


async def _run_all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Returns when all are done. Where one fails, the others are stopped, and what it raises is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


#: It is not throttled: its figures are what a history is brought in for.
FACTS = Consumer(
    "kpi",
    handle_batch,
    BATCH,
    LONGEST_SECONDS,
    throttled_during_import=False,
    kinds=frozenset(PROCESSES),
)
