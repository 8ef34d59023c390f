"""The drawing of a trend: its labels have room beside one another."""

from __future__ import annotations

from itertools import pairwise

from app.service_reports.pages.drawing import PERIOD_ROOM
from app.svg.scale import with_room


def test_labels_are_left_out_where_they_have_no_room_and_the_last_stays() -> None:
    places = [20.0 + 40 * n for n in range(12)]
    for labels in (range(12), [3, 4, 5, 11], [11]):
        chosen = sorted(with_room(labels, places, PERIOD_ROOM))
        assert chosen[-1] == 11
        assert set(chosen) <= set(labels)
        assert all(places[after] - places[before] >= PERIOD_ROOM for before, after in pairwise(chosen))
        left_out = set(labels) - set(chosen)
        assert all(min(abs(places[n] - places[m]) for m in chosen) < PERIOD_ROOM for n in left_out)
    assert with_room(range(3), [0.0, 100.0, 200.0], PERIOD_ROOM) == {0, 1, 2}
