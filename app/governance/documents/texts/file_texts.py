"""Texts of the files of documents in force, by which they are found: read once, in a process with a limit of
time and memory, and kept encrypted under the file's own key, with which they go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from psycopg.errors import ForeignKeyViolation

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.common.files.media import TEXT
from app.common.records import CodeEnum
from app.kernel.ledger import Ledger
from app.kernel.uploads import ContentDamaged, ContentErased, read_all
from app.platform.db import Row
from app.search.tokens import LONGEST_TEXT, text_tokens

NAME = "document_texts"
#: How often the worker looks for files, in seconds.
POLL_SECONDS = 2.0
#: Larger files are not searched.
LARGEST_FILE = 32 * 1024 * 1024
#: For one file; hundreds of pages take a few.
READ_SECONDS = 30.0
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Functions that read files, by media type; plain text needs no function.
_MODULE = "app.common.files.document_text"
_READERS = {
    PDF: BoundedProcess(_MODULE, "pdf_text", seconds=READ_SECONDS),
    DOCX: BoundedProcess(_MODULE, "word_text", seconds=READ_SECONDS),
}
MEDIA_TYPES = [TEXT, *_READERS]

# A key that is gone, or the one above it, takes what is found under it along.
NEXT_FILE = """
select v.attachment_id, v.record, v.media_type, v.size, k.id as key_id, k.under
from fold.document_version v
join fold.attachment a on a.id = v.attachment_id
join content.upload u on u.id = v.attachment_id
join vault.personal_key k on k.id = u.key_id
join vault.personal_key p on p.id = k.under
where v.state = 'published' and v.media_type = any(%s)
and not exists (select from search.document_text t where t.attachment_id = v.attachment_id)
order by v.published_at, v.id limit 1"""
STORE = """
insert into search.document_text (attachment_id, document_id, key_id, under, failure, tokens, text)
values (%s, %s, %s, %s, %s, array_to_tsvector(string_to_array(%s, ' ')), %s)
on conflict (attachment_id) do nothing returning attachment_id"""
REMOVE = """
delete from search.document_text t where not exists (
  select from fold.document_version v where v.attachment_id = t.attachment_id and v.state = 'published')
returning t.attachment_id"""


class UnsearchableBecause(CodeEnum):
    """Reason for which the text of a file is not searched."""

    too_large = "too_large", "Too large", "文件过大"
    too_slow = "too_slow", "Takes too much time or memory", "耗时或占用内存过多"
    unreadable = "unreadable", "Broken, or protected", "文件损坏或受保护"


async def index_next(ledger: Ledger) -> bool:
    """Read the text of one file of a version in force, and forget those of versions that are in force no
    more. Return whether there was a file. Raises DatabaseGone.
    """
    await ledger.db.rows(REMOVE)
    file = await ledger.db.row(NEXT_FILE, (MEDIA_TYPES,))
    if file is None:
        return False
    text, failure = await _read_text(ledger, file)
    key = await ledger.vault.text_key(file["key_id"])
    encrypted = None if text is None or key is None else key.encrypt(text)
    tokens = "" if text is None or encrypted is None else " ".join(text_tokens(text))
    document_id = UUID(file["record"].partition("/")[2])
    names = file["attachment_id"], document_id, file["key_id"], file["under"]
    try:
        await ledger.db.rows(STORE, (*names, failure, tokens, encrypted))
    except ForeignKeyViolation:  # the file was destroyed meanwhile, or its author was erased
        ledger.vault.forget()
    return True


async def _read_text(ledger: Ledger, file: Row) -> tuple[str | None, UnsearchableBecause | None]:
    """Return the first LONGEST_TEXT characters of the file; or None, and why it is not searched."""
    if file["size"] > LARGEST_FILE:
        return None, UnsearchableBecause.too_large
    try:
        content = await read_all(ledger, file["attachment_id"])
    except (ContentErased, ContentDamaged):
        return None, UnsearchableBecause.unreadable
    reader = _READERS.get(file["media_type"])
    if reader is None:
        return content[: 4 * LONGEST_TEXT].decode("utf-8", "ignore").replace("\x00", "")[:LONGEST_TEXT], None
    try:
        text = await asyncio.to_thread(reader.call_function, content, LONGEST_TEXT)
    except LimitExceeded:
        return None, UnsearchableBecause.too_slow
    return text, UnsearchableBecause.unreadable if text is None else None


async def run(ledger: Ledger, *, failed: Callable[[str, Exception], None]) -> None:
    """Read the texts of new files for ever. `failed` is called with each failure; the work is retried."""
    while True:
        try:
            while await index_next(ledger):
                pass
        except Exception as error:  # any failure: the worker goes on
            failed(NAME, error)
        await asyncio.sleep(POLL_SECONDS)
