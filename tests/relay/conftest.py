"""A log to relay, a NATS server, and relays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from nats.aio.client import Client

from app.log.events import Recorded
from app.log.follow import MOVE_CHECKPOINTS
from app.log.ids import uuid7
from app.log.writer import Writer
from app.platform.db import Connection, connect
from app.relay.messages import MessageWriter
from app.relay.relaying import Relay, next_events
from app.relay.targets import RelayTarget
from bench.nats_server import NatsServer, nats_server, nats_server_program
from tests.conftest import DatabaseUrls
from tests.log.commands import event_only
from tests.waiting import until

PROGRAM = nats_server_program()
needs_nats = pytest.mark.skipif(PROGRAM is None, reason="needs nats-server: none is on PATH")
STREAM = "ledgerdesk"


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS server of the test's own."""
    assert PROGRAM is not None
    folder = tmp_path / "nats"
    folder.mkdir()
    with nats_server(PROGRAM, folder) as server:
        yield server


class RelayedLog:
    """The log, to append to and to look at."""

    def __init__(self, writer: Writer, url: str, eyes: Connection) -> None:
        self.writer, self.url, self._eyes = writer, url, eyes

    async def grow(self, events: int, **changed: Any) -> None:
        """So many more events, each on a stream of its own."""
        requests = [event_only(f"team/{uuid7()}", **changed) for _ in range(events)]
        await asyncio.gather(*map(self.writer.write, requests))

    async def ids(self) -> list[str]:
        """The ids of all events, in order."""
        cursor = await self._eyes.execute("select id::text from log.event order by position")
        return [row[0] for row in await cursor.fetchall()]

    async def note(self, target: RelayTarget, position: int) -> None:
        """Notes a position in the relay's name."""
        await self._eyes.execute(MOVE_CHECKPOINTS.encode(), (position, [target.name]))

    async def events(self) -> list[Recorded]:
        """The events, as they are read to be relayed."""
        return await next_events(self._eyes, 0)

    async def noted(self, target: RelayTarget) -> int | None:
        """The position that the relay has noted for the metrics."""
        query = "select position from log.checkpoint where consumer = %s"
        cursor = await self._eyes.execute(query, (target.name,))
        row = await cursor.fetchone()
        return None if row is None else int(row[0])


@pytest.fixture
async def log(place: DatabaseUrls) -> AsyncIterator[RelayedLog]:
    writer = Writer(place.url)
    await writer.open()
    eyes = await connect(place.url)
    yield RelayedLog(writer, place.url, eyes)
    await eyes.close()
    await writer.close()


class RunningRelay:
    """A relay that runs in this process, and the sentences that it reports."""

    def __init__(self, log: RelayedLog, target: RelayTarget) -> None:
        self.reports: list[str] = []
        relay = Relay(log.url, target, MessageWriter(None, {}), self._report)
        self.task = asyncio.create_task(relay.run())

    def _report(self, event: str, why: str) -> None:
        self.reports.append(f"{event}: {why}")

    async def has_said(self, words: str) -> None:
        """Waits until it has reported something with these words."""

        async def heard() -> bool:
            if self.task.done():
                self.task.result()
            return any(words in sentence for sentence in self.reports)

        await until(heard)

    async def stop(self) -> None:
        """Ends it, as SIGTERM does."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@contextlib.asynccontextmanager
async def relaying(log: RelayedLog, target: RelayTarget) -> AsyncIterator[RunningRelay]:
    """A relay that runs until the block ends."""
    running = RunningRelay(log, target)
    try:
        yield running
    finally:
        await running.stop()


def target_of(server: NatsServer, stream: str = STREAM, **more: Any) -> RelayTarget:
    return RelayTarget(kind="nats", hosts=(server.address,), tls=False, stream=stream, **more)


@contextlib.asynccontextmanager
async def client_of(server: NatsServer) -> AsyncIterator[Client]:
    """A client of somebody else."""
    client = Client()
    await client.connect(server.address)
    try:
        yield client
    finally:
        await client.close()


async def published(server: NatsServer, stream: str = STREAM) -> list[dict[str, Any]]:
    """All messages of the stream, in its order."""
    async with client_of(server) as client:
        jetstream = client.jetstream()
        state = (await jetstream.stream_info(stream)).state
        texts = []
        for sequence in range(state.first_seq, state.last_seq + 1):
            texts.append((await jetstream.get_msg(stream, sequence)).data)
        return [orjson.loads(text or b"") for text in texts]


async def last_sequence(server: NatsServer, stream: str = STREAM) -> int:
    """How many messages the stream has taken."""
    async with client_of(server) as client:
        return int((await client.jetstream().stream_info(stream)).state.last_seq)


async def all_published(log: RelayedLog, server: NatsServer, stream: str = STREAM) -> None:
    """Waits until the stream is as long as the log, and finds each event of it once and in order."""
    ids = await log.ids()

    async def is_there() -> bool:
        with contextlib.suppress(Exception):
            return await last_sequence(server, stream) >= len(ids)
        return False

    await until(is_there)
    messages = await published(server, stream)
    assert [message["eventid"] for message in messages] == ids
    assert [message["id"] for message in messages] == [str(n) for n in range(1, len(ids) + 1)]
