"""Lookups of the keys that go with a document."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.common.personal import PREFIX
from app.kernel.access.reads import ReadContext, Unguarded

# The key of a person also protects other texts, so it has no parent key.
KEYS_OF_TEXTS = "select id from vault.personal_key where id = any(%s) and under is not null"
KEYS_IN_STREAM = f"""
select distinct k.id from log.event e
cross join lateral regexp_matches(convert_from(e.data, 'UTF8'), '{PREFIX}([0-9a-f-]{{36}}):', 'g') as found
join vault.personal_key k on k.id = found[1]::uuid
where e.stream = %s and k.under is not null"""


async def keys_of_texts(reads: ReadContext, ids: Collection[UUID]) -> tuple[UUID, ...]:
    """Return those of the keys that are each of a single text or file."""
    guard = Unguarded("The key of a text is that of one text for ever.")
    rows = await reads.rows(KEYS_OF_TEXTS, (list(ids),), guard=guard)
    return tuple(row["id"] for row in rows)


async def keys_in_stream(reads: ReadContext, stream: str) -> tuple[UUID, ...]:
    """Return the keys of single texts and files that the events of the stream were encrypted with."""
    guard = Unguarded("The command names the version of the stream: no event is added meanwhile.")
    rows = await reads.rows(KEYS_IN_STREAM, (stream,), guard=guard)
    return tuple(row["id"] for row in rows)
