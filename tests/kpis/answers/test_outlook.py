"""What it would take: at each edge, and what is promised is kept."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.answers.outlook import Outlook, Requirement, requirement_for
from app.kpis.declaration.kpi import Comparator, TargetValue


@pytest.mark.parametrize(
    ("target", "numbers", "requirement"),
    [
        # 18 of 20 so far, 20 more: 38 of 40 are 95 %.
        (TargetValue(Comparator.ge, 0.95), (18, 40, 20), Requirement(Outlook.reachable, at_least=20)),
        (TargetValue(Comparator.gt, 0.95), (18, 40, 20), Requirement(Outlook.out_of_reach, at_least=21)),
        (TargetValue(Comparator.ge, 0.45), (18, 40, 20), Requirement(Outlook.secured, at_least=0)),
        (TargetValue(Comparator.le, 0.05), (1, 40, 20), Requirement(Outlook.reachable, at_most=1)),
        (TargetValue(Comparator.lt, 0.05), (1, 40, 20), Requirement(Outlook.reachable, at_most=0)),
        (TargetValue(Comparator.lt, 0.05), (2, 40, 20), Requirement(Outlook.out_of_reach, at_most=-1)),
        (TargetValue(Comparator.le, 0.5), (0, 40, 20), Requirement(Outlook.secured, at_most=20)),
    ],
)
def test_what_a_share_would_take(
    target: TargetValue, numbers: tuple[int, int, int], requirement: Requirement
) -> None:
    so_far, total, more = numbers
    assert requirement_for(target, so_far=so_far, divisor=total, least=0, most=more) == requirement


def test_what_a_mean_and_a_count_would_take() -> None:
    # Ten cases took 10,000 s; ten more may take 7,999 s together, for the mean to be below 900 s.
    mean = requirement_for(TargetValue(Comparator.lt, 900), so_far=10_000, divisor=20, least=0, most=None)
    assert mean == Requirement(Outlook.reachable, at_most=7_999)
    assert requirement_for(
        TargetValue(Comparator.lt, 900), so_far=18_000, divisor=20, least=0, most=None
    ).outlook is (Outlook.out_of_reach)
    count = requirement_for(TargetValue(Comparator.le, 100.5), so_far=97, divisor=1, least=0, most=None)
    assert count == Requirement(Outlook.reachable, at_most=3)


@given(
    st.sampled_from(Comparator),
    st.integers(0, 100),
    st.integers(0, 30).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases))),
    st.integers(1, 20),
)
def test_it_is_promised_exactly_if_it_is_so(
    comparator: Comparator, percent: int, so_far: tuple[int, int], more: int
) -> None:
    target, (hits, cases) = TargetValue(comparator, percent / 100), so_far
    exact = TargetValue(comparator, Fraction(percent, 100))  # type: ignore[arg-type]  # compares as numbers do
    met_ways = [exact.met_by(Fraction(hits + n, cases + more)) for n in range(more + 1)]  # type: ignore[arg-type]  # the same
    requirement = requirement_for(target, so_far=hits, divisor=cases + more, least=0, most=more)
    assert (requirement.outlook is Outlook.secured) == all(met_ways)
    assert (requirement.outlook is Outlook.out_of_reach) == (not any(met_ways))
    if requirement.at_least is not None:
        assert met_ways == [n >= requirement.at_least for n in range(more + 1)]
    if requirement.at_most is not None:
        assert met_ways == [n <= requirement.at_most for n in range(more + 1)]
