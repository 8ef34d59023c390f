"""The watched KPIs of the last period that is over, as the dashboard's tables show them."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.dashboard.figures import FigureRow, figure_row
from app.dashboard.view import PageView
from app.kernel.ledger import Ledger
from app.kpis.behaviours import BehaviourAnswers, FiguresRead, behaviours, chart_question
from app.kpis.questions.question import QuestionParameters
from app.kpis.signals.watch_list import watched_kpis

#: Many people want their summary at the same time, and the same figures in it.
CACHE_DURATION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SummaryFigures:
    """The watched KPIs in one language, and how far into the log they reach."""

    rows: Sequence[FigureRow]
    position: int
    lag_seconds: float


@dataclass(slots=True)
class WatchedFigures:
    """The figures of the watched KPIs, independent of the reader, kept for a minute."""

    ledger: Ledger
    _entries: dict[Hashable, tuple[datetime, BehaviourAnswers]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, view: PageView, language: str, now: datetime) -> SummaryFigures:
        """Return the figures of what the view chooses."""
        async with self._lock:
            answers = await self._answers(view, language, now)
        currency = self.ledger.settings.currency
        rows = [
            figure_row(item.model_dump(mode="json", by_alias=True), view, language, currency)
            for item in answers.items
        ]
        return SummaryFigures(rows, answers.position, answers.lag_seconds)

    async def _answers(self, view: PageView, language: str, now: datetime) -> BehaviourAnswers:
        self._entries = {
            key: entry for key, entry in self._entries.items() if now - entry[0] < CACHE_DURATION
        }
        key = (view.key, tuple(view.scope.items()), language)
        if key not in self._entries:
            self._entries[key] = now, await self._compute(view, language, now)
        return self._entries[key][1]

    async def _compute(self, view: PageView, language: str, now: datetime) -> BehaviourAnswers:
        settings = self.ledger.settings
        begin, end = view.chart_days()
        parameters = QuestionParameters(
            grain=view.grain.value,
            begin=begin.isoformat(),
            end=end.isoformat(),
            zone=view.zone.key,
            filters=view.scope,
        )
        questions = [
            chart_question(settings, kpi, parameters, now, language) for kpi in watched_kpis(settings)
        ]
        return await behaviours(self.ledger, questions, view.begin, now, FiguresRead())
