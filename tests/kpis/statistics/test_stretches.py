"""Charts whose limits count anew at a marked change."""

from __future__ import annotations

from app.kpis.statistics.behaviour import Signal
from app.kpis.statistics.stretches import moving_ranges, signals_of, stretches

CALM = [10.0, 12.0] * 6


def test_each_stretch_has_its_own_centre_and_ranges() -> None:
    values = [*CALM, *[value + 20 for value in CALM]]
    single, (before, after) = stretches(values, []), stretches(values, [12])
    assert [part.chart.centre for part in single] == [21.0]
    assert [part.chart.centre for part in (before, after)] == [11.0, 31.0]
    assert [part.chart.moving_range for part in (before, after)] == [2.0, 2.0]
    moved = moving_ranges(values, [before, after])
    assert (moved[0], moved[12], moved[11]) == (None, None, 2.0)
    assert len(moved) == len(values)


def test_a_run_does_not_go_over_a_re_basing() -> None:
    values = [*[30.0, 0.0] * 6, *[16.0] * 8, *[0.0, 30.0] * 4]
    assert [n for n, rules in enumerate(signals_of(stretches(values, []))) if Signal.run_of_eight in rules]
    assert all(not rules for rules in signals_of(stretches(values, [16])))


def test_limits_of_few_values_are_provisional_and_of_fewer_there_are_none() -> None:
    for few, limits, provisional in ((5, False, False), (6, True, True), (11, True, True), (12, True, False)):
        (part,) = stretches(CALM[:few], [])
        assert ((part.chart.centre is not None), part.provisional) == (limits, provisional)


def test_breaks_at_the_ends_make_no_stretch_without_values() -> None:
    assert [(part.first, part.last) for part in stretches(CALM, [0, 12, 12, 15])] == [(0, 12)]
    assert stretches([], [0]) == []
