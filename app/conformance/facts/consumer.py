"""The consumer that stores the course of each case: it recomputes cases with new events from all their
events.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.conformance.kinds import WAITING, ends_of, with_cases
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.facts.table import CASE, FactTable
from app.log.batches import Batch
from app.log.follow import Consumer
from app.platform.db import Connection, fetch_tuples

NAME = "conformance"
#: As of the KPIs' facts: one more with each change of what facts.sql, and what stands before it, writes.
SHAPE = 1
# As of the KPIs' facts: with smaller batches more cases are made twice.
BATCH = 50_000
LONGEST_SECONDS = 600.0
SETTINGS = b"set local work_mem = '128MB'; set local enable_nestloop = off"
#: The tables, with the columns that facts.sql makes of each.
TABLES = (
    FactTable(
        "process_case",
        (
            *(*CASE, "kind", "source", "state", "started_at", "ended_at", "seconds"),
            *("team_id", "assignee_id", "service", "customer_id"),
            *("variant", "steps", "step_seconds", "all_variant", "all_steps", "all_changes", "all_seconds"),
        ),
    ),
    FactTable(
        "process_step",
        (*CASE, "n", "type", "previous", "seconds", "state", "state_before", "at", "returns"),
        key=(*CASE, "n"),
    ),
    FactTable(
        "process_handover",
        (*CASE, "holding", "n", "from_id", "to_id", "seconds", "at", "returns"),
        key=(*CASE, "holding", "n"),
    ),
)
TABLE_NAMES = tuple(f"kpi.{table.name}" for table in TABLES)
FOLDER = Path(__file__).parent
#: Parts of a statement: of the streams that the part `touched` names, all events up to position `last` in
#: the order of their cases (`placed`), with what was known at each of state, team, assignee, service and
#: customer.
HISTORIES = (FOLDER / "histories.sql").read_text(encoding="utf-8")
STATEMENT = (
    (FOLDER / "touched.sql").read_text(encoding="utf-8")
    + HISTORIES
    + (FOLDER / "facts.sql").read_text(encoding="utf-8")
    + "".join(table.replace() for table in TABLES)
    + "\nselect count(*) from begun"
)
EMPTY = f"set local lock_timeout = '5s'; truncate {', '.join(TABLE_NAMES)}"


def case_parameters(lifecycles: Iterable[Lifecycle[Any]]) -> dict[str, Any]:
    """Return what the statements must know of the lifecycles: the kinds of cases, as `incident/closed` the
    states that end them, and the states of waiting.
    """
    of_cases = with_cases(lifecycles)
    return {
        "kinds": [lifecycle.kind for lifecycle in of_cases],
        "ends": sorted(f"{lifecycle.kind}/{state}" for lifecycle in of_cases for state in ends_of(lifecycle)),
        "waiting": list(WAITING),
    }


def consumer(lifecycles: Iterable[Lifecycle[Any]]) -> Consumer:
    """Return the consumer that keeps how the cases of these lifecycles went."""
    parameters = case_parameters(lifecycles)

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        if batch.span.first == 1:  # a rebuild starts with empty tables
            await connection.execute(EMPTY.encode())
        if not batch.shares_transaction:
            await connection.execute(SETTINGS)
        stretch = parameters | {"first": batch.span.first, "last": batch.span.last}
        # A long range gets a new query plan; for a few events, planning would take longer than all the rest.
        await fetch_tuples(
            connection, STATEMENT, stretch, prepare=None if batch.shares_transaction else False
        )

    kinds = frozenset(parameters["kinds"])
    return Consumer(NAME, handle_batch, BATCH, LONGEST_SECONDS, kinds=kinds, tables=TABLE_NAMES, shape=SHAPE)
