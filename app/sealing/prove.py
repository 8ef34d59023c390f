"""Proofs: that an event is in the log which a head covers, and that one head goes on from another."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from app.platform.db import Connection
from app.sealing import store
from app.sealing.leaves import LeafRow, leaf_bytes, leaf_members
from app.sealing.signed_heads import SignedHead, TreeHead, UnreadableHead
from app.sealing.tree import (
    LeafRange,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    range_root,
    split_hashes,
    tiles_of,
)

PROOF_FORMAT, CONSISTENCY_FORMAT = "ledgerdesk.proof.1", "ledgerdesk.consistency.1"


class ProofFailed(Exception):
    """A proof is impossible, since the log or its seals differ from the head: `ledgerdesk verify` shows
    where.
    """


@dataclass(frozen=True, slots=True)
class EventProof:
    """The proof that an event is in the log: its leaf, and the audit path from it to the root of a head."""

    leaf: bytes
    index: int
    path: Sequence[bytes]
    signed: SignedHead

    def document(self) -> bytes:
        """Return the proof as JSON, under 2 kB: its checker has the head already."""
        members = {
            "format": PROOF_FORMAT,
            "leaf": leaf_members(self.leaf),
            "head": self.signed.head.number,
            "path": base64.b64encode(b"".join(self.path)).decode(),
        }
        return orjson.dumps(members)


async def prove_event(connection: Connection, position: int, signed: SignedHead) -> EventProof:
    """Return the proof of the event at that position, which the head covers. Raises ProofFailed if it would
    not hold.
    """
    identity = await store.find_identity(connection)
    rows: list[LeafRow] = await store.read_leaves(connection, position - 1, position)
    if identity is None or len(rows) != 1:
        raise ProofFailed("the event does not exist, or the log was never sealed")
    leaf, head = leaf_bytes(identity.blinding, rows[0]), _head_of(signed)
    ranges = inclusion_ranges(position - 1, head.size)
    path = await _roots(connection, ranges)
    root = leaf_hash(leaf)
    for (begin, _), sibling in zip(ranges, path, strict=True):
        root = node_hash(sibling, root) if begin < position - 1 else node_hash(root, sibling)
    if root.hex() != head.root:
        raise ProofFailed(f"event {position} is not in the tree of head {head.number}")
    return EventProof(leaf, position - 1, path, signed)


async def prove_consistency(connection: Connection, earlier: SignedHead, later: SignedHead) -> list[bytes]:
    """Return the proof that the later head goes on from the earlier one (RFC 9162, 2.1.4). Raises
    ProofFailed.
    """
    return await _roots(connection, consistency_ranges(_head_of(earlier).size, _head_of(later).size))


def _head_of(signed: SignedHead) -> TreeHead:
    try:
        return signed.head
    except UnreadableHead as error:
        raise ProofFailed("the stored head cannot be read") from error


async def _roots(connection: Connection, ranges: Iterable[LeafRange]) -> list[bytes]:
    ranges = list(ranges)
    tiles = await store.load_tiles(connection, tiles_of(ranges))
    hashes = {key: split_hashes(joined) for key, joined in tiles.items()}
    try:
        return [range_root(leaves, hashes.__getitem__) for leaves in ranges]
    except (KeyError, IndexError) as error:
        raise ProofFailed("stored hashes are missing") from error
