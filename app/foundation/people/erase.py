"""Erasure of a person: besides the key of their fields, data elsewhere that names them is deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from uuid import UUID

from app.api import views
from app.common.people import Person
from app.kernel.ledger import Ledger
from app.kernel.offers import offers
from app.kernel.perform import Command
from app.kernel.reads import VersionedRecord, load

PAGE = 500
NEXT_REFUSED = b"select id, sealed from plumbing.refused_row where id > %s order by id limit %s"


@contextlib.asynccontextmanager
async def erase_refused_rows(ledger: Ledger, command: Command) -> AsyncIterator[None]:
    """Around the erasure of a person: delete the refused rows of imports that contain their name or e-mail
    address, and their saved views, whose titles are theirs. Does nothing if the command will be refused.

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
    """Delete the refused rows of imports that contain one of the texts in `wanted`."""
    if not wanted:
        return
    last = UUID(int=0)
    async with ledger.db.connection() as connection:
        while True:
            cursor = await connection.execute(NEXT_REFUSED, (last, PAGE))
            rows = await cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            found = [
                row_id for row_id, body in rows if _mentions(ledger.vault.open_refused(bytes(body)), wanted)
            ]
            await connection.execute("delete from plumbing.refused_row where id = any(%s)", (found,))


def _mentions(row: bytes, wanted: list[str]) -> bool:
    """Return whether the row contains one of the texts in `wanted`, in any case, and not within a longer
    word.
    """
    text = row.decode("utf-8", "replace").casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(one)}(?![a-z])", text) for one in wanted)
