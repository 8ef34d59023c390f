"""Storing of deliveries before they are answered; a repetition is counted with the first one.

A delivery is known by the tool's id of it *and* by its bytes: the same of both is a repetition whenever it
comes, and the same id with other bytes is a delivery of its own. Without an id, only what equals the last
that was heard of its ticket or alert is a repetition. Of a ticket that is known when it is processed, so here
only what equals the last delivery of the source is counted, and anything else is stored. What tells of alerts
only is counted as long as it is the last word of each of them, and those that fire have their incidents open.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.processes.incidents.records import OPEN
from app.webhooks.intake.deliveries import HASH_KEY, RawDelivery, packed

INSERT = """
insert into plumbing.webhook_delivery (id, source_id, delivery_key, size, content_hash, sealed)
values (%s, %s, %s, %s, %s, %s) on conflict (source_id, delivery_key) do nothing returning id"""
COUNT_SAME_ID = """
update plumbing.webhook_delivery set heard = heard + 1, last_heard_at = clock_timestamp()
where source_id = %s and delivery_key = any(%s) and content_hash = %s returning id"""
HASH_LENGTH = 64
#: Seconds after which an alert is heard again that goes on firing though its incident had ended.
SECONDS_TO_HEAR_ANEW = 300
#: Hours after which a delivery without effect is tried again: the adapter may have learned it.
HOURS_TO_TRY_ANEW = 24
_OPEN_STATES = ", ".join(f"'{state}'" for state in sorted(OPEN))
# Keys of equal content sort by the time of their receipt: the first ends with the hash, others go on with a
# colon, before which no digit of a hash sorts behind.
COUNT_SAME_CONTENT = f"""
with last as (
  select d.id, d.received_at, d.state, d.processed_at, d.mapping_key, d.alerts, d.effects,
    not exists (select from plumbing.webhook_delivery l
      where l.source_id = d.source_id and (l.received_at, l.id) > (d.received_at, d.id)) as is_newest
  from plumbing.webhook_delivery d
  where d.source_id = %(source)s and d.delivery_key >= %(key)s and d.delivery_key < %(key)s || ';'
  order by d.delivery_key desc limit 1
)
update plumbing.webhook_delivery d set heard = d.heard + 1, last_heard_at = clock_timestamp()
from last where d.id = last.id
  -- Since then its mapping may have changed.
  and not exists (select from fold.webhook_source s
    where s.id = %(source)s and s.changed_at > last.processed_at)
  and case
    when last.state = 'ignored' or last.state = 'failed' and last.mapping_key is not null
        and last.effects = '[]'
      then last.processed_at > clock_timestamp() - interval '{HOURS_TO_TRY_ANEW} hours'
    when last.state = 'waiting' or last.alerts is null then last.is_newest
    else not exists (select from plumbing.webhook_delivery w
        where w.source_id = %(source)s and w.state = 'waiting')
      and last.alerts = (select count(*) from plumbing.heard_alert h where h.delivery_id = last.id)
      and not exists (
        select from plumbing.heard_alert h left join fold.incident i on i.id = h.incident_id
        where h.delivery_id = last.id and h.firing and (i.state in ({_OPEN_STATES})) is not true
          and (h.was_open
            or last.received_at < clock_timestamp() - interval '{SECONDS_TO_HEAR_ANEW} seconds'))
  end
returning d.id"""


async def store(ledger: Ledger, source_id: UUID, key: str, raw: RawDelivery) -> tuple[UUID, bool]:
    """Store a delivery durably. `key` is the tool's id of it, or that of its content. Return the delivery's
    id, and whether it is new: a repetition is counted on the delivery that it repeats.

    Raises DatabaseGone.
    """
    new_id = uuid7()
    encrypted = ledger.vault.encrypt_delivery(packed(raw))

    async def insert(under: str) -> UUID | None:
        values = (new_id, source_id, under, len(raw.body), raw.content_hash, encrypted)
        delivery_id: UUID | None = await ledger.db.value(INSERT, values)
        return delivery_id

    if (delivery_id := await insert(key)) is not None:
        return delivery_id, True
    if key.startswith(HASH_KEY):
        repeated = await ledger.db.value(COUNT_SAME_CONTENT, {"source": source_id, "key": key})
        other = f"{key}:{new_id}"
    else:
        other = _key_of_other_bytes(key, raw)
        repeated = await ledger.db.value(COUNT_SAME_ID, (source_id, [key, other], raw.content_hash))
    if repeated is not None:
        return repeated, False
    if (delivery_id := await insert(other)) is not None:
        return delivery_id, True
    # Its bytes have come twice at once.
    return await ledger.db.value(COUNT_SAME_ID, (source_id, [other], raw.content_hash)), False


def _key_of_other_bytes(key: str, raw: RawDelivery) -> str:
    kind, _, name = key.partition(":")
    name = name if len(name) <= HASH_LENGTH else sha256(name.encode()).hexdigest()
    return f"{kind}+hash:{raw.content_hash[: HASH_LENGTH // 2]}:{name}"
