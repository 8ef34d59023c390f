"""The hashed content of an event, pure: its leaf.

A leaf contains the fields that everybody sees who may see the event at all, and the *hash* of the rest
(`content`): of the stored bytes, in which personal texts are encrypted, and of the key that was used. A
partial reader could guess a withheld value, a code among ten, and compare hashes; so that hash begins with 32
secret bytes.

Hashed is the list of the members' values as canonical JSON (RFC 8785), in the order of their names: a list
takes half the time of an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import orjson

from app.sealing.tree import leaf_hash

POSITION_BYTES = 8
CONTENT = "content"
#: The members of a leaf in the order of their names, and the columns of log.event that they are of.
MEMBERS = {
    "actor": "actor",
    "causation_id": "causation_id::text",
    CONTENT: "null",
    "correlation_id": "correlation_id",
    "id": "id::text",
    "occurred_at": "occurred_at",
    "on_behalf_of": "on_behalf_of",
    "position": "position",
    "recorded_at": "recorded_at",
    "schema_version": "schema_version::integer",
    "source": "source",
    "source_ref": "source_ref",
    "staff_only": "staff_only",
    "stream": "stream",
    "type": "type",
    "version": "version",
}
_PLACE = list(MEMBERS).index(CONTENT)
#: Reads the events after a position up to another, with all of their columns, in the order of the log.
SELECT_LEAVES = f"""
select position, coalesce(credential, ''), coalesce(data, ''), {", ".join(MEMBERS.values())} from log.event
where position > %s and position <= %s order by position"""

#: A row of SELECT_LEAVES.
LeafRow = tuple[Any, ...]


def leaf_bytes(blinding: bytes, row: LeafRow) -> bytes:
    """Return the leaf of an event, as it is hashed. `blinding` is the installation's secret.

    The content's salt is the hash of that and of the position, so that one can be shown without the others.
    Stored bytes begin with a brace, and no key has one: where the one ends and the other begins is certain.
    """
    position, credential, stored, *members = row
    salt = sha256(blinding + position.to_bytes(POSITION_BYTES, "big", signed=True)).digest()
    members[_PLACE] = sha256(salt + credential.encode() + stored).hexdigest()
    # Times in UTC, without decimals where all are 0: as orjson writes them.
    return orjson.dumps(members, option=orjson.OPT_UTC_Z)


def leaf_members(leaf: bytes) -> dict[str, Any]:
    """Return the members of a leaf by their names."""
    return dict(zip(MEMBERS, orjson.loads(leaf), strict=True))


def leaf_hashes(blinding: bytes, rows: Iterable[LeafRow]) -> list[bytes]:
    """Return the hashes of the leaves of these events."""
    return [leaf_hash(leaf_bytes(blinding, row)) for row in rows]


def first_break(rows: Sequence[LeafRow], after: int) -> tuple[int, int] | None:
    """Return the position that is expected and the one that is there where the rows do not follow one
    another from `after`; None: they do.
    """
    for expected, row in enumerate(rows, after + 1):
        if row[0] != expected:
            return expected, row[0]
    return None
