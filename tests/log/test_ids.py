"""UUIDv7: they sort by when they were made, also within a millisecond, and when the clock goes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from app.log.ids import uuid7, uuid7_texts
from tests.extent import WHOLE


def test_an_id_says_its_version_its_variant_and_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    new = uuid7()
    after = time.time_ns() // 1_000_000
    assert (new.version, new.variant) == (7, RFC_4122)
    # The counter may have run ahead of the clock by the ids made before, 4096 to a millisecond.
    assert before <= new.int >> 80 <= after + 1000


def test_every_id_is_larger_than_the_one_before() -> None:
    ids = [uuid7() for _ in range(20_000 if WHOLE else 6_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert [str(id_) for id_ in ids] == sorted(str(id_) for id_ in ids), "as texts, too"


def test_many_ids_at_once_are_as_good_as_one_by_one() -> None:
    before, texts, after = uuid7(), uuid7_texts(10_000), uuid7()
    ids = [before, *map(UUID, texts), after]
    assert ids == sorted(ids)
    assert len({id_.int >> 64 for id_ in ids}) == len(ids)
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, RFC_4122)}
    assert [str(id_) for id_ in ids[1:-1]] == texts
    assert uuid7_texts(0) == []


def test_threads_never_get_the_same_id_and_each_sees_its_own_grow() -> None:
    def some(_: int) -> list[int]:
        return [uuid7().int for _ in range(2_000)]

    with ThreadPoolExecutor(4) as threads:
        sequences = list(threads.map(some, range(4)))
    assert all(sequence == sorted(sequence) for sequence in sequences)
    # What is unique is the counter itself, and not only the random bits behind it.
    assert len({number >> 64 for sequence in sequences for number in sequence}) == 8_000


def test_ids_grow_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = time.time_ns() - 3_600_000_000_000
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: earlier)
    assert before < uuid7() < uuid7()


def test_what_follows_the_counter_cannot_be_guessed() -> None:
    assert len({uuid7().int & (1 << 62) - 1 for _ in range(1_000)}) == 1_000
