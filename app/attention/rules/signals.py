"""Signals of watched KPIs in the judged period: for the worse unless explained, and for the better. They are
noted by month: a quarter and a year have those of their months, and a week has no signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.kpi_figures import cases_of, kpi_named, kpi_owner, scope_named, seen_kpis
from app.attention.reading import AttentionReader, pages_of
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.periods import Grain
from app.kpis.signals.lifecycle import LIFECYCLE
from app.kpis.statistics.behaviour import Signal
from app.platform.db import Row

# The newest month of each KPI and scope comes first.
SIGNALS = """
select r.number, r.kpi, r.grain, r.scope, r.service, r.team_id, r.rule, r.since_at, r.begins_at, r.tendency,
  r.value, r.centre, s.name_en, s.name_zh, j.cases
from fold.kpi_signal r left join fold.service s on s.key = r.service
left join plumbing.judged_period j on j.kpi = r.kpi and j.grain = r.grain and j.begins_at = r.begins_at
  and j.service is not distinct from r.service and j.team_id is not distinct from r.team_id
where r.kpi = any(%(kpis)s) and r.begins_at >= %(begin)s and r.begins_at < %(end)s
  and r.state = any(%(states)s) and r.tendency = %(tendency)s
  and case when %(teams)s::uuid[] <> '{}' then r.team_id = any(%(teams)s)
    when %(services)s::text[] <> '{}' then r.service = any(%(services)s) else r.team_id is null end
order by r.begins_at desc, r.since_at, r.number"""


async def worse(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the unexplained signals for the worse."""
    return await _signals(reader, Tendency.worse, (SignalState.noted,))


async def better(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the signals for the better."""
    return await _signals(reader, Tendency.better, (SignalState.noted, SignalState.explained))


async def _signals(
    reader: AttentionReader, tendency: Tendency, states: tuple[SignalState, ...]
) -> list[AttentionCondition]:
    kpis = seen_kpis(reader)
    choice = reader.choice
    if not kpis or choice.grain is Grain.week:
        return []
    parameters = {
        "kpis": list(kpis),
        "begin": choice.begin,
        "end": reader.period_end,
        "states": [state.value for state in states],
        "tendency": tendency.value,
        "teams": choice.team_ids,
        "services": list(choice.services),
    }
    rows = await reader.ledger.db.rows(SIGNALS, parameters)
    return [_condition(reader, KPIS[row["kpi"]], row, tendency) for row in _leading(rows)]


def _leading(rows: Sequence[Row]) -> list[Row]:
    """Return the leading rows: the first of a KPI and scope, and for services those whose KPI has not changed
    for the organisation.
    """
    by_scope: dict[tuple[str, str | None, UUID | None], Row] = {}
    for row in rows:
        by_scope.setdefault((row["kpi"], row["service"], row["team_id"]), row)
    return [
        row
        for (kpi, service, _), row in by_scope.items()
        if service is None or (kpi, None, None) not in by_scope
    ]


def _condition(
    reader: AttentionReader, kpi: Kpi, row: Mapping[str, Any], tendency: Tendency
) -> AttentionCondition:
    currency = reader.ledger.settings.currency
    is_worse = tendency is Tendency.worse
    signal, desk = pages_of(LIFECYCLE, row["number"])
    parameters = {
        "kpi": kpi_named(kpi),
        "signal": values.record(row["number"], signal),
        "rule": values.code(Signal(row["rule"])),
        "since": values.period(row["since_at"], Grain.month, reader.zone),
        "period": values.period(row["begins_at"], Grain.month, reader.zone),
        "value": values.kpi_value(kpi, float(row["value"]), currency),
        "usual": values.kpi_value(kpi, float(row["centre"]), currency),
    }
    is_total = row["service"] is None and row["team_id"] is None
    if not is_total:
        parameters["scope"] = scope_named(reader, row)
    code = "kpi_worse" if is_worse else "kpi_better"
    return AttentionCondition(
        code=code,
        severity=Severity.changed,
        process=kpi.process,
        parameters=parameters,
        sentence=code if is_total else f"{code}_of_scope",
        cases=cases_of(reader, kpi, row)[0],
        count=row["cases"] or 0,
        subject=row["number"],
        desk=desk,
        owner=reader.owner_team(row["team_id"]) or kpi_owner(reader, kpi),
        since=row["since_at"],
        folds=True,
    )
