"""`make soak`: kills the relay and its NATS server while the log grows, and measures how fast it catches up.

    python -m bench.soak_relay --events 100000 --kills 40

Only processes that it has started are ended. The exit code is not 0 if the stream does not have each event of
the log once and in order.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig

from app.log.events import Event
from app.log.ids import uuid7
from app.log.writer import AppendRequest, Writer
from app.platform.embedded import embedded_server
from app.relay.messages import read_published
from bench.nats_server import NatsServer, nats_server, nats_server_program
from bench.site import Site, made_token, site

STREAM = "ledgerdesk"
RELAY = "relay"
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
    stream = f"team/{uuid7()}"
    return AppendRequest(
        reads={stream: 0},
        events=(
            Event(
                id=uuid7(),
                stream=stream,
                version=1,
                type="team.told",
                occurred_at=datetime.now(UTC),
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
        config = ConsumerConfig(durable_name="soak", ack_policy=AckPolicy.NONE)
        await jetstream.add_consumer(STREAM, config)
        reader = await jetstream.pull_subscribe_bind("soak", STREAM)
        ids: list[str] = []
        while len(ids) < last:
            ids += [str(read_published(each.data).event_id) for each in await reader.fetch(AT_ONCE)]
        return ids
    finally:
        await client.close()


async def caught_up(installation: Site, server: NatsServer, events: int) -> tuple[float, float]:
    """Has a relay publish so many events that are there already. Returns how many it did in a second, and the
    relay's own processor time for each in seconds.
    """
    await append_events(installation, events)
    installation.relay()
    while not await _last_sequence(server):  # noqa: ASYNC110  # its start is not measured
        await asyncio.sleep(LOOK_SECONDS)
    relay = installation.processes[RELAY]
    began, used, there = time.perf_counter(), relay.cpu_seconds, await _last_sequence(server)
    await until_published(installation, server)
    published = await _last_sequence(server) - there
    return published / (time.perf_counter() - began), (relay.cpu_seconds - used) / published


async def killed(installation: Site, server: NatsServer, kills: int, chance: random.Random) -> None:
    """Kills the relay or its broker so often, while the log grows."""
    for _ in range(kills):
        growing = asyncio.create_task(append_events(installation, 4 * AT_ONCE))
        await asyncio.sleep(chance.expovariate(1 / BETWEEN))
        if chance.random() < 0.5:
            installation.kill(RELAY)
            installation.relay()
        else:
            chance.choice((server.kill, server.stop))()
            await asyncio.sleep(chance.expovariate(1 / BETWEEN))
            server.start()
        await growing
    await until_published(installation, server)


async def soak(installation: Site, server: NatsServer, events: int, kills: int, seed: int) -> bool:
    """Measures and kills, and prints what came of it. Returns whether all is well."""
    rate, used = await caught_up(installation, server, events)
    await killed(installation, server, kills, random.Random(seed))  # noqa: S311  # for accidents
    with psycopg.connect(installation.url) as line:
        expected = [event_id for (event_id,) in line.execute(IDS)]
    found = await published_ids(server)
    typer.echo(f"{rate:,.0f} events/s, {used * 1e6:,.0f} µs of the relay's own processor time for each")
    typer.echo(f"{len(found):,} messages of {len(expected):,} events, {kills} kills")
    return found == expected


def main(
    events: Annotated[
        int, typer.Option(min=1_000, help="How many are there when the relay starts.")
    ] = 100_000,
    kills: Annotated[int, typer.Option(min=0, help="How often relay or broker are killed or stopped.")] = 40,
    seed: Annotated[int | None, typer.Option(help="Of the accidents; none: another each time.")] = None,
) -> None:
    """Break a relay and its broker again and again, and prove that each event is published once, in order."""
    program = nats_server_program()
    if program is None:
        typer.echo("There is no nats-server here: the relay is not tried.")
        return
    chosen = int(time.time()) if seed is None else seed
    with (
        tempfile.TemporaryDirectory() as folder,
        nats_server(program, Path(folder)) as server,
        site() as installation,
    ):
        made_token(installation)
        installation.settings["RELAY_URL"] = f"nats://{server.address}"
        with embedded_server(installation.data):  # the log grows without the relay, too
            well = asyncio.run(soak(installation, server, events, kills, chosen))
    typer.echo(f"Seed {chosen}: {'each is there once, in order' if well else 'NOT ALL IS WELL'}.")
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    typer.run(main)
