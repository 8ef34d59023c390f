"""The fast path: follows the log, and makes anew what every case that was touched has come to.

What a fact is stands in `facts/<process>.sql`. Here is only how its rows get into the tables. One consumer
follows for all processes, so that all facts are of one moment of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db import Connection
from app.log.follow import Consumer, Span

FOLDER = Path(__file__).with_name("facts")
CASE = ("case_id",)
DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
JUDGED = ("excluded", "irregular", "position", "opened_position")
FACT = (*CASE, "at", *DIMENSIONS, *JUDGED)
TIMED = (*FACT, "seconds", "business_seconds")
OF_RESOLVED = (
    "final",
    "reopened_soon",
    "reopened",
    "reassignments",
    "came_back",
    "first_contact",
    "unattended",
    "review_on_time",
    "recorded_at",
    "cost",
    "currency",
)
STRETCH = ("since", "until", "phase", "on_hold", "responded", "resolved_before", "opened_at")

# Measured: smaller spans meet more cases twice, larger ones are hardly faster.
BATCH = 50_000
# Measured: two seconds; far more where cases have thousands of events each.
LONGEST_SECONDS = 600.0
WORK_MEMORY = "128MB"
LOCK_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of facts, its columns, and those of its key."""

    name: str
    columns: Sequence[str]
    key: Sequence[str] = CASE

    def replace(self) -> str:
        """Parts of a statement that make the table's rows those in the part that has the table's name.

        A row that stays as it is, is not written. Only a case that had begun before has rows, which can be
        wrong now; looking for those that are in the way costs a fifth of writing.
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
  where case_id in (select case_id from begun)
  on conflict ({key}) do update set {changes} where ({old}) is distinct from ({new})
)
, gone_{self.name} as (
  delete from kpi.{self.name} where case_id = any (array(select case_id from begun))
  and ({key}) not in (select {key} from {self.name} where case_id in (select case_id from begun))
)"""


