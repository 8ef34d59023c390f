"""What it would take: at each edge, and what is promised is kept."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.answers.outlook import Outlook, Requirement, requirement_for
from app.kpis.declaration.kpi import Comparator, Target


@pytest.mark.parametrize(
    ("target", "numbers", "found"),
    [
        # 18 of 20 so far, 20 more: 38 of 40 are 95 %.
        (Target(Comparator.ge, 0.95), (18, 40, 20), Requirement(Outlook.reachable, at_least=20)),
        (Target(Comparator.gt, 0.95), (18, 40, 20), Requirement(Outlook.out_of_reach, at_least=21)),
        (Target(Comparator.ge, 0.45), (18, 40, 20), Requirement(Outlook.secured, at_least=0)),
        (Target(Comparator.le, 0.05), (1, 40, 20), Requirement(Outlook.reachable, at_most=1)),
        (Target(Comparator.lt, 0.05), (1, 40, 20), Requirement(Outlook.reachable, at_most=0)),
        (Target(Comparator.lt, 0.05), (2, 40, 20), Requirement(Outlook.out_of_reach, at_most=-1)),
        (Target(Comparator.le, 0.5), (0, 40, 20), Requirement(Outlook.secured, at_most=20)),
    ],
)
def test_what_a_share_would_take(target: Target, numbers: tuple[int, int, int], found: Requirement) -> None:
    so_far, of, more = numbers
    assert requirement_for(target, so_far=so_far, of=of, least=0, most=more) == found


def test_what_a_mean_and_a_count_would_take() -> None:
    # Ten cases took 10,000 s; ten more may take 7,999 s together, for the mean to be below 900 s.
    mean = requirement_for(Target(Comparator.lt, 900), so_far=10_000, of=20, least=0, most=None)
    assert mean == Requirement(Outlook.reachable, at_most=7_999)
    assert requirement_for(Target(Comparator.lt, 900), so_far=18_000, of=20, least=0, most=None).outlook is (
        Outlook.out_of_reach
    )
    count = requirement_for(Target(Comparator.le, 100.5), so_far=97, of=1, least=0, most=None)
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
    target, (hits, cases) = Target(comparator, percent / 100), so_far
    exact = Target(comparator, Fraction(percent, 100))  # type: ignore[arg-type]  # compares as numbers do
    ways = [exact.met_by(Fraction(hits + n, cases + more)) for n in range(more + 1)]  # type: ignore[arg-type]  # the same
    found = requirement_for(target, so_far=hits, of=cases + more, least=0, most=more)
    assert (found.outlook is Outlook.secured) == all(ways)
    assert (found.outlook is Outlook.out_of_reach) == (not any(ways))
    if found.at_least is not None:
        assert ways == [n >= found.at_least for n in range(more + 1)]
    if found.at_most is not None:
        assert ways == [n <= found.at_most for n in range(more + 1)]
