"""What surrounds an effect changes its verdict or is a warning: pure functions over a result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Direction
from app.kpis.effects.content import EffectResult, EffectWarning, WarningCode
from app.kpis.effects.measuring import better_of, judged_by_surroundings
from app.kpis.effects.surroundings import (
    EarlierWindows,
    baseline_of,
    warnings_of_baseline,
    warnings_of_control,
)
from app.kpis.statistics.effects.codes import EffectVerdict
from tests.kpis.effects.results import a_result, a_side, window_of

MONTH = timedelta(days=28)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def earlier(*values: float) -> EarlierWindows:
    begins = tuple(BEGIN + place * MONTH for place, _ in enumerate(values))
    return EarlierWindows(values, (), len(values), MONTH, begins)


def codes_of(warnings: list[EffectWarning]) -> set[str]:
    return {warning.code.value for warning in warnings}


def baseline_warnings(result: EffectResult, windows: EarlierWindows) -> list[EffectWarning]:
    rank = baseline_of(window_of("incident_resolution_seconds"), windows, result.before, "less")
    return warnings_of_baseline(rank, windows, result, "less")


def test_a_kpi_without_a_direction_neither_improves_nor_worsens() -> None:
    without = {key for key, kpi in KPIS.items() if kpi.direction is Direction.none}
    assert {key for key in KPIS if better_of(KPIS[key]) is None} == without
    assert "requests_delivered" in without


@pytest.mark.parametrize(("expected", "verdict"), [(3_500.0, "no_evidence"), (5_000.0, "improved")])
def test_an_effect_that_a_return_to_the_usual_would_have_is_no_evidence(
    expected: float, verdict: str
) -> None:
    warning = EffectWarning(code=WarningCode.unusual_baseline, before=6_000.0, after=expected)
    result = a_result(effect=-2_000.0, verdict="improved", warnings=[warning])
    assert judged_by_surroundings(result).verdict is EffectVerdict(verdict)
    old = result.model_copy(update={"method_version": 3})
    assert judged_by_surroundings(old).verdict is EffectVerdict.improved, "stored effects stay"


def test_a_good_month_as_baseline_is_warned_of_as_a_bad_one_is() -> None:
    worsened = a_result(effect=2_000.0, verdict="worsened")
    usual = earlier(7_800, 8_300, 7_900, 8_100, 8_000, 8_200, 7_700)
    warnings = baseline_warnings(worsened, usual)
    assert codes_of(warnings) == {"good_baseline", "seen_before"}
    assert [warning.times for warning in warnings if warning.code is WarningCode.seen_before] == [4]
    improved = a_result(effect=-2_000.0, verdict="improved")
    assert codes_of(baseline_warnings(improved, usual)) == set(), "it was good and became better"


def test_a_step_before_the_baseline_is_said_with_its_time_and_no_return_is_expected() -> None:
    windows = earlier(2_000, 2_100, 1_900, 2_050, 6_000, 6_100, 5_900, 6_050)
    improved = a_result(effect=-1_000.0, verdict="improved")
    warnings = baseline_warnings(improved, windows)
    assert codes_of(warnings) == {"step_before", "seen_before"}
    assert [warning.at for warning in warnings] == [None, BEGIN + 4 * MONTH]


def test_a_control_that_moved_alone_is_warned_of() -> None:
    control = {"control_before": a_side(5_000.0), "control_after": a_side(9_000.0)}
    result = a_result(effect=-4_000.0, verdict="improved", after=a_side(6_000.0), **control)
    windows = earlier(5_000, 5_100, 4_900, 5_050, 4_950, 5_000)
    assert codes_of(warnings_of_control(windows, result)) == {"control_moved"}
    control = {"control_before": a_side(5_000.0), "control_after": a_side(5_000.0)}
    moved = a_result(effect=-4_000.0, verdict="improved", after=a_side(2_000.0), **control)
    assert codes_of(warnings_of_control(windows, moved)) == set()
    no_evidence = result.model_copy(update={"verdict": EffectVerdict.no_evidence})
    assert warnings_of_control(windows, no_evidence) == []


def test_a_control_of_another_level_or_with_an_unusual_baseline_is_warned_of() -> None:
    control = {"control_before": a_side(30_000.0), "control_after": a_side(40_000.0)}
    result = a_result(effect=-14_000.0, verdict="improved", after=a_side(2_000.0), **control)
    windows = earlier(40_000, 41_000, 39_000, 40_500, 39_500, 40_000)
    assert codes_of(warnings_of_control(windows, result)) == {
        "control_moved",
        "control_differs",
        "unusual_control",
    }
