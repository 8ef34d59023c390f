"""Reads of the register of documents, for actions that name documents."""

from __future__ import annotations

from uuid import UUID

from app.kernel.access.reads import ReadContext, Versions
from app.platform.db import Row

ENTRY = """
select e.*, h.stream, h.version as stream_version, h.audience from fold.document_entry e
join log.stream_head h on h.stream = e.record where e.number = %(number)s or e.id = %(id)s"""
BY_VERSION = Versions(version="stream_version")


async def registered_document(reads: ReadContext, name: str, entry_id: UUID | None) -> Row | None:
    """Return the entry of the register with that number or id, with the `stream` and the `audience` of its
    record; None if there is none.
    """
    return await reads.row(ENTRY, {"number": name.strip().upper(), "id": entry_id}, guard=BY_VERSION)
