"""Secrets of sources: encrypted with the master key in the source's record, shown once."""

from __future__ import annotations

import base64
import os

from app.kernel.ledger import Ledger
from app.webhooks.intake.verification import STANDARD_PREFIX

PURPOSE = b"ledgerdesk webhook secret"
SECRET_BYTES = 32


def new_webhook_secret() -> str:
    """Return a new random secret, in the form of Standard Webhooks: others take any text."""
    return STANDARD_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode("ascii")


def seal_secret(ledger: Ledger, secret: str) -> str:
    """Return the secret encrypted, as text."""
    return base64.urlsafe_b64encode(ledger.vault.master.seal(PURPOSE, secret.encode())).decode()


def open_secret(ledger: Ledger, sealed: str) -> str:
    """Return the secret behind its encrypted form."""
    return ledger.vault.master.open(PURPOSE, base64.urlsafe_b64decode(sealed)).decode()
