"""Pending and finished writes to a source's tool, by which echoes are recognised.

A write is noted before it is sent. News by the account that we write with waits for the response, since it
may be our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from app.platform.db import Database
from app.webhooks.two_way.tool_clocks import ClockSample, ToolClock

#: Deliveries of unknown tickets wait by this name while tickets are opened at their tool.
OPENING = "opening"

ACCOUNTS = "select account from deliveries.tool_account where source = %s"
ADD_ACCOUNT = """
insert into deliveries.tool_account (source, account, asked_at) values (%s, %s, %s)
on conflict (source, account) do update set asked_at = excluded.asked_at returning account"""
IS_OPENING = "select 1 from deliveries.tool_ticket where source = %s and is_opening limit 1"
FIND_WRITE = """
select is_opening, writing, begun_at, unsure_at, written_at from deliveries.tool_ticket
where source = %s and stream = %s"""
NOTE_WRITE = """
insert into deliveries.tool_ticket (source, stream, is_opening, writing, begun_at) values (%s, %s, %s,
%s, %s)
on conflict (source, stream) do update
set is_opening = excluded.is_opening, writing = excluded.writing, begun_at = excluded.begun_at
returning stream"""
CLEAR_WRITE = """
update deliveries.tool_ticket
set is_opening = false, writing = null, begun_at = null, written_at = coalesce(%s, written_at)
where source = %s and stream = %s returning stream"""
DOUBT = """
insert into deliveries.tool_ticket (source, stream, unsure_at) values (%s, %s, clock_timestamp())
on conflict (source, stream) do update set unsure_at = excluded.unsure_at returning stream"""
CLEAR_DOUBT = """
update deliveries.tool_ticket set unsure_at = null where source = %s and stream = %s and unsure_at = %s
returning stream"""
FIND_REFUSED = "select refused from deliveries.tool_ticket where source = %s and stream = %s"
SAVE_REFUSED = """
insert into deliveries.tool_ticket (source, stream, refused) values (%s, %s, %s)
on conflict (source, stream) do update set refused = coalesce(tool_ticket.refused, '{}') || excluded.refused
returning stream"""
FIND_ASSIGNEE_VERSION = """
select assignee_version from deliveries.tool_ticket where source = %s and stream = %s"""
NOTE_ASSIGNEE = """
insert into deliveries.tool_ticket (source, stream, assignee_version) values (%s, %s, %s)
on conflict (source, stream) do update
set assignee_version = greatest(tool_ticket.assignee_version, excluded.assignee_version)
returning stream"""
FIND_LABELS = """
select labels, labels_at from deliveries.tool_ticket
where source = %s and stream = %s and labels_at is not null"""
SAVE_LABELS = """
insert into deliveries.tool_ticket (source, stream, labels, labels_at) values (%s, %s, %s, %s)
on conflict (source, stream) do update set labels = excluded.labels, labels_at = excluded.labels_at
where coalesce(tool_ticket.labels_at, '-infinity') <= excluded.labels_at
returning stream"""
BEGIN_COMMENT = """
insert into deliveries.tool_comment (source, comment_id, stream, begun_at, is_open) values (%s, %s, %s,
%s, true)
on conflict (source, comment_id) do update set is_open = true returning comment_id"""
END_COMMENT = """
update deliveries.tool_comment set key = %s, written_at = %s, fingerprint = %s, is_open = false
where source = %s and comment_id = %s returning comment_id"""
REFUSE_COMMENT = """
update deliveries.tool_comment set is_open = false where source = %s and comment_id = %s and key is not
null
returning comment_id"""
DROP_COMMENT = """
delete from deliveries.tool_comment where source = %s and comment_id = %s and key is null
returning comment_id"""
FIND_COMMENT = """
select key, begun_at, fingerprint from deliveries.tool_comment where source = %s and comment_id = %s"""
BY_KEY = "select written_at from deliveries.tool_comment where source = %s and key = %s"
FIND_CLOCK = "select ahead, least, most, measured_at from deliveries.tool_clock where source = %s"
SAVE_CLOCK = """
insert into deliveries.tool_clock (source, ahead, least, most, measured_at) values (%s, %s, %s, %s, %s)
on conflict (source) do update set ahead = excluded.ahead, least = excluded.least, most = excluded.most,
  measured_at = excluded.measured_at
returning source"""
OPEN_COMMENT = "select 1 from deliveries.tool_comment where source = %s and stream = %s and is_open limit 1"


@dataclass(frozen=True, slots=True)
class TicketWrite:
    """Pending write to a ticket at its tool: its opening, or fingerprints of values by field (None: nothing),
    since `begun_at`. `unsure_at` is set if the ticket there may differ from its last news.
    `written_at` is the tool's time of our last write.
    """

    is_opening: bool = False
    writing: Mapping[str, str] | None = None
    begun_at: datetime | None = None
    unsure_at: datetime | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WrittenComment:
    """A comment that was written to a tool; `key` None: it may have arrived or not. `fingerprint` is that of
    the text that the tool has.
    """

    key: str | None
    begun_at: datetime
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class CommonLabels:
    """The labels that a ticket had on both sides, and the tool's time of the comparison."""

    labels: frozenset[str]
    labels_at: datetime


