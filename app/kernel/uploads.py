"""Upload and download of files: in chunks, encrypted, in tables next to the log.

Each chunk is a statement of its own, so transactions do not wait for a client. An upload is complete once its
last statement has marked it so; sending it again starts from the beginning, and the earlier transfer cannot
go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from psycopg.errors import ForeignKeyViolation

from app.common.children import Attachment
from app.common.files.media import media_type
from app.common.files.uploads import Upload
from app.common.people import Caller, grant_texts
from app.common.personal import PersonalKey
from app.kernel.actions.payload_fields import is_meaningful
from app.kernel.actions.refusals import NotFound, PersonErased, Refusal, StillRunning
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import Database, DatabaseGone

CHUNK_BYTES = 262_144
#: A longer file is not only a filler, and a shorter one that is no text has no content. In bytes.
LONGEST_FILLER = 1_000
LEAST_BYTES = 8
#: No command runs longer than that, so no upload is removed while it is being attached.
ATTACH_DEADLINE = timedelta(hours=24)
RETENTION = timedelta(hours=48)
#: How often the worker removes expired uploads, in seconds; and how many it removes at once.
POLL_SECONDS = 60.0
MOST_REMOVED = 20
NAME = "uploads"

_COLUMNS = (
    "id, person_id, key_id, under, wrapped, begun_at, size, sha256, media_type, restricted_to, says_nothing"
)
FIND_UPLOAD = f"select {_COLUMNS} from content.upload where id = %s"
DROP = "delete from content.upload where id = %s and sha256 is null returning id"
BEGIN = """
insert into content.upload (id, person_id, key_id, under, wrapped, begun_at, size, restricted_to)
values (%(id)s, %(person_id)s, %(key_id)s, %(under)s, %(wrapped)s, %(now)s, %(size)s, %(restricted_to)s)
on conflict (id) do nothing returning id
"""
# However small, an upload counts as a full chunk, so that the number of uploads is limited, too.
UNATTACHED_BYTES = f"""
select coalesce(sum(greatest(u.size, {CHUNK_BYTES})), 0)::bigint from content.upload u
where u.person_id = %s and u.wrapped is not null
and not exists (select from fold.attachment a where a.id = u.id)
"""
ADD_CHUNK = "insert into content.chunk (key_id, number, sealed) values (%s, %s, %s) returning number"
FINISH = f"""
update content.upload set size = %(size)s, sha256 = %(sha256)s, media_type = %(media_type)s,
  says_nothing = %(says_nothing)s
