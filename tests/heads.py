"""Heads of streams compared with who may see their records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.kernel.access.audiences import LOWEST_ID, check_batch
from app.kernel.actions.lifecycle import Lifecycle
from app.log.heads import HeadAudience
from app.platform.db import Connection
from app.registry import LIFECYCLES


async def differing_heads(
    connection: Connection, lifecycles: Iterable[Lifecycle[Any]] = LIFECYCLES
) -> list[HeadAudience]:
    """Every head that has another audience than its record."""
    found: list[HeadAudience] = []
    for lifecycle in lifecycles:
        after: UUID | None = LOWEST_ID
        while after is not None:
            batch = await check_batch(connection, lifecycle, after)
            found += batch.differing
            after = batch.last
    return found
