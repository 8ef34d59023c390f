"""Restarts of a KPI's limits: since then the process, or the definition of the KPI, is another one."""

from __future__ import annotations

from datetime import datetime

from app.kpis.answers import answer
from app.kpis.declaration.dimensions import Dimension
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions.question import NO_VALUE, KpiQuestion
from app.platform.db import Connection

#: The newest restart up to a time that was recorded for all cases, or for a service or team of the scope.
RESTARTED = """
select max(begins_at) from fold.kpi_rebase
where kpi = %(kpi)s and state = 'active' and begins_at <= %(begin)s and added_at <= %(now)s
  and (service is null and team_id is null or service = any(%(services)s) or team_id = any(%(teams)s::uuid[]))"""


async def restarted_before(connection: Connection, before: KpiQuestion) -> datetime | None:
    """Return when the limits of the KPI last restarted in the scope, up to the beginning of the window; None:
    never.
    """
    begin = before.bounds[0]
    filters = await answer.resolve_filters(connection, before)
    parameters = {
        "kpi": before.kpi.key,
        "begin": begin,
        "now": before.now,
        "services": [name for name in before.filters.get(Dimension.service, ()) if name != NO_VALUE],
        "teams": [team for team in filters.get(Dimension.team, ()) if team is not None],
    }
    ((recorded_at,),) = await fetch(connection, SqlStatement(RESTARTED, parameters))
    restarts = [recorded_at, *(change.breaks_at for change in before.kpi.changes)]
    known = [at for at in restarts if at is not None and at <= begin]
    return max(known, default=None)
