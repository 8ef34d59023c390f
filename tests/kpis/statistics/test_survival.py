"""Kaplan and Meier's estimate: a published example, and what it is where nothing is open."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.kpis.statistics.survival import Survival, kaplan_meier

# Freireich and others, Blood 21 (1963) 699-716: weeks of remission, as in every book on survival; + is open.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def read(text: str) -> list[tuple[int, bool]]:
    return [(int(word.removesuffix("+")), not word.endswith("+")) for word in text.split()]


def test_the_medians_of_the_published_example_are_23_and_8_weeks() -> None:
    assert kaplan_meier(read(TREATED)) == Survival(ended=9, open=12, median=23, p90=None)
    assert kaplan_meier(read(PLACEBO)) == Survival(ended=21, open=0, median=8, p90=17)


def test_what_nobody_has_ended_in_has_no_median() -> None:
    assert kaplan_meier([(5, False), (9, False)]) == Survival(0, 2, None, None)
    assert kaplan_meier([]) == Survival(0, 0, None, None)
    assert kaplan_meier([(5, True), (5, False)]) == Survival(1, 1, 5, None)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_where_all_have_ended_half_of_them_have_by_the_median(seconds: list[int]) -> None:
    curve = kaplan_meier([(word, True) for word in seconds])
    ordered = sorted(seconds)
    half, most = -(-len(ordered) // 2), -(-9 * len(ordered) // 10)
    assert (curve.median, curve.p90) == (ordered[half - 1], ordered[most - 1])


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40))
def test_it_is_the_product_of_the_shares_that_go_on(observed: list[tuple[int, bool]]) -> None:
    left, median, p90 = Fraction(1), None, None
    for time in sorted({seconds for seconds, _ in observed}):
        total = sum(seconds >= time for seconds, _ in observed)
        ends = sum(seconds == time and ended for seconds, ended in observed)
        left *= Fraction(total - ends, total)
        median = time if median is None and left <= Fraction(1, 2) else median
        p90 = time if p90 is None and left <= Fraction(1, 10) else p90
    curve = kaplan_meier(observed)
    assert (curve.median, curve.p90) == (median, p90)