where key_id = %(key_id)s returning {_COLUMNS}
"""
ABANDON = "delete from content.upload where key_id = %s and sha256 is null returning id"
CHUNK = "select sealed from content.chunk where key_id = %s and number = %s"
# The key of an attached upload is in the vault; when it is destroyed there, no copy may be left elsewhere.
DROP_WRAPPED_KEYS = """
update content.upload u set wrapped = null
where u.wrapped is not null and exists (select from fold.attachment a where a.id = u.id) returning u.id
"""
DELETE_UNATTACHED = """
delete from content.upload u where u.id = %s and not exists (select from fold.attachment a where a.id = u.id)
returning u.id
"""
# Uploads for an import, a bulk job or a discovery are kept as long as that has not read them.
REMOVE = f"""
delete from content.upload where id in (
  select u.id from content.upload u
  where u.wrapped is not null and u.begun_at < %s
  and not exists (select from fold.attachment a where a.id = u.id)
  and not exists (select from plumbing.import_run r where r.upload_id = u.id)
  and not exists (select from plumbing.bulk_job j where j.upload_id = u.id)
  and not exists (select from fold.discovery d where d.upload_id = u.id and d.state = 'waiting')
  order by u.begun_at limit {MOST_REMOVED} for update skip locked
) returning id
"""


@dataclass
class UploadTaken(Refusal):
    """Another file was sent under this upload id before."""

    STATUS = 409
    CODE = "upload_taken"


@dataclass
class TooMuchWaits(Refusal):
    """The person's uploads that are not attached to anything exceed the limit. `words`: the limit,
    in bytes.
    """

    STATUS = 409
    CODE = "too_much_waits"


@dataclass
class ContentErased(Refusal):
    """The key of the file was destroyed, so its content cannot be read any more."""

    STATUS = 410
    CODE = "content_erased"


class ContentDamaged(Exception):
    """A stored file differs from the one sent: chunks are missing, or were altered. It is not served."""


@dataclass(frozen=True, slots=True)
class IncomingUpload:
    """A file that a caller is sending. `pieces` are its bytes as they arrive, at most `size` of them."""

    upload_id: UUID
    sender: Caller
    size: int
    pieces: AsyncIterator[bytes]
    now: datetime


async def find_upload(db: Database, upload_id: UUID) -> Upload | None:
    """Return the upload with that id, or None."""
    row = await db.row(FIND_UPLOAD, (upload_id,))
    return None if row is None else Upload(**row)


async def store_upload(ledger: Ledger, sending: IncomingUpload) -> Upload:
    """Store a file that a caller sends. Sending the same file again has the same result.

    Raises NotFound, UploadTaken, TooMuchWaits, PersonErased, StillRunning, DatabaseGone, and whatever
    `pieces` raises.
    """
    earlier = await find_upload(ledger.db, sending.upload_id)
    if earlier is not None and not earlier.is_usable_by(sending.sender):
        raise NotFound()
    if earlier is not None and earlier.sha256 is not None:
        if await _sha256(sending.pieces) != earlier.sha256:
            raise UploadTaken()
        return earlier
    key = await _begin(ledger, sending)
    try:
        return await _store_chunks(ledger.db, key, sending.pieces)
    except BaseException:  # also if the client has disconnected: a client that returns starts again
        with contextlib.suppress(DatabaseGone):
            await ledger.db.rows(ABANDON, (key.id,))
        raise


async def _begin(ledger: Ledger, sending: IncomingUpload) -> PersonalKey:
    """Create the upload's row, and return the key to encrypt it with."""
    sender = sending.sender
    assert sender.person_id is not None, "a file is somebody's"
    author = await ledger.vault.author(sender.person_id)
    if author is None:
        raise PersonErased()
    key, wrapped = author.key.wrap_new_key(uuid7())
    await ledger.db.rows(DROP, (sending.upload_id,))
    begun = await ledger.db.row(
        BEGIN,
        {
            "id": sending.upload_id,
            "person_id": sender.person_id,
            "key_id": key.id,
            "under": author.key.id,
            "wrapped": wrapped,
            "now": sending.now,
            "size": sending.size,
            "restricted_to": grant_texts(sender.restricted_to),
        },
    )
    if begun is None:  # another request has begun it at the same time
        raise StillRunning()
    # Checked after the insert: of two uploads that begin at once, at least one sees the other.
    limit = ledger.settings.waiting_limit
    if await ledger.db.value(UNATTACHED_BYTES, (sender.person_id,)) > limit:
        await ledger.db.rows(ABANDON, (key.id,))
        raise TooMuchWaits({"limit": str(limit)})
    return key


async def _store_chunks(db: Database, key: PersonalKey, pieces: AsyncIterator[bytes]) -> Upload:
    digest, size, kind = sha256(), 0, media_type(b"")
    number, is_empty = 0, True
    async for chunk in _chunks(pieces):
        if number == 0:
            kind, is_empty = media_type(chunk), is_filler_content(chunk)
        digest.update(chunk)
        size += len(chunk)
        try:
            await db.rows(ADD_CHUNK, (key.id, number, key.encrypt_chunk(number, chunk)))
        except ForeignKeyViolation as error:  # another request has started the upload again
            raise StillRunning() from error
        number += 1
    file = {"size": size, "sha256": digest.hexdigest(), "media_type": kind, "says_nothing": is_empty}
    parameters = {"key_id": key.id, **file}
    row = await db.row(FINISH, parameters)
    if row is None:
        raise StillRunning()
    return Upload(**row)


