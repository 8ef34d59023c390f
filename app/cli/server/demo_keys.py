"""The keys of the demo organisation and its address, kept in files so that a second start and other commands
can print them. A real installation stores no key.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from app.platform.failures import WrongUse
from app.platform.files.directories import secrets_directory
from app.platform.settings import Settings

KEY_FILE = "demo-keys.json"
ADDRESS_FILE = "demo-address.txt"
# The purpose of the key that sees all cases and figures.
READER = "quality_manager"


def kept_keys(current: Settings) -> dict[str, str]:
    """Return the keys of the existing demo, by their purpose. Raises WrongUse without a demo."""
    path = secrets_directory(current) / KEY_FILE
    if not path.exists():
        raise WrongUse(
            "There is no demo yet. Start one with ledgerdesk demo, then repeat this command in "
            "another terminal."
        )
    return read_keys(path)


def read_keys(path: Path) -> dict[str, str]:
    """Return the keys in the file, by their purpose."""
    keys: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return keys


def address_of(current: Settings) -> str:
    """Return the address at which a demo with these settings listens."""
    return f"http://{current.host}:{current.port}"


def keep_address(current: Settings) -> None:
    """Save the demo's address for commands that are called without its `--port`."""
    write_private(secrets_directory(current) / ADDRESS_FILE, address_of(current))


def write_private(path: Path, text: str) -> None:
    """Write the whole file or leave it untouched, readable only by this user."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.rename(path)


def kept_address(current: Settings) -> str:
    """Return the address at which the demo was last served, unless the settings name a port."""
    path = secrets_directory(current) / ADDRESS_FILE
    if "port" in current.model_fields_set or not path.exists():
        return address_of(current)
    return path.read_text(encoding="utf-8")
