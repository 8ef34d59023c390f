"""Results of effects for tests of pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Figures
from app.kpis.effects.cases_of_windows import WindowCases
from app.kpis.effects.content import EffectResult
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import KpiQuestion


def a_side(value: float, **figures: Any) -> dict[str, Any]:
    side = {"value": value, "cases": 40, "compared": value, "low": None, "high": None, "exposure": None}
    return side | figures


def a_result(**figures: Any) -> EffectResult:
    """A difference of means by the newest version, from 6,000 on, with an interval of 500 on each side."""
    effect = figures.get("effect", -2_000.0)
    result = {
        "method": "mean_by_day",
        "method_version": 4,
        "scale": "difference",
        "before": a_side(6_000.0),
        "after": a_side(6_000.0 + effect),
        "control_before": None,
        "control_after": None,
        "effect": effect,
        "low": effect - 500,
        "high": effect + 500,
        "level": 0.975,
        "interval_by": "days",
        "relative_change": None,
        "difference_of_medians": None,
        "test": "days",
        "p_value": None,
        "verdict": "improved",
        "promised": None,
        "warnings": [],
    }
    return EffectResult.model_validate(result | figures)


def window_of(key: str) -> WindowCases:
    """A window of the KPI without cases."""
    begin, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 29, tzinfo=UTC)
    question = KpiQuestion(
        kpi=KPIS[key],
        grain=Grain.all,
        zone=ZoneInfo("UTC"),
        bounds=(begin, end),
        filters={},
        now=end,
        reopen_days=7,
        currency="EUR",
    )
    return WindowCases(question, Figures())
