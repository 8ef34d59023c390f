"""Which values of a series are signals: each as it stood when its period was the newest one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from app.kpis.signals.detection import LEAST_PERIODS_NOTED, WINDOW, FinalValue, find_signals
from app.kpis.statistics.behaviour import Signal

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


def month(number: int) -> datetime:
    """The first instant of the month of that number; 0 is January 2020."""
    return datetime(2020 + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def series(values: Sequence[float]) -> list[FinalValue]:
    return [FinalValue(month(n), month(n + 1), value) for n, value in enumerate(values)]


def found(
    values: Sequence[float], rebased: Sequence[datetime] = (), earliest: datetime = ALWAYS
) -> list[tuple[Signal, int, int]]:
    """The signals: rule, the number of the first month and of the one in which the rule was met."""
    numbers = {month(n): n for n in range(len(values))}
    return [
        (find_signal.rule, numbers[find_signal.since], numbers[find_signal.begin])
        for find_signal in find_signals(series(values), rebased, earliest)
    ]


CALM = [10.0, 12.0] * 8


def test_a_value_beyond_the_limits_is_one_and_the_next_is_another() -> None:
    assert found([*CALM, 40.0, 10.0, 60.0]) == [
        (Signal.beyond_limits, 16, 16),
        (Signal.beyond_limits, 18, 18),
    ]
    first_signal = find_signals(series([*CALM, 40.0]), (), ALWAYS)[0]
    assert (first_signal.above, first_signal.value) == (True, 40.0)
    assert first_signal.centre == sum(CALM) / 16, "without the value beyond"
    assert first_signal.end == month(17)


def test_a_run_is_one_signal_however_long_it_goes_on() -> None:
    wild = [0.0, 30.0] * 7
    run = [16.0] * 10
    assert found([*wild, *run]) == [(Signal.run_of_eight, 13, 20)]
    assert found([*wild, *run[:6]]) == []


def test_too_few_values_give_no_signal() -> None:
    values = [10.0, 12.0] * 10
    assert found([*values[: LEAST_PERIODS_NOTED - 2], 90.0]) == []
    assert found([*values[: LEAST_PERIODS_NOTED - 1], 90.0]) == [(Signal.beyond_limits, 11, 11)]


def test_only_what_is_asked_for_is_looked_at() -> None:
    values = [*CALM, 40.0, 10.0, 12.0, 60.0]
    assert [begin for _, _, begin in found(values, earliest=month(17))] == [19]


def test_a_signal_is_judged_by_the_periods_before_it_so_what_follows_undoes_none() -> None:
    before = find_signals(series([*CALM, 40.0]), (), ALWAYS)
    after = find_signals(series([*CALM, 40.0, *[80.0, 0.0] * 6]), (), ALWAYS)
    assert after[: len(before)] == before


def test_the_chart_reaches_back_two_years_and_not_over_a_re_basing() -> None:
    old = [90.0, 110.0] * 3
    values = [*old, *CALM, *CALM[: WINDOW - 16 - 1], 40.0]
    (first_signal, *_) = find_signals(series(values), (), month(len(values) - 1))
    assert first_signal.centre == sum(values[-WINDOW:-1]) / (WINDOW - 1)
    # A shift that was marked is none: limits count anew, and of few values nothing is said.
    shifted = [*CALM, *[30.0, 32.0] * 8]
    assert found(shifted)[0] == (Signal.beyond_limits, 16, 16)
    assert found(shifted, [month(16)]) == []


def test_few_of_many_stable_series_have_a_signal_at_the_newest_point() -> None:
    """Of 400 at most 5 % by the design, 1 to 3 % expected."""
    for length in (LEAST_PERIODS_NOTED, WINDOW, 2 * WINDOW):
        chance = random.Random(23)
        many = [[chance.gauss(100, 15) for _ in range(length)] for _ in range(400)]
        newest = month(length - 1)
        alarmed = sum(bool(find_signals(series(values), (), newest)) for values in many)
        assert alarmed <= 20, (length, alarmed)
