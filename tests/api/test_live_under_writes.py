"""The feed and the live stream under writes by several clients: the same events once, in the log's order, for
whoever follows, also over streams that are cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.client import Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE
from tests.listening import listening
from tests.served import behind_a_socket

WRITERS, ROUNDS = (4, 6) if WHOLE else (2, 2)
Address = tuple[str, int]


@pytest.fixture
def app(api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings) -> FastAPI:
    """Another process than the one that is written through."""
    return application(place.url, tmp_path / "secrets", settings)


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[Address]:
    async with behind_a_socket(app) as listens_at:
        yield listens_at


@dataclass
class Reader:
    """Somebody who follows the feed and the stream at once; both from the same position on."""

    client: Client
    begin: int
    from_feed: list[Json] = field(default_factory=list)
    from_stream: list[Json] = field(default_factory=list)
    cuts: int = 0
    has_read: bool = False

    async def read_feed(self, end: asyncio.Event) -> None:
        """Goes on from cursor to cursor until everything is written and read."""
        expected = {"after": str(self.begin), "limit": "7", "kind": "incident"}
        more: dict[str, str] = {}
        while True:
            is_last = end.is_set()
            page = await self.client.read("/v1/events", **expected, **more)
            self.from_feed += page["items"]
            if is_last and page["next_cursor"] is None:
                self.has_read = True
                return
            more = {"cursor": page["resume_cursor"], "wait": "0" if is_last else "1"}

    async def listen(self, address: Address) -> None:
        """Listens, is cut off after some events, and connects again, until everything is written and read."""
        last_id = self.begin
        while not self.has_read or len(self.from_stream) < len(self.from_feed):
            most = 1 + self.cuts % 9
            async with listening(address, self.client.token, last_id, kind="incident") as listener:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(listener.count(most), 1)
            self.cuts += 1
            last_id = listener.last_id
            self.from_stream += [content["event"] for content in listener.events]


async def _write(writer: Client, own: Sequence[str], seed: int) -> None:
    """Reports tickets, and says something of them and of the requester's own, partly for staff alone."""
    chosen = random.Random(seed)  # for an order, not for secrets
    for n in range(ROUNDS):
        record = await writer.post_ok("/v1/incidents", an_incident(title=f"Printer {seed}-{n}"))
        await writer.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": "network"})
        for visibility in chosen.sample(["internal", "public", "public"], 3):
            about = chosen.choice([record["id"], *own])
            await writer.post_ok(f"/v1/incidents/{about}/comment", {"text": "word", "visibility": visibility})


async def test_feed_and_stream_give_each_reader_the_same_events_once_in_the_order_of_the_log(
    api: Api, address: Address
) -> None:
    await api.team("network")
    writers = [await api.client(f"writes {n}", Role.agent, teams=("network",)) for n in range(WRITERS)]
    agent = await api.client("agent", Role.agent, teams=("network",))
    requester = await api.client("asks", Role.requester)
    own = [(await requester.post_ok("/v1/incidents", an_incident()))["id"] for _ in range(WRITERS)]
    for record in own:
        await writers[0].post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})
    begin, end = await api.head(), asyncio.Event()
    of_agent, of_requester = readers = [Reader(client, begin) for client in (agent, requester)]

    async def write_all() -> None:
        async with asyncio.TaskGroup() as writing:
            for n, writer in enumerate(writers):
                writing.create_task(_write(writer, own, n))
        end.set()

    async with asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read_feed(end))
            group.create_task(reader.listen(address))
        group.create_task(write_all())
    for reader in readers:
        positions = [event["position"] for event in reader.from_stream]
        assert positions == sorted(set(positions))
        assert reader.from_stream == reader.from_feed
        assert reader.cuts > 1
    everything = "select position from log.event where position > %s and stream like %s order by position"
    rows = await api.ledger.db.rows(everything, (begin, "incident/%"))
    assert [event["position"] for event in of_agent.from_stream] == [row["position"] for row in rows]
    assert 0 < len(of_requester.from_stream) < len(of_agent.from_stream)
    assert not [event for event in of_requester.from_stream if "internal" in str(event["given"])]
