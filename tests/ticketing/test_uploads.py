"""Files on their way in: interrupted, overtaken, many at once, and what is never attached."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from app.common.children import Attachment
from app.common.files.uploads import Upload
from app.common.people import Caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import NotFound, StillRunning, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kernel.uploads import (
    ATTACH_DEADLINE,
    CHUNK_BYTES,
    RETENTION,
    IncomingUpload,
    UploadTaken,
    _chunks,
    content,
    find_upload,
    key_of,
    purge_expired,
    store_upload,
)
from app.processes.incidents.lifecycle import LIFECYCLE
from tests.client import an_incident
from tests.extent import in_test_all
from tests.people import add_caller

FILE = bytes(range(251)) * (3 * CHUNK_BYTES // 251)


async def in_pieces(file: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    """The file as it comes over the wire."""
    for start in range(0, len(file), size):
        yield file[start : start + size]


async def breaking_off(file: bytes) -> AsyncIterator[bytes]:
    """The same, until whoever sends it has gone."""
    async for piece in in_pieces(file):
        yield piece
    raise ClientDisconnect


async def send(
    ledger: Ledger,
    caller: Caller,
    pieces: AsyncIterator[bytes],
    upload_id: UUID | None = None,
    *,
    now: datetime | None = None,
) -> Upload:
    """Somebody sends a file."""
    assert caller.person_id is not None
    sent_at = now or datetime.now(UTC)
    return await store_upload(
        ledger, IncomingUpload(upload_id or uuid4(), caller, len(FILE), pieces, sent_at)
    )


async def do(ledger: Ledger, caller: Caller, name: str, record: Any, fields: dict[str, Any]) -> Any:
    """The record after an action on it, or after that which makes it."""
    row = LIFECYCLE[name]
    body: Payload = row.body.model_validate(fields)
    context = CommandMetadata(caller, datetime.now(UTC), "a-test", "api")
    command = Command(LIFECYCLE, row, None if record is None else str(record.id), body, context)
    return (await perform(ledger, command)).record


async def attach(ledger: Ledger, caller: Caller, upload_id: UUID) -> Attachment:
    """The file of that upload, attached to a new incident."""
    incident = await do(ledger, caller, "report", None, an_incident())
    await do(ledger, caller, "attach", incident, {"upload": str(upload_id), "name": "a.bin"})
    row = await ledger.db.row("select * from fold.attachment where id = %s", (upload_id,))
    assert row is not None
    return Attachment.model_construct(**row)


async def what_is_in(ledger: Ledger, attachment: Attachment) -> bytes:
    """All of it."""
    key = await key_of(ledger, attachment)
    return b"".join([piece async for piece in await content(ledger, attachment, key)])


async def counted(ledger: Ledger, table: str) -> int:
    """The number of rows."""
    return int(await ledger.db.value(f"select count(*) from content.{table}"))


@pytest.fixture
async def olu(ledger: Ledger) -> Caller:
    """Somebody who sends files."""
    return await add_caller(ledger, "Olu Adeyemi")


@given(st.lists(st.binary(max_size=CHUNK_BYTES // 2), max_size=12))
def test_however_a_file_comes_in_its_chunks_are_of_one_size_but_for_the_last(pieces: list[bytes]) -> None:
    async def given_pieces() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece * 3

    async def all_of() -> list[bytes]:
        return [chunk async for chunk in _chunks(given_pieces())]

    chunks = asyncio.run(all_of())
    assert b"".join(chunks) == b"".join(piece * 3 for piece in pieces)
    assert all(len(chunk) == CHUNK_BYTES for chunk in chunks[:-1])
    assert all(chunk for chunk in chunks)


async def test_an_empty_file_is_a_file(ledger: Ledger, olu: Caller) -> None:
    upload = await send(ledger, olu, in_pieces(b""))
    assert (upload.size, upload.media_type) == (0, "application/octet-stream")
    assert await what_is_in(ledger, await attach(ledger, olu, upload.id)) == b""


async def test_of_what_broke_off_nothing_is_left_and_it_can_be_sent_again(
    ledger: Ledger, olu: Caller
) -> None:
    upload_id = uuid4()
    with pytest.raises(ClientDisconnect):
        await send(ledger, olu, breaking_off(FILE), upload_id)
    assert (await counted(ledger, "upload"), await counted(ledger, "chunk")) == (0, 0)
    await send(ledger, olu, in_pieces(FILE), upload_id)
    assert await what_is_in(ledger, await attach(ledger, olu, upload_id)) == FILE


class Held:
    """A file that stops coming after its first chunk, until it is let go."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes as they come."""
        yield self.file[:CHUNK_BYTES]
        self.begun.set()
        await self.go.wait()
        yield self.file[CHUNK_BYTES:]


