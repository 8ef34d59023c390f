"""Targets of watched KPIs that were missed in the period that is judged, and those out of reach now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.kpi_figures import cases_of, kpi_named, kpi_owner, scope_named, seen_kpis
from app.attention.reading import AttentionReader, period_end
from app.kpis.answers.outlook import Outlook
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Comparator, Kpi, TargetValue
from app.kpis.questions.periods import Grain

# Targets of the organisation and of its teams and services. Those with few cases are left out unless they are
# requested.
PERIOD = """
select r.*, s.name_en, s.name_zh
from plumbing.judged_period r left join fold.service s on s.key = r.service
where r.begins_at = %(begin)s and r.grain = %(grain)s and r.kpi = any(%(kpis)s) and r.target is not null"""
OUT_OF_REACH = """
select r.* from plumbing.judged_period r
where r.grain = 'month' and r.kpi = any(%(kpis)s) and r.outlook = %(outlook)s and r.begins_at <= %(now)s"""
#: The sentence by whether a team, and a service, are known that weigh most.
MOSTLY = {
    (False, False): "target_missed",
    (True, False): "target_missed_team",
    (False, True): "target_missed_service",
    (True, True): "target_missed_service_and_team",
}
JudgedRow = Mapping[str, Any]


async def missed(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the targets that were missed in the period: one sentence for each KPI."""
    kpis = seen_kpis(reader)
    if not kpis:
        return []
    choice = reader.choice
    parameters = {"begin": choice.begin, "grain": choice.grain.value, "kpis": list(kpis)}
    rows_of_kpis: dict[str, list[JudgedRow]] = defaultdict(list)
    for row in await reader.ledger.db.rows(PERIOD, parameters):
        rows_of_kpis[row["kpi"]].append(row)
    conditions = []
    for key, rows in rows_of_kpis.items():
        scope_row = _worst(reader, rows)
        if scope_row is not None:
            conditions.append(_missed(reader, kpis[key], scope_row, rows))
    return conditions


def _worst(reader: AttentionReader, rows: Sequence[JudgedRow]) -> JudgedRow | None:
    """Return the row for the sentence: the worst of the chosen ones; otherwise the organisation's; otherwise
    that of the worst team or service, if it missed the target though all together met it. None if the target
    was never missed.
    """
    choice = reader.choice
    if choice.teams or choice.services:
        chosen = {(None, team_id) for team_id in choice.team_ids} | {(key, None) for key in choice.services}
        missed_rows = [
            row for row in rows if row["met"] is False and (row["service"], row["team_id"]) in chosen
        ]
        return max(missed_rows, key=_excess, default=None)
    total = next((row for row in rows if row["service"] is None and row["team_id"] is None), None)
    if total is not None and total["met"] is False:
        return total
    parts = [row for row in rows if row is not total and row["met"] is False and not row["small"]]
    return max(parts, key=_excess, default=None)


def _excess(row: JudgedRow) -> tuple[float, float, str]:
    """Return how much a team or service has added to the miss: its distance from the target, by its cases."""
    distance = abs(row["value"] - row["target"])
    return distance * max(row["cases"], 1), distance, str(row["service"] or row["team_id"])


def _missed(
    reader: AttentionReader, kpi: Kpi, row: JudgedRow, rows: Sequence[JudgedRow]
) -> AttentionCondition:
    currency, begin, grain = reader.ledger.settings.currency, row["begins_at"], Grain(row["grain"])
    target = TargetValue(Comparator(row["comparator"]), row["target"])
    parameters = {
        "kpi": kpi_named(kpi),
        "period": values.period(begin, grain, reader.zone),
        "periods": values.periods(grain),
        **values.kpi_against_target(kpi, row["value"], target, currency),
        "of_cases": values.number(row["cases"]),
        "met": values.number(row["periods_met"]),
        "judged": values.number(row["periods_judged"]),
    }
    is_total = row["service"] is None and row["team_id"] is None
    if is_total:
        parameters |= _mostly(reader, rows)
        code = MOSTLY["team" in parameters, "service" in parameters]
    else:
        parameters["scope"] = scope_named(reader, row)
        code = "target_missed_of_scope"
    cases, desk = cases_of(reader, kpi, row)
    return AttentionCondition(
        code="target_missed",
        severity=Severity.missed,
        process=kpi.process,
        parameters=parameters,
        sentence=code,
        cases=cases,
        count=row["cases"],
        subject=f"{kpi.key}:{parameters['period'].value}",
        desk=desk,
        owner=reader.owner_team(row["team_id"]) or kpi_owner(reader, kpi),
        since=period_end(grain, begin, reader.zone),
        misses=row["misses"],
        weight=abs(row["value"] - row["target"]) / (abs(row["target"]) or 1),
        folds=True,
    )


def _mostly(reader: AttentionReader, rows: Sequence[JudgedRow]) -> dict[str, values.SentenceValue]:
    """Return the team and the service that have added most to the miss, where one is known."""
    parts = {
        "team": [row for row in rows if row["team_id"] is not None and row["met"] is False],
        "service": [row for row in rows if row["service"] is not None and row["met"] is False],
    }
    return {
        name: scope_named(reader, max(part_rows, key=_excess))
        for name, part_rows in parts.items()
        if part_rows
    }


async def out_of_reach(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the targets that this month cannot meet any more, of the organisation."""
    kpis = seen_kpis(reader)
    if not kpis:
        return []
    parameters = {"kpis": list(kpis), "outlook": Outlook.out_of_reach.value, "now": reader.now}
    return [
        _out_of_reach(reader, KPIS[row["kpi"]], row)
        for row in await reader.ledger.db.rows(OUT_OF_REACH, parameters)
        if period_end(Grain.month, row["begins_at"], reader.zone) > reader.now
    ]


def _out_of_reach(reader: AttentionReader, kpi: Kpi, row: JudgedRow) -> AttentionCondition:
    currency = reader.ledger.settings.currency
    target = TargetValue(Comparator(row["comparator"]), row["target"])
    cases, desk = cases_of(reader, kpi, row)
    parameters = {
        "kpi": kpi_named(kpi),
        "period": values.period(row["begins_at"], Grain.month, reader.zone),
        **values.kpi_against_target(kpi, row["value"], target, currency),
    }
    return AttentionCondition(
        code="target_out_of_reach",
        severity=Severity.missed,
        process=kpi.process,
        parameters=parameters,
        cases=cases,
        count=row["cases"],
        desk=desk,
        subject=f"{kpi.key}:{parameters['period'].value}",
        owner=kpi_owner(reader, kpi),
        folds=True,
    )
