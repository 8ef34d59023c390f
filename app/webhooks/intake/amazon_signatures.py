"""Signatures of Amazon SNS, by a certificate that stands at an address in the message (pure).

A signature shows that Amazon SNS sent the message, and not whose topic it is of: anybody may subscribe an
address. So the secret in the address is demanded, too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

#: SNS alone: buckets and functions of strangers have addresses below amazonaws.com, too.
_ORIGIN = r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE_URL = re.compile(rf"{_ORIGIN}/[A-Za-z0-9_-]{{1,200}}\.pem")
_CONFIRMATION_URL = re.compile(rf"{_ORIGIN}/\?[\x21-\x7e]{{1,1500}}")
CONFIRMATION = "SubscriptionConfirmation"
#: The signed parts in their order, by the type of the message.
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED[CONFIRMATION]
_OPTIONAL = frozenset({"Subject"})


def message_of(body: bytes) -> Mapping[str, Any]:
    """Return the message in a body; an empty one if it is none."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def certificate_url(message: Mapping[str, Any]) -> str | None:
    """Return the address of the certificate; None if it is not one of Amazon SNS."""
    return _matched(_CERTIFICATE_URL, message.get("SigningCertURL"))


def confirmation_url(message: Mapping[str, Any]) -> str | None:
    """Return the address that confirms the subscription; None if it is not one of Amazon SNS."""
    is_confirmation = message.get("Type") == CONFIRMATION
    return _matched(_CONFIRMATION_URL, message.get("SubscribeURL")) if is_confirmation else None


def _matched(pattern: re.Pattern[str], url: object) -> str | None:
    return url if isinstance(url, str) and pattern.fullmatch(url) else None


def signed_parts(message: Mapping[str, Any]) -> bytes | None:
    """Return the signed text of a message; None if a part of it is missing."""
    lines: list[str] = []
    for name in _SIGNED.get(str(message.get("Type")), ()):
        value = message.get(name)
        if value is None and name in _OPTIONAL:
            continue
        if not isinstance(value, str):
            return None
        lines += (name, value)
    return "".join(f"{line}\n" for line in lines).encode() or None


def is_signed_by(message: Mapping[str, Any], certificate: bytes, now: datetime) -> bool:
    """Return whether the holder of the certificate, valid now, has signed the message."""
    signed = signed_parts(message)
    try:
        holder = load_pem_x509_certificate(certificate)
        key, signature = holder.public_key(), base64.b64decode(str(message.get("Signature")), validate=True)
    except (ValueError, binascii.Error):
        return False
    is_valid = holder.not_valid_before_utc <= now <= holder.not_valid_after_utc
    algorithms = {"1": SHA1, "2": SHA256}
    algorithm = algorithms.get(str(message.get("SignatureVersion")))
    if signed is None or not is_valid or algorithm is None or not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm())
    except InvalidSignature:
        return False
    return True
