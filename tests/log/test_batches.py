"""Which commands share a batch: a property of `next_batch`, and what the log makes of batches against a
model.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import (
    LARGEST_BATCH,
    AppendRequest,
    ConcurrencyConflict,
    DuplicateCommand,
    EncodedRequest,
    LogPosition,
    Writer,
    next_batch,
)
from app.platform.db import Connection
from tests.extent import examples
from tests.log.commands import a_row, an_event, client_key, naming

STREAMS = st.frozensets(st.sampled_from("abcde"), max_size=3)


@st.composite
def waiting(draw: st.DrawFn) -> list[EncodedRequest]:
    """Commands that read some streams and write one at least; few streams, so that they meet."""
    requests: list[EncodedRequest] = []
    for writes, looked in draw(st.lists(st.tuples(STREAMS.filter(bool), STREAMS), max_size=100)):
        key = draw(st.sampled_from(["", "", "k1", "k2"]))
        requests.append(
            EncodedRequest(writes | looked, writes | ({key} if key else set()), {}, {}, {}, [], [])
        )
    return requests


def in_the_way(first: EncodedRequest, other: EncodedRequest) -> bool:
    """Whether what one of them does to the log can make a difference for the other."""
    return bool(first.writes & (other.reads | other.writes) or other.writes & first.reads)


def batches(commands: list[EncodedRequest]) -> list[list[int]]:
    """The places of the commands, batch by batch, as the writer would take them."""
    futures = [asyncio.Future[LogPosition](loop=LOOP) for _ in commands]
    queue = deque(zip(commands, futures, strict=True))
    batch_sizes: list[list[int]] = []
    while queue:
        first = queue[0]
        batch = next_batch(queue)
        assert batch[0] == first, "whoever waits longest is in the next batch, so nobody waits for ever"
        batch_sizes.append([futures.index(future) for _, future in batch])
    return batch_sizes


LOOP = asyncio.new_event_loop()


@given(waiting())
def test_no_two_of_a_batch_are_in_each_others_way(commands: list[EncodedRequest]) -> None:
    for batch in batches(commands):
        assert 1 <= len(batch) <= LARGEST_BATCH
        for n, request in enumerate(batch):
            assert not any(in_the_way(commands[request], commands[other]) for other in batch[n + 1 :])


@given(waiting())
def test_each_is_taken_once(commands: list[EncodedRequest]) -> None:
    assert sorted(n for batch in batches(commands) for n in batch) == list(range(len(commands)))


@given(waiting())
def test_whoever_came_first_is_written_first_where_it_makes_a_difference(
    commands: list[EncodedRequest],
) -> None:
    turn = {n: place for place, batch in enumerate(batches(commands)) for n in batch}
    for later in range(len(commands)):
        for earlier in range(later):
            if in_the_way(commands[earlier], commands[later]):
                assert turn[earlier] < turn[later]


@given(st.integers(0, 200))
def test_commands_that_have_nothing_to_do_with_each_other_fill_whole_batches(count: int) -> None:
    commands = [
        EncodedRequest(frozenset([str(n)]), frozenset([str(n)]), {}, {}, {}, [], []) for n in range(count)
    ]
    sizes = [len(batch) for batch in batches(commands)]
    assert sizes == [LARGEST_BATCH] * (count // LARGEST_BATCH) + [count % LARGEST_BATCH] * (
        count % LARGEST_BATCH > 0
    )


@dataclass(frozen=True)
class Said:
    """A command as hypothesis says it: on which of the teams, seen how (0: as it is), with which key."""

    team: int
    wrong_by: int
    key: str | None
    also: int | None


SAID = st.builds(
    Said,
    st.integers(0, 3),
    st.sampled_from([0, 0, 0, 1, -1]),
    st.sampled_from([None, None, "k1", "k2", "k3"]),
    st.none() | st.integers(0, 3),
)


class Model:
    """What the log must answer: commands carried out one after the other."""

    def __init__(self) -> None:
        self.teams: list[UUID] = [uuid7() for _ in range(4)]
        self.versions = dict.fromkeys(range(4), 0)
        self.used: set[str] = set()
        self.written = 0

    def command(self, draft: Said, run: str) -> AppendRequest:
        """The command, decided on the versions of now."""
        name = stream("team", self.teams[draft.team])
        expected = max(0, self.versions[draft.team] + draft.wrong_by)
        reads = {name: expected}
        if draft.also is not None and draft.also != draft.team:
            reads[stream("team", self.teams[draft.also])] = self.versions[draft.also]
        keys = () if draft.key is None else (client_key(f"{run}{draft.key}", name, expected + 1),)
        row = a_row(self.teams[draft.team], str(self.teams[draft.team]), expected + 1)
        event = an_event(name, expected + 1, data=naming(name))
        return AppendRequest(reads=reads, events=(event,), rows=(row,), idempotency_records=keys)

    def outcome(self, command: AppendRequest) -> type[Any]:
        """What becomes of it."""
        now = {stream("team", team): self.versions[n] for n, team in enumerate(self.teams)}
        if any(once.key in self.used for once in command.idempotency_records):
            return DuplicateCommand
        if any(now[name] != version for name, version in command.reads.items()):
            return ConcurrencyConflict
        name = command.events[0].stream
        self.versions[[stream("team", team) for team in self.teams].index(name)] += 1
        self.used.update(once.key for once in command.idempotency_records)
        self.written += 1
        return LogPosition


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=st.lists(st.lists(SAID, max_size=12), max_size=4))
async def test_batches_come_to_the_same_as_one_after_the_other(
    log: Writer, eyes: Connection, rounds: list[list[Said]]
) -> None:
    model, run = Model(), str(uuid7())
    before = await head(eyes)
    for together in rounds:
        commands = [model.command(draft, run) for draft in together]
        outcomes = await asyncio.gather(*map(log.write, commands), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [model.outcome(command) for command in commands]
    assert await head(eyes) == before + model.written


async def head(eyes: Connection) -> int:
    row = await (await eyes.execute("select position from log.head")).fetchone()
    assert row is not None
    return int(row[0])
