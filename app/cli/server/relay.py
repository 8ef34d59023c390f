"""`ledgerdesk relay`: publishes the log to NATS JetStream or Kafka, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import structlog
import typer

from app.cli.exits import DIFFERENT, TERMINATED
from app.cli.output import print_line
from app.cli.server import logs
from app.log.follow import FOLLOW_LIMITS
from app.platform import installation, loop, settings
from app.platform.db import connect, discard
from app.platform.installation import Installation
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from app.relay.connecting import broker_of
from app.relay.messages import MessageWriter
from app.relay.relaying import Relay, end_relay, log_position, published_position
from app.relay.targets import RelayTarget, target

logger = structlog.get_logger()
#: A relay that is further behind than this is not well.
LARGEST_LAG = 10_000


def relay(
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only print how far the broker is behind the log; exit code 5 from 10,000 events."
        ),
    ] = False,
    end: Annotated[
        bool,
        typer.Option("--end", help="End this relay for good: the metrics no longer count it as a consumer."),
    ] = False,
) -> None:
    """Publish the log to a broker, as CloudEvents, until it is stopped (LEDGERDESK_RELAY_URL)."""
    current = settings.current()
    goal = target(current)
    logs.configure_logging(current.log_level)
    with installation.open_installation(current, watched=not (check or end)) as place:
        installation.check(place, current, patient=not (check or end))
        if end:
            loop.run(_end(place, goal))
            return
        if check:
            raise typer.Exit(loop.run(_check(place, goal)))
        if loop.run(_relay(place, goal, current)):
            raise typer.Exit(TERMINATED)


async def _relay(place: Installation, goal: RelayTarget, current: Settings) -> bool:
    """Run the relay; return True if SIGTERM ended it."""
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    writer = MessageWriter(current.public_url, LIFECYCLES_BY_KIND)
    running = asyncio.create_task(Relay(place.url, goal, writer, _report).run())
    ended = asyncio.create_task(terminated.wait())
    try:
        await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await loop.end((running, ended))
    if not running.cancelled():
        running.result()
    return terminated.is_set()


async def _check(place: Installation, goal: RelayTarget) -> int:
    """Print how far the broker is behind the log; return the exit code."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        async with broker_of(goal) as broker:
            position = await published_position(connection, broker, goal)
        head = await log_position(connection)
    finally:
        await discard(connection)
    print_line(f"{goal.stream}: position {position} of {head}, {head - position} to come")
    return DIFFERENT if head - position > LARGEST_LAG else 0


async def _end(place: Installation, goal: RelayTarget) -> None:
    """End the relay for good."""
    position = await end_relay(place.url, goal)
    ended = "no relay to end" if position is None else f"relay ended at position {position}"
    print_line(f"{goal.stream}: {ended}")


def _report(event: str, why: str) -> None:
    log = logger.warning if event.startswith("interrupted") else logger.info
    log(f"relay: {event}", why=why)
