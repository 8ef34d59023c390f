"""A log that is sealed three times, and a superuser who may do anything to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.log.ids import uuid7
from app.log.writer import Writer
from app.platform.db import Connection, connect
from app.sealing.seal import seal
from app.sealing.signed_heads import SignedHead
from tests.conftest import DatabaseUrls
from tests.log.commands import event_only

SEALED_AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
#: The sizes of the heads: on both sides of a tile's end.
SIZES = (200, 256, 600)


def now() -> datetime:
    return SEALED_AT


@dataclass(frozen=True)
class SealedLog:
    """A sealed log, its heads as they were exported, and the folder of its key."""

    service: Connection
    heads: list[SignedHead]
    secrets_dir: Path


async def write_events(writer: Writer, count: int) -> None:
    """Append so many events, each on a stream of its own, some of them under keys and for others."""
    commands = []
    for n in range(count):
        fields: dict[str, Any] = (
            {"credential": f"key:{uuid7()}"} if n % 3 else {"on_behalf_of": f"person:{uuid7()}"}
        )
        fields |= {"source_ref": 'a "quoted"\n\u2028名'} if n % 5 == 0 else {}
        commands.append(event_only(f"team/{uuid7()}", **fields))
    await asyncio.gather(*map(writer.write, commands))


@pytest.fixture
async def sealed(place: DatabaseUrls, tmp_path: Path) -> AsyncIterator[SealedLog]:
    """A log of 600 events and a few more that are not sealed."""
    writer, heads, size = Writer(place.url), [], 0
    await writer.open()
    service = await connect(place.url)
    for bound in SIZES:
        await write_events(writer, bound - size)
        size = bound
        signed = await seal(service, tmp_path, now)
        assert signed is not None
        heads.append(signed)
    await write_events(writer, 7)
    yield SealedLog(service, heads, tmp_path)
    await service.close()
    await writer.close()


@pytest.fixture
async def superuser(administrator_url: str) -> AsyncIterator[Connection]:
    """A superuser, for whom no guard holds."""
    connection = await connect(administrator_url)
    yield connection
    await connection.close()
