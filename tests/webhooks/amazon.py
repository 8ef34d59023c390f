"""Amazon SNS, as tests play it: it signs with a certificate of their own."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from app.webhooks.intake import amazon_requests
from app.webhooks.intake.amazon_signatures import signed_parts

CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem"


@cache
def key() -> rsa.RSAPrivateKey:
    """The key of the certificate."""
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate(days: int = 30) -> bytes:
    """A certificate that signs itself, and ends so many days from now."""
    name = Name([NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    ends = datetime.now(UTC) + timedelta(days=days)
    builder = CertificateBuilder(name, name, key().public_key(), random_serial_number())
    dated = builder.not_valid_before(ends - timedelta(days=60)).not_valid_after(ends)
    return dated.sign(key(), SHA256()).public_bytes(Encoding.PEM)


def signed(message: dict[str, Any], version: str = "1", url: str = CERTIFICATE_URL) -> dict[str, Any]:
    """The message with its signature."""
    algorithm = SHA1() if version == "1" else SHA256()
    signature = key().sign(signed_parts(message) or b"", padding.PKCS1v15(), algorithm)
    parts = {"SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}
    return message | parts | {"SigningCertURL": url}


def signed_body(body: bytes) -> bytes:
    """The message, signed by a certificate that was fetched before."""
    amazon_requests._certificates[CERTIFICATE_URL] = certificate()
    return json.dumps(signed(json.loads(body))).encode()
