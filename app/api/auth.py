"""Who calls: an API key in `Authorization: Bearer ldk_…`. Under /v1 nobody is anybody without one.

It is asked for before the request is routed, so that a new address cannot forget to.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import gone, problem
from app.common.keys import hash_of, parse
from app.common.people import Caller as Who
from app.db import DatabaseGone
from app.kernel.ledger import Ledger as Services
from app.kernel.moment import Context as Acting
from app.text import language_of

GUARDED = "/v1/"


class Guard:
    """ASGI middleware: finds out who calls, or answers 401 without saying which part was wrong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            who = await _caller(request)
        except DatabaseGone as error:
            answer = await gone(request, error)
            await answer(scope, receive, send)
            return
        if who is None:
            await _unauthenticated(request)(scope, receive, send)
            return
        request.state.caller = who
        await self._app(scope, receive, send)


async def _caller(request: Request) -> Who | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    parsed = parse(text.strip()) if scheme.lower() == "bearer" else None
    if parsed is None:
        return None
    key_id, secret = parsed
    known = await ledger_of(request).directory.key(key_id)
    if known is None or not hmac.compare_digest(hash_of(secret), known.secret_hash):
        return None
    if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
        return None
    return known.caller


def _unauthenticated(request: Request) -> Response:
    challenge = 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"
    return problem(request, 401, "unauthenticated", headers={"WWW-Authenticate": challenge})


def ledger_of(request: Request) -> Services:
    """The services of this process."""
    ledger: Services = request.app.state.ledger
    return ledger


def caller_of(request: Request) -> Who:
    """The caller that the guard found."""
    who: Who = request.state.caller
    return who


def context_of(request: Request) -> Acting:
    """The context of a command that this request gives."""
    return Acting(
        caller=caller_of(request),
        now=datetime.now(UTC),
        correlation_id=request.state.request_id,
        source="api",
        language=language_of(request.headers.get("accept-language")),
    )


async def _ledger(request: Request) -> Services:
    # A dependency that is not async would be run in a thread, which costs more than most requests do.
    return ledger_of(request)


Ledger = Annotated[Services, Depends(_ledger)]
