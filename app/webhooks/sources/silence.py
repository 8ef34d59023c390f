"""Silence of sources: the owner is notified when nothing has come for five times as long as usual."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import Database
from app.webhooks.intake.deliveries import TEST_KEY
from app.webhooks.sources.lifecycle import LIFECYCLE, NoteSilence

NAME = "note_silent_sources"
POLL_SECONDS = 30.0
TIMES_USUAL = 5
#: Number of latest deliveries that define the usual gap, and the fewest that allow a conclusion.
LATEST, FEWEST = 50, 5
#: A tool that posts every few seconds is not called silent within this time.
SHORTEST_SILENCE_SECONDS = 300.0

# The median: a night without deliveries does not make it longer. Repeated deliveries count as often and for
# as long as their delivery records.
USUAL_GAP = f"""
with last as (
  select received_at, id, heard, last_heard_at from plumbing.webhook_delivery
  where source_id = %s and not starts_with(delivery_key, '{TEST_KEY}')
  order by received_at desc, id desc limit {LATEST}
), gaps as (
  select extract(epoch from received_at - lag(received_at) over (order by received_at, id))::float8 as gap
  from last
  union all
  select extract(epoch from last_heard_at - received_at)::float8 / (heard - 1)
  from last, generate_series(2, least(heard, {LATEST})) where heard > 1
)
select case when count(gap) >= {FEWEST} then percentile_cont(0.5) within group (order by gap) end from gaps
"""
SOURCES = f"""
select s.id, s.silent_since_at, (select greatest(
    (select max(d.received_at) from plumbing.webhook_delivery d
      where d.source_id = s.id and not starts_with(d.delivery_key, '{TEST_KEY}')),
    (select max(d.last_heard_at) from plumbing.webhook_delivery d
      where d.source_id = s.id and d.last_heard_at is not null))) as last_received_at
from fold.webhook_source s where s.state = 'active'
"""


async def usual_gap(db: Database, source_id: UUID) -> float | None:
    """Return the usual seconds between two deliveries of the source; None if there are too few yet."""
    seconds: float | None = await db.value(USUAL_GAP, (source_id,))
    return seconds


async def note_silences(ledger: Ledger, now: datetime) -> int:
    """Note which sources have fallen silent, and which are heard again. Return how many."""
    noted = 0
    for row in await ledger.db.rows(SOURCES):
        last = row["last_received_at"]
        if last is None:
            continue
        gap = await usual_gap(ledger.db, row["id"])
        if gap is None:
            continue
        silent = now - last > timedelta(seconds=max(gap * TIMES_USUAL, SHORTEST_SILENCE_SECONDS))
        if silent and row["silent_since_at"] is None:
            noted += await _note(ledger, row["id"], "note_silence", NoteSilence(since_at=last), now)
        elif not silent and row["silent_since_at"] is not None:
            noted += await _note(ledger, row["id"], "note_return", EmptyPayload(), now)
    return noted


async def _note(ledger: Ledger, source_id: UUID, action: str, body: Payload, now: datetime) -> int:
    metadata = CommandMetadata(
        caller=rule_caller(NAME), now=now, correlation_id=str(uuid7()), source=f"rule:{NAME}"
    )
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE[action], str(source_id), body, metadata))
    except Refusal:
        return 0  # another worker has noted it
    return 1


async def run(ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]) -> None:
    """Watch all sources for ever."""
    while True:
        try:
            await note_silences(ledger, clock())
        except Exception as error:  # any failure: the worker goes on
            failed(NAME, error)
        await asyncio.sleep(POLL_SECONDS)
