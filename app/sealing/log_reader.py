"""Reads the whole log for verification, and compares it with the stored hashes on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import psycopg

from app.platform.db import Connection
from app.sealing import store
from app.sealing.leaves import LeafRow, leaf_hashes
from app.sealing.tree import HASH_BYTES, TILE_HASHES, GrowingTree, Tile, split_hashes

#: So many events are read at once: sixteen tiles.
EVENTS_AT_ONCE = 16 * TILE_HASHES
#: Stands for the hash of an event, or a stored hash, that is not there.
NO_HASH = bytes(HASH_BYTES)
#: So many stretches of events are kept that are otherwise; where there are more, it is all otherwise.
MOST_STRETCHES = 10_000

#: Called with the position that is read up to, and the last one.
ReadProgress = Callable[[int, int], None]


@dataclass(slots=True)
class LogStretches:
    """Stretches of positions, each from its first to its last, in ascending order."""

    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, first: int, last: int) -> None:
        """Add positions after those that there are."""
        if self.spans and (self.spans[-1][1] + 1 == first or len(self.spans) >= MOST_STRETCHES):
            self.spans[-1] = (self.spans[-1][0], last)
        else:
            self.spans.append((first, last))


@dataclass(slots=True)
class LogReading:
    """Result of reading: the root at each requested size, of the events (`roots`) and of the stored hashes
    (`stored_roots`); and positions. `differing`: events whose hash is not the stored one. `missing`: events
    that are gone. `added`: there twice. `torn`: stored hashes of subtrees that are not those of the hashes
    below them.
    """

    roots: dict[int, str] = field(default_factory=dict)
    stored_roots: dict[int, str] = field(default_factory=dict)
    differing: LogStretches = field(default_factory=LogStretches)
    missing: LogStretches = field(default_factory=LogStretches)
    added: LogStretches = field(default_factory=LogStretches)
    torn: LogStretches = field(default_factory=LogStretches)


class LogReader:
    """Reads the events up to `end`. `sizes`: those at which roots are wanted; stored hashes are compared up
    to `sealed_up_to`.
    """

    def __init__(
        self, connection: Connection, blinding: bytes, end: int, sizes: Sequence[int], sealed_up_to: int
    ) -> None:
        self._connection, self._blinding = connection, blinding
        self._end, self._sealed_up_to = end, min(sealed_up_to, end)
        self._sizes = sorted({size for size in (*sizes, self._sealed_up_to) if size <= end})
        self._tree = GrowingTree()
        #: The tree of the stored hashes, once one is not that of its event.
        self._stored_tree: GrowingTree | None = None
        self.reading = LogReading()

    async def run(self, progress: ReadProgress | None) -> LogReading:
        """Read all of it."""
        self._note_roots()
        for begin in range(0, self._end, EVENTS_AT_ONCE):
            up_to = min(begin + EVENTS_AT_ONCE, self._end)
            sealed = await self._sealed_hashes(begin, up_to)
            leaves = await self._leaves(begin, up_to, sealed)
            stored = sealed + leaves[len(sealed) :]
            if stored != leaves:
                self._note_differing(begin, leaves, stored)
                if self._stored_tree is None:
                    self._stored_tree = deepcopy(self._tree)
            tiles = self._extend(begin, leaves, stored)
            await self._compare_tiles(tiles)
            if progress is not None:
                progress(up_to, self._end)
        return self.reading

    async def _leaves(self, begin: int, up_to: int, sealed: list[bytes]) -> list[bytes]:
        """Return the hashes of the events after `begin`, NO_HASH for a missing one. If there are several at
        one position it is the sealed one's, if that is among them.
        """
        try:
            rows = await store.read_leaves(self._connection, begin, up_to)
        except psycopg.DataError:  # an impossible time, which only a superuser can write
            rows = await self._rows_one_by_one(begin, up_to)
        if [row[0] for row in rows] == list(range(begin + 1, up_to + 1)):
            return leaf_hashes(self._blinding, rows)
        hashes_at: dict[int, list[bytes]] = {}
        for row in rows:
            hashes_at.setdefault(row[0], []).extend(leaf_hashes(self._blinding, [row]))
        leaves = []
        for n, position in enumerate(range(begin + 1, up_to + 1)):
            hashes = hashes_at.get(position, [NO_HASH])
            if hashes == [NO_HASH]:
                self.reading.missing.add(position, position)
            elif len(hashes) > 1:
                self.reading.added.add(position, position)
            leaves.append(sealed[n] if n < len(sealed) and sealed[n] in hashes else hashes[0])
        return leaves

    async def _rows_one_by_one(self, begin: int, up_to: int) -> list[LeafRow]:
        rows: list[LeafRow] = []
        for position in range(begin, up_to):
            try:
                async with self._connection.transaction():
                    rows += await store.read_leaves(self._connection, position, position + 1)
            except psycopg.DataError:
                continue
        return rows

    async def _sealed_hashes(self, begin: int, up_to: int) -> list[bytes]:
        """Return the stored hashes of the events after `begin`, as far as they are sealed."""
        count = min(self._sealed_up_to, up_to) - begin
        if count <= 0:
            return []
        first = begin // TILE_HASHES
        tiles = await store.tiles_of_level(self._connection, 0, first, EVENTS_AT_ONCE // TILE_HASHES)
        sealed: list[bytes] = []
        for number in range(first, -(-(begin + count) // TILE_HASHES)):
            hashes = split_hashes(tiles.get(number, b""))[:TILE_HASHES]
            sealed += hashes + [NO_HASH] * (TILE_HASHES - len(hashes))
        return sealed[:count]

    def _note_differing(self, begin: int, leaves: list[bytes], stored: list[bytes]) -> None:
        for position, (now, then) in enumerate(zip(leaves, stored, strict=True), begin + 1):
            if now != then:
                self.reading.differing.add(position, position)

    def _extend(self, begin: int, leaves: list[bytes], stored: list[bytes]) -> list[Tile]:
        """Add the hashes to the trees. Return the tiles of subtrees that the stored hashes make."""
        tiles, done = [], 0
        bounds = [size - begin for size in self._sizes if begin < size < begin + len(leaves)]
        for bound in (*bounds, len(leaves)):
            own = self._tree.extend(leaves[done:bound])
            if self._stored_tree is not None:
                own = self._stored_tree.extend(stored[done:bound])
            done = bound
            if begin + done <= self._sealed_up_to:
                tiles += own
            self._note_roots()
            if begin + done == self._sealed_up_to:
                tiles += (self._stored_tree or self._tree).edge_tiles()
        return [tile for tile in tiles if tile.level > 0]

    def _note_roots(self) -> None:
        size = self._tree.size
        if size in self._sizes:
            self.reading.roots[size] = root = self._tree.root().hex()
            other = self._stored_tree
            self.reading.stored_roots[size] = root if other is None else other.root().hex()

    async def _compare_tiles(self, tiles: list[Tile]) -> None:
        """Compare stored hashes of subtrees with those that follow from the hashes below them."""
        await asyncio.sleep(0)  # others have their turn
        if not tiles:
            return
        stored_tiles = await store.load_tiles(self._connection, [(tile.level, tile.number) for tile in tiles])
        for tile in tiles:
            # One at the edge may have grown since the head that is compared.
            if not stored_tiles.get((tile.level, tile.number), b"").startswith(tile.hashes):
                leaves_each = TILE_HASHES**tile.level
                first = tile.number * TILE_HASHES * leaves_each
                last = first + len(tile.hashes) // HASH_BYTES * leaves_each
                self.reading.torn.add(first + 1, last)
