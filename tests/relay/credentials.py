"""Certificates, and credentials of NATS, for brokers that a test starts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

#: What begins a name of a key of NATS, by what it is of; a seed says it, too.
OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3


def write_certificate(path: Path) -> Path:
    """Writes a certificate that has signed itself, for this machine, and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(encoded_key + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@dataclass
class NatsKey:
    """A key of NATS, of an operator, an account or a user."""

    prefix: int
    key: Ed25519PrivateKey

    @classmethod
    def make(cls, prefix: int) -> NatsKey:
        return cls(prefix, Ed25519PrivateKey.generate())

    @property
    def name(self) -> str:
        return _base32(bytes([self.prefix]) + self.key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        begin = bytes([SEED | self.prefix >> 5, (self.prefix & 31) << 3])
        return _base32(begin + self.key.private_bytes_raw())

    def token(self, subject: NatsKey, kind: str, **claims: Any) -> str:
        """A token that this key signs about another one."""
        body: dict[str, Any] = {"iat": int(datetime.now(UTC).timestamp()), "iss": self.name}
        body |= {"sub": subject.name, "name": kind, "nats": {"type": kind, "version": 2, **claims}}
        body["jti"] = (
            base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
        )
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, body))
        return f"{signed}.{_base64(self.key.sign(signed.encode()))}"


def _base32(raw: bytes) -> str:
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def write_credentials(path: Path, token: str, seed: str) -> Path:
    """Writes a file as NATS' own tools do."""
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        "************************* IMPORTANT *************************\n"
        f"NKEY Seed printed below can be used to sign and prove identity.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n",
        encoding="ascii",
    )
    return path


def operated_accounts() -> tuple[str, str, str]:
    """A server's options whose accounts are an operator's; and the token and the seed of a user."""
    operator, system, account, user = (NatsKey.make(kind) for kind in (OPERATOR, ACCOUNT, ACCOUNT, USER))
    everything = dict.fromkeys(
        ("subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage", "disk_storage"), -1
    )
    nothing_stored = {**everything, "mem_storage": 0, "disk_storage": 0}
    limits_of = ((system, nothing_stored), (account, {**everything, "streams": -1, "consumer": -1}))
    tokens = [(key, operator.token(key, "account", limits=limits)) for key, limits in limits_of]
    preloaded = "\n".join(f"  {key.name}: {token}" for key, token in tokens)
    options = (
        f"operator: {operator.token(operator, 'operator')}\nsystem_account: {system.name}\n"
        f"resolver: MEMORY\nresolver_preload {{\n{preloaded}\n}}"
    )
    return options, account.token(user, "user", subs=-1, data=-1, payload=-1), user.seed
