"""Secrets of sources: encrypted with the master key in the source's record, shown once."""

from __future__ import annotations

import base64
import os

from app.kernel.ledger import Ledger
from app.webhooks.adapters import PAGERDUTY_EVENTS
from app.webhooks.intake.verification import STANDARD_PREFIX

PURPOSE = b"ledgerdesk webhook secret"
SECRET_BYTES = 32
#: Tools refuse routing keys that are not 32 letters and digits.
ROUTING_KEY_BYTES = 16


def new_webhook_secret(adapter: str) -> str:
    """Return a new random secret for a tool of that adapter: a routing key, or else in the form of Standard
    Webhooks, since others take any text.
    """
    if adapter == PAGERDUTY_EVENTS:
        return os.urandom(ROUTING_KEY_BYTES).hex()
    return STANDARD_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode("ascii")


def encrypt_secret(ledger: Ledger, secret: str) -> str:
    """Return the secret encrypted, as text."""
    return base64.urlsafe_b64encode(ledger.vault.master.encrypt(PURPOSE, secret.encode())).decode()


def fingerprint_secret(ledger: Ledger, secret: str) -> str:
    """Return the keyed fingerprint of the secret, by which its source is found."""
    return ledger.vault.fingerprint("webhook secret", secret)


def open_secret(ledger: Ledger, encrypted: str) -> str:
    """Return the secret behind its encrypted form."""
    return ledger.vault.master.decrypt(PURPOSE, base64.urlsafe_b64decode(encrypted)).decode()
