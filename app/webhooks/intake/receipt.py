"""Receipt of a delivery: verified, stored, and answered at once; it is processed later.

Repetitions are counted and not stored again:

- A delivery with an id of the tool is a repetition if its id *and* its bytes were received before. The same
  id with other bytes is a new delivery.
- A delivery without an id is a repetition if it equals the last delivery of its source. Processing compares
  it with the last news of its ticket as well, which is not known here.
- A delivery that contains only alerts is a repetition while it is the latest news of each of them, and each
  alert that fires has an open incident.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from app.exchange.mapping import MappingRefused
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.processes.incidents.records import OPEN
from app.webhooks.adapters import MAIL, adapter
from app.webhooks.intake.amazon_requests import signing_certificate
from app.webhooks.intake.amazon_signatures import message_of
from app.webhooks.intake.deliveries import HASH_KEY, TEST_KEY, RawDelivery, delivery_key, packed
from app.webhooks.intake.source_mapping import delivery_id
from app.webhooks.intake.verification import ADDRESS_PREFIX, Credentials, is_verified, may_be_verified
from app.webhooks.mail.delivery import mail_key
from app.webhooks.mapping.document import VerificationScheme
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.sources.records import WebhookSource
from app.webhooks.sources.secrets import open_secret

#: A source with its own mapping may show its secret in any of these ways; so may a mail server.
ANY_SCHEME = (
    VerificationScheme(scheme="standard_webhooks"),
    VerificationScheme(scheme="bearer"),
    VerificationScheme(scheme="basic"),
    VerificationScheme(scheme="token", header="x-webhook-token"),
)
#: Headers with a secret, which are not stored with a delivery.
SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-webhook-token", "x-gitlab-token"}
)
MOST_HEADERS = 100
LONGEST_HEADER = 2_000
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


def schemes_of(source: WebhookSource) -> tuple[VerificationScheme, ...]:
    """Return how deliveries of the source are verified: by its own mapping, or else as its tool does it."""
    if source.adapter == MAIL:
        return ANY_SCHEME
    if source.mapping is not None and (own := _own_schemes(source.mapping, str(source.key))):
        return own
    return adapter(str(source.adapter)).document.verification or ANY_SCHEME


@lru_cache(maxsize=200)
def _own_schemes(mapping: str, name: str) -> tuple[VerificationScheme, ...]:
    """Return the verification in a mapping; empty if the mapping cannot be read any more: its deliveries fail
    with the reason.
    """
    try:
        return parse_mapping(mapping, name).document.verification
    except MappingRefused:
        return ()


def kept_headers(source: WebhookSource, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers that are stored with a delivery: not those that show a secret."""
    secret = {(scheme.header or "").lower() for scheme in schemes_of(source) if scheme.scheme == "token"}
    storable = {
        name: value[:LONGEST_HEADER]
        for name, value in headers.items()
        if name not in SECRET_HEADERS | secret and not name.startswith(ADDRESS_PREFIX)
    }
    return dict(list(storable.items())[:MOST_HEADERS])


def is_signed_by_amazon(source: WebhookSource) -> bool:
    """Return whether Amazon SNS signs the deliveries of the source."""
    return any(scheme.scheme == "amazon_sns" for scheme in schemes_of(source))


async def is_genuine(
    ledger: Ledger, source: WebhookSource, headers: dict[str, str], body: bytes, now: datetime
) -> bool:
    """Return whether the delivery, which may be genuine by its headers, shows that its sender has the
    source's secret. Raises NoAnswerOfAmazon.
    """
    credentials = _credentials(ledger, source, now)
    if is_signed_by_amazon(source):
        certificate = await signing_certificate(ledger.settings, message_of(body))
        credentials = replace(credentials, certificate=certificate)
    return is_verified(schemes_of(source), credentials, headers, body, now)


def may_be_genuine(ledger: Ledger, source: WebhookSource, headers: dict[str, str], now: datetime) -> bool:
    """Return whether the delivery may show it, by its headers alone."""
    return may_be_verified(schemes_of(source), _credentials(ledger, source, now), headers, now)


def _credentials(ledger: Ledger, source: WebhookSource, now: datetime) -> Credentials:
    secrets = [open_secret(ledger, str(source.sealed_secret))]
    if (
        source.previous_sealed_secret is not None
        and source.previous_ends_at is not None
        and now < source.previous_ends_at
    ):
        secrets.append(open_secret(ledger, source.previous_sealed_secret))
    return Credentials(secrets, source.user_name)


async def receive(
    ledger: Ledger,
    source: WebhookSource,
    headers: dict[str, str],
    body: bytes,
    now: datetime,
    *,
    is_test: bool = False,
) -> tuple[UUID, bool]:
    """Store a verified delivery. Return its id, and whether it is new. `is_test`: it is to change nothing,
    and repeats no other. Raises DatabaseGone.
    """
    raw = RawDelivery(kept_headers(source, headers), body)
    key = f"{TEST_KEY}{uuid7()}" if is_test else await _key(source, raw, now)
    return await store(ledger, source.id, key, raw)


async def _key(source: WebhookSource, raw: RawDelivery, now: datetime) -> str:
    if source.adapter == MAIL:
        return mail_key(raw.body)
    return delivery_key(await delivery_id(source, raw, now), raw)


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
