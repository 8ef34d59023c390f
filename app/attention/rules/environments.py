"""Environments of releases and deployments that are neither production nor known: to such a name, freezes and
the checks of production do not apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of
from app.common.people import Role
from app.foundation.environments import is_known_environment
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant
from app.processes.deployments.lifecycle import LIFECYCLE as DEPLOYMENTS
from app.processes.releases.lifecycle import LIFECYCLE as RELEASES
from app.processes.releases.records import BEFORE_DEPLOYMENT

#: Deployments that began earlier no longer need attention.
RECENT = timedelta(days=30)
# One step of the index per environment, however many deployments it has.
NAMES = """
with recursive one(name) as (
  (select environment from {table} order by environment limit 1)
  union all
  select (select environment from {table} where environment > one.name order by environment limit 1)
  from one where one.name is not null)
select name from one where name is not null"""
COUNT = """
select count(*) as n, min(r.{time}) as since from {table} r
where r.environment = %(name)s and {recent} and {chosen}"""


@dataclass(frozen=True, slots=True)
class _Recent:
    """The records of a kind that still matter: by which condition, and since which time each stands."""

    lifecycle: Lifecycle[Any]
    time: str
    condition: str
    limit: Any


async def unknown_environments(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the unknown environments of releases that are planned, and of deployments within a month."""
    since = reader.now - RECENT
    states = sorted(state.value for state in BEFORE_DEPLOYMENT)
    of_releases = _Recent(RELEASES, "opened_at", "r.state = any(%(limit)s)", states)
    of_deployments = _Recent(DEPLOYMENTS, "started_at", "r.started_at >= %(limit)s", since)
    return [
        *await _unknown(reader, of_releases, {"state": ",".join(states)}),
        *await _unknown(reader, of_deployments, {"started_after": instant(since)}),
    ]


async def _unknown(
    reader: AttentionReader, recent: _Recent, listed: dict[str, str]
) -> list[AttentionCondition]:
    lifecycle = recent.lifecycle
    table, usual_names = lifecycle.table, reader.ledger.settings.environment_names
    conditions = []
    for row in await reader.ledger.db.rows(NAMES.format(table=table)):
        name = str(row["name"])
        if is_known_environment(name, usual_names):
            continue
        where = WhereClause(parameters={"name": name, "limit": recent.limit})
        chosen = reader.chosen(lifecycle, where)
        statement = COUNT.format(table=table, time=recent.time, recent=recent.condition, chosen=chosen)
        counted = await reader.ledger.db.row(statement, where.parameters)
        if counted is None or not counted["n"]:
            continue
        cases, desk = lists_of(lifecycle, reader.parameters(environment=name, **listed))
        conditions.append(
            AttentionCondition(
                code="unknown_environment",
                severity=Severity.stuck,
                process=lifecycle.kind,
                parameters={
                    "environment": values.text(name),
                    "kind": values.kinds_of(lifecycle),
                    "n": values.number(counted["n"]),
                },
                cases=cases,
                count=counted["n"],
                subject=name,
                desk=desk,
                owner=reader.owner_role(Role.change_manager),
                since=counted["since"],
            )
        )
    return conditions