#: Of requests and incidents alike: who has worked on a case, on which days.
AGENT_WORK = Table(
    "agent_work",
    (*CASE, "n", "assignee_id", "team_id", "day", "quarters", "ended_at", *JUDGED[1:]),
    key=(*CASE, "n"),
)
INCIDENT = (
    AGENT_WORK,
    Table("incident_opened", (*FACT, "recorded_at")),
    Table("incident_responded", (*TIMED, "inferred")),
    Table("incident_first_resolved", TIMED),
    Table("incident_resolved", (*CASE, "n", *TIMED[1:], *OF_RESOLVED), key=(*CASE, "n")),
    Table("incident_closed", TIMED),
    Table("incident_restored", (*TIMED, "inferred")),
    Table("incident_declared_major", (*FACT, "downgraded")),
    Table("incident_response_due", (*FACT, "met")),
    Table("incident_resolution_due", (*FACT, "met")),
    Table(
        "incident_life",
        (*CASE, "n", *STRETCH, *DIMENSIONS, "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

OF_REQUEST = (*DIMENSIONS, "path", "catalogue_item")
REQUEST_FACT = (*CASE, "at", *OF_REQUEST, *JUDGED)
REQUEST_TIMED = (*REQUEST_FACT, "seconds", "business_seconds")
REQUEST = (
    AGENT_WORK,
    Table("request_opened", (*REQUEST_FACT, "settled")),
    Table("request_responded", (*REQUEST_TIMED, "inferred")),
    Table("request_approved", (*CASE, "n", *REQUEST_TIMED[1:], "approver_role"), key=(*CASE, "n")),
    Table("request_delivered", (*REQUEST_TIMED, "final", "rework_rounds", "reopened_soon")),
    Table("request_handled", (*REQUEST_TIMED, "final")),
    Table("request_judged", (*REQUEST_FACT, "passed")),
    Table("request_due", (*REQUEST_FACT, "met")),
    Table("request_project_due", (*REQUEST_FACT, "met")),
    Table("request_task", (*CASE, "task_id", *REQUEST_FACT[1:], "met"), key=(*CASE, "task_id")),
    Table(
        "request_life",
        (
            *(*CASE, "n", *STRETCH, "undecided", *OF_REQUEST, "approver_role"),
            *("irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
)
OF_PROBLEM = ("priority", "team_id", "service", "category", "assignee_id")
PROBLEM_FACT = (*CASE, "at", *OF_PROBLEM, *JUDGED)
PROBLEM_TIMED = (*PROBLEM_FACT, "seconds", "business_seconds", "final")
PROBLEM_STRETCH = ("since", "until", "phase", "on_hold", "caused", "known_error", "opened_at")
PROBLEM = (
    Table("problem_opened", (*PROBLEM_FACT, "proactive")),
    Table("problem_caused", PROBLEM_TIMED),
    Table("problem_resolved", (*PROBLEM_FACT, "final")),
    Table("problem_fixed", PROBLEM_TIMED),
    Table("problem_incident", (*CASE, "incident_id", "position"), key=(*CASE, "incident_id")),
    Table(
        "problem_life",
        (*CASE, "n", *PROBLEM_STRETCH, *OF_PROBLEM, "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

#: The tables of each process, by the kind of its records.
PROCESSES: dict[str, Sequence[Table]] = {"incident": INCIDENT, "request": REQUEST, "problem": PROBLEM}
#: Which facts of a process say how its cases ended; of a case one of them is final.
ENDINGS = {"incident": "resolved", "request": "delivered", "problem": "resolved"}

#: What all cases together come to, person by person and day by day.
AGENT_DAY = "agent_day"
TABLES = ", ".join(
    f"kpi.{name}"
    for name in dict.fromkeys([AGENT_DAY, *(table.name for of in PROCESSES.values() for table in of)])
)


def statement(process: str, tables: Sequence[Table]) -> str:
    """The one statement that works off a span, given as `first` and `last`, and the cases that had `begun`
    before it with the `next_versions` of their streams.
    """
    parts = (FOLDER / f"{process}.sql").read_text(encoding="utf-8")
    return parts + "".join(table.replace() for table in tables) + "\nselect count(*) from begun"


STATEMENTS = {process: statement(process, tables) for process, tables in PROCESSES.items()}
#: Whether an incident repeats another one is about two cases: it is told when their other facts are there.
RESOLVED_BEFORE = """
select service, category, at from kpi.incident_resolved
where final and service is not null and category is not null and case_id = any (%(cases)s::uuid[])"""
REPEATS = (FOLDER / "repeats.sql").read_text(encoding="utf-8")
#: The records with events in a span, by their kind; those among them that had some before, and what their
#: next version is. As text: what is only passed on need not be read.
TOUCHED = """
select kind, array_agg(id)::text, (array_agg(id) filter (where version > 1))::text,
  (array_agg(version) filter (where version > 1))::text
from (
  select split_part(stream, '/', 1) as kind, split_part(stream, '/', 2) as id, min(version) as version
  from log.event where position between %(first)s and %(last)s group by stream
) touched
group by kind"""
#: What somebody did on a day is about many cases, too: those of both kinds.
WORKED_BEFORE = """
select distinct assignee_id, day from kpi.agent_work
where case_id = any (%(incidents)s::uuid[] || %(requests)s::uuid[])"""
#: The kinds whose cases people work on by the day.
WORKED_ON = frozenset({"incident", "request"})
AGENT_DAYS = (FOLDER / "agent_days.sql").read_text(encoding="utf-8")


async def take(connection: Connection, span: Span) -> None:
    """Makes the facts of the cases with events in the span anew, from all their events up to its end."""
    if span.first == 1:  # from the beginning, that is: from nothing
        # Whoever reads holds the tables (see answer.LOOK). If that takes long, let those behind it read,
        # and try later.
        await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'; truncate {TABLES}".encode())
    # Of a log that was filled just now the planner believes that it is small, and that what counts the moves
    # of all cases may as well be run once for each case: a minute instead of a second, measured.
    settings = f"set local work_mem = '{WORK_MEMORY}'; set local enable_nestloop = off"
    await connection.execute(settings.encode())
    stretch = {"first": span.first, "last": span.last}
    touched = await (await connection.execute(TOUCHED.encode(), stretch, prepare=False)).fetchall()
    kinds = {
        kind: {"cases": cases, "begun": begun, "next_versions": versions}
        for kind, cases, begun, versions in touched
    }
    of_both = {f"{kind}s": kinds[kind]["cases"] if kind in kinds else None for kind in WORKED_ON}
    resolved, worked = dict[str, Any](), dict[str, Any]()
    if "incident" in kinds:
        resolved = await _before(
            connection, RESOLVED_BEFORE, kinds["incident"], ("services", "categories", "times")
        )
    if kinds.keys() & WORKED_ON:
        worked = await _before(connection, WORKED_BEFORE, of_both, ("assignees", "days"))
    for process, text in STATEMENTS.items():
        if process in kinds:
            # Never a plan that was made for a log of another size.
            await connection.execute(text.encode(), {**stretch, **kinds[process]}, prepare=False)
    if "incident" in kinds:
        await connection.execute(REPEATS.encode(), {**kinds["incident"], **resolved}, prepare=False)
    if kinds.keys() & WORKED_ON:
        await connection.execute(AGENT_DAYS.encode(), {**of_both, **worked}, prepare=False)


async def _before(
    connection: Connection, text: str, touched: dict[str, str | None], names: Sequence[str]
) -> dict[str, list[Any]]:
    """What the facts know by now of these cases, by the names of its columns."""
    rows = await (await connection.execute(text.encode(), touched, prepare=False)).fetchall()
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


#: It does not rest: its figures are what a history is brought in for.
FACTS = Consumer("kpi", take=take, batch=BATCH, seconds=LONGEST_SECONDS, rests=False)
