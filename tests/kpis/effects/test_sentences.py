"""The sentence of an effect says by which of its two intervals it is told."""

from __future__ import annotations

import pytest

from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult
from app.kpis.effects.sentences import sentence_of
from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict, IntervalMethod
from tests.kpis.effects.results import a_result, a_side

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


RATE = {"method": "rate_by_day", "scale": "ratio", "low": 0.8, "high": 1.3, "level": 0.95}


def test_a_count_says_for_which_days_its_change_holds() -> None:
    result = a_result(
        **RATE,
        effect=1.0067,
        before=a_side(413, compared=4.64, cases=413, days=89),
        after=a_side(424, compared=4.61, cases=424, days=92),
        verdict="no_evidence",
    )
    sentence = sentence_of(KPIS["incidents_resolved"], result, "en")
    assert (
        "0.67 % higher for the same weekdays (no evidence); as counted, from 4.64 to 4.61 a day" in sentence
    )
    assert "413 in 89 days before, 424 in 92 days after" in sentence
    assert "begun" not in sentence
    assert "按相同的星期日比较上升 0.67 %" in sentence_of(KPIS["incidents_resolved"], result, "zh")


def test_a_rate_by_deliveries_says_so_too() -> None:
    result = a_result(**RATE, effect=0.9987, before=a_side(16.5), after=a_side(17.2), verdict="no_evidence")
    sentence = sentence_of(KPIS["complaints_per_thousand"], result, "en")
    assert "0.13 % lower for the same weekdays (no evidence); as counted, from 16.5 to 17.2" in sentence


def test_an_effect_against_a_control_is_one_of_changes_and_has_no_per_cent() -> None:
    result = a_result(
        effect=-15_552.0,
        before=a_side(2_052.0),
        after=a_side(2_778.0),
        control_before=a_side(3_792.0),
        control_after=a_side(20_052.0),
        warnings=[{"code": "control_moved", "before": 3_792.0, "after": 20_052.0}],
    )
    sentence = sentence_of(KPIS["incident_resolution_seconds"], result, "en")
    assert "4 h 19 min less than the control’s change (improved); from 34 min 12 s to 46 min 18 s" in sentence
    assert "most of it is the change of the control" in sentence
    assert "758" not in sentence
    assert "比对照组的变化少 4 小时 19 分钟（已改善）" in sentence_of(
        KPIS["incident_resolution_seconds"], result, "zh"
    )


def test_money_has_its_currency_and_a_share_close_to_all_its_decimals() -> None:
    cost = a_result(effect=-16_760.0, before=a_side(23_600.0), after=a_side(6_840.0))
    assert "168 EUR lower" in sentence_of(KPIS["incident_unit_cost"], cost, "en", "EUR")
    assert "from 236 EUR to 68.4 EUR" in sentence_of(KPIS["incident_unit_cost"], cost, "en", "EUR")
    share = a_result(effect=0.0002, before=a_side(0.9988, days=61), after=a_side(0.999, days=62))
    sentence = sentence_of(KPIS["service_availability"], share, "en")
    assert "from 99.88 % to 99.90 %" in sentence
    assert "cases" not in sentence


def test_open_cases_and_what_was_there_before_are_in_the_sentence() -> None:
    warnings = [
        {"code": "open_cases_moved", "cases": 19, "cases_before": 4},
        {"code": "seen_before", "times": 3},
    ]
    baseline = {"rank": 4, "windows": 13, "usual": 6_500.0, "expected": 6_400.0}
    result = a_result(warnings=warnings, baseline=baseline)
    sentence = sentence_of(KPIS["incident_resolution_seconds"], result, "en")
    assert "open cases: 4 at the end of the baseline, 19 at the end" in sentence
    assert "3 of the 12 windows before had such a value too" in sentence


def test_a_promise_that_is_reached_does_not_contradict_the_verdict() -> None:
    result = a_result(promised={"effect": -1_900.0, "reached": "reached"})
    sentence = sentence_of(KPIS["incident_resolution_seconds"], result, "en")
    assert "(reached, but the true effect may be smaller)" in sentence
