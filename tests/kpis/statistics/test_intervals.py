"""Intervals as they are published, and what holds of all of them."""

from __future__ import annotations

import subprocess
import sys
from math import exp, fsum, lgamma, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kpis.statistics.intervals import difference_of_shares, poisson, poisson_difference, wilson
from tests.cases import each_case
from tests.extent import in_test_all


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(
    numerator: int, denominator: int, low: float, high: float
) -> None:
    assert wilson(numerator, denominator) == pytest.approx((low, high), abs=0.00005)


@each_case(
    ("count", "low", "high"),
    # The usual table of exact limits, as in Ulm, American Journal of Epidemiology 131 (1990) 373-375.
    [
        (0, 0, 3.689),
        (1, 0.025, 5.572),
        (2, 0.242, 7.225),
        (3, 0.619, 8.767),
        (5, 1.623, 11.668),
        (10, 4.795, 18.390),
        (20, 12.217, 30.888),
        (50, 37.111, 65.919),
        (100, 81.364, 121.627),
    ],
)
def test_the_interval_of_a_count_is_the_published_one(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), abs=0.0006)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 3_000))
def test_beyond_each_bound_of_a_count_lie_two_and_a_half_per_cent(count: int) -> None:
    low, high = poisson(count)
    assert 1 - _at_most(count - 1, low) == pytest.approx(0.025, rel=1e-7)
    assert _at_most(count, high) == pytest.approx(0.025, rel=1e-7)


def _at_most(count: int, expected: float) -> float:
    """How likely so many or fewer are: term by term."""
    return fsum(exp(n * log(expected) - expected - lgamma(n + 1)) for n in range(count + 1))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 10**6))
def test_the_interval_of_a_large_count_is_nearly_that_of_the_normal(count: int) -> None:
    low, high = poisson(count)
    assert low < count < high
    assert high - low == pytest.approx(2 * 1.96 * count**0.5, abs=4)


@settings(deadline=None)
@given(st.integers(1, 10**9).flatmap(lambda number: st.tuples(st.integers(0, number), st.just(number))))
def test_a_share_lies_within_its_interval_and_that_between_0_and_1(share: tuple[int, int]) -> None:
    numerator, denominator = share
    low, high = wilson(numerator, denominator)
    assert 0 <= low <= numerator / denominator <= high <= 1
    mirrored = wilson(denominator - numerator, denominator)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_the_interval_of_a_difference_is_made_of_those_of_the_counts() -> None:
    # From the published limits above: 20 - 5 and 5 - 20.
    low, high = 15 - (7.783**2 + 6.668**2) ** 0.5, 15 + (10.888**2 + 3.377**2) ** 0.5
    assert poisson_difference(20, 5) == pytest.approx((low, high), abs=0.002)
    assert poisson_difference(5, 20) == pytest.approx((-high, -low), abs=0.002)
    assert poisson_difference(0, 0) == pytest.approx((-3.689, 3.689), abs=0.0006)


@pytest.mark.parametrize(("more", "less"), [(1.0, 1.0), (4.0, 0.5), (12.0, 9.0), (30.0, 3.0)])
def test_the_interval_of_a_difference_holds_it_19_times_out_of_20(more: float, less: float) -> None:
    held = 0.0
    for count in range(80):
        for fewer in range(80):
            low, high = poisson_difference(count, fewer)
            if low <= more - less <= high:
                held += exp(_log_likely(count, more) + _log_likely(fewer, less))
    assert held >= 0.95


def _log_likely(count: int, expected: float) -> float:
    return count * log(expected) - expected - lgamma(count + 1)


ANSWERING = """
import asyncio, sys
from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Figures
from app.kpis.answers.point_intervals import interval_of, is_of_counts, load_for

others = [kpi for kpi in KPIS.values() if not is_of_counts(kpi)]
asyncio.run(load_for(others))
found = [interval_of(kpi, Figures(total=30, cases=20), value=1, cases=20, divisor=40) for kpi in others]
assert any(found) and not all(found)
print("scipy" in sys.modules)
asyncio.run(load_for(KPIS.values()))
print("scipy.special" in sys.modules)
"""


@in_test_all
def test_scipy_is_loaded_before_the_first_interval_of_counts_and_not_for_other_kpis() -> None:
    done = subprocess.run([sys.executable, "-c", ANSWERING], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_interval_of_a_difference_of_shares_is_newcombes() -> None:
    # The first example of Newcombe's paper: 56 of 70 and 48 of 80.
    assert difference_of_shares((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert (
        difference_of_shares((134, 166), (130, 153))[1] > 0 > difference_of_shares((134, 166), (130, 153))[0]
    )
    low, high = difference_of_shares((10, 10), (0, 10))
    assert 0 < low < high == 1