def is_filler_content(content: bytes) -> bool:
    """Return whether a file with this content, or beginning, is no statement: a short text by the rule for
    texts, anything else by its size.
    """
    if len(content) > LONGEST_FILLER:
        return False
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return len(content) < LEAST_BYTES
    return not is_meaningful(text)


async def _chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the same bytes in chunks: all of one size, except for the last."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


async def _sha256(pieces: AsyncIterator[bytes]) -> str:
    digest = sha256()
    async for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


async def key_of(ledger: Ledger, attachment: Attachment) -> PersonalKey:
    """Return the key of the attachment's content, without reading the content.

    Raises ContentErased, ContentDamaged, DatabaseGone.
    """
    upload = await find_upload(ledger.db, attachment.content_id or attachment.id)
    if upload is None:
        raise ContentDamaged(f"The content of attachment {attachment.id} is missing.")
    key = await ledger.vault.text_key(upload.key_id)
    if key is None:
        raise ContentErased()
    return key


async def content(ledger: Ledger, attachment: Attachment, key: PersonalKey) -> AsyncIterator[bytes]:
    """Return the bytes of the file. The first chunk is verified before this returns.

    Raises ContentDamaged, DatabaseGone; also during iteration. The last chunk is yielded only after the
    checksum of the whole has been verified.
    """
    chunks = _decrypted_chunks(ledger.db, key, attachment)
    first = await anext(chunks, b"")

    async def verified_chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return verified_chunks()


async def read_all(ledger: Ledger, upload_id: UUID) -> bytes:
    """Return the bytes of an upload, attached or not. Raises ContentErased, ContentDamaged, DatabaseGone."""
    upload = await find_upload(ledger.db, upload_id)
    if upload is None or upload.sha256 is None:
        raise ContentDamaged(f"The upload {upload_id} no longer exists.")
    key: PersonalKey | None = None
    if upload.wrapped is None:
        key = await ledger.vault.text_key(upload.key_id)
    elif (
        author := await ledger.vault.author(upload.person_id)
    ) is not None and author.key.id == upload.under:
        key = author.key.unwrap(upload.key_id, upload.wrapped)
    if key is None:
        raise ContentErased()
    return b"".join([chunk async for chunk in _decrypted_chunks(ledger.db, key, upload)])


async def delete_unattached(db: Database, upload_id: UUID) -> None:
    """Remove an upload that is not needed any more, unless it is attached."""
    await db.rows(DELETE_UNATTACHED, (upload_id,))


async def _decrypted_chunks(
    db: Database, key: PersonalKey, attachment: Attachment | Upload
) -> AsyncIterator[bytes]:
    assert attachment.size is not None
    digest, count = sha256(), -(-attachment.size // CHUNK_BYTES)
    for number in range(count):
        encrypted = await db.value(CHUNK, (key.id, number))
        if encrypted is None:
            raise ContentDamaged(f"Chunk {number} of attachment {attachment.id} is missing.")
        try:
            chunk = key.decrypt_chunk(number, encrypted)
        except InvalidTag as error:
            raise ContentDamaged(f"Chunk {number} of attachment {attachment.id} was altered.") from error
        digest.update(chunk)
        if number == count - 1 and digest.hexdigest() != attachment.sha256:
            raise ContentDamaged(f"The checksum of attachment {attachment.id} does not match.")
        yield chunk


async def purge_expired(db: Database, now: datetime) -> int:
    """Remove uploads that were not attached in time, and the wrapped keys of attached ones, which are in the
    vault. Return the number of uploads removed.
    """
    await db.rows(DROP_WRAPPED_KEYS)
    removed = 0
    while expired := await db.rows(REMOVE, (now - RETENTION,)):
        removed += len(expired)
    return removed


async def run(
    ledger: Ledger, clock: Callable[[], datetime], *, failed: Callable[[str, Exception], None]
) -> None:
    """Remove expired uploads for ever. `failed` is called with each failure; removing is retried."""
    while True:
        try:
            await purge_expired(ledger.db, clock())
        except Exception as error:  # any failure: the worker goes on
            failed(NAME, error)
        await asyncio.sleep(POLL_SECONDS)
