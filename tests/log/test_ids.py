"""UUIDv7: they sort by when they were made, also within a millisecond, and when the clock goes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from app.log.ids import uuid7, uuid7_texts


def test_an_id_says_its_version_its_variant_and_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    # The counter may have run ahead of the clock by the ids made before, 4096 to a millisecond.
    assert before <= made.int >> 80 <= after + 1000


def test_every_id_is_larger_than_the_one_before() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert [str(one) for one in made] == sorted(str(one) for one in made), "as texts, too"


def test_many_ids_at_once_are_as_good_as_one_by_one() -> None:
    before, texts, after = uuid7(), uuid7_texts(10_000), uuid7()
    made = [before, *map(UUID, texts), after]
    assert made == sorted(made)
    assert len({one.int >> 64 for one in made}) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert [str(one) for one in made[1:-1]] == texts
    assert uuid7_texts(0) == []


def test_threads_never_get_the_same_id_and_each_sees_its_own_grow() -> None:
    def some(_: int) -> list[int]:
        return [uuid7().int for _ in range(2_000)]

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(some, range(4)))
    assert all(one == sorted(one) for one in made)
    # What is unique is the counter itself, and not only the random bits behind it.
    assert len({number >> 64 for one in made for number in one}) == 8_000


def test_ids_grow_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = time.time_ns() - 3_600_000_000_000
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: earlier)
    assert before < uuid7() < uuid7()


def test_what_follows_the_counter_cannot_be_guessed() -> None:
    assert len({uuid7().int & (1 << 62) - 1 for _ in range(1_000)}) == 1_000
