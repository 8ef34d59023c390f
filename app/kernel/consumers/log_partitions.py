"""The partitions of the log, made before its positions reach them."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from app.kernel.consumers import polling
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

logger = structlog.get_logger()

#: The name of the worker's loop.
NAME = "partitions of the log"
#: In this time, even an import fills only a small part of the partitions that are ready.
POLL_SECONDS = 60.0
MAKE_PARTITIONS = "select log.make_partitions()"


async def make_partitions(connection: Connection) -> int:
    """Make the partitions that the log will need next. Return how many were missing."""
    missing: int = await fetch_value(connection, MAKE_PARTITIONS)
    if missing:
        logger.info("partitions of the log were made", partitions=missing)
    return missing


async def run(lines: SharedConnections, *, failed: Callable[[str, Exception], None]) -> None:
    """Make partitions ahead for ever. `failed` is called with each failure; the work is retried."""

    async def make(connection: Connection) -> bool:
        await make_partitions(connection)
        return False

    await polling.run(NAME, lines, make, every=POLL_SECONDS, failed=failed)
