"""The fast path: follows the log, and makes anew what every case that was touched has come to.

What a fact is stands in `facts/<process>.sql`. Here is only how its rows get into the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.db import Connection
from app.log.follow import Consumer, Span

FOLDER = Path(__file__).with_name("facts")
CASE = ("case_id",)
DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
FACT = (*CASE, "at", *DIMENSIONS, "excluded", "irregular", "position", "opened_position")
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


INCIDENT = (
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


TABLES = ", ".join(f"kpi.{table.name}" for table in INCIDENT)


def statement(process: str, tables: Sequence[Table]) -> str:
    """The one statement that works off a span, given as `first` and `last`."""
    parts = (FOLDER / f"{process}.sql").read_text(encoding="utf-8")
    return parts + "".join(table.replace() for table in tables) + "\nselect count(*) from begun"


INCIDENT_STATEMENT = statement("incident", INCIDENT)


async def take_incidents(connection: Connection, span: Span) -> None:
    """Makes the facts of the incidents with events in the span anew, from all their events up to its end."""
    if span.first == 1:  # from the beginning, that is: from nothing
        # Whoever reads holds the tables (see answer.LOOK). If that takes long, let those behind it read,
        # and try later.
        await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'; truncate {TABLES}".encode())
    # Of a log that was filled just now the planner believes that it is small, and that what counts the moves
    # of all cases may as well be run once for each case: a minute instead of a second, measured.
    settings = f"set local work_mem = '{WORK_MEMORY}'; set local enable_nestloop = off"
    await connection.execute(settings.encode())
    # Never a plan that was made for a log of another size.
    await connection.execute(
        INCIDENT_STATEMENT.encode(), {"first": span.first, "last": span.last}, prepare=False
    )


#: It does not rest: its figures are what a history is brought in for.
FACTS = Consumer("kpi:incident", take=take_incidents, batch=BATCH, seconds=LONGEST_SECONDS, rests=False)
