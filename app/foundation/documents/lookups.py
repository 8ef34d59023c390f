"""Reads of the register of documents, for actions that name documents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.common.children import Attachment
from app.kernel.access.reads import ReadContext, Unguarded, Versions
from app.platform.db import Row

ENTRY = """
select e.*, h.stream, h.version as stream_version, h.audience from fold.document_entry e
join log.stream_head h on h.stream = e.record where e.number = %(number)s or e.id = %(id)s"""
#: Persons may date back what they do, but not so that older evidence counts.
RECORDED = """
select max(recorded_at) from log.event
where stream = %(stream)s and occurred_at = %(time)s and actor like 'person:%%'"""
#: Whether the content of a file only fills it.
IS_FILLER = "select says_nothing from content.upload where id = %s"
BY_VERSION = Versions(version="stream_version")


async def registered_document(reads: ReadContext, name: str, entry_id: UUID | None) -> Row | None:
    """Return the entry of the register with that number or id, with the `stream` and the `audience` of its
    record, or None.
    """
    return await reads.row(ENTRY, {"number": name.strip().upper(), "id": entry_id}, guard=BY_VERSION)


async def time_recorded(reads: ReadContext, stream: str, time: datetime) -> datetime | None:
    """Return when a person's act on the record at that time was recorded; None if there was no act then."""
    guard = Unguarded("What was recorded stays as it was recorded.")
    recorded_at: datetime | None = await reads.value(RECORDED, {"stream": stream, "time": time}, guard=guard)
    return recorded_at


async def since_recorded(reads: ReadContext, stream: str, time: datetime) -> datetime:
    """Return the time since which evidence counts for what the record asked at that time: not before a
    person's act was recorded, which may be dated back.
    """
    return max(time, await time_recorded(reads, stream, time) or time)


async def is_readable(reads: ReadContext, attachment: Attachment) -> bool:
    """Return whether the file can be read as evidence: it was not withdrawn, and its content is more than a
    filler.
    """
    if attachment.withdrawn_at is not None or not attachment.size:
        return False
    guard = Unguarded("The content of a file is never changed.")
    return not await reads.value(IS_FILLER, (attachment.content_id or attachment.id,), guard=guard)
