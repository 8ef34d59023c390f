"""The course of each case, computed straight from the log, with which the facts must agree
(`differences`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from app.conformance.facts.consumer import TABLES
from app.conformance.kinds import HELD_STEPS, WAITING, ends_of, named_events, with_cases
from app.foundation.process_definitions.expected_paths import ExpectedPath
from app.foundation.process_definitions.lookups import expected_path_of
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.facts.table import FactTable
from app.kpis.raw.definitions import EVENTS, read_files
from app.platform.db import Connection, fetch_rows, fetch_tuples, fetch_value

FOLDER = Path(__file__).parent
#: So many of the cases that differ are named.
MOST_NAMED = 20
SELECT_DIFFERING = """
with by_log as materialized (select {columns} from ({raw}) raw),
by_facts as materialized (select {columns} from {facts} facts),
differing as (
  (select case_id, true as in_facts from (table by_facts except all table by_log) fact)
  union all
  (select case_id, false from (table by_log except all table by_facts) told)
)
select case_id, (sum(of_facts) over ())::bigint, (sum(of_log) over ())::bigint
from (
  select case_id, count(*) filter (where in_facts) as of_facts, count(*) filter (where not in_facts) as of_log
  from differing group by case_id
) counted order by case_id limit {most}"""
#: The steps that are compared with the path. Both sides find them by code of their own: the facts by
#: HELD_STEPS and `named_events`, the log by process_path.sql and the events of the path.
PATHS = "process_path"
SELECT_PATHS = f"(select c.case_id, {HELD_STEPS} as steps from kpi.process_case c where kind = %(kind)s)"
SELECT_TIME = "select recorded_at from log.event where position = %s"
COUNT_ROWS = " + ".join(f"(select count(*) from kpi.{table.name})" for table in TABLES)
OF_KIND = "where case_id in (select case_id from kpi.process_case where kind = %(kind)s)"


@dataclass(frozen=True, slots=True)
class FactDifference:
    """Cases of a kind whose facts differ from the log: some of them, and how many rows only the facts have,
    or only the log gives.
    """

    kind: str
    table: str
    cases: tuple[UUID, ...]
    rows_of_facts: int
    rows_of_log: int


def definition(table: str, kind: str) -> str:
    """Return the SQL of the rows that a table of facts should have of the cases of a kind, as of `position`.
    Further parameters: the `states` that end a case, and those of `waiting`.
    """
    events = read_files(EVENTS)
    stated, rows = ((FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in ("_stated", table))
    return (events + stated + rows).replace("{process}", kind)


def definition_parameters(lifecycle: Lifecycle[Any], position: int) -> dict[str, Any]:
    """Return the parameters of the definitions of that kind."""
    return {
        "kind": lifecycle.kind,
        "position": position,
        "states": sorted(ends_of(lifecycle)),
        "waiting": list(WAITING),
    }


def _events_on(path: ExpectedPath, lifecycle: Lifecycle[Any]) -> list[str]:
    """Return the types of the events that the path names, and those that earlier versions wrote instead."""
    on_path = {step.event for step in path.steps if not step.anywhere}
    of_before = {former for former, present in lifecycle.successors.items() if present in on_path}
    of_now = {present for former, present in lifecycle.successors.items() if former in on_path}
    return sorted(on_path | of_before | of_now)


async def differences(
    connection: Connection, lifecycles: Iterable[Lifecycle[Any]], position: int
) -> list[FactDifference]:
    """Return where the facts differ from the log up to the position, which they have reached."""
    differing, now = [], await fetch_value(connection, SELECT_TIME, position)
    for lifecycle in with_cases(lifecycles):
        kind, parameters = lifecycle.kind, definition_parameters(lifecycle, position)
        statements = {table.name: _differing(table, kind) for table in TABLES}
        path = None if now is None else await expected_path_of(partial(fetch_rows, connection), kind, now)
        if path is not None:
            parameters["named"] = named_events(lifecycle, path)
            parameters["on_path"] = _events_on(path, lifecycle)
            statements[PATHS] = _select_differing(("case_id", "steps"), definition(PATHS, kind), SELECT_PATHS)
        for table, statement in statements.items():
            rows = await fetch_tuples(connection, statement, parameters, prepare=False)
            if rows:
                cases = tuple(case_id for case_id, _, _ in rows)
                _, of_facts, of_log = rows[0]
                differing.append(FactDifference(kind, table, cases, of_facts, of_log))
    return differing


async def compared_rows(connection: Connection) -> int:
    """Return the number of all rows of facts."""
    ((count,),) = await fetch_tuples(connection, f"select {COUNT_ROWS}", {})
    return int(count)


def _differing(table: FactTable, kind: str) -> str:
    ours = "where kind = %(kind)s" if "kind" in table.columns else OF_KIND
    return _select_differing(
        table.columns, definition(table.name, kind), f"(select * from kpi.{table.name} {ours})"
    )


def _select_differing(columns: Sequence[str], raw: str, facts: str) -> str:
    return SELECT_DIFFERING.format(columns=", ".join(columns), raw=raw, facts=facts, most=MOST_NAMED)
