"""Erasure of a person: besides the key of their fields, data elsewhere that names them is deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from uuid import UUID

from app.api import views
from app.common.people import Person
from app.db import Connection
from app.kernel.ledger import Ledger
from app.kernel.offers import offers
from app.kernel.perform import Command
from app.kernel.reads import VersionedRecord, load

PAGE = 500
#: A character as JSON may write it.
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
NEXT_REFUSED = b"select id, sealed from plumbing.refused_row where id > %s order by id limit %s"
REMOVE_REFUSED = b"delete from plumbing.refused_row where id = any(%s)"
NEXT_DELIVERIES = b"""
select id, sealed from plumbing.webhook_delivery where id > %s and sealed is not null order by id limit %s"""
# That it came, and what it has led to, stays: otherwise a repetition would have its effect once more.
EMPTY_DELIVERIES = b"update plumbing.webhook_delivery set sealed = null where id = any(%s)"


@contextlib.asynccontextmanager
async def erase_refused_rows(ledger: Ledger, command: Command) -> AsyncIterator[None]:
    """Around the erasure of a person: delete the refused rows of imports and the content of deliveries of
    tools that contain their name or e-mail address, and their saved views, whose titles are theirs. Does
    nothing if the command will be refused.

    The rows are deleted before, because without the person's key nobody could tell any more which rows name
    them; if the process dies in between, erasing again finds the rest. They are deleted once more afterwards,
    for rows that were refused meanwhile.
    """
    assert command.name is not None
    loaded = await load(ledger.db, command.lifecycle, command.name)
    wanted = []
    if loaded is not None and await _can_be_erased(ledger, command, loaded):
        wanted = await _known_texts(ledger, loaded.record)
    await _remove(ledger, wanted)
    yield
    await _remove(ledger, wanted)
    if loaded is not None and wanted:
        await views.remove_all_of(ledger.db, loaded.record.id)


async def _can_be_erased(ledger: Ledger, command: Command, loaded: VersionedRecord[Person]) -> bool:
    """Return whether the person has the version that the command expects, and the caller can erase them."""
    if command.if_match is not None and loaded.record.version not in command.if_match:
        return False
    offered = await offers(ledger, command.lifecycle, loaded, command.metadata)
    return any(offer.action is command.row and offer.because is None for offer in offered)


async def _known_texts(ledger: Ledger, person: Person) -> list[str]:
    """Return the texts that identify the person: name and e-mail address, in lower case."""
    sealed = [text for text in (person.name, person.email) if text is not None]
    texts = await ledger.vault.texts(sealed)
    return [text.casefold() for text in texts.values() if text]


async def _remove(ledger: Ledger, wanted: list[str]) -> None:
    """Delete what contains one of the texts in `wanted`: refused rows of imports, and the content of
    deliveries of tools.
    """
    if not wanted:
        return
    vault = ledger.vault
    async with ledger.db.connection() as connection:
        await _remove_from(connection, NEXT_REFUSED, REMOVE_REFUSED, vault.open_refused, wanted)
        await _remove_from(connection, NEXT_DELIVERIES, EMPTY_DELIVERIES, vault.open_delivery, wanted)


async def _remove_from(
    connection: Connection,
    following: bytes,
    removal: bytes,
    opened: Callable[[bytes], bytes],
    wanted: list[str],
) -> None:
    last = UUID(int=0)
    while True:
        rows = await (await connection.execute(following, (last, PAGE))).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        found = [row_id for row_id, body in rows if _mentions(opened(bytes(body)), wanted)]
        await connection.execute(removal, (found,))


def _mentions(row: bytes, wanted: list[str]) -> bool:
    """Return whether the row contains one of the texts in `wanted`, in any case, and not within a longer
    word.
    """
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), row.decode("utf-8", "replace")).casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(one)}(?![a-z])", text) for one in wanted)
