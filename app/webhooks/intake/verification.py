"""Verification of deliveries: each tool's own way to show that it has the secret (pure).

A scheme is data of an adapter. Comparisons take the same time whatever is wrong, over all secrets that are
valid now.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.webhooks.intake.amazon_signatures import is_signed_by, message_of
from app.webhooks.mapping.document import VerificationScheme

#: Largest difference between the sender's signed time and ours, unless its scheme sets another.
USUAL_TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 20
#: Begins the names of what stood in the address: they are never stored.
ADDRESS_PREFIX = "?"
STANDARD_PREFIX = "whsec_"
_MILLISECONDS_FROM = 100_000_000_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of a source: its secrets that are valid now, the newest first, and a user name.
    `certificate` is that of the service which signs the deliveries of its tool.
    """

    secrets: Sequence[str]
    user_name: str | None = None
    certificate: bytes | None = None


def address_name(scheme: VerificationScheme) -> str:
    """Return the name among the headers of a secret in the address, which no header can have."""
    return f"{ADDRESS_PREFIX}{scheme.parameter or ''}"


def is_verified(
    schemes: Sequence[VerificationScheme],
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    """Return whether one of the schemes verifies the delivery. `headers` have lower-case names."""
    return _any([_verifies(scheme, credentials, headers, body, now) for scheme in schemes])


def may_be_verified(
    schemes: Sequence[VerificationScheme], credentials: Credentials, headers: Mapping[str, str], now: datetime
) -> bool:
    """Return whether one of the schemes may verify a delivery with these headers, whatever its body is."""
    return _any([_may_verify(scheme, credentials, headers, now) for scheme in schemes])


def _may_verify(
    scheme: VerificationScheme, credentials: Credentials, headers: Mapping[str, str], now: datetime
) -> bool:
    match scheme.scheme:
        case "hmac":
            header = headers.get((scheme.header or "").lower(), "")
            timestamp = (scheme.timestamp_header or "").lower()
            is_dated = not timestamp or _is_recent(headers.get(timestamp, ""), now, scheme.tolerance_seconds)
            return scheme.prefix in header and bool(header) and is_dated
        case "standard_webhooks":
            sent = headers.get("webhook-timestamp", "")
            return "webhook-signature" in headers and _is_recent(sent, now, scheme.tolerance_seconds)
        case "amazon_sns":
            return _has_secret_in_address(scheme, credentials, headers)
        case _:
            return _verifies(scheme, credentials, headers, b"", now)


def _verifies(
    scheme: VerificationScheme,
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    match scheme.scheme:
        case "hmac":
            return _verifies_hmac(scheme, credentials, headers, body, now)
        case "standard_webhooks":
            return _verifies_standard(scheme, credentials, headers, body, now)
        case "basic":
            return _verifies_basic(credentials, headers.get("authorization", ""))
        case "bearer":
            kind, _, sent = headers.get("authorization", "").partition(" ")
            return kind.lower() == "bearer" and _is_one_of(sent.strip(), credentials.secrets)
        case "token":
            return _is_one_of(headers.get((scheme.header or "").lower(), ""), credentials.secrets)
        case "query" | "path" | "amazon_sns":
            is_signed = scheme.scheme != "amazon_sns" or is_signed_by(
                message_of(body), credentials.certificate or b"", now
            )
            return _has_secret_in_address(scheme, credentials, headers) and is_signed


def _has_secret_in_address(
    scheme: VerificationScheme, credentials: Credentials, headers: Mapping[str, str]
) -> bool:
    # In an address `+` is read as a space, and secrets are of base64.
    sent = headers.get(address_name(scheme), "").replace(" ", "+")
    return _is_one_of(sent, credentials.secrets)


def _verifies_hmac(
    scheme: VerificationScheme,
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    sent = headers.get((scheme.header or "").lower(), "")
    timestamp = headers.get((scheme.timestamp_header or "").lower(), "")
    if scheme.timestamp_header is not None and not _is_recent(timestamp, now, scheme.tolerance_seconds):
        return False
    signed = signed_text(scheme, timestamp, body)
    parts = [sent] if scheme.separator is None else sent.split(scheme.separator)[:MOST_SIGNATURES]
    signatures = [each.strip() for each in parts]
    signatures = [each.removeprefix(scheme.prefix) for each in signatures if each.startswith(scheme.prefix)]
    expected = [
        signature_of(secret.encode(), signed, scheme.algorithm, scheme.encoding)
        for secret in credentials.secrets
    ]
    if scheme.encoding == "hex":
        signatures = [each.lower() for each in signatures]
    return _any([_equal(signature, other) for signature in signatures for other in expected])


def signed_text(scheme: VerificationScheme, timestamp: str, body: bytes) -> bytes:
    """Return what a sender signs by an HMAC scheme."""
    # The body is inserted last: it may contain such a name itself.
    return scheme.signed.encode().replace(b"{timestamp}", timestamp.encode()).replace(b"{body}", body, 1)


def signature_of(secret: bytes, signed: bytes, algorithm: str, encoding: str) -> str:
    """Return the HMAC in hex or base64."""
    mac = hmac.new(secret, signed, getattr(hashlib, algorithm))
    return mac.hexdigest() if encoding == "hex" else base64.b64encode(mac.digest()).decode()


def _verifies_standard(
    scheme: VerificationScheme,
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    """Verify as Standard Webhooks 1.0 has it: `v1,<base64>`, several separated by spaces."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not _is_recent(timestamp, now, scheme.tolerance_seconds):
        return False
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    sent = headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
    signatures = [each.removeprefix("v1,") for each in sent if each.startswith("v1,")]
    expected = [
        signature_of(key, signed, "sha256", "base64")
        for secret in credentials.secrets
        for key in standard_keys(secret)
    ]
    return _any([_equal(signature, other) for signature in signatures for other in expected])


def standard_keys(secret: str) -> list[bytes]:
    """Return the keys that a secret may stand for: base64, padded or not, with or without `whsec_`; and,
    without it, the text itself. Libraries differ in what they take.
    """
    encoded = secret.removeprefix(STANDARD_PREFIX)
    keys = [] if encoded != secret else [secret.encode()]
    try:
        padded = encoded.rstrip("=")
        keys.append(base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True))
    except binascii.Error:
        keys = [secret.encode()]
    return keys


def _verifies_basic(credentials: Credentials, sent: str) -> bool:
    kind, _, encoded = sent.partition(" ")
    if kind.lower() != "basic":
        return False
    try:
        user_name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    is_secret = _is_one_of(secret, credentials.secrets)
    return _equal(user_name, credentials.user_name or "") and is_secret


def _is_one_of(sent: str, secrets: Sequence[str]) -> bool:
    return _any([_equal(sent, secret) for secret in secrets])


def _any(answers: list[bool]) -> bool:
    """Return whether one of them is true. They are a list, so that all comparisons are made in any case."""
    return any(answers)


def _equal(first: str, second: str) -> bool:
    return hmac.compare_digest(first.encode(), second.encode())


def _is_recent(timestamp: str, now: datetime, tolerance: int | None) -> bool:
    """Return whether the signed time, in seconds or milliseconds since 1970 or as RFC 3339, is near now."""
    try:
        seconds = float(timestamp)
        if seconds > _MILLISECONDS_FROM:
            seconds /= 1000
    except ValueError:
        try:
            seconds = datetime.fromisoformat(timestamp).timestamp()
        except (ValueError, OverflowError):
            return False
    return abs(now.timestamp() - seconds) <= (tolerance or USUAL_TOLERANCE_SECONDS)
