"""Idempotency-Key: the same command, sent any number of times, is carried out once and answered the same."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fastapi import Request

from app.kernel.ledger import Ledger
from app.kernel.perform import IdempotencyKey
from app.kernel.refusals import KeyReused
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
    """The key in the header, quoted or bare; None if it is too long or holds what does not print."""
    found = _KEY.fullmatch(header.strip())
    return (found["quoted"] or found["bare"]) if found else None


async def key_of(
    ledger: Ledger, request: Request, operation: str, header: str | None
) -> IdempotencyKey | None:
    """The key of this request; None if it has none. `operation` is its operationId."""
    if header is None:
        return None
    key = parse_key(header)
    assert key is not None, "the parameter's pattern has let it through"
    body = await request.body()
    said = json.dumps(await request.json(), sort_keys=True) if body.strip() else ""
    # As `request.url` has them, for which it is put together and taken apart.
    path, query = request.scope["path"].replace("?", "%3F"), request.scope["query_string"].decode("latin-1")
    asked = f"{request.method} {path}?{query}\n{said}"
    return IdempotencyKey(operation, key, ledger.vault.fingerprint("command", asked))


async def find_outcome(ledger: Ledger, principal: str, key: IdempotencyKey) -> RecordedOutcome | None:
    """How the command with that key was applied before; None if it was not. Raises KeyReused."""
    row: dict[str, Any] | None = await ledger.db.row(FIND_OUTCOME, (principal, key.route, key.key))
    return None if row is None else require_same_command(RecordedOutcome(**row), key)


async def any_key_used(ledger: Ledger, principal: str, keys: Sequence[IdempotencyKey]) -> bool:
    """Whether one of these keys was used before, for whatever command."""
    said = [key.route for key in keys], [key.key for key in keys], principal
    return bool(keys) and bool(await ledger.db.value(ANY_KEY_USED, said))


def require_same_command(earlier: RecordedOutcome, key: IdempotencyKey) -> RecordedOutcome:
    """The earlier one, if it was the same command. Raises KeyReused."""
    if earlier.fingerprint != key.fingerprint:
        raise KeyReused()
    return earlier
