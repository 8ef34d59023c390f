"""`ledgerdesk work`: follows the log, and does what follows from it."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import structlog
import typer

from app import installation, settings
from app.cli import logs
from app.log import follow
from app.worker import CONSUMERS

logger = structlog.get_logger()


def work(
    until_input_ends: Annotated[
        bool, typer.Option(hidden=True, help="Stop when standard input is closed.")
    ] = False,
) -> None:
    """Follow the log, until it is stopped: KPI facts, and later clocks, search, rules, deliveries."""
    current = settings.current()
    logs.set_up(current.log_level)
    with installation.found(current, watched=True) as place:
        installation.check(place, current)
        asyncio.run(_work(place.url, until_input_ends))


async def _work(url: str, until_input_ends: bool) -> None:
    following = asyncio.create_task(follow.run(url, CONSUMERS, failed=_failed))
    tasks = {following}
    if until_input_ends:
        tasks.add(asyncio.create_task(_input_ends()))
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    following.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if following in done:
        following.result()


async def _input_ends() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    loop.remove_reader(sys.stdin.fileno())


def _failed(consumer: str, error: Exception) -> None:
    logger.error("a consumer failed and will try again", consumer=consumer, why=str(error))
