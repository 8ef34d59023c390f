"""The name of the person who is signed in, for the heads of pages: read once, with the authentication."""

from __future__ import annotations

from app.common.people import Caller
from app.kernel.ledger import Ledger


async def reader_name(ledger: Ledger, caller: Caller) -> str:
    """Return the name of the person; an empty text without a person, or if the person was erased."""
    if caller.person_id is None:
        return ""
    names = await ledger.directory.names([caller.person_id])
    texts = await ledger.vault.texts(names.values())
    return next((text for text in texts.values() if text), "")
