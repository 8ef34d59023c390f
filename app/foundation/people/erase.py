"""Erasure of a person: besides the key of their fields, data elsewhere that names them is deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from uuid import UUID

from app.api.listings import list_columns, views
from app.common.people import Person
from app.kernel.access.reads import VersionedRecord, load
from app.kernel.commands.command import Command
from app.kernel.commands.offers import offers
from app.kernel.ledger import Ledger
from app.platform.db import Connection

PAGE = 500
#: A character as JSON may write it.
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
NEXT_REFUSED = (
    b"select id, sealed, false from plumbing.refused_row where id > %(last)s order by id limit %(page)s"
)
REMOVE_REFUSED = b"delete from plumbing.refused_row where id = any(%s)"
#: A tool may name people differently, by an id or by another name. Reports about their tickets, and about
#: those on which they commented, belong to them under any name.
NEXT_DELIVERIES = b"""
select d.id, d.sealed, exists (
  select from jsonb_array_elements(d.effects) as e cross join lateral (select e ->> 'record' as record) as t
  where exists (
    select from fold.incident i
    where i.id = case when t.record like 'incident/%%' then split_part(t.record, '/', 2)::uuid end
      and %(person)s in (i.requester_id, i.assignee_id)
  ) or exists (select from fold.comment c where c.record = t.record and c.author_id = %(person)s))
from plumbing.webhook_delivery d where d.id > %(last)s and d.sealed is not null
order by d.id limit %(page)s"""
# That it came, and what it has led to, stays: otherwise a repetition would have its effect once more.
EMPTY_DELIVERIES = b"update plumbing.webhook_delivery set sealed = null where id = any(%s)"
#: File names often contain the subject and people's names.
NEXT_IMPORTS = b"""
select id, convert_to(file_name, 'UTF8'), asked_by is not distinct from %(person)s from plumbing.import_run
where id > %(last)s order by id limit %(page)s"""
RENAME_IMPORTS = b"update plumbing.import_run set file_name = 'history' where id = any(%s)"


@contextlib.asynccontextmanager
async def erase_refused_rows(ledger: Ledger, command: Command) -> AsyncIterator[None]:
    """Around the erasure of a person: delete the refused rows of imports and the content of deliveries of
    tools that contain their name or e-mail address or led to tickets of theirs, the names of files that they
    imported or that name them, and their saved views, whose titles are theirs. Does nothing if the command
    will be refused.

    The rows are deleted before, because without the person's key it would be impossible to find the rows with
    their name; if the process dies in between, erasing again finds the rest. They are deleted once more
    afterwards, for rows that were refused meanwhile.
    """
    assert command.record_name is not None
    loaded = await load(ledger.db, command.lifecycle, command.record_name)
    names = []
    if loaded is not None and await _can_be_erased(ledger, command, loaded):
        names = await known_texts(ledger, loaded.record)
    if loaded is None or not names:
        yield
        return
    await _remove(ledger, loaded.record.id, names)
    yield
    await _remove(ledger, loaded.record.id, names)
    await views.remove_all_of(ledger.db, loaded.record.id)
    await list_columns.remove_all_of(ledger.db, loaded.record.id)


async def _can_be_erased(ledger: Ledger, command: Command, loaded: VersionedRecord[Person]) -> bool:
    """Return whether the person has the version that the command expects, and the caller can erase them."""
    if command.if_match is not None and loaded.record.version not in command.if_match:
        return False
    offered = await offers(ledger, command.lifecycle, loaded, command.metadata)
    return any(offer.action is command.row and offer.because is None for offer in offered)


async def known_texts(ledger: Ledger, person: Person) -> list[str]:
    """Return the texts that identify the person: name and e-mail address, in lower case."""
    encrypted = [text for text in (person.name, person.email) if text is not None]
    texts = await ledger.vault.texts(encrypted)
    return [text.casefold() for text in texts.values() if text]


async def _remove(ledger: Ledger, person: UUID, names: list[str]) -> None:
    """Delete content that contains one of the names or is about the person: refused rows of imports, the
    content of deliveries of tools, and the names of imported files.
    """
    vault = ledger.vault
    async with ledger.db.connection() as connection:
        for following, removal, opened in (
            (NEXT_REFUSED, REMOVE_REFUSED, vault.decrypt_refused),
            (NEXT_DELIVERIES, EMPTY_DELIVERIES, vault.decrypt_delivery),
            (NEXT_IMPORTS, RENAME_IMPORTS, bytes),
        ):
            async for page in _pages(connection, following, person):
                row_ids = [row_id for row_id, body, theirs in page if theirs or mentions(opened(body), names)]
                await connection.execute(removal, (row_ids,))


async def _pages(
    connection: Connection, following: bytes, person: UUID
) -> AsyncIterator[list[tuple[UUID, bytes, bool]]]:
    """Yield the rows in pages: id, encrypted content, and whether it is known to be the person's."""
    last = UUID(int=0)
    while True:
        parameters = {"last": last, "page": PAGE, "person": person}
        rows = await (await connection.execute(following, parameters)).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [(row_id, bytes(encrypted), theirs) for row_id, encrypted, theirs in rows]


def mentions(row: bytes, names: list[str]) -> bool:
    """Return whether the row contains one of the names, in any case, and not within a longer
    word.
    """
    text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), row.decode("utf-8", "replace")).casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text) for name in names)
