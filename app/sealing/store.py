"""The tables of seals: tiles, signed heads, and their exports."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import tuple_row

from app.log.ids import uuid7
from app.platform.db import Connection, fetch_rows, fetch_value
from app.sealing.leaves import SELECT_LEAVES, LeafRow
from app.sealing.signed_heads import SignedHead
from app.sealing.tree import GrowingTree, Tile, TileKey, edge_keys, growing_tree

BLINDING_BYTES = 32
#: So many events are read at once: large enough for a round trip to be cheap, small enough to hold.
EVENTS_AT_ONCE = 4_000
TILES_AT_ONCE = 500

SELECT_IDENTITY = "select installation, blinding from log.seal_identity"
ADD_IDENTITY = "insert into log.seal_identity (installation, blinding) values (%s, %s) on conflict do nothing"
SELECT_TILES = """
select t.level::integer as level, t.number, t.hashes
from unnest(%s::integer[], %s::bigint[]) as asked (level, number)
join log.seal_tile t on t.level = asked.level and t.number = asked.number"""
TILES_OF_LEVEL = """
select level::integer as level, number, hashes from log.seal_tile
where level = %s and number >= %s and number < %s order by number"""
WRITE_TILES = """
insert into log.seal_tile as old (level, number, hashes)
  select * from unnest(%s::smallint[], %s::bigint[], %s::bytea[])
on conflict (level, number) do update set hashes = excluded.hashes"""
_HEADS = "select document, signature, public_key from log.sealed_head"
NEWEST_HEAD = f"{_HEADS} order by number desc limit 1"
HEAD_OF_NUMBER = f"{_HEADS} where number = %s"
HEADS_BEFORE = f"{_HEADS} where number < %s order by number desc limit %s"
HEADS_AFTER = """
select number, document, signature, public_key from log.sealed_head
where number > %s order by number limit %s"""
ADD_HEAD = """
insert into log.sealed_head (number, size, sealed_at, document, signature, public_key)
values (%s, %s, %s, %s, %s, %s)"""
HEADS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class SealIdentity:
    """Identity of the log, and the secret that hides withheld values of events."""

    installation: UUID
    blinding: bytes


async def find_identity(connection: Connection) -> SealIdentity | None:
    """Return the identity of the log; None: it was never sealed."""
    rows = await fetch_rows(connection, SELECT_IDENTITY, None)
    return SealIdentity(rows[0]["installation"], bytes(rows[0]["blinding"])) if rows else None


async def make_identity(connection: Connection) -> SealIdentity:
    """Return the identity of the log, making it at the first use."""
    identity = await find_identity(connection)
    if identity is None:
        await connection.execute(ADD_IDENTITY.encode(), (uuid7(), os.urandom(BLINDING_BYTES)))
        identity = await find_identity(connection)
    assert identity is not None
    return identity


async def log_head(connection: Connection) -> int:
    """Return the position of the newest event, or 0."""
    return int(await fetch_value(connection, "select position from log.head"))


async def read_leaves(connection: Connection, after: int, up_to: int) -> list[LeafRow]:
    """Return the rows of the events after a position, up to another."""
    async with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(SELECT_LEAVES.encode(), (after, up_to))
        return await cursor.fetchall()


async def load_tiles(connection: Connection, keys: Collection[TileKey]) -> dict[TileKey, bytes]:
    """Return the hashes of these tiles, of those that there are."""
    levels, numbers = [level for level, _ in keys], [number for _, number in keys]
    rows = await fetch_rows(connection, SELECT_TILES, (levels, numbers))
    return {(row["level"], row["number"]): bytes(row["hashes"]) for row in rows}


async def tiles_of_level(connection: Connection, level: int, first: int, count: int) -> dict[int, bytes]:
    """Return the hashes of so many tiles of a level from that number on, by number, of those there are."""
    rows = await fetch_rows(connection, TILES_OF_LEVEL, (level, first, first + count))
    return {row["number"]: bytes(row["hashes"]) for row in rows}


async def load_tree(connection: Connection, size: int) -> GrowingTree:
    """Return the tree of that size, to add to. Raises KeyError if a tile is missing."""
    return growing_tree(size, await load_tiles(connection, edge_keys(size)))


async def write_tiles(connection: Connection, tiles: Sequence[Tile]) -> None:
    """Write the tiles, over those at the right edge that they go on from."""
    for begin in range(0, len(tiles), TILES_AT_ONCE):
        part = tiles[begin : begin + TILES_AT_ONCE]
        columns = ([t.level for t in part], [t.number for t in part], [t.hashes for t in part])
        await connection.execute(WRITE_TILES.encode(), columns)


async def newest_head(connection: Connection) -> SignedHead | None:
    """Return the newest head; None: the log was never sealed."""
    return _first(await fetch_rows(connection, NEWEST_HEAD, None))


async def head_of_number(connection: Connection, number: int) -> SignedHead | None:
    """Return the head of that number, or None."""
    return _first(await fetch_rows(connection, HEAD_OF_NUMBER, (number,)))


async def heads_before(connection: Connection, number: int, limit: int) -> list[SignedHead]:
    """Return the heads of lower numbers, the newest first."""
    return [_signed(row) for row in await fetch_rows(connection, HEADS_BEFORE, (number, limit))]


async def each_head(connection: Connection) -> AsyncIterator[tuple[int, SignedHead]]:
    """Yield all heads with the numbers that they are stored under, in their order, a portion at a time."""
    after = 0
    while rows := await fetch_rows(connection, HEADS_AFTER, (after, HEADS_AT_ONCE)):
        for row in rows:
            yield row["number"], _signed(row)
        after = rows[-1]["number"]


async def add_head(connection: Connection, signed: SignedHead) -> None:
    """Write a head."""
    head = signed.head
    columns = (head.number, head.size, head.sealed_at, signed.document, signed.signature, signed.public_key)
    await connection.execute(ADD_HEAD.encode(), columns)


def _signed(row: dict[str, bytes]) -> SignedHead:
    return SignedHead(bytes(row["document"]), bytes(row["signature"]), bytes(row["public_key"]))


def _first(rows: Iterable[dict[str, bytes]]) -> SignedHead | None:
    return next((_signed(row) for row in rows), None)
