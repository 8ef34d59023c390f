"""Files of credentials for NATS (`.creds`): a token, and the seed of the key that it is for.

The client reads them only with a package of its own for keys; Ed25519 is what we have already.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.platform.settings import SettingsError

_TOKEN, _SEED = (
    re.compile(rf"BEGIN {name}-+\s+([A-Za-z0-9._=-]+)\s+-+END")
    for name in ("NATS USER JWT", "USER NKEY SEED")
)
#: A seed is base32: two bytes for its kind, the key, and two bytes of a checksum.
SEED_BYTES, KEY_PLACE, CHECKED_BYTES = 36, slice(2, 34), 34


class NatsCredentials:
    """The credentials of a file. Raises SettingsError if they are missing."""

    def __init__(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise SettingsError(f"LEDGERDESK_RELAY_CREDENTIALS cannot be read: {error}.") from error
        token, seed = _TOKEN.search(text), _SEED.search(text)
        if token is None or seed is None:
            raise SettingsError(f"LEDGERDESK_RELAY_CREDENTIALS: {path} contains no token with a seed.")
        self._token = token[1].encode()
        self._key = _private_key(seed[1], path)

    def token(self) -> bytes:
        """Return the token, which the server is shown."""
        return self._token

    def sign(self, nonce: str) -> bytes:
        """Return the signature of what the server has asked to be signed."""
        return base64.b64encode(self._key.sign(nonce.encode()))


def _private_key(seed: str, path: Path) -> Ed25519PrivateKey:
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        raw = b""
    checksum = binascii.crc_hqx(raw[:CHECKED_BYTES], 0).to_bytes(2, "little")
    if len(raw) != SEED_BYTES or raw[CHECKED_BYTES:] != checksum:
        raise SettingsError(f"LEDGERDESK_RELAY_CREDENTIALS: the seed in {path} is damaged.")
    return Ed25519PrivateKey.from_private_bytes(raw[KEY_PLACE])
