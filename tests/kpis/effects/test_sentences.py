"""The sentence of an effect says by which of its two intervals it is told."""

from __future__ import annotations

import pytest

from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult
from app.kpis.effects.sentences import sentence_of
from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict, IntervalMethod

SIDE = {"value": 6000.0, "cases": 40, "compared": 6000.0, "low": None, "high": None, "exposure": None}
PAIRS = {"value": 0.81, "low": 0.59, "high": 0.93, "no_effect": 0.5}


@pytest.mark.parametrize(
    ("low", "high", "verdict", "expected"),
    [
        (-9000.0, -3000.0, "improved", ("improved)", "改善）")),
        (None, -3000.0, "improved", ("improved)", "改善）")),
        (-12000.0, 9000.0, "improved", ("improved by the comparison of pairs)", "按配对比较已改善）")),
        (None, None, "improved", ("improved by the comparison of pairs)", "按配对比较已改善）")),
        (-12000.0, 9000.0, "no_evidence", ("no evidence)", "证据不足）")),
    ],
)
def test_a_verdict_that_only_the_pairs_tell_says_so(
    low: float | None, high: float | None, verdict: str, expected: tuple[str, str]
) -> None:
    result = EffectResult.model_validate(
        {
            "method": EffectMethod.mean_by_day,
            "method_version": 2,
            "scale": "difference",
            "before": SIDE,
            "after": SIDE,
            "control_before": None,
            "control_after": None,
            "effect": -6000.0,
            "low": low,
            "high": high,
            "level": 0.975,
            "interval_by": IntervalMethod.days,
            "relative_change": None,
            "relative": PAIRS,
            "difference_of_medians": None,
            "test": "days",
            "p_value": None,
            "verdict": EffectVerdict(verdict),
            "promised": None,
            "warnings": [],
        }
    )
    for language, sentence in zip(("en", "zh"), expected, strict=True):
        assert sentence in sentence_of(KPIS["incident_resolution_seconds"], result, language)
