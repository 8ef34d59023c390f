"""The XmR chart: its limits by hand, and each of its rules at its edge."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.answers.limits import RANGE_FACTOR
from app.kpis.statistics.behaviour import Signal, chart


def signals(values: list[float], rule: Signal) -> list[int]:
    return [n for n, signal in enumerate(chart(values).signals) if rule in signal]


def test_the_limits_come_from_how_much_a_value_differs_from_the_next() -> None:
    # Ranges 2, 3, 1, 4, 2, 0: mean 2; the centre is 12.
    control_chart = chart([11.0, 13.0, 10.0, 11.0, 15.0, 13.0, 13.0])
    assert control_chart.moving_range == 2
    assert control_chart.centre == pytest.approx(86 / 7)
    assert control_chart.reach == pytest.approx(5.32)
    assert control_chart.signals == [[]] * 7


@pytest.mark.parametrize(
    ("values", "centre", "moving_range", "low", "high", "upper_range"),
    [
        # US trade deficits of 1987, in thousands of millions of dollars.
        (
            [10.7, 13, 11.4, 11.5, 12.5, 14.1, 14.8, 14.1, 12.6, 16, 11.7, 10.6],
            12.75,
            1.66,
            8.33,
            17.17,
            5.44,
        ),
        # Those of the second half of 1988.
        ([10.5, 11.2, 9.2, 10.1, 10.4, 10.5], 10.32, 0.80, 8.19, 12.45, 2.61),
    ],
)
def test_the_limits_are_those_of_wheelers_worked_examples(
    values: list[float], centre: float, moving_range: float, low: float, high: float, upper_range: float
) -> None:
    """Understanding Variation (1993), chapter 6, to the hundredths that it prints."""
    control_chart = chart(values)
    assert control_chart.centre is not None
    assert control_chart.moving_range is not None
    assert control_chart.reach is not None
    limits = (
        control_chart.centre,
        control_chart.moving_range,
        control_chart.centre - control_chart.reach,
        control_chart.centre + control_chart.reach,
    )
    assert limits == pytest.approx((centre, moving_range, low, high), abs=0.01)
    assert RANGE_FACTOR * control_chart.moving_range == pytest.approx(upper_range, abs=0.01)


def test_the_shifts_of_wheelers_exercise_are_found() -> None:
    """By the limits of late 1988 the deficits fell in March 1989, and rose in May by more than chance."""
    control_chart = chart([10.5, 11.2, 9.2, 10.1, 10.4, 10.5])
    assert control_chart.centre is not None
    assert control_chart.moving_range is not None
    assert control_chart.reach is not None
    low, first_half = control_chart.centre - control_chart.reach, [8.7, 8.7, 7.0, 6.8, 9.6, 9.0]
    assert [n for n, value in enumerate(first_half) if value < low] == [2, 3]
    ranges = [abs(later - earlier) for earlier, later in pairwise([10.5, *first_half])]
    assert [
        n for n, moving_range in enumerate(ranges) if moving_range > RANGE_FACTOR * control_chart.moving_range
    ] == [4]


def test_too_few_values_have_no_limits() -> None:
    control_chart = chart([1.0, 100.0, 1.0, 100.0, 1.0])
    assert (control_chart.centre, control_chart.moving_range, control_chart.reach) == (None, None, None)
    assert control_chart.signals == [[]] * 5


def test_what_never_moves_is_no_signal_and_the_first_that_does_is_one() -> None:
    assert chart([5.0] * 12).signals == [[]] * 12
    assert signals([*[5.0, 6.0] * 6, 40.0, 5.0, 6.0], Signal.beyond_limits) == [12]


def test_eight_in_a_row_on_one_side_are_a_signal_and_seven_are_not() -> None:
    wild = [30.0, -30.0] * 8
    assert signals([*wild, *[1.0] * 7, -7.0], Signal.run_of_eight) == []
    assert signals([-8.0, *wild, *[1.0] * 8], Signal.run_of_eight) == list(range(17, 25))
    # A value on the centre line is on neither side.
    assert signals([4.0, 4.0, 4.0, 4.0, 0.0, 4.0, 4.0, 4.0, 4.0, *[-4.0] * 8], Signal.run_of_eight) == [
        *range(9, 17)
    ]


def test_three_of_four_nearer_to_a_limit_than_to_the_centre_are_a_signal() -> None:
    calm = [1.0, -1.0] * 10
    values = [*calm, 5.0, -1.0, 5.0, 5.0, -1.0, *calm]
    assert signals(values, Signal.near_limit) == [20, 22, 23]
    both_sides = [*calm, 5.0, -5.0, 5.0, -5.0, *calm]
    assert signals(both_sides, Signal.near_limit) == []


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=40), st.integers(1, 9), st.integers(-99, 99))
def test_the_unit_and_the_side_make_no_difference(values: list[int], scale: int, shift: int) -> None:
    # Powers of two, so that floating point is exact and no value crosses a limit by it.
    plain = [float(64 * value) for value in values]
    same = chart(plain).signals
    assert chart([-value for value in plain]).signals == same
    assert chart([value * 2**scale for value in plain]).signals == same
    moved = chart([value + shift for value in plain])
    assert moved.moving_range == chart(plain).moving_range


@pytest.mark.parametrize(("length", "seed"), [(13, 1), (24, 2)])
def test_one_bad_month_makes_no_other_month_a_signal(length: int, seed: int) -> None:
    chance, innocent, usual = Random(seed), 0, 0
    for _ in range(400):
        values = [chance.gauss(1, 0.115) for _ in range(length)]
        usual += any(chart(values).signals)
        bad = chance.randrange(length)
        values[bad] *= 4
        signals = chart(values).signals
        assert Signal.beyond_limits in signals[bad]
        innocent += any(signals[:bad] + signals[bad + 1 :])
    assert innocent <= usual + 0.05 * 400, "hardly more than in series without a bad month"


def test_limits_after_a_bad_month_are_those_of_the_usual_ones() -> None:
    calm = [5.0, 6.0] * 6
    control_chart = chart([*calm, 40.0, *calm])
    assert (control_chart.centre, control_chart.moving_range) == (5.5, 1.0)
    signals_found = [n for n, rules in enumerate(control_chart.signals) if rules]
    assert signals_found == [12]
    another = chart([*[1.0, 2.0] * 6, *[21.0, 22.0] * 6])
    assert another.centre == 11.5, "another process, and no exception"
