"""Version 4 of the methods: months that differ, holidays, and a shock that hit scope and control alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict
from app.kpis.statistics.effects.compare import compare
from app.kpis.statistics.effects.samples import DayCases, DayCounts
from bench.placebo import effect_in, false_claims
from tests.extent import WHOLE

FIRST = 738_004
#: Effect and interval of the first window of a world, by version 3 before there was a version 4.
BY_VERSION_3 = (-1616.5608968343695, -6663.766238146995, 2224.618873790206)


@pytest.mark.parametrize(
    ("world", "most_now", "least_before"),
    [
        ("months that differ", 8, 8),
        ("a shock to all, of another level", 10, 40),
        ("rates, holidays after", 10, 30),
    ],
)
def test_what_hit_whole_months_or_all_teams_is_claimed_less_often_than_before(
    world: str, most_now: float, least_before: float
) -> None:
    windows = 400 if WHOLE else 60
    assert false_claims(world, windows) <= most_now
    assert false_claims(world, windows, 3) >= least_before


def test_a_kpi_without_a_direction_is_higher_or_lower() -> None:
    days = range(FIRST, FIRST + 28)
    before, after = (
        DayCases([value + place % 3 for place, _ in enumerate(days)], [1.0] * 28, [*days])
        for value in (10.0, 20.0)
    )
    effect = compare(EffectMethod.mean_by_day, before, after)
    verdicts = {better: effect.verdict(better) for better in ("less", "more", None)}
    assert verdicts == {
        "less": EffectVerdict.worsened,
        "more": EffectVerdict.improved,
        None: EffectVerdict.rose,
    }


def test_holidays_count_as_a_day_of_the_week_of_their_own() -> None:
    """Five workdays of the later window are holidays, with a tenth of the events; nothing else changed."""
    days = np.arange(FIRST, FIRST + 392)
    counts = np.where((days - FIRST) % 7 < 5, 20.0 + days % 3, 2.0)
    closed = days[-14:-7][(days[-14:-7] - FIRST) % 7 < 5]
    counts[np.isin(days, closed)] = 2.0
    ratios = []
    for holidays in (frozenset(closed.tolist()), frozenset[int]()):
        history, before, after = (
            DayCounts(
                counts[low:high].tolist(),
                [1.0] * (high - low),
                days[low:high].tolist(),
                holidays=holidays,
            )
            for low, high in pairwise((0, 336, 364, 392))
        )
        before = DayCounts(before.events, before.exposures, before.days, history=history, holidays=holidays)
        ratios.append(compare(EffectMethod.rate_by_day, before, after).effect)
    assert ratios[0] == pytest.approx(1, abs=0.01)
    assert ratios[1] is not None
    assert ratios[1] < 0.85


def test_an_earlier_version_keeps_its_numbers() -> None:
    """Stored effects are recomputed by their version: these are its numbers before version 4."""
    effect = effect_in("a pilot against others", 0, 0.8, version=3)
    assert (effect.effect, effect.low, effect.high) == pytest.approx(BY_VERSION_3, rel=1e-9)
    assert effect_in("a pilot against others", 0, 0.8).low != pytest.approx(BY_VERSION_3[1], rel=1e-9)
