"""The methods of measured effects against published figures, brute force and scipy's own resampling."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from app.kpis.statistics.effects.codes import EffectMethod as Method
from app.kpis.statistics.effects.codes import EffectVerdict, IntervalMethod, PromiseVerdict
from app.kpis.statistics.effects.compare import compare
from app.kpis.statistics.effects.durations import kth_difference
from app.kpis.statistics.effects.effect import EffectEstimate
from app.kpis.statistics.effects.samples import RateSample, RatioSample, Sample, ShareSample, ValueSample
from tests.extent import first_of

Values = NDArray[np.float64]
NUMBERS = st.lists(st.integers(-20, 20), min_size=1, max_size=12)
SOME = st.integers(1, 30)


def differences(first: Values, second: Values, axis: int) -> Values:
    return np.asarray(np.mean(second, axis=axis) - np.mean(first, axis=axis))


# Newcombe 1998, table II, method 10: two proportions, and the interval of the first less the second.
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_of_shares_is_the_published_one(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    effect = compare(Method.share, ShareSample(*second), ShareSample(*first), seed=1)
    assert effect.low == pytest.approx(low, abs=6e-5)
    assert effect.high == pytest.approx(high, abs=6e-5)


@given(x=NUMBERS, y=NUMBERS)
def test_differences_are_counted_as_a_list_of_all_would_have_them(x: list[int], y: list[int]) -> None:
    listed = sorted(later - earlier for earlier, later in product(x, y))
    first, second = (np.sort(np.array(bound, dtype=np.float64)) for bound in (x, y))
    for nth in {1, len(listed), (len(listed) + 1) // 2}:
        assert kth_difference(first, second, nth) == listed[nth - 1]
    effect = compare(Method.duration, ValueSample(x), ValueSample(y), seed=1)
    assert effect.effect == np.median(listed)


@pytest.mark.parametrize("ties", [False, True])
def test_many_differences_are_counted_alike(ties: bool) -> None:
    generator = np.random.default_rng(4)
    x, y = (np.sort(generator.lognormal(8, 1, 1_500)) for _ in range(2))
    if ties:
        x, y = (np.sort(generator.integers(0, 3, 1_500)).astype(np.float64) for _ in range(2))
    listed = np.sort((y[None, :] - x[:, None]).ravel())
    for nth in (1, 7_000, len(listed) // 2, len(listed)):
        assert kth_difference(x, y, nth) == pytest.approx(listed[nth - 1], rel=1e-12)


@pytest.mark.parametrize("kind", first_of(["values", "ties"], 1))
def test_means_are_those_of_scipys_bootstrap_and_permutation_test(kind: str) -> None:
    generator = np.random.default_rng(6)
    if kind == "values":
        first, second = generator.lognormal(0, 0.8, 40), generator.lognormal(0.4, 0.8, 300)
    else:
        first, second = (generator.integers(1, 6, size).astype(np.float64) for size in (60, 80))
    effect = compare(Method.mean, ValueSample(first.tolist()), ValueSample(second.tolist()), seed=9)
    expected = stats.bootstrap((first, second), differences, n_resamples=10_000, method="BCa", rng=1)
    low, high = expected.confidence_interval
    assert effect.low is not None
    assert effect.high is not None
    within = 0.06 * (high - low)
    assert effect.low == pytest.approx(low, abs=within)
    assert effect.high == pytest.approx(high, abs=within)
    test = stats.permutation_test(
        (first, second),
        differences,
        n_resamples=10_000,
        permutation_type="independent",
        rng=1,
        vectorized=True,
    )
    assert effect.p_value == pytest.approx(test.pvalue, abs=0.02)
    assert effect.interval_by is IntervalMethod.bca
    # A ratio of sums whose weights are all alike is a mean.
    as_ratio = compare(
        Method.mean,
        RatioSample((first * 3).tolist(), [3.0] * len(first)),
        RatioSample((second * 3).tolist(), [3.0] * len(second)),
        seed=9,
    )
    assert as_ratio.effect == pytest.approx(effect.effect)
    assert as_ratio.low == pytest.approx(effect.low, abs=within)


def test_cases_that_are_all_alike_have_an_interval_of_percentiles() -> None:
    effect = compare(Method.mean, ValueSample([3.0] * 12), ValueSample([5.0] * 12), seed=1, resamples=200)
    assert (effect.effect, effect.low, effect.high) == (2, 2, 2)
    assert effect.interval_by is IntervalMethod.percentile
    assert compare(Method.duration, ValueSample([3.0] * 12), ValueSample([3.0] * 12), seed=1).p_value == 1


def test_differences_in_differences_have_their_closed_forms() -> None:
    shares = [ShareSample(*sample) for sample in ((120, 400), (80, 400), (100, 300), (98, 300))]
    effect = compare(Method.share, shares[0], shares[1], (shares[2], shares[3]), seed=3)
    p = [sample.numerator / sample.denominator for sample in shares]
    spread = 1.96 * sum(q * (1 - q) / sample.denominator for q, sample in zip(p, shares, strict=True)) ** 0.5
    expected = (p[1] - p[0]) - (p[3] - p[2])
    assert effect.effect == pytest.approx(expected)
    assert effect.low == pytest.approx(expected - spread, abs=0.05 * spread)
    assert effect.high == pytest.approx(expected + spread, abs=0.05 * spread)
    rates = [RateSample(events, 90.0) for events in (200, 120, 180, 190)]
    ratio = compare(Method.rate, rates[0], rates[1], (rates[2], rates[3]), seed=3)
    spread = 1.96 * sum(1 / sample.events for sample in rates) ** 0.5
    known_effect = 120 / 200 / (190 / 180)
    assert ratio.effect == pytest.approx(known_effect)
    assert ratio.low == pytest.approx(known_effect * np.exp(-spread), rel=0.03)
    assert ratio.high == pytest.approx(known_effect * np.exp(spread), rel=0.03)
    generator = np.random.default_rng(2)
    values = [generator.normal(mean, 10, 400) for mean in (50, 45, 50, 50)]
    before, after, *control = (ValueSample(sample.tolist()) for sample in values)
    means = compare(Method.mean, before, after, (control[0], control[1]), seed=3, resamples=4_000)
    spread = 1.96 * sum(sample.var() / len(sample) for sample in values) ** 0.5
    known_effect = (values[1].mean() - values[0].mean()) - (values[3].mean() - values[2].mean())
    assert means.effect == pytest.approx(known_effect)
    assert means.low == pytest.approx(known_effect - spread, abs=0.07 * spread)


def test_medians_are_drawn_as_resampling_the_cases_would_draw_them() -> None:
    generator = np.random.default_rng(8)
    for cases in (11, 24):
        values = generator.lognormal(0, 1, cases)
        drawn = np.median(generator.choice(values, (20_000, cases)), axis=1)
        alike = [ValueSample([1.0] * 10)] * 2
        effect = compare(
            Method.duration, ValueSample([0.0] * 10), ValueSample(values.tolist()), (alike[0], alike[1]),
            seed=2, resamples=20_000,
        )  # fmt: skip
        low, high = np.quantile(drawn, [0.025, 0.975])
        within = 0.05 * (high - low)
        assert effect.low == pytest.approx(low, abs=within)
        assert effect.high == pytest.approx(high, abs=within)


def turned(effect: EffectEstimate) -> tuple[float | None, float | None, float | None]:
    """The effect and its interval the other way round."""
    if effect.method is Method.rate:
        effect_turned, low, high = (
            None if bound is None else (1 / bound if bound else None)
            for bound in (effect.effect, effect.low, effect.high)
        )
    else:
        effect_turned, low, high = (
            None if bound is None else -bound for bound in (effect.effect, effect.low, effect.high)
        )
    return effect_turned, high, low


samples = st.one_of(
    st.tuples(
        st.just(Method.share),
        st.tuples(*[st.builds(lambda n, more: ShareSample(n, n + more), SOME, SOME)] * 2),
    ),
    st.tuples(st.just(Method.duration), st.tuples(*[st.builds(ValueSample, NUMBERS)] * 2)),
    st.tuples(st.just(Method.rate), st.tuples(*[st.builds(RateSample, SOME, st.integers(1, 90))] * 2)),
)


@given(method_samples=samples)
def test_before_and_after_swapped_turn_the_effect_round(
    method_samples: tuple[Method, tuple[Sample, Sample]],
) -> None:
    method, (before, after) = method_samples
    sample, other = compare(method, before, after, seed=1), compare(method, after, before, seed=1)
    for computed, expected in zip((other.effect, other.low, other.high), turned(sample), strict=True):
        assert computed == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert other.p_value == pytest.approx(sample.p_value, rel=1e-9)
    sides = {EffectVerdict.improved: EffectVerdict.worsened, EffectVerdict.worsened: EffectVerdict.improved}
    assert other.verdict("less") is sides.get(sample.verdict("less"), sample.verdict("less"))
    assert sample.verdict("more") is other.verdict("less")


@settings(max_examples=20, deadline=None)
@given(first=NUMBERS, second=NUMBERS)
def test_a_mean_swapped_turns_round_and_a_seed_gives_the_same_numbers(
    first: list[int], second: list[int]
) -> None:
    before, after = (ValueSample([float(number) for number in values]) for values in (first, second))
    sample, again = (compare(Method.mean, before, after, seed=5, resamples=300) for _ in range(2))
    assert sample == again
    other = compare(Method.mean, after, before, seed=5, resamples=300)
    assert other.effect == pytest.approx(-(sample.effect or 0))


def test_a_time_between_failures_is_the_rate_the_other_way_round() -> None:
    rate = compare(Method.rate, RateSample(30, 100), RateSample(12, 90), seed=1)
    between = compare(
        Method.rate, RateSample(30, 100, is_inverse=True), RateSample(12, 90, is_inverse=True), seed=1
    )
    assert rate.effect is not None
    assert between.effect == pytest.approx(1 / rate.effect)
    assert between.verdict("more") is rate.verdict("less") is EffectVerdict.improved
    assert between.sides[0].compared == pytest.approx(100 / 30)


@pytest.mark.parametrize(
    "pair",
    [
        (Method.share, ShareSample(0, 0), ShareSample(3, 9)),
        (Method.duration, ValueSample([]), ValueSample([3.0])),
        (Method.mean, ValueSample([3.0]), ValueSample([])),
        (Method.rate, RateSample(0, 30), RateSample(0, 30)),
        (Method.rate, RateSample(0, 0), RateSample(4, 30)),
    ],
)
def test_nothing_to_compare_has_no_effect_and_too_few_cases(
    pair: tuple[Method, Sample, Sample],
) -> None:
    method, before, after = pair
    effect = compare(method, before, after, seed=1)
    assert (effect.effect, effect.low, effect.high) == (None, None, None)
    assert effect.verdict("less") is EffectVerdict.too_few_cases
    assert effect.reaches(0.5) is PromiseVerdict.missed
    control = compare(method, before, after, (before, after), seed=1, resamples=50)
    assert control.verdict("less") is EffectVerdict.too_few_cases


def test_an_effect_reaches_a_promise_by_itself_or_with_its_whole_interval() -> None:
    effect = compare(Method.rate, RateSample(200, 90), RateSample(100, 90), seed=1)
    assert effect.reaches(0.9) is PromiseVerdict.shown
    assert effect.reaches(0.5) is PromiseVerdict.reached
    assert effect.reaches(0.4) is PromiseVerdict.missed
    rise = compare(Method.share, ShareSample(100, 400), ShareSample(200, 400), seed=1)
    assert [rise.reaches(sample) for sample in (0.1, 0.25, 0.3)] == list(PromiseVerdict)
