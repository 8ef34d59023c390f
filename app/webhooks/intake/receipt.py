"""Receipt of a delivery: verified, stored, and answered at once; it is processed later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from app.exchange.mapping import MappingRefused
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.webhooks.adapters import MAIL, adapter
from app.webhooks.intake import storage
from app.webhooks.intake.amazon_requests import signing_certificate
from app.webhooks.intake.amazon_signatures import message_of
from app.webhooks.intake.deliveries import TEST_KEY, RawDelivery, delivery_key
from app.webhooks.intake.evaluation import delivery_id
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
    return await storage.store(ledger, source.id, key, raw)


async def _key(source: WebhookSource, raw: RawDelivery, now: datetime) -> str:
    if source.adapter == MAIL:
        return mail_key(raw.body)
    return delivery_key(await delivery_id(source, raw, now), raw)
