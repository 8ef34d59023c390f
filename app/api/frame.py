"""What surrounds every request: its id, the bound on its body, and headers that every answer carries."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem
from app.log.ids import uuid7

# What names a request, and nobody: it stands in the log for ever.
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=+-]{0,127}")


class Frame:
    """ASGI middleware. `body_limit` in bytes."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Request-Id"] = request_id
                answer.setdefault("Cache-Control", "private, no-cache")
                answer.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        if _declared_length(headers) > self._limit:
            answer = problem(Request(scope), 413, "too_large", words={"limit": str(self._limit)})
            await answer(scope, receive, send_framed)
        else:
            await self._app(scope, _bounded(receive, self._limit), send_framed)


def _bounded(receive: Receive, limit: int) -> Receive:
    """A body that ends where the limit is passed, whatever its Content-Length said."""
    left = limit

    async def receive_bounded() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, detail=str(limit))
        return message

    return receive_bounded


def _declared_length(headers: Headers) -> int:
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0