class Writes:
    """Writes to the tool of one source."""

    def __init__(self, db: Database, source: str) -> None:
        self._db, self._source = db, source

    async def accounts(self) -> frozenset[str]:
        """Return the accounts with which the tool is written to; empty if it is not."""
        return frozenset(row["account"] for row in await self._db.rows(ACCOUNTS, (self._source,)))

    async def add_account(self, account: str, now: datetime) -> None:
        """Note an account that the tool is written to with."""
        await self._db.rows(ADD_ACCOUNT, (self._source, account, now))

    async def clock(self) -> ToolClock:
        """Return the tool's clock, as our writes have measured it."""
        row = await self._db.row(FIND_CLOCK, (self._source,))
        return ToolClock() if row is None else ToolClock(**row)

    async def measure_clock(self, sample: ClockSample) -> None:
        """Measure the tool's clock by a write."""
        clock = (await self.clock()).measure(sample)
        values = (clock.ahead, clock.least, clock.most, clock.measured_at)
        await self._db.rows(SAVE_CLOCK, (self._source, *values))

    async def is_opening(self) -> bool:
        """Return whether a ticket may just be opened at the tool."""
        return bool(await self._db.rows(IS_OPENING, (self._source,)))

    async def find_write(self, stream: str) -> TicketWrite:
        """Return what is under way to the ticket."""
        row = await self._db.row(FIND_WRITE, (self._source, stream))
        return TicketWrite() if row is None else TicketWrite(**row)

    async def note_write(
        self, stream: str, writing: Mapping[str, str], now: datetime, *, is_opening: bool = False
    ) -> None:
        """Note what will be written to the ticket."""
        await self._db.rows(NOTE_WRITE, (self._source, stream, is_opening, Jsonb(dict(writing)), now))

    async def clear_write(self, stream: str, written_at: datetime | None) -> None:
        """Note that nothing is under way to the ticket any more, and the tool's time of the write; None: it
        wrote nothing.
        """
        await self._db.rows(CLEAR_WRITE, (written_at, self._source, stream))

    async def doubt(self, stream: str) -> None:
        """Note that the ticket must be looked at over there."""
        await self._db.rows(DOUBT, (self._source, stream))

    async def clear_doubt(self, stream: str, unsure_at: datetime) -> None:
        """Note that the doubt of that time is over; a later one is not."""
        await self._db.rows(CLEAR_DOUBT, (self._source, stream, unsure_at))

    async def refused_fields(self, stream: str) -> Mapping[str, str]:
        """Return marks of the values that the tool has refused last, by field."""
        row = await self._db.row(FIND_REFUSED, (self._source, stream))
        return {} if row is None else row["refused"] or {}

    async def note_refused(self, stream: str, name: str, mark: str) -> None:
        """Note that the tool has refused the value of that mark for the field."""
        await self._db.rows(SAVE_REFUSED, (self._source, stream, Jsonb({name: mark})))

    async def assignee_version(self, stream: str) -> int:
        """Return the version of the ticket whose assignee was compared with the tool's last; 0: none was."""
        row = await self._db.row(FIND_ASSIGNEE_VERSION, (self._source, stream))
        return 0 if row is None else row["assignee_version"] or 0

    async def note_assignee(self, stream: str, version: int) -> None:
        """Note that the assignee of that version is the tool's, or was written to it."""
        await self._db.rows(NOTE_ASSIGNEE, (self._source, stream, version))

    async def common_labels(self, stream: str) -> CommonLabels | None:
        """Return the labels of the ticket on both sides; None: they were never compared."""
        row = await self._db.row(FIND_LABELS, (self._source, stream))
        return None if row is None else CommonLabels(frozenset(row["labels"]), row["labels_at"])

    async def save_common_labels(self, stream: str, common: CommonLabels) -> None:
        """Save the labels of the ticket on both sides, unless a later comparison is saved."""
        await self._db.rows(SAVE_LABELS, (self._source, stream, sorted(common.labels), common.labels_at))

    async def begin_comment(self, stream: str, comment: UUID, now: datetime) -> None:
        """Note that a comment will be written for the first time or again."""
        await self._db.rows(BEGIN_COMMENT, (self._source, comment, stream, now))

    async def end_comment(self, comment: UUID, key: str, written_at: datetime, fingerprint: str) -> None:
        """Note the id and time that the tool has given a comment, and the fingerprint of its text."""
        await self._db.rows(END_COMMENT, (key, written_at, fingerprint, self._source, comment))

    async def refuse_comment(self, comment: UUID) -> None:
        """Note that a comment, or its correction, was refused."""
        await self._db.rows(REFUSE_COMMENT, (self._source, comment))
        await self._db.rows(DROP_COMMENT, (self._source, comment))

    async def find_comment(self, comment: UUID) -> WrittenComment | None:
        """Return the comment as it was written; None: it was not."""
        row = await self._db.row(FIND_COMMENT, (self._source, comment))
        return None if row is None else WrittenComment(**row)

    async def comment_written_at(self, key: str) -> datetime | None:
        """Return the tool's time of a comment that we have written, by the tool's id; None: it is not
        ours.
        """
        row = await self._db.row(BY_KEY, (self._source, key))
        return None if row is None else row["written_at"]

    async def has_pending_write(self, stream: str) -> bool:
        """Return whether a change or comment is under way to the ticket."""
        written = await self.find_write(stream)
        return written.writing is not None or bool(await self._db.rows(OPEN_COMMENT, (self._source, stream)))
