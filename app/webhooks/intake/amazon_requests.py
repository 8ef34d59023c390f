"""Requests to Amazon SNS: for the certificates of its signatures, and to confirm subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.platform.outward import OutwardPolicy, RequestFailed, UnusableAddress, outward_client
from app.platform.settings import Settings
from app.webhooks.intake.amazon_signatures import certificate_url, confirmation_url

#: SNS waits 15 seconds for the answer to a delivery.
SECONDS = 8.0
OK = 200
PEM = b"-----BEGIN CERTIFICATE-----"
MOST_CERTIFICATES = 100
#: By address. Amazon gives each new certificate a new one.
_certificates: dict[str, bytes] = {}


class NoAnswerOfAmazon(Exception):
    """Amazon SNS does not answer, or answers otherwise than it documents."""


async def signing_certificate(settings: Settings, message: Mapping[str, Any]) -> bytes | None:
    """Return the certificate that a message names; None if it names none of Amazon SNS. Raises
    NoAnswerOfAmazon.
    """
    url = certificate_url(message)
    if url is None:
        return None
    if url not in _certificates:
        content = await _get(settings, url)
        if PEM not in content:
            raise NoAnswerOfAmazon()
        if len(_certificates) >= MOST_CERTIFICATES:
            _certificates.clear()
        _certificates[url] = content
    return _certificates[url]


async def confirm_subscription(settings: Settings, message: Mapping[str, Any]) -> None:
    """Confirm the subscription that a message asks to confirm. Raises NoAnswerOfAmazon."""
    url = confirmation_url(message)
    if url is None:
        raise NoAnswerOfAmazon()
    await _get(settings, url)


async def _get(settings: Settings, url: str) -> bytes:
    try:
        async with outward_client(OutwardPolicy.from_settings(settings), SECONDS) as client:
            answer = await client.request("GET", url, {"user-agent": "ledgerdesk"})
    except (RequestFailed, UnusableAddress) as error:
        raise NoAnswerOfAmazon() from error
    if answer.status != OK:
        raise NoAnswerOfAmazon()
    return answer.body
