"""The Merkle tree over the log (RFC 9162, 2.1), pure: leaf n is the event at position n + 1.

Complete nodes are kept in tiles of 256 hashes, as transparency logs do (C2SP tlog-tiles): tile n of level L
holds the hashes of subtrees of 256^L leaves, from number 256 n on. All other nodes follow from a few tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_BYTES = 32
#: Levels of the tree in a tile, and hashes in one.
TILE_LEVELS, TILE_HASHES = 8, 256
#: The root of no leaves.
EMPTY_ROOT = sha256(b"").digest()

#: Leaves from the first number up to, and without, the second one.
LeafRange = tuple[int, int]
#: A tile's level and number.
TileKey = tuple[int, int]


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of subtrees of one size, whose number is a power of two."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def split_hashes(joined: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [joined[n : n + HASH_BYTES] for n in range(0, len(joined), HASH_BYTES)]


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes of complete subtrees of 256^level leaves; less than 256 at the right edge of the tree."""

    level: int
    number: int
    hashes: bytes


@dataclass(slots=True)
class GrowingTree:
    """A tree to which leaves are added: its size, and of each level of tiles the hashes that fill no whole
    tile yet.
    """

    size: int = 0
    edge: list[list[bytes]] = field(default_factory=list)

    def extend(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Add the hashes of the next leaves. Return the tiles that are whole now."""
        whole_tiles: list[Tile] = []
        if not self.edge:
            self.edge.append([])
        waiting = [*self.edge[0], *leaves]
        first, level = self.size - len(self.edge[0]), 0
        self.size = first + len(waiting)
        while True:
            number, roots = first // TILE_HASHES, []
            end = len(waiting) - len(waiting) % TILE_HASHES
            for begin in range(0, end, TILE_HASHES):
                hashes = waiting[begin : begin + TILE_HASHES]
                whole_tiles.append(Tile(level, number + begin // TILE_HASHES, b"".join(hashes)))
                roots.append(complete_root(hashes))
            self.edge[level] = waiting[end:]
            if not roots:
                return whole_tiles
            level += 1
            if level == len(self.edge):
                self.edge.append([])
            first, waiting = number - len(self.edge[level]), self.edge[level] + roots

    def edge_tiles(self) -> list[Tile]:
        """Return the tiles at the right edge that are not whole."""
        count, tiles = self.size, []
        for level, hashes in enumerate(self.edge):
            if hashes:
                tiles.append(Tile(level, count // TILE_HASHES, b"".join(hashes)))
            count //= TILE_HASHES
        return tiles

    def root(self) -> bytes:
        """Return the root of the tree as it is."""
        root: bytes | None = None
        for hashes in self.edge:
            end = len(hashes)
            while end:
                begin = end - (end & -end)
                group = complete_root(hashes[begin:end])
                root = group if root is None else node_hash(group, root)
                end = begin
        return EMPTY_ROOT if root is None else root


def edge_keys(size: int) -> list[TileKey]:
    """Return the tiles at the right edge of a tree that are not whole."""
    keys, level = [], 0
    while size:
        if size % TILE_HASHES:
            keys.append((level, size // TILE_HASHES))
        level, size = level + 1, size // TILE_HASHES
    return keys


def growing_tree(size: int, tiles: dict[TileKey, bytes]) -> GrowingTree:
    """Return the tree of that size from the tiles at its edge. Raises KeyError if one is missing or short."""
    tree, count, level = GrowingTree(size), size, 0
    while count:
        length = count % TILE_HASHES * HASH_BYTES
        joined = tiles[level, count // TILE_HASHES] if length else b""
        if len(joined) < length:
            raise KeyError((level, count // TILE_HASHES))
        tree.edge.append(split_hashes(joined[:length]))
        level, count = level + 1, count // TILE_HASHES
    return tree


def _half(count: int) -> int:
    """Return the largest power of two below the number."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[LeafRange]:
    """Return the leaves whose roots are the audit path of a leaf, from below (RFC 9162, 2.1.3.1)."""
    ranges, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _half(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def consistency_ranges(earlier: int, size: int) -> list[LeafRange]:
    """Return the leaves whose roots prove that the tree of the earlier size, from 1 on, is the beginning of
    that of `size` (RFC 9162, 2.1.4.1).
    """
    ranges, begin, end, is_whole = [], 0, size, True
    while earlier != end:
        middle = begin + _half(end - begin)
        if earlier <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin, is_whole = middle, False
    if not is_whole:
        ranges.append((begin, end))
    return ranges[::-1]


def complete_subtrees(leaves: LeafRange) -> list[LeafRange]:
    """Return the range cut into complete subtrees, the largest first, as a tree of it begins."""
    begin, end = leaves
    subtrees = []
    while begin < end:
        count = 1 << (end - begin).bit_length() - 1
        subtrees.append((begin, begin + count))
        begin += count
    return subtrees


def _hashes_in_tile(subtree: LeafRange) -> tuple[TileKey, slice]:
    """Return the tile that has the hashes of a complete subtree, and which of them."""
    begin, end = subtree
    height = (end - begin).bit_length() - 1
    level, rest = divmod(height, TILE_LEVELS)
    first = begin >> level * TILE_LEVELS
    return (level, first // TILE_HASHES), slice(first % TILE_HASHES, first % TILE_HASHES + (1 << rest))


def tiles_of(ranges: Iterable[LeafRange]) -> set[TileKey]:
    """Return the tiles from which the roots of these leaves follow."""
    return {_hashes_in_tile(subtree)[0] for leaves in ranges for subtree in complete_subtrees(leaves)}


def range_root(leaves: LeafRange, hashes_of: Callable[[TileKey], Sequence[bytes]]) -> bytes:
    """Return the root of these leaves from tiles. Raises IndexError or KeyError if hashes are missing."""
    root: bytes | None = None
    for subtree in reversed(complete_subtrees(leaves)):
        key, place = _hashes_in_tile(subtree)
        hashes = hashes_of(key)[place]
        if len(hashes) < place.stop - place.start:
            raise IndexError(f"tile {key} ends early")
        group = complete_root(hashes)
        root = group if root is None else node_hash(group, root)
    assert root is not None, "a range has leaves"
    return root
