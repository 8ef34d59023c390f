"""What holds from which instant on, where several things were said."""

from __future__ import annotations

from datetime import UTC, datetime

from app.kpis.questions.effective_dating import Layer, changes, layer_at


def month(number: int) -> datetime:
    return datetime(2026, number, 1, tzinfo=UTC)


def test_where_nothing_was_said_nothing_changes() -> None:
    assert changes([]) == []
    assert layer_at([], month(1)) is None


def test_what_was_said_last_of_a_time_holds_from_its_first_instant_to_the_one_before_its_end() -> None:
    layers = [Layer(1, month(2), None), Layer(2, month(4), month(6)), Layer(3, month(3), month(5))]
    assert changes(layers) == [(month(2), 1), (month(3), 3), (month(4), 3), (month(5), 2), (month(6), 1)]
    assert [(layer := layer_at(layers, month(n))) and layer.value for n in range(1, 7)] == [
        None,
        1,
        3,
        3,
        2,
        1,
    ]


def test_that_there_is_nothing_is_said_too_and_what_has_an_end_leaves_nothing_behind_it() -> None:
    layers = [Layer(1, month(2), month(8)), Layer(None, month(4), month(5))]
    assert changes(layers) == [(month(2), 1), (month(4), None), (month(5), 1), (month(8), None)]
