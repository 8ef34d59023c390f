"""`ledgerdesk work`: runs the worker, which processes the log: KPI facts, search index, rules, timers."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Any

import structlog
import typer

from app import worker
from app.cli.exits import TERMINATED
from app.cli.server import logs
from app.kernel import ledger as ledgers
from app.platform import installation, loop, schema, settings
from app.platform.installation import Installation
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND

logger = structlog.get_logger()


def work(
    until_input_ends: Annotated[
        bool, typer.Option(hidden=True, help="Stop when standard input is closed.")
    ] = False,
) -> None:
    """Run the worker until it is stopped: KPI facts, the index of full-text search, rules, timers."""
    current = settings.current()
    logs.configure_logging(current.log_level)
    with installation.open_installation(current, watched=True) as place:
        installation.check(place, current, patient=True)
        if loop.run(_work(place, current, until_input_ends)):
            raise typer.Exit(TERMINATED)


async def _work(place: Installation, current: Settings, until_input_ends: bool) -> bool:
    """Run the worker; return True if SIGTERM ended it, were it on its way to the database still."""
    terminated = asyncio.Event()
    # An exception would interrupt whichever task is running.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    working = asyncio.create_task(_run_worker(place, current))
    tasks: set[asyncio.Task[Any]] = {working, asyncio.create_task(terminated.wait())}
    if until_input_ends:
        tasks.add(asyncio.create_task(_input_ends()))
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await loop.end(tasks)
    if working in done:
        working.result()
    return terminated.is_set()


async def _run_worker(place: Installation, current: Settings) -> None:
    opening = ledgers.open_ledger(
        place.url, place.secrets_dir, LIFECYCLES_BY_KIND, current, patient=True, listens=False
    )
    async with opening as ledger:
        logger.info("working", version=version("ledgerdesk"), schema=schema.current_if_available(place.url))
        await worker.run(place.url, ledger, _utc_now, failed=_failed, secrets_dir=place.secrets_dir)


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _input_ends() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    loop.remove_reader(sys.stdin.fileno())


def _failed(name: str, error: Exception) -> None:
    logger.error("a consumer failed and will try again", consumer=name, why=str(error))
