"""Secrets and addresses of subscriptions: encrypted with the master key in the record; a secret is shown
once.
"""

from __future__ import annotations

import base64
import os

from app.kernel.ledger import Ledger
from app.subscriptions.records import DeliveryFormat

SECRET_PURPOSE = b"ledgerdesk subscription secret"
URL_PURPOSE = b"ledgerdesk subscription address"
TEMPLATE_PURPOSE = b"ledgerdesk subscription template"
STANDARD_PREFIX = "whsec_"
#: Standard Webhooks: between 24 and 64 random bytes.
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new random secret, in the form of Standard Webhooks."""
    return STANDARD_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode("ascii")


def secret_for(delivery_format: DeliveryFormat, sent: str | None) -> str:
    """Return the secret of a new subscription: a random one for Standard Webhooks, and for a robot the one
    that its vendor has made; empty: it wants no signature.
    """
    return new_secret() if delivery_format is DeliveryFormat.standard else sent or ""


def encrypt(ledger: Ledger, purpose: bytes, text: str) -> str:
    """Return the text encrypted for that purpose, as text."""
    return base64.urlsafe_b64encode(ledger.vault.master.encrypt(purpose, text.encode())).decode()


def decrypt(ledger: Ledger, purpose: bytes, encrypted: str) -> str:
    """Return the text behind its encrypted form."""
    return ledger.vault.master.decrypt(purpose, base64.urlsafe_b64decode(encrypted)).decode()
