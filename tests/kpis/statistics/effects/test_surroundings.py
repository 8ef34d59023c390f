"""The rank of a baseline, trends, mixes, and the smallest effect that can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict
from app.kpis.statistics.effects.compare import compare
from app.kpis.statistics.effects.samples import DayCases
from app.kpis.statistics.effects.surroundings import (
    BaselineRank,
    mix_shift,
    rank_of,
    smallest_seen,
    step_of,
    trend_of,
    windows_with_value,
)
from bench.fallacies import FALLACIES, claims, most_unwarned
from bench.placebo import WORLDS, random_of
from tests.extent import WHOLE, first_of


def test_the_rank_counts_from_the_worst_and_says_what_a_return_to_the_usual_gives() -> None:
    assert rank_of(3, [1, 2, 1, 2, 1], "less") is None
    ranked = rank_of(3, [1, 2, 1, 2, 1, 2], "less")
    assert ranked == BaselineRank(rank=1, windows=7, usual=1.5, expected=1.5)
    assert ranked.is_unusual(3, 2.9)
    best = rank_of(3, [1, 2, 1, 2, 1, 2], "more")
    assert best is not None
    assert (best.rank, best.is_unusual(3, 4)) == (7, False)


def test_a_baseline_that_is_worse_than_usual_is_unusual_where_that_makes_up_the_effect() -> None:
    ranked = rank_of(1.6, [1, 2, 1, 2, 1, 2, 1, 2], "less")
    assert ranked is not None
    assert ranked.rank > 0.25 * ranked.windows
    assert not ranked.is_unusual(1.6, 0.8)
    worse = rank_of(1.9, [1, 2, 1, 2, 1, 2, 1, 1.8], "less")
    assert worse is not None
    assert worse.is_unusual(1.9, 1.4)


def test_a_good_baseline_is_unusual_where_a_return_would_worsen_it() -> None:
    ranked = rank_of(1, [2, 3, 2, 3, 2, 3, 2, 3], "less")
    assert ranked is not None
    assert ranked.is_unusual(1, 2.5)
    assert not ranked.is_worse(1, "less")
    assert not ranked.is_unusual(1, 0.5), "it became better still"


def test_equal_windows_are_no_bad_baseline() -> None:
    ranked = rank_of(1.0, [1.0] * 11, "more")
    assert ranked == BaselineRank(rank=6, windows=12, usual=1.0, expected=1.0)
    assert not ranked.is_unusual(1.0, 0.9)


def test_a_baseline_better_than_usual_is_not_worse_than_usual() -> None:
    """The mean is above the baseline, although five of twelve windows are below it."""
    ranked = rank_of(34.0, [30, 30, 32, 33, 31, 36, 36, 38, 39, 50, 40, 60], "less")
    assert ranked is not None
    assert not ranked.is_worse(34.0, "less")


def test_windows_that_had_such_a_value_before_are_counted() -> None:
    earlier = [5, 6, 7, 4, 6, 9]
    assert (
        windows_with_value(8, 5, earlier),
        windows_with_value(8, 3, earlier),
        windows_with_value(8, 9, earlier),
    ) == (2, 0, 1)


def test_a_step_is_no_trend() -> None:
    step = [10, 11, 10, 9, 10, 40, 41, 39, 40, 42, 40, 41]
    assert (trend_of(step, 12), step_of(step)) == (None, 5)
    line = [10 * 1.1**n * (1 + 0.02 * (-1) ** n) for n in range(12)]
    assert trend_of(line, 12) is not None


def test_customers_with_a_case_each_are_no_other_mix() -> None:
    before, after = [f"b{n}" for n in range(40)], [f"a{n}" for n in range(40)]
    assert mix_shift(before, after, ([1.0] * 40, [2.0] * 40)) is None


def test_a_trend_is_one_beyond_chance() -> None:
    assert trend_of([10, 9, 8, 7.3], 13) is None
    falling = trend_of([0.9**n * (1 + 0.01 * (-1) ** n) for n in range(12)], 12)
    assert falling == pytest.approx(0.9**12 - 1, abs=0.02)
    assert trend_of([1, 2, 1, 2, 1, 2, 1, 2], 12) is None


def test_another_mix_leaves_the_effect_that_each_group_has() -> None:
    before, after = ["quick"] * 90 + ["slow"] * 10, ["quick"] * 50 + ["slow"] * 50
    shift = mix_shift(before, after, ([1.0] * 90 + [10.0] * 10, [1.0] * 50 + [10.0] * 50))
    assert shift is not None
    assert shift.share == pytest.approx(0.4)
    assert shift.effect == pytest.approx(0)
    halved = mix_shift(before, before, ([2.0] * 100, [1.0] * 100))
    assert halved is None, "the mix is the same"


def test_the_smallest_effect_is_found_in_four_of_five() -> None:
    cases, improved = WORLDS["84 cases a side"], 0
    numbers = range(200 if WHOLE else 60)
    for number in numbers:
        before, after = cases.samples(random_of("84 cases a side", number), 0.56)
        assert isinstance(before, DayCases)
        smallest = smallest_seen(before, "less")
        assert smallest is not None
        assert -0.6 < smallest < -0.3
        verdict = compare(EffectMethod.mean_by_day, before, after).verdict("less")
        improved += verdict is EffectVerdict.improved
    assert 0.6 < improved / len(numbers) < 0.95


def test_the_pairs_alone_never_make_an_improvement() -> None:
    """Only the spread grows: most cases become shorter, and the mean stays."""
    generator = np.random.default_rng(7)
    days = np.arange(400) % 28
    before, after = (
        DayCases(
            np.exp(generator.normal(8 - spread**2 / 2, spread, 400)).tolist(),
            [1.0] * 400,
            (days + begin).tolist(),
            by_parts=True,
        )
        for spread, begin in ((0.6, 738_004), (1.4, 738_032))
    )
    effect = compare(EffectMethod.mean_by_day, before, after)
    assert effect.relative is not None
    assert effect.relative.low is not None
    assert effect.relative.low > 0.5
    assert effect.geometric is not None
    assert not effect.geometric.decides
    assert effect.verdict("less") is EffectVerdict.no_evidence
    assert (
        compare(EffectMethod.mean_by_day, before, after, version=2).verdict("less") is EffectVerdict.improved
    )


@pytest.mark.parametrize("fallacy", first_of([*FALLACIES], 1))
def test_what_no_change_made_is_not_claimed_without_a_warning(fallacy: str) -> None:
    claimed, unwarned = claims(fallacy, 400 if WHOLE else 30)
    assert unwarned <= max(2 * most_unwarned(fallacy) / 100 * claimed, 1)
