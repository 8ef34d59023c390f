"""KPIs in sentences: those that the reader may see, their owners, the team or service they are of, and their
cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.attention import values
from app.attention.conditions import ConditionOwner
from app.attention.reading import AttentionReader, address, period_end
from app.i18n import LANGUAGES
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions.access import may_see_kpi
from app.kpis.questions.periods import Grain
from app.kpis.questions.written_periods import period_key
from app.kpis.signals.watch_list import watched_kpis
from app.log.canonical import instant

#: A row with the kpi, grain, service, team_id and begins_at of a figure, and the service's name_en and
#: name_zh.
FigureRow = Mapping[str, Any]


def seen_kpis(reader: AttentionReader) -> dict[str, Kpi]:
    """Return the watched KPIs that the reader may see, by their keys."""
    ledger = reader.ledger
    return {kpi.key: kpi for kpi in watched_kpis(ledger.settings) if may_see_kpi(ledger, reader.caller, kpi)}


def kpi_owner(reader: AttentionReader, kpi: Kpi) -> ConditionOwner:
    """Return the role that owns the KPI."""
    return reader.owner_role(kpi.owner)


def kpi_named(kpi: Kpi) -> values.SentenceValue:
    """Return the KPI by its name."""
    names = {language: kpi.texts(language).name for language in LANGUAGES}
    return values.named(kpi.key, names, f"/v1/kpis/{kpi.key}")


def scope_named(reader: AttentionReader, row: FigureRow) -> values.SentenceValue:
    """Return the service or team of the row by its name."""
    if row["service"] is not None:
        names = {language: row[f"name_{language}"] or row["service"] for language in LANGUAGES}
        return values.named(row["service"], names, f"/v1/services/{row['service']}")
    team = reader.teams.get(row["team_id"])
    if team is None:
        return values.text(str(row["team_id"]))
    return values.named(team.key, dict.fromkeys(LANGUAGES, team.name), f"/v1/teams/{team.key}")


def cases_of(reader: AttentionReader, kpi: Kpi, row: FigureRow) -> tuple[str, str]:
    """Return the addresses of the cases of the KPI in the period and scope of the row: of the API, and of the
    KPI's page.
    """
    begin, grain = row["begins_at"], Grain(row["grain"])
    scope: dict[str, str] = {}
    if row["service"] is not None:
        scope["service"] = row["service"]
    if row["team_id"] is not None:
        team = reader.teams.get(row["team_id"])
        scope["team"] = str(row["team_id"]) if team is None else team.key
    span = {"from": instant(begin), "to": instant(period_end(grain, begin, reader.zone))}
    chosen = {"period": period_key(grain, begin.astimezone(reader.zone).date()), **scope}
    return (
        address(f"/v1/kpis/{kpi.key}/cases", {**span, **scope}),
        address(f"/dashboard/kpi/{kpi.key}", chosen) + "#cases",
    )
