"""The consumer that keeps by which address a person is found: a keyed fingerprint, without the address."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import PersonState
from app.common.personal import Ciphertext
from app.kernel.access.vault import KEYS, unwrapped
from app.kernel.ledger import Ledger
from app.log.batches import Batch
from app.log.events import id_of
from app.log.follow import Consumer
from app.platform.db import Connection, fetch_rows

NAME = "addresses"
BATCH = 1_000
PERSONS = "select id, email from fold.person where id = any(%s)"
FORGET = b"delete from vault.address where person_id = any(%s)"
KEEP_ADDRESSES = b"""
insert into vault.address as a (person_id, fingerprint) select * from unnest(%s::uuid[], %s::text[])
on conflict (person_id) do update set fingerprint = excluded.fingerprint
"""
FIND_PERSONS = """
select a.person_id, p.state from vault.address a join fold.person p on p.id = a.person_id
where a.fingerprint = %s and p.state in ('active', 'inactive')
order by p.state, p.added_at desc, p.id limit 2
"""


@dataclass(frozen=True, slots=True)
class AddressHolder:
    """A person with an address. An inactive person is shut out: they are named, but not let in."""

    id: UUID
    is_active: bool


async def person_with_address(ledger: Ledger, address: str) -> AddressHolder | None:
    """Return the active person who has the address; otherwise the newest who was deactivated. None if the
    address is unknown, or several active people have it.
    """
    rows = await ledger.db.rows(FIND_PERSONS, (ledger.address_fingerprint(address),))
    holders = [AddressHolder(row["person_id"], row["state"] == PersonState.active.value) for row in rows]
    ambiguous = len(holders) > 1 and all(holder.is_active for holder in holders)
    return holders[0] if holders and not ambiguous else None


def consumer(ledger: Ledger) -> Consumer:
    """Return the consumer that follows the addresses of persons."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        touched = sorted({id_of(e.stream) for e in await batch.events() if e.stream.startswith("person/")})
        if not touched:
            return
        rows = await fetch_rows(connection, PERSONS, (touched,))
        encrypted = {row["id"]: Ciphertext(row["email"]) for row in rows if row["email"] is not None}
        keys = {}
        for row in await fetch_rows(connection, KEYS, ([text.key_id for text in encrypted.values()],)):
            if (key := unwrapped(ledger.vault.master.unwrap, row)) is not None:
                keys[key.id] = key
        active_addresses: dict[UUID, str] = {}
        for person_id, text in encrypted.items():
            key = keys.get(text.key_id)
            if key is not None and (address := key.decrypt(text)) is not None:
                active_addresses[person_id] = ledger.address_fingerprint(address)
        await connection.execute(
            FORGET, ([touched_id for touched_id in touched if touched_id not in active_addresses],)
        )
        await connection.execute(KEEP_ADDRESSES, (list(active_addresses), list(active_addresses.values())))

    return Consumer(NAME, handle_batch, BATCH, kinds=frozenset({"person"}))
