"""Services: those that are down, and those whose budget of outages for the month is nearly burnt."""

from __future__ import annotations

from datetime import datetime

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.kpi_figures import cases_of, kpi_owner, scope_named, seen_kpis
from app.attention.reading import AttentionReader, pages_of, period_end
from app.kpis.questions.periods import Grain
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import OPEN

AVAILABILITY = "service_availability"
#: A budget is burnt too fast at twice the even pace, with less than a quarter of it left.
FASTEST_PACE, LEAST_SHARE_LEFT = 2.0, 0.25
#: The least part of the time so far that is agreed time, for a service that is always agreed.
ALL_THE_TIME = 0.999
# By service the open incident that has interrupted it for longest; where service was restored for now, it is
# not down, though the incident is open. By the index incident_down, whose condition it repeats.
SERVICES_DOWN = """
select distinct on (r.service) r.service, r.number, r.team_id, coalesce(r.began_at, r.opened_at) as since,
  s.name_en, s.name_zh
from fold.incident r join fold.service s on s.key = r.service
where r.state = any(%(open)s) and r.effect = 'down' and r.service_restored_at is null
  and r.effect_reported_at is null and s.state = 'live'
  and {chosen}
order by r.service, coalesce(r.began_at, r.opened_at), r.number"""
BUDGETS = """
select r.*, s.name_en, s.name_zh from plumbing.judged_period r join fold.service s on s.key = r.service
where r.kpi = %(kpi)s and r.grain = 'month' and r.begins_at = (
    select max(begins_at) from plumbing.judged_period
    where kpi = %(kpi)s and grain = 'month' and begins_at <= %(now)s)
  and r.target is not null and r.target < 1 and r.denominator > 0
  and (%(services)s::text[] = '{}' or r.service = any(%(services)s))"""


async def services_down(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the services that are down, each with the incident behind it."""
    where = WhereClause(parameters={"open": [state.value for state in OPEN]})
    statement = SERVICES_DOWN.format(chosen=reader.chosen(LIFECYCLE, where))
    conditions = []
    for row in await reader.ledger.db.rows(statement, where.parameters):
        cases, desk = pages_of(LIFECYCLE, row["number"])
        parameters = {
            "service": scope_named(reader, row),
            "age": values.duration((reader.now - row["since"]).total_seconds()),
            "case": values.record(row["number"], cases),
        }
        conditions.append(
            AttentionCondition(
                code="service_down",
                severity=Severity.now,
                process=LIFECYCLE.kind,
                parameters=parameters,
                cases=cases,
                count=1,
                subject=row["service"],
                desk=desk,
                owner=reader.owner_team(row["team_id"]),
                since=row["since"],
                due_at=row["since"],
                folds=True,
            )
        )
    return conditions


async def _down_since(reader: AttentionReader) -> dict[str, datetime]:
    """Return since when each service is down that is."""
    statement = SERVICES_DOWN.format(chosen="true")
    rows = await reader.ledger.db.rows(statement, {"open": [state.value for state in OPEN]})
    return {row["service"]: row["since"] for row in rows}


async def budgets_burnt(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the services that lose their time faster than the month passes, with little of it left. The
    month's allowance is computed from the agreed time up to when the row was judged; a service whose agreed
    time is all the time and that has been down since then has lost the time since then, too.
    """
    kpi = seen_kpis(reader).get(AVAILABILITY)
    if kpi is None:
        return []
    parameters = {"kpi": kpi.key, "now": reader.now, "services": list(reader.choice.services)}
    conditions = []
    rows = await reader.ledger.db.rows(BUDGETS, parameters)
    down = await _down_since(reader) if rows else {}
    for row in rows:
        begin, end = row["begins_at"], period_end(Grain.month, row["begins_at"], reader.zone)
        if end <= reader.now:
            continue
        judged_at = row["judged_at"] or reader.now
        agreed = float(row["denominator"])
        lost = (1 - row["value"]) * agreed
        allowed = (1 - row["target"]) * agreed * ((end - begin) / (judged_at - begin))
        since = down.get(row["service"])
        is_always_agreed = agreed >= ALL_THE_TIME * (judged_at - begin).total_seconds()
        if since is not None and since <= judged_at and is_always_agreed:
            lost += (reader.now - judged_at).total_seconds()
            agreed += (reader.now - judged_at).total_seconds()
        allowed_yet = (1 - row["target"]) * agreed
        left = allowed - lost
        if lost < FASTEST_PACE * allowed_yet or left >= LEAST_SHARE_LEFT * allowed:
            continue
        cases, desk = cases_of(reader, kpi, row)
        conditions.append(
            AttentionCondition(
                code="service_budget" if left > 0 else "service_budget_spent",
                severity=Severity.now,
                process=kpi.process,
                parameters={
                    "service": scope_named(reader, row),
                    "left": values.duration(max(left, 0)),
                    "allowed": values.duration(allowed),
                    "lost": values.duration(lost),
                    "period": values.period(begin, Grain.month, reader.zone),
                },
                cases=cases,
                count=row["cases"],
                subject=row["service"],
                desk=desk,
                owner=kpi_owner(reader, kpi),
                since=begin,
                folds=True,
            )
        )
    return conditions
