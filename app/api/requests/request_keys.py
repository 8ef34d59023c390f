"""Idempotency keys: a command sent any number of times with the same key is carried out once and answered the
same.
"""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping, Sequence
from typing import Any, Protocol

from app.kernel.actions.refusals import KeyReused
from app.kernel.commands.command import IdempotencyKey
from app.kernel.ledger import Ledger
from app.log.writer import RecordedOutcome

#: The form of a key, quoted or bare, and that of the header with one.
_QUOTED, BARE_KEY = r"[\x20-\x21\x23-\x7e]{1,255}", r"[\x21-\x7e]{1,255}"
HEADER_FORM = rf'^\s*("{_QUOTED}"|{BARE_KEY})\s*$'
_KEY = re.compile(rf'"(?P<quoted>{_QUOTED})"|(?P<bare>{BARE_KEY})')
FIND_OUTCOME = """
select encode(fingerprint, 'hex') as fingerprint, stream, version, status
from log.idempotency where principal = %s and route = %s and key = %s
"""
ANY_KEY_USED = """
select exists (select from log.idempotency i join unnest(%s::text[], %s::text[]) as k(route, key)
on i.principal = %s and i.route = k.route and i.key = k.key)"""


class SentRequest(Protocol):
    """What is read of a request: the worker uses this module, and loads no web framework."""

    @property
    def method(self) -> str:
        """Return the HTTP method."""

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """Return the ASGI scope."""

    async def body(self) -> bytes:
        """Return the body as it was sent."""

    async def json(self) -> Any:
        """Return the body as JSON."""


def parse_key(header: str) -> str | None:
    """Return the key in the header, quoted or bare; None if it is too long or contains unprintable
    characters.
    """
    match = _KEY.fullmatch(header.strip())
    return (match["quoted"] or match["bare"]) if match else None


async def key_of(
    ledger: Ledger, request: SentRequest, operation: str, header: str | None
) -> IdempotencyKey | None:
    """Return the idempotency key of this request, or None. `operation` is its operationId."""
    if header is None:
        return None
    key = parse_key(header)
    assert key is not None, "the parameter's pattern has let it through"
    body = await request.body()
    text = json.dumps(await request.json(), sort_keys=True) if body.strip() else ""
    # From the scope, in the form of `request.url`, which would have to be assembled and parsed.
    path, query = request.scope["path"].replace("?", "%3F"), request.scope["query_string"].decode("latin-1")
    fingerprinted = f"{request.method} {path}?{query}\n{text}"
    return IdempotencyKey(operation, key, ledger.vault.fingerprint("command", fingerprinted))


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
