"""Signing of sample deliveries as a tool does it: what `verification` checks, made (pure)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime

from app.webhooks.intake.verification import (
    Credentials,
    address_name,
    signature_of,
    signed_text,
    standard_keys,
)
from app.webhooks.mapping.document import VerificationScheme

MESSAGE_ID = "webhook-id"


def signed_headers(
    scheme: VerificationScheme,
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a delivery, in lower case, which show that its sender has the newest secret."""
    secret = credentials.secrets[0]
    sent = {name.lower(): value for name, value in headers.items()}
    match scheme.scheme:
        case "hmac":
            return sent | _hmac_headers(scheme, secret, body, now)
        case "standard_webhooks":
            return sent | _standard_headers(secret, sent, body, now)
        case "basic":
            pair = f"{credentials.user_name or ''}:{secret}"
            return sent | {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case "bearer":
            return sent | {"authorization": f"Bearer {secret}"}
        case "token":
            return sent | {(scheme.header or "").lower(): secret}
        case "query" | "path" | "amazon_sns":
            return sent | {address_name(scheme): secret}


def _hmac_headers(scheme: VerificationScheme, secret: str, body: bytes, now: datetime) -> dict[str, str]:
    headers = {}
    timestamp = ""
    if scheme.timestamp_header is not None:
        timestamp = str(int(now.timestamp()))
        headers[scheme.timestamp_header.lower()] = timestamp
    signed = signed_text(scheme, timestamp, body)
    signature = signature_of(secret.encode(), signed, scheme.algorithm, scheme.encoding)
    return headers | {(scheme.header or "").lower(): scheme.prefix + signature}


def _standard_headers(secret: str, sent: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    message_id = sent.get(MESSAGE_ID) or f"msg_{int(now.timestamp() * 1_000_000)}"
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = signature_of(standard_keys(secret)[-1], signed, "sha256", "base64")
    return {
        MESSAGE_ID: message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
