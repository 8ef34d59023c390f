"""Clocks of agreements: cases that are past their time and worked on, and those due soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of, pages_of
from app.kernel.actions.lifecycle import Lifecycle
from app.service_levels.clocks.case_clocks import KINDS

#: Items due within this time need attention on any day; items due later only if they are due today.
NEXT_HOURS = timedelta(hours=2)
#: A case on hold is not waited for: its clock is paused, or was breached before.
HOLD_STATE = "on_hold"
# By the index clock_due; more than so many cases are not counted.
MOST_COUNTED = 10_000
DUE = """
with due as materialized (
  select r.number, r.team_id, c.due_at
  from sla.clock c join {table} r on r.id = c.case_id
  where c.urgent and c.kind = '{kind}' and c.due_at <= %(horizon)s and r.state = any(%(states)s) and {chosen}
  order by c.due_at limit {most}
)
select count(*) as cases, count(*) filter (where due_at <= %(now)s) as breached,
  (array_agg(number order by due_at, number) filter (where due_at > %(now)s))[1] as next_case,
  min(due_at) filter (where due_at > %(now)s) as next_due_at,
  (array_agg(team_id order by due_at, number) filter (where due_at > %(now)s))[1] as next_team_id,
  (array_agg(number order by due_at, number))[1] as first_case, min(due_at) as first_due_at,
  (array_agg(team_id order by due_at, number))[1] as first_team_id
from due"""


async def clocks_due(reader: AttentionReader) -> list[AttentionCondition]:
    """Return, by kind of case, those that are past the time of their most urgent clock or reach it soon."""
    conditions = []
    for kind in KINDS:
        condition = await _due(reader, reader.ledger.lifecycles[kind])
        if condition is not None:
            conditions.append(condition)
    return conditions


async def _due(reader: AttentionReader, lifecycle: Lifecycle[Any]) -> AttentionCondition | None:
    horizon = max(reader.now + NEXT_HOURS, reader.end_of_today)
    states = _worked_on(lifecycle)
    where = WhereClause(parameters={"now": reader.now, "horizon": horizon, "states": states})
    statement = DUE.format(
        table=lifecycle.table,
        kind=lifecycle.kind,
        chosen=reader.chosen(lifecycle, where),
        most=MOST_COUNTED,
    )
    row = await reader.ledger.db.row(statement, where.parameters)
    if row is None or not row["cases"]:
        return None
    place = "first" if row["next_case"] is None else "next"
    number, due_at = row[f"{place}_case"], row[f"{place}_due_at"]
    seconds = round((horizon - reader.now).total_seconds())
    cases, desk = lists_of(
        lifecycle, reader.parameters(state=",".join(states), due_within=str(seconds), sort="due")
    )
    due = row["cases"] - row["breached"]
    parameters = {
        "n": values.number(row["cases"]),
        "breached": values.number(row["breached"]),
        "due": values.number(due),
        "until": values.moment(horizon, reader.zone),
        "case": values.record(number, pages_of(lifecycle, number)[0]),
        "left": values.duration(abs((due_at - reader.now).total_seconds())),
        "kinds": values.kinds_of(lifecycle),
    }
    sentence = "clocks_due" if not row["breached"] else "clocks_breached" if not due else "clocks_both"
    return AttentionCondition(
        code="clocks_due",
        severity=Severity.now,
        process=lifecycle.kind,
        parameters=parameters,
        sentence=sentence,
        cases=cases,
        count=row["cases"],
        desk=desk,
        owner=reader.owner_team(row[f"{place}_team_id"]),
        since=row["first_due_at"],
        due_at=due_at,
    )


def _worked_on(lifecycle: Lifecycle[Any]) -> list[str]:
    """Return the states in which somebody works on a case, or should."""
    come_from = lifecycle["assign"].from_states
    assert isinstance(come_from, frozenset), "what does not exist cannot be assigned"
    return sorted(state.value for state in come_from if state.value != HOLD_STATE)
