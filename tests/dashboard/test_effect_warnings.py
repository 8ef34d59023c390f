"""Warnings of effects on pages: numbers in the unit of the KPI, and none is left out."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.dashboard.effect_parts import SHARES_OF_WINDOWS, warning_sentence
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Unit
from app.kpis.effects.content import EffectWarning, WarningCode
from app.kpis.questions.chart_words import ChartWords

SECONDS = ChartWords("en", Unit.seconds, ZoneInfo("UTC"))


def written(code: WarningCode, words: ChartWords = SECONDS, **details: Any) -> str:
    return warning_sentence(EffectWarning(code=code, **details).model_dump(mode="json"), words)


@pytest.mark.parametrize("code", sorted(set(WarningCode) - SHARES_OF_WINDOWS))
def test_the_values_of_a_warning_are_in_the_unit_of_the_kpi(code: WarningCode) -> None:
    assert written(code, before=7541.0, after=5766.0).endswith(": 2 h 6 min → 1 h 36 min")


@pytest.mark.parametrize("code", sorted(SHARES_OF_WINDOWS))
def test_shares_of_a_window_are_in_per_cent(code: WarningCode) -> None:
    assert written(code, before=0.25, after=0.5).endswith(": 25 % → 50 %")


def test_another_mix_is_named_with_its_share_and_the_effect_without_it() -> None:
    mix: dict[str, Any] = {"dimension": Dimension.priority, "share": 0.3}
    timed = written(WarningCode.different_mix, standardised=-600.0, **mix)
    assert timed.endswith(": Priority: 30 % of the cases are in other groups, −10 min with the earlier mix")
    of_share = ChartWords("en", Unit.ratio, ZoneInfo("UTC"))
    assert written(WarningCode.different_mix, of_share, standardised=0.05, **mix).endswith(
        "+5 points with the earlier mix"
    )
    assert written(WarningCode.different_mix, **mix).endswith("in other groups")


def test_a_trend_before_is_named_by_the_year() -> None:
    assert written(WarningCode.trend_before, share=-0.18).endswith(": −18 % a year")
