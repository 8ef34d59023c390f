"""Whatever a superuser does to a sealed log is found and named, as closely as it can be known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.platform.db import Connection, fetch_rows
from app.sealing import store
from app.sealing.leaves import leaf_hashes
from app.sealing.seal import SealRefused, seal
from app.sealing.signed_heads import SignedHead, TreeHead, key_name, sign
from app.sealing.signing_keys import signing_key
from app.sealing.tree import GrowingTree
from app.sealing.verify import Discrepancy, verify, verify_snapshot
from tests.extent import WHOLE
from tests.sealing.conftest import SIZES, SealedLog, now

TABLES = ("log.event", "log.event_0000", "log.sealed_head")
ID = "0199c0de-0000-7000-8000-000000000001"
#: Another value for each column of an event, that its constraints let in.
ALTERED = {
    "recorded_at": "recorded_at - interval '1 microsecond'",
    "occurred_at": "occurred_at + interval '1 second'",
    "id": f"'{ID}'",
    "causation_id": f"'{ID}'",
    "version": "2",
    "schema_version": "2",
    "staff_only": "not staff_only",
    "stream": f"'team/{ID}'",
    "type": "'team.closed'",
    "actor": "'rule:another'",
    "credential": f"'key:{ID}'",
    "on_behalf_of": f"'person:{ID}'",
    "correlation_id": "'another'",
    "source": "'cli'",
    "source_ref": "'another'",
    "data": """'{"given":{},"set":{},"x":1}'::bytea""",
}
Findings = list[tuple[str, int | None, int | None, int | None]]


@asynccontextmanager
async def tampering(superuser: Connection, *statements: str) -> AsyncIterator[Connection]:
    """What the superuser sees who has done all of that; afterwards it is undone."""
    async with superuser.transaction(force_rollback=True):
        for table in TABLES:
            await superuser.execute(f"alter table {table} disable trigger append_only".encode())
        for statement in statements:
            await superuser.execute(statement.encode())
        yield superuser


async def findings(connection: Connection, exported: Sequence[SignedHead] = ()) -> Findings:
    tampered = await verify_snapshot(connection, exported)
    assert tampered.finding_count == len(tampered.findings)
    return [
        (finding.discrepancy.value, finding.first, finding.last, finding.head)
        for finding in tampered.findings
    ]


async def reseal(connection: Connection, sealed: SealedLog, key: Ed25519PrivateKey | None) -> None:
    """Rewrite the stored hashes, as somebody who knows how they are made; with the key the heads, too."""
    identity = await store.find_identity(connection)
    assert identity is not None
    await connection.execute(b"delete from log.seal_tile")
    tree, before = GrowingTree(), None
    if key is not None:
        await connection.execute(b"delete from log.sealed_head")
    for signed in sealed.heads:
        rows = await store.read_leaves(connection, tree.size, signed.head.size)
        whole_tiles = tree.extend(leaf_hashes(identity.blinding, rows))
        await store.write_tiles(connection, [*whole_tiles, *tree.edge_tiles()])
        if key is not None:
            members = {name: getattr(signed.head, name) for name in TreeHead.__slots__}
            previous = None if before is None else before.hash
            before = sign(TreeHead(**members | {"root": tree.root().hex(), "previous": previous}), key)
            await store.add_head(connection, before)


async def test_a_log_that_nobody_has_touched_is_as_sealed(sealed: SealedLog) -> None:
    tampered = await verify(sealed.service, sealed.heads)
    assert (tampered.finding_count, tampered.events, tampered.heads) == (0, SIZES[-1] + 7, 3)
    assert (tampered.sealed_up_to, tampered.proved_up_to) == (SIZES[-1], SIZES[-1])
    first = await verify(sealed.service, sealed.heads[:1])
    assert (first.finding_count, first.proved_up_to) == (0, SIZES[0])


async def test_each_column_of_an_event_is_sealed(sealed: SealedLog, superuser: Connection) -> None:
    columns = await fetch_rows(
        superuser,
        "select attname as name from pg_attribute where attrelid = 'log.event'::regclass and attnum > 0",
        None,
    )
    assert {row["name"] for row in columns} == {"position", *ALTERED}
    for n, (column, changed) in enumerate((*ALTERED.items(), ("recorded_at", "'infinity'"))):
        positions = (1, 257, 600)
        for position in positions if WHOLE else positions[n % 3 : n % 3 + 1]:
            change = f"update log.event_0000 set {column} = {changed} where position = {position}"
            async with tampering(superuser, change) as tampered:
                expected = [("altered", position, position, None)]
                if changed == "'infinity'":
                    expected = [("missing", position, position, None)]
                exports: list[list[SignedHead]] = [[], sealed.heads] if WHOLE else [[]]
                for exported in exports:
                    assert await findings(tampered, exported) == expected, column


FLIPPED = "update log.seal_tile set hashes = set_byte(hashes, {0}, get_byte(hashes, {0}) # 1)"
GONE = "delete from log.event_0000 where position"
HEAD = "update log.head set position ="
WITHOUT_KEYS = "alter table log.event drop constraint event_pkey"
COPY = (
    "insert into log.event select {}, recorded_at, occurred_at, gen_random_uuid(), causation_id, "
    "version + 7, schema_version, staff_only, stream, type, actor, credential, on_behalf_of, "
    "correlation_id, source, "
    "source_ref, data from log.event where position = 150"
)
#: What is done, what is found with the exported heads, and whether that is all that is found without them.
DONE: dict[str, tuple[tuple[str, ...], Findings]] = {
    "an event is taken out": ((f"{GONE} = 222",), [("missing", 222, 222, None)]),
    "a stretch is taken out": ((f"{GONE} between 250 and 300",), [("missing", 250, 300, None)]),
    "one is moved": (
        ("update log.event_0000 set position = 800 where position = 7",),
        [("added", 800, 800, None), ("missing", 7, 7, None)],
    ),
    "one is there twice": ((WITHOUT_KEYS, COPY.format("position")), [("added", 150, 150, None)]),
    "one is there twice and the next one is not": (
        (WITHOUT_KEYS, COPY.format("position"), f"{GONE} = 151"),
        [("added", 150, 150, None), ("missing", 151, 151, None)],
    ),
    "one is beyond the head": ((COPY.format(700),), [("added", 700, 700, None)]),
    "two are exchanged": (
        (
            "update log.event_0000 set position = 801 where position = 9",
            "update log.event_0000 set position = 9 where position = 10",
            "update log.event_0000 set position = 10 where position = 801",
        ),
        [("altered", 9, 10, None)],
    ),
    "the end is taken off": (
        (f"{GONE} > 590", f"{HEAD} 590"),
        [("ends_early", 591, 600, None)],
    ),
    "an older backup is restored": (
        (
            f"{GONE} > 256",
            f"{HEAD} 256",
            "delete from log.sealed_head where number > 2",
            "delete from log.seal_tile where number > 0 and level = 0",
            "update log.seal_tile set hashes = substr(hashes, 1, 32) where level = 1",
        ),
        [("head_missing", None, None, 3), ("ends_early", 257, 600, None)],
    ),
    "a stored hash is altered": (
        (f"{FLIPPED.format(40)} where level = 0 and number = 0",),
        [("hashes_rewritten", 2, 2, None), ("hashes_rewritten", 1, 512, None)],
    ),
    "a stored hash of many is altered": (
        (f"{FLIPPED.format(4)} where level = 1",),
        [("hashes_rewritten", 1, 512, None)],
    ),
    "stored hashes are taken out": (
        ("delete from log.seal_tile where level = 0 and number = 1",),
        [("hashes_rewritten", 257, 512, None), ("hashes_rewritten", 1, 512, None)],
    ),
    "a head is altered": (
        (
            "update log.sealed_head set document = convert_to("
            "replace(convert_from(document, 'UTF8'), ':256', ':255'), 'UTF8') where number = 2",
        ),
        [("head_altered", None, None, 2), ("head_missing", None, None, 2)],
    ),
    "a signature is altered": (
        ("update log.sealed_head set signature = sha512(signature) where number = 3",),
        [("head_altered", None, None, 3), ("head_missing", None, None, 3)],
    ),
    "a head is taken out": (
        ("delete from log.sealed_head where number = 2",),
        [("head_missing", None, None, 2)],
    ),
    "all seals are taken out": (
        ("delete from log.sealed_head", "delete from log.seal_tile"),
        [("head_missing", None, None, number) for number in (1, 2, 3)],
    ),
    "the secret is exchanged": (
        ("update log.seal_identity set blinding = sha256(blinding)",),
        [("identity_altered", None, None, None)],
    ),
}


async def test_whatever_is_done_is_found_and_named(sealed: SealedLog, superuser: Connection) -> None:
    findings_by_name = {}
    for name, (statements, _) in DONE.items():
        async with tampering(superuser, *statements) as tampered:
            findings_by_name[name] = sorted(await findings(tampered, sealed.heads), key=str)
    assert findings_by_name == {name: sorted(expected, key=str) for name, (_, expected) in DONE.items()}


async def test_where_the_hashes_were_rewritten_too_heads_say_between_which_positions(
    sealed: SealedLog, superuser: Connection
) -> None:
    change = "update log.event_0000 set actor = 'rule:another' where position = 230"
    async with tampering(superuser, change) as tampered:
        await reseal(tampered, sealed, None)
        assert await findings(tampered) == [("not_as_sealed", 201, 256, None)]
        assert await findings(tampered, sealed.heads) == [("not_as_sealed", 201, 256, None)]


async def test_whoever_has_the_key_as_well_is_refuted_by_what_was_exported_alone(
    sealed: SealedLog, superuser: Connection
) -> None:
    change = "update log.event_0000 set actor = 'rule:another' where position = 230"
    first, second, third = sealed.heads
    async with tampering(superuser, change) as tampered:
        await reseal(tampered, sealed, signing_key(sealed.secrets_dir))
        assert await findings(tampered) == []
        assert (await verify_snapshot(tampered, [first])).finding_count == 0  # it does not cover the event
        otherwise = [("head_otherwise", None, None, 3), ("not_as_sealed", 1, 600, None)]
        assert await findings(tampered, [third]) == otherwise
        assert ("not_as_sealed", 201, 256, None) in await findings(tampered, [first, second, third])


async def test_whoever_signs_by_another_key_is_named(sealed: SealedLog, superuser: Connection) -> None:
    async with tampering(superuser) as tampered:
        other = Ed25519PrivateKey.generate()
        await tampered.execute(b"delete from log.sealed_head where number = 3")
        key = other.public_key().public_bytes_raw()
        members = {name: getattr(sealed.heads[2].head, name) for name in TreeHead.__slots__}
        forged = sign(TreeHead(**members | {"key": key_name(key)}), other)
        await store.add_head(tampered, forged)
        assert await findings(tampered) == [("another_key", None, None, 3)]
        assert ("head_otherwise", None, None, 3) in await findings(tampered, sealed.heads)


async def test_a_head_of_another_log_or_without_a_signature_is_named(sealed: SealedLog) -> None:
    signed = sealed.heads[0]
    members: dict[str, Any] = {name: getattr(signed.head, name) for name in TreeHead.__slots__}
    other = sign(TreeHead(**members | {"installation": ID}), signing_key(sealed.secrets_dir))
    unsigned = SignedHead(signed.document, bytes(64), signed.public_key)
    tampered = await verify(sealed.service, [other, unsigned])
    assert [finding.discrepancy for finding in tampered.findings] == [
        Discrepancy.another_log,
        Discrepancy.not_signed,
    ]
    assert tampered.proved_up_to == 0


async def test_nothing_is_sealed_upon_what_is_not_as_sealed(sealed: SealedLog, superuser: Connection) -> None:
    for statements in (
        ("update log.seal_tile set hashes = set_byte(hashes, 4, 7) where level = 1",),
        ("delete from log.seal_tile where level = 0 and number = 2",),
        (f"{GONE} = 603",),
        (f"{GONE} > 500", f"{HEAD} 500"),
        ("update log.seal_identity set blinding = sha256(blinding)",),
    ):
        async with tampering(superuser, *statements) as tampered:
            with pytest.raises(SealRefused):
                await seal(tampered, sealed.secrets_dir, now)
    newest = await store.newest_head(sealed.service)
    assert newest is not None
    assert newest.head.number == 3
