"""Old cases: open for longer than 99 in 100 of those that ended within a year had taken."""

from __future__ import annotations

from datetime import timedelta

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of
from app.log.canonical import instant
from app.processes.incidents.records import OPEN as OPEN_INCIDENTS
from app.processes.problems.records import OPEN as OPEN_PROBLEMS
from app.processes.requests.records import OPEN as OPEN_REQUESTS

#: The states in which a case of each kind is open.
OPEN = {"incident": OPEN_INCIDENTS, "request": OPEN_REQUESTS, "problem": OPEN_PROBLEMS}
USUAL = "select kind, seconds from plumbing.longest_usual where seconds is not null order by kind"
MOST_COUNTED = 10_000
OLD = """
select count(*) as cases, min(opened_at) as opened_at from (
  select r.opened_at from {table} r
  where r.state = any(%(states)s) and r.opened_at < %(before)s and {chosen} limit {most}) as aged"""


async def old_cases(reader: AttentionReader) -> list[AttentionCondition]:
    """Return, by kind, how many open cases are older than nearly all had become."""
    conditions = []
    for usual in await reader.ledger.db.rows(USUAL):
        lifecycle = reader.ledger.lifecycles[usual["kind"]]
        before = (reader.now - timedelta(seconds=usual["seconds"])).replace(microsecond=0)
        states = sorted(state.value for state in OPEN[lifecycle.kind])
        where = WhereClause(parameters={"states": states, "before": before})
        statement = OLD.format(
            table=lifecycle.table, chosen=reader.chosen(lifecycle, where), most=MOST_COUNTED
        )
        row = await reader.ledger.db.row(statement, where.parameters)
        if row is None or not row["cases"]:
            continue
        filters = {"state": ",".join(states), "opened_before": instant(before), "sort": "opened_at"}
        cases, desk = lists_of(lifecycle, reader.parameters(**filters))
        parameters = {
            "n": values.number(row["cases"]),
            "kinds": values.kinds_of(lifecycle),
            "usual": values.duration(usual["seconds"]),
            "age": values.duration((reader.now - row["opened_at"]).total_seconds()),
        }
        conditions.append(
            AttentionCondition(
                code="backlog_old",
                severity=Severity.changed,
                process=lifecycle.kind,
                parameters=parameters,
                cases=cases,
                count=row["cases"],
                desk=desk,
                since=row["opened_at"],
            )
        )
    return conditions
