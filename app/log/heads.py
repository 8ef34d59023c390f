"""Writing of access lists into the heads of streams, for the owner of the log only: the service writes them
with the events of commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from app.platform.db import Connection

# Taken in the turn of the writers, since each may lock several heads in its own order.
LOCK = b"select from log.head for update"
REWRITE = b"""
update log.stream_head h set audience = w.audience
from jsonb_to_recordset(%s::text::jsonb) as w(stream text, version bigint, audience text[])
where h.stream = w.stream and h.version = w.version"""


@dataclass(frozen=True, slots=True)
class HeadAudience:
    """The audience that the head of a stream is to have, if it is still at that version."""

    stream: str
    version: int
    audience: tuple[str, ...]


async def rewrite_audiences(connection: Connection, heads: Sequence[HeadAudience]) -> int:
    """Write the audiences into the heads, in one transaction, and return how many were written. A head that a
    command has moved on meanwhile has its audience from that command, and keeps it.
    """
    async with connection.transaction():
        await connection.execute(LOCK)
        written = await connection.execute(REWRITE, (to_json(heads).decode(),))
    return written.rowcount
