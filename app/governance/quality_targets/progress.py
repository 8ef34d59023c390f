"""Progress of a quality target: the KPI in its year so far, of its team or person, against the goal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.governance.quality_targets.checks import dimension_of
from app.governance.quality_targets.records import QualityTarget
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.baselines.freezing import CountedKpi, count_kpi
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Comparator, TargetValue
from app.kpis.questions.periods import Grain, start_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.log.canonical import instant

UNCOUNTED = CountedKpi(None, 0)


class QualityTargetProgressOut(OutputModel):
    """The KPI of a quality target in its year so far, compared with the goal."""

    kpi: str = Field(description="Key of the KPI.")
    begins_at: datetime = Field(description="Beginning of the year.")
    ends_at: datetime = Field(description="End of the counted period: now, or the end of the year.")
    value: str | None = Field(
        description="Value of the KPI so far, as a decimal text; null if there are no cases yet."
    )
    cases: int = Field(description="Number of cases counted so far.")
    comparator: Comparator
    goal: str = Field(description="Goal in the unit of the KPI, as a decimal text.")
    met: bool | None = Field(
        description="True if the value meets the goal so far; null if there is no value yet."
    )
    position: int = Field(description="Position of the log up to which the figures are complete.")
    answer: str = Field(description="Address of the KPI's monthly values, for callers who may see the KPI.")


async def compute_progress(ledger: Ledger, target: QualityTarget, now: datetime) -> dict[str, Any]:
    """Return the progress of the target, by the facts as they stand. Raises DatabaseGone."""
    assert target.year is not None
    assert target.level is not None
    kpi, zone = KPIS[str(target.kpi)], ZoneInfo(ledger.settings.time_zone)
    begin, behind = (start_of(date(year, 1, 1), zone) for year in (target.year, target.year + 1))
    dimension = dimension_of(kpi, target.level)
    filters = {} if dimension is None else {dimension: (str(target.team_id or target.person_id),)}
    question = KpiQuestion(
        kpi=kpi,
        grain=Grain.all,
        zone=zone,
        bounds=(begin, min(behind, max(now, begin))),
        filters=filters,
        now=now,
        reopen_days=ledger.settings.reopen_days,
        currency=ledger.settings.currency,
    )
    counted = UNCOUNTED
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        if begin < now:
            try:
                counted = await count_kpi(connection, question)
            except CannotAnswer:  # its team no longer exists, so the value cannot be computed
                counted = UNCOUNTED
    assert target.comparator is not None
    goal = TargetValue(target.comparator, float(str(target.value)))
    return {
        "kpi": kpi.key,
        "begins_at": instant(begin),
        "ends_at": instant(question.bounds[-1]),
        "value": counted.value,
        "cases": counted.cases,
        "comparator": target.comparator.value,
        "goal": target.value,
        "met": None if counted.value is None else goal.met_by(float(counted.value)),
        "position": position,
        "answer": _address(kpi.key, target.year, filters),
    }


def _address(key: str, year: int, filters: dict[Dimension, tuple[str]]) -> str:
    """Return the address of the KPI's answer, month by month of the year."""
    names = {dimension.value: value for dimension, (value,) in filters.items()}
    period = {"grain": "month", "from": f"{year}-01-01", "to": f"{year + 1}-01-01"}
    return f"/v1/kpis/{key}?{urlencode(period | names)}"
