"""The idempotency key of a request."""

from __future__ import annotations

import json

from fastapi import Request

from app.api.requests.idempotency import parse_key
from app.kernel.commands.command import IdempotencyKey
from app.kernel.ledger import Ledger


async def key_of(
    ledger: Ledger, request: Request, operation: str, header: str | None
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
