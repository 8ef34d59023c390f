"""Idempotency keys: a command sent any number of times with the same key is carried out once and answered the
same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.kernel.actions.refusals import KeyReused
from app.kernel.commands.command import IdempotencyKey
from app.kernel.ledger import Ledger
from app.log.writer import RecordedOutcome

_KEY = re.compile(r'"(?P<quoted>[\x20-\x21\x23-\x7e]{1,255})"|(?P<bare>[\x21-\x7e]{1,255})')
FIND_OUTCOME = """
select encode(fingerprint, 'hex') as fingerprint, stream, version, status
from log.idempotency where principal = %s and route = %s and key = %s
"""
ANY_KEY_USED = """
select exists (select from log.idempotency i join unnest(%s::text[], %s::text[]) as k(route, key)
on i.principal = %s and i.route = k.route and i.key = k.key)"""


def parse_key(header: str) -> str | None:
    """Return the key in the header, quoted or bare; None if it is too long or contains unprintable
    characters.
    """
    match = _KEY.fullmatch(header.strip())
    return (match["quoted"] or match["bare"]) if match else None


async def find_outcome(ledger: Ledger, principal: str, key: IdempotencyKey) -> RecordedOutcome | None:
    """Return the recorded outcome of the command with that key, or None. Raises KeyReused."""
    row: dict[str, Any] | None = await ledger.db.row(FIND_OUTCOME, (principal, key.route, key.key))
    return None if row is None else require_same_command(RecordedOutcome(**row), key)


async def any_key_used(ledger: Ledger, principal: str, keys: Sequence[IdempotencyKey]) -> bool:
    """Return whether any of these keys has been used before, for whatever command."""
    parameters = [key.route for key in keys], [key.key for key in keys], principal
    return bool(keys) and bool(await ledger.db.value(ANY_KEY_USED, parameters))


def require_same_command(earlier: RecordedOutcome, key: IdempotencyKey) -> RecordedOutcome:
    """Return the recorded outcome if it is that of the same command. Raises KeyReused."""
    if earlier.fingerprint != key.fingerprint:
        raise KeyReused()
    return earlier
