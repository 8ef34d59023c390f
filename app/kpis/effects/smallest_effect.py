"""The smallest effect that could be seen with the cases of a window: for those who plan a measurement."""

from __future__ import annotations

import asyncio
from datetime import datetime

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.answers.answer import snapshot_connection
from app.kpis.effects.cases_of_windows import cases_of_window, method_of
from app.kpis.effects.measuring import Windows, better_of, with_history
from app.kpis.effects.questions import EffectQuestions
from app.kpis.questions.parameters import KpiFilters
from app.kpis.questions.question import KpiQuestion
from app.kpis.statistics.effects.samples import DayCases, DayCounts
from app.platform.db import Database


class SmallestEffectQuery(KpiFilters):
    """Query parameters: the window before the change, and filters for the cases."""


class SmallestEffect(OutputModel):
    """The smallest effect that would be seen between a window and another one with as many cases."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kpi: str = Field(description="Key of the KPI.")
    begins_at: datetime = Field(description="Beginning of the window.")
    ends_at: datetime = Field(description="End of the window, exclusive.")
    value: float | None = Field(description="Value of the KPI in the window; null if it has none.")
    cases: int = Field(description="Number of cases in the window.")
    change: float | None = Field(
        description="Smallest change, as a part of the value, that four of five such effects would show; "
        "-0.45 is 45 % less. Null if not even a change to zero, or to twice the value, would be seen."
    )


async def smallest_effect(db: Database, question: KpiQuestion) -> SmallestEffect:
    """Return the smallest effect on the KPI that could be seen. Raises CannotAnswer, WrongValue,
    DatabaseGone.
    """
    from app.kpis.statistics.effects import surroundings  # noqa: PLC0415  # scipy is slow to load

    method = method_of(question.kpi)
    async with snapshot_connection(db) as connection:
        window = await cases_of_window(connection, question, method)
        windows = Windows(method, window, window, None)
        windows = await with_history(connection, EffectQuestions(question, question, None, None), windows)
    sample, change = windows.before.sample(method), None
    if isinstance(sample, DayCases | DayCounts):
        change = await asyncio.to_thread(surroundings.smallest_seen, sample, better_of(question.kpi))
    return SmallestEffect(
        kpi=question.kpi.key,
        begins_at=question.bounds[0],
        ends_at=question.bounds[-1],
        value=window.value,
        cases=window.cases,
        change=change,
    )
