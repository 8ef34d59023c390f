"""Signals of watched KPIs in the month that is judged: for the worse unless explained, and for the better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.attention import values
from app.attention.conditions import Condition, ConditionOwner, OwnerKind, Severity
from app.attention.reading import AttentionReader, lists_of, pages_of
from app.i18n import LANGUAGES
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.access import may_see_kpi
from app.kpis.signals.lifecycle import LIFECYCLE
from app.kpis.signals.watch_list import watched_kpis
from app.kpis.statistics.behaviour import Signal

# Of the newest month of each KPI and scope that has a signal in the chosen month or since.
SIGNALS = """
select r.number, r.kpi, r.scope, r.service, r.team_id, r.rule, r.since_at, r.begins_at, r.tendency, r.value,
  r.centre, s.name_en, s.name_zh
from fold.kpi_signal r left join fold.service s on s.key = r.service
where r.kpi = any(%(kpis)s) and r.begins_at = %(month)s and r.state = any(%(states)s)
  and r.tendency = %(tendency)s
  and case when %(team)s::uuid is not null then r.team_id = %(team)s
    when %(service)s::text is not null then r.service = %(service)s else r.team_id is null end
order by r.since_at, r.number"""


async def worse(reader: AttentionReader) -> list[Condition]:
    """Return the signals for the worse that nobody has explained."""
    return await _signals(reader, Tendency.worse, (SignalState.noted,))


async def better(reader: AttentionReader) -> list[Condition]:
    """Return the signals for the better."""
    return await _signals(reader, Tendency.better, (SignalState.noted, SignalState.explained))


def seen_kpis(reader: AttentionReader) -> dict[str, Kpi]:
    """Return the watched KPIs that the reader may see, by their keys; none if cases are chosen that figures
    are not cut by.
    """
    if reader.choice.is_of_cases:
        return {}
    ledger = reader.ledger
    return {kpi.key: kpi for kpi in watched_kpis(ledger.settings) if may_see_kpi(ledger, reader.caller, kpi)}


def kpi_owner(reader: AttentionReader, kpi: Kpi) -> ConditionOwner:
    """Return the role that owns the KPI."""
    labels = reader.ledger.role_labels
    names = {language: labels.label(kpi.owner, language) for language in LANGUAGES}
    return ConditionOwner(OwnerKind.role, kpi.owner.value, names)


def kpi_named(kpi: Kpi) -> values.SentenceValue:
    """Return the KPI by its name."""
    names = {language: kpi.texts(language).name for language in LANGUAGES}
    return values.named(kpi.key, names, f"/v1/kpis/{kpi.key}")


async def _signals(
    reader: AttentionReader, tendency: Tendency, states: tuple[SignalState, ...]
) -> list[Condition]:
    kpis = seen_kpis(reader)
    if not kpis:
        return []
    choice = reader.choice
    parameters = {
        "kpis": list(kpis),
        "month": choice.month,
        "states": [state.value for state in states],
        "tendency": tendency.value,
        "team": None if choice.team is None else choice.team.id,
        "service": choice.service,
    }
    rows = await reader.ledger.db.rows(SIGNALS, parameters)
    return [_condition(reader, KPIS[row["kpi"]], row, tendency) for row in rows]


def _condition(reader: AttentionReader, kpi: Kpi, row: Mapping[str, Any], tendency: Tendency) -> Condition:
    currency = reader.ledger.settings.currency
    is_worse = tendency is Tendency.worse
    cases, desk = pages_of(LIFECYCLE, row["number"])
    several, several_desk = lists_of(
        LIFECYCLE, {"state": SignalState.noted.value, "tendency": tendency.value}
    )
    parameters = {
        "kpi": kpi_named(kpi),
        "signal": values.record(row["number"], cases),
        "rule": values.code(Signal(row["rule"])),
        "since": values.month(row["since_at"], reader.zone),
        "period": values.month(row["begins_at"], reader.zone),
        "value": values.kpi_value(kpi, float(row["value"]), currency),
        "usual": values.kpi_value(kpi, float(row["centre"]), currency),
    }
    scope = _scope(reader, row)
    if scope is not None:
        parameters["scope"] = scope
    code = "kpi_worse" if is_worse else "kpi_better"
    return Condition(
        code=code,
        severity=Severity.changed,
        process=kpi.process,
        parameters=parameters,
        sentence=code if scope is None else f"{code}_of_scope",
        cases=cases,
        count=1,
        subject=row["number"],
        desk=desk,
        owner=reader.owner_team(row["team_id"]) or kpi_owner(reader, kpi),
        since=row["since_at"],
        several=several,
        several_desk=several_desk,
    )


def _scope(reader: AttentionReader, row: Mapping[str, Any]) -> values.SentenceValue | None:
    if row["service"] is not None:
        names = {"en": row["name_en"] or row["service"], "zh": row["name_zh"] or row["service"]}
        return values.named(row["service"], names, f"/v1/services/{row['service']}")
    team = None if row["team_id"] is None else reader.teams.get(row["team_id"])
    if team is None:
        return None
    return values.named(team.key, dict.fromkeys(LANGUAGES, team.name), f"/v1/teams/{team.key}")
