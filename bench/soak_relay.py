"""`make soak`: kills the relay and its NATS server while the log grows, and measures how fast it catches up.

    python -m bench.soak_relay --events 100000 --kills 40

Only processes that it has started are ended. The exit code is not 0 if the stream does not have each event of
the log once and in order.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Annotated

import psycopg
import typer
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig

from app.log.events import Event
from app.log.ids import uuid7
from app.log.writer import AppendRequest, Writer
from app.platform.settings import PROJECT
from app.relay.messages import read_published
from bench.nats_server import NatsServer, nats_server, nats_server_program
from bench.site import Site, made_token, site

STREAM = "ledgerdesk"
IDS = "select id::text from log.event order by position"
HEAD = "select position from log.head"
#: Fields of an event of usual size.
FIELDS = {"priority": "P3", "team": "service_desk", "description": "enc1:" + 700 * "x"}
AT_ONCE = 500
LOOK_SECONDS = 0.02
#: Seconds between two kills, on average.
BETWEEN = 1.0


async def append_events(installation: Site, count: int) -> None:
    """Appends so many events."""
    writer = Writer(installation.url)
    await writer.open()
    try:
        for _ in range(0, count, AT_ONCE):
            await asyncio.gather(*(writer.write(_an_event()) for _ in range(AT_ONCE)))
    finally:
        await writer.close()


def _an_event() -> AppendRequest:
    stream, now = f"team/{uuid7()}", time.time()
    return AppendRequest(
        reads={stream: 0},
        events=(
            Event(
                id=uuid7(),
                stream=stream,
                version=1,
                type="team.told",
                occurred_at=_instant(now),
                actor="rule:soak",
                correlation_id="soak",
                source="api",
                data={"given": FIELDS, "set": {stream: FIELDS}},
            ),
        ),
        rows=(),
        idempotency_records=(),
    )


async def until_published(installation: Site, server: NatsServer) -> None:
    """Waits until the stream is as long as the log."""
    with psycopg.connect(installation.url) as line:
        head: int = line.execute(HEAD).fetchone()[0]  # type: ignore[index]  # there is always one
    while await _last_sequence(server) < head:  # noqa: ASYNC110  # nobody tells of it
        await asyncio.sleep(LOOK_SECONDS)


async def _last_sequence(server: NatsServer) -> int:
    client = Client()
    try:
        await client.connect(server.address, allow_reconnect=False, error_cb=_say_nothing)
        return int((await client.jetstream().stream_info(STREAM)).state.last_seq)
    except (NatsError, OSError):
        return 0
    finally:
        await client.close()


async def _say_nothing(error: Exception) -> None:
    pass


async def published_ids(server: NatsServer) -> list[str]:
    """Returns the ids of all events in the stream, in its order, as a consumer gets them."""
    client = Client()
    await client.connect(server.address)
    try:
        jetstream = client.jetstream()
        last = (await jetstream.stream_info(STREAM)).state.last_seq
        reader = await jetstream.pull_subscribe_bind(
            stream=STREAM,
            consumer=(await jetstream.add_consumer(STREAM, ConsumerConfig(ack_policy="none"))).name,
        )
        ids: list[str] = []
        while len(ids) < last:
            ids += [str(read_published(each.data).event_id) for each in await reader.fetch(AT_ONCE)]
        return ids
    finally:
        await client.close()
