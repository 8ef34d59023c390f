"""Reads of requests, for rules and checks."""

from __future__ import annotations

from datetime import datetime

from app.kernel.access.reads import ReadContext, Unguarded
from app.processes.requests.records import Request

LAST_REOPENED = """
select max(occurred_at) from log.event where stream = %s and type = 'request.reopened'"""
WAITING_FOR_GROUP = """
select id, state from fold.request where acceptance_group_id = %s and state = any(%s) order by id"""


async def last_reopened(reads: ReadContext, request: Request) -> datetime | None:
    """Return when the request was last reopened; None if it never was."""
    guard = Unguarded("Only the request's own actions reopen it, and they change its version.")
    reopened_at: datetime | None = await reads.value(LAST_REOPENED, (request.row_key,), guard=guard)
    return reopened_at
