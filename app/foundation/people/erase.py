"""Erasing a person: besides the key of their fields, what holds their name elsewhere goes too."""

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
    """Around the erasing of a person: deletes the refused rows of imports in which their name or e-mail
    stands, and their views, which they have named. Does nothing if `act` will be refused.

    Before, because without their key nobody could tell any more which rows name them; if the process dies in
    between, erasing again finds what is left. And once more afterwards, for what was refused meanwhile.
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
    """Whether the person is as the caller believes, can be erased, and by this caller."""
    if command.if_match is not None and loaded.record.version not in command.if_match:
        return False
    offered = await offers(ledger, command.lifecycle, loaded, command.metadata)
    return any(offer.action is command.row and offer.because is None for offer in offered)


async def _known_texts(ledger: Ledger, person: Person) -> list[str]:
    """What the person is known by."""
    sealed = [text for text in (person.name, person.email) if text is not None]
    texts = await ledger.vault.texts(sealed)
    return [text.casefold() for text in texts.values() if text]


async def _remove(ledger: Ledger, wanted: list[str]) -> None:
    """Deletes the refused rows in which one of the texts stands."""
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
    """Whether one of the texts stands in the row, in whatever case, and not within a longer word."""
    text = row.decode("utf-8", "replace").casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(one)}(?![a-z])", text) for one in wanted)