async def test_what_a_process_that_died_has_left_is_overtaken_and_never_mixed_in(
    ledger: Ledger, other: Ledger, olu: Caller
) -> None:
    """Between two chunks a process that is dead and one that is slow look alike: both have left rows."""
    upload_id, held = uuid4(), Held(b"old" * CHUNK_BYTES)
    slow = asyncio.create_task(send(ledger, olu, held.pieces(), upload_id))
    await held.begun.wait()
    with pytest.raises(WrongValue, match="no completely uploaded file"):
        await attach(other, olu, upload_id)
    await send(other, olu, in_pieces(FILE), upload_id)
    held.go.set()
    with pytest.raises(StillRunning):
        await slow
    assert await what_is_in(ledger, await attach(ledger, olu, upload_id)) == FILE
    assert await counted(ledger, "chunk") == 3


async def test_an_upload_is_its_senders_and_stays_what_it_was(ledger: Ledger, olu: Caller) -> None:
    ann, upload_id = await add_caller(ledger, "Ann Other"), uuid4()
    await send(ledger, olu, in_pieces(FILE), upload_id)
    with pytest.raises(NotFound):
        await send(ledger, ann, in_pieces(b"mine"), upload_id)
    with pytest.raises(UploadTaken):
        await send(ledger, olu, in_pieces(b"mine"), upload_id)
    assert await what_is_in(ledger, await attach(ledger, olu, upload_id)) == FILE


async def test_what_was_sent_yesterday_cannot_be_attached_and_the_day_after_is_gone(
    ledger: Ledger, olu: Caller
) -> None:
    now = datetime.now(UTC)
    old = await send(ledger, olu, in_pieces(FILE), now=now - ATTACH_DEADLINE - timedelta(minutes=1))
    with pytest.raises(WrongValue, match="24 hours"):
        await attach(ledger, olu, old.id)
    recent = await send(ledger, olu, in_pieces(FILE))
    attached = await attach(ledger, olu, (await send(ledger, olu, in_pieces(FILE))).id)
    assert await purge_expired(ledger.db, now) == 0
    assert await purge_expired(ledger.db, old.begun_at + RETENTION + timedelta(minutes=1)) == 1
    assert await find_upload(ledger.db, old.id) is None
    assert await find_upload(ledger.db, recent.id) is not None
    assert await purge_expired(ledger.db, now + timedelta(days=30)) == 1
    assert (await counted(ledger, "upload"), await counted(ledger, "chunk")) == (1, 3)
    assert await what_is_in(ledger, attached) == FILE


async def test_the_key_of_what_is_attached_is_in_the_vault_and_nowhere_else(
    ledger: Ledger, olu: Caller
) -> None:
    upload = await send(ledger, olu, in_pieces(FILE))
    await attach(ledger, olu, upload.id)
    await purge_expired(ledger.db, datetime.now(UTC))
    upload_row = await find_upload(ledger.db, upload.id)
    assert upload_row is not None
    assert upload_row.wrapped is None
    assert await ledger.vault.text_key(upload.key_id) is not None
    with pytest.raises(WrongValue, match="already attached"):
        await attach(ledger, olu, upload.id)


@in_test_all
async def test_twenty_who_send_at_once_take_a_few_chunks_of_memory_each(ledger: Ledger, olu: Caller) -> None:
    chunks, senders = 12, 20

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(chunks * 4):
            yield bytes(CHUNK_BYTES // 4)

    tracemalloc.start()
    await asyncio.gather(*(send(ledger, olu, pieces()) for _ in range(senders)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert await counted(ledger, "chunk") == chunks * senders
    assert most < senders * chunks * CHUNK_BYTES / 2
