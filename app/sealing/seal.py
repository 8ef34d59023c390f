"""Sealing: the events since the last head are added to the tree, and a signed head closes over all of them.

Tiles and head are written in one transaction: if it is broken off, the head before stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.platform.db import Connection
from app.platform.failures import LogDiffers
from app.sealing import store
from app.sealing.leaves import first_break, leaf_hashes
from app.sealing.signed_heads import SignedHead, TreeHead, UnreadableHead, key_name, sign
from app.sealing.signing_keys import has_next_key, next_signing_key, signing_key, use_next_key
from app.sealing.tree import GrowingTree

#: A head covers so many events more than the one before, at the most: its transaction takes some seconds.
MOST_EVENTS = 1_000_000
LOCK = "select pg_advisory_xact_lock(hashtextextended('log.seal', 1))"
#: A statement reads a few thousand events; hashing them goes on between two.
LIMITS = "set local statement_timeout = '60s'; set local idle_in_transaction_session_timeout = '60s'"

#: Called with the position that is sealed up to, and that of the log's head.
SealProgress = Callable[[int, int], None]


class SealRefused(LogDiffers):
    """The log cannot be sealed as it is; the message has the reason and the remedy."""


async def seal(
    connection: Connection,
    secrets_dir: Path,
    now: Callable[[], datetime],
    *,
    progress: SealProgress | None = None,
) -> SignedHead | None:
    """Seal all events that there are, and return the newest head; None: there are no events at all. Raises
    SealRefused, SigningKeyError.
    """
    key = signing_key(secrets_dir)
    if has_next_key(secrets_dir):
        return await rotate_key(connection, secrets_dir, now)
    while (signed := await _seal_next(connection, key, now, progress=progress)) is not None:
        newest = signed
        if newest.head.size >= await store.log_head(connection):
            return newest
    return await store.newest_head(connection)


async def rotate_key(
    connection: Connection, secrets_dir: Path, now: Callable[[], datetime]
) -> SignedHead | None:
    """Make another key the one that signs: a head signed by the old one names it, and the next one is signed
    by the new one. If it is broken off, the next seal goes on with it. Raises SealRefused, SigningKeyError.
    """
    old, new = signing_key(secrets_dir), next_signing_key(secrets_dir)
    new_name = key_name(new.public_key().public_bytes_raw())
    newest = await store.newest_head(connection)
    if newest is None or newest.head.next_key != new_name:
        await _seal_next(connection, old, now, next_key=new_name)
    use_next_key(secrets_dir)
    return await seal(connection, secrets_dir, now)


async def _seal_next(
    connection: Connection,
    key: Ed25519PrivateKey,
    now: Callable[[], datetime],
    *,
    next_key: str | None = None,
    progress: SealProgress | None = None,
) -> SignedHead | None:
    """Seal the next events, at most MOST_EVENTS; None without new events and without a new key."""
    async with connection.transaction():
        for statement in (*LIMITS.split("; "), LOCK):
            await connection.execute(statement.encode())
        last = await store.newest_head(connection)
        identity = await store.make_identity(connection)
        blinding = sha256(identity.blinding).hexdigest()
        tree = await _tree_of(connection, last)
        if last is not None and (last.head.blinding, last.head.installation) != (
            blinding,
            str(identity.installation),
        ):
            raise SealRefused(
                "log.seal_identity differs from the identity in the heads. Restore the earlier value."
            )
        head = await store.log_head(connection)
        if tree.size > head:
            raise SealRefused(
                f"Events are missing: the log ends at position {head}, but head {last and last.head.number} "
                f"covers it up to {tree.size}. Run `ledgerdesk verify`, and see docs/proofs.md."
            )
        if tree.size == head and next_key is None:
            return None
        end = min(head, tree.size + MOST_EVENTS)
        while tree.size < end:
            await _add_events(connection, tree, identity.blinding, end)
            if progress is not None:
                progress(tree.size, head)
        await store.write_tiles(connection, tree.edge_tiles())
        signed = sign(
            TreeHead(
                number=1 if last is None else last.head.number + 1,
                size=tree.size,
                root=tree.root().hex(),
                sealed_at=now(),
                previous=None if last is None else last.hash,
                installation=str(identity.installation),
                blinding=blinding,
                key=key_name(key.public_key().public_bytes_raw()),
                next_key=next_key,
            ),
            key,
        )
        await store.add_head(connection, signed)
    return signed


async def _tree_of(connection: Connection, last: SignedHead | None) -> GrowingTree:
    """Return the tree that the last head is of. Raises SealRefused if the stored hashes are of another."""
    if last is None:
        return GrowingTree()
    try:
        head = last.head
        tree = await store.load_tree(connection, head.size)
    except (KeyError, UnreadableHead):
        tree = None
    if tree is None or tree.root().hex() != head.root:
        raise SealRefused(
            "The stored hashes do not match the last head, so sealing stops. Run `ledgerdesk verify`, and "
            "see docs/proofs.md."
        )
    return tree


async def _add_events(connection: Connection, tree: GrowingTree, blinding: bytes, end: int) -> None:
    """Add the next events to the tree, and write the tiles that are whole by them. Raises SealRefused."""
    up_to = min(end, tree.size + store.EVENTS_AT_ONCE)
    rows = await store.read_leaves(connection, tree.size, up_to)
    wrong = first_break(rows, tree.size)
    if wrong is not None or len(rows) != up_to - tree.size:
        position = tree.size + len(rows) + 1 if wrong is None else wrong[0]
        raise SealRefused(f"The event at position {position} is missing or duplicated, so sealing stops.")
    await store.write_tiles(connection, tree.extend(leaf_hashes(blinding, rows)))
    await asyncio.sleep(0)  # others have their turn
