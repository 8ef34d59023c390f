"""The key that signs heads: a file in the secrets directory next to the master key, made at first use."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.platform.backups import sync
from app.platform.failures import WrongUse

KEY_FILE, NEXT_KEY_FILE = "seal.key", "seal.key.next"


class SigningKeyError(WrongUse):
    """The key for signing heads cannot be read or made; the message has the reason and the remedy."""


def signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """Return the key, making it at the first use. Raises SigningKeyError."""
    return _key_in(secrets_dir / KEY_FILE)


def next_signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """Return the next key, making it at the first use. Raises SigningKeyError."""
    return _key_in(secrets_dir / NEXT_KEY_FILE)


def has_next_key(secrets_dir: Path) -> bool:
    """Return whether there is a key that is to follow: its rotation has begun, and was broken off."""
    return (secrets_dir / NEXT_KEY_FILE).exists()


def use_next_key(secrets_dir: Path) -> None:
    """Put the key that is to follow in the place of the one in use. Raises SigningKeyError."""
    try:
        (secrets_dir / NEXT_KEY_FILE).replace(secrets_dir / KEY_FILE)
        sync(secrets_dir)
    except OSError as error:
        raise SigningKeyError(f"{secrets_dir / KEY_FILE} cannot be written: {error.strerror}.") from error


def _key_in(path: Path) -> Ed25519PrivateKey:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create_key_file(path)
        content = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(
            f"The key for signing heads, {path}, cannot be read or created: {error.strerror}."
        ) from error
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise SigningKeyError(
            f"{path} is not a private key in PEM format. Restore the key that was in use, or move the file "
            "away. Then a new key is created, and later heads name it."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path} is not an Ed25519 key.")
    return key


def _create_key_file(path: Path) -> None:
    """Create a key file, named only when it is complete and on the disk. Among several processes the first
    wins.
    """
    key = Ed25519PrivateKey.generate()
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # has mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        os.unlink(new)
    sync(path.parent)
