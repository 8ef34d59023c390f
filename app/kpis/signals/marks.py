"""Reading what a chart of a KPI is marked with: its re-basings, and the signals that were noted of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.api.records.shapes import PersonStub
from app.kernel.ledger import Ledger
from app.kpis.answers.charts import NO_MARKS, ChartMarks, KpiChartRebase, KpiNotedSignal
from app.kpis.declaration.marks import SignalState
from app.kpis.questions.question import KpiQuestion
from app.kpis.questions.scopes import KpiScope, ScopeKind, scoped_value
from app.platform.db import Row

SELECT_TEAM = "select id from fold.team where key = %(name)s or id::text = lower(%(name)s)"
OF_SCOPE = (
    "kpi = %(kpi)s and service is not distinct from %(service)s and team_id is not distinct from %(team_id)s"
)
SELECT_REBASES = f"""
select id, change, reason, begins_at from fold.kpi_rebase
where {OF_SCOPE} and added_at <= %(as_of)s and (state = 'active' or changed_at > %(as_of)s)
order by begins_at, added_at"""
SELECT_NOTED = f"""
select id, number, state, rule, tendency, since_at, begins_at, noted_at, reason, cause,
  explained_by_id, explained_at
from fold.kpi_signal where {OF_SCOPE} and grain = %(grain)s and zone = %(zone)s
and noted_at <= %(as_of)s and (state <> 'withdrawn' or changed_at > %(as_of)s)
and begins_at >= %(begin)s and begins_at < %(end)s order by begins_at, rule"""
#: Values of a signal that was unexplained at that time.
UNEXPLAINED = {
    "state": SignalState.noted,
    "reason": None,
    "cause": None,
    "explained_by_id": None,
    "explained_at": None,
}


async def chart_marks(ledger: Ledger, question: KpiQuestion) -> ChartMarks:
    """Return the marks of the chart that answers the question: those of its scope that stood at its instant.
    Only charts of the organisation, a service or a team have marks. Raises DatabaseGone.
    """
    scope = await _scope_of(ledger, question)
    if scope is None:
        return NO_MARKS
    parameters: dict[str, Any] = {
        "kpi": question.kpi.key,
        "service": scope.service,
        "team_id": scope.team_id,
        "grain": question.grain.value,
        "zone": question.zone.key,
        "begin": question.bounds[0],
        "end": question.bounds[-1],
        "as_of": question.now,
    }
    rebases = [KpiChartRebase(**row) for row in await ledger.db.rows(SELECT_REBASES, parameters)]
    noted = await _noted_signals(ledger, await ledger.db.rows(SELECT_NOTED, parameters), question.now)
    return ChartMarks(rebases, noted)


async def _scope_of(ledger: Ledger, question: KpiQuestion) -> KpiScope | None:
    chosen = scoped_value(question.filters)
    if chosen is None:
        return None
    kind, name = chosen
    if kind is ScopeKind.team:
        team = await ledger.db.value(SELECT_TEAM, {"name": name})
        return None if team is None else KpiScope(team_id=team)
    return KpiScope(service=name)


async def _noted_signals(
    ledger: Ledger, rows: Sequence[Row], as_of: datetime
) -> dict[datetime, list[KpiNotedSignal]]:
    """Return the signals by the beginning of their period, with the words that people had written by then."""
    rows = [row if _explained_by(row, as_of) else {**row, **UNEXPLAINED} for row in rows]
    persons: set[UUID] = {row["explained_by_id"] for row in rows if row["explained_by_id"] is not None}
    names = await ledger.directory.names(persons) if persons else {}
    encrypted = [row["reason"] for row in rows if row["reason"] is not None]
    texts = await ledger.vault.texts([*encrypted, *names.values()])
    signals_by_begin: dict[datetime, list[KpiNotedSignal]] = defaultdict(list)
    for row in rows:
        signal_fields = {
            name: value for name, value in row.items() if name not in ("begins_at", "explained_by_id")
        }
        signal_fields["reason"] = texts.get(row["reason"]) if row["reason"] is not None else None
        explainer_id = row["explained_by_id"]
        by = (
            None
            if explainer_id is None
            else PersonStub(id=explainer_id, name=texts.get(names.get(explainer_id, "")))
        )
        signals_by_begin[row["begins_at"]].append(KpiNotedSignal(**signal_fields, explained_by=by))
    return signals_by_begin


def _explained_by(row: Row, as_of: datetime) -> bool:
    return row["explained_at"] is None or row["explained_at"] <= as_of
