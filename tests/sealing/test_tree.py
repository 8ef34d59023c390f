"""The tree against RFC 9162 as it stands there, and proofs against the checker, which shares no code."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.sealing import check_proof
from app.sealing.tree import (
    GrowingTree,
    TileKey,
    consistency_ranges,
    edge_keys,
    growing_tree,
    inclusion_ranges,
    leaf_hash,
    range_root,
    split_hashes,
    tiles_of,
)

#: Leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, merkletree tests).
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
KNOWN_LEAVES += ["606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LARGEST = 65_800


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


LEAVES = [leaf_hash(str(n).encode()) for n in range(LARGEST + 1)]


def grown(bounds: list[int]) -> tuple[GrowingTree, dict[TileKey, bytes]]:
    """A tree that has grown by these portions, and its tiles as they are stored."""
    tree, stored = GrowingTree(), {}
    for begin, end in zip([0, *bounds], bounds, strict=False):
        for tile in (*tree.extend(LEAVES[begin:end]), *tree.edge_tiles()):
            stored[tile.level, tile.number] = tile.hashes
        tree = growing_tree(end, {key: stored[key] for key in edge_keys(end)})
    return tree, stored


def test_the_roots_are_those_that_everybody_gets() -> None:
    for size, root in KNOWN_ROOTS.items():
        tree = GrowingTree()
        tree.extend([leaf_hash(bytes.fromhex(text)) for text in KNOWN_LEAVES[:size]])
        assert tree.root().hex() == root


def holds(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    try:
        return check_proof.included_root(index, size, leaf, path) == root
    except check_proof.Wrong:
        return False


@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5, unique=True))
@example(sizes=[255, 256, 257, 511, 512])
@example(sizes=[65_536, LARGEST])
def test_a_tree_proves_each_leaf_and_each_earlier_size_however_it_has_grown(sizes: list[int]) -> None:
    bounds = sorted(sizes)
    tree, stored = grown(bounds)
    size = bounds[-1]
    roots = {bound: naive_root(LEAVES[:bound]) for bound in bounds}
    assert tree.root() == roots[size]

    def path_of(ranges: list[tuple[int, int]]) -> list[bytes]:
        loaded = {key: split_hashes(stored[key]) for key in tiles_of(ranges)}
        return [range_root(leaves, loaded.__getitem__) for leaves in ranges]

    for bound in bounds:
        for index in {0, bound - 1, bound // 2, bound // 3, min(255, bound - 1), min(256, bound - 1)}:
            path = path_of(inclusion_ranges(index, bound))
            assert check_proof.included_root(index, bound, LEAVES[index], path) == roots[bound]
            if bound > 1:
                assert not holds((index + 1) % bound, bound, LEAVES[index], path, roots[bound])
                assert not holds(index, bound, LEAVES[index + 1], path, roots[bound])
        earlier, later = ({"size": n, "root": roots[n].hex()} for n in (bound, size))
        path = path_of(consistency_ranges(bound, size))
        check_proof.check_consistency(earlier, later, path)
        if path:
            wrong = [*path[:-1], sha256(path[-1]).digest()]
            with pytest.raises(check_proof.Wrong):
                check_proof.check_consistency(earlier, later, wrong)
