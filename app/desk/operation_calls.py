"""Calls of operations in process, as HTTP callers send them: below authentication, rate limit and metrics,
which take a page as one request. So a page shows and does nothing that the API does not.
"""

from __future__ import annotations

import json
from asyncio import Event, Semaphore
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import orjson
from fastapi import Request
from markupsafe import Markup
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Message

from app.api.replica_reads import WANTED, position_for_calls
from app.i18n.clocks import refusals_in_zone

Parameters = Mapping[str, str | Sequence[str]]
NO_PARAMETERS: Parameters = {}
NO_BODY: Any = object()
#: Calls of one page that run at the same time. More would take connections from other requests.
CONCURRENT_CALLS = 4


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """The response of an operation: its status, headers by their lower-case names, its bytes, and their JSON
    value (None if they are not JSON).
    """

    status: int
    headers: Mapping[str, str]
    document: Any
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        """Say whether the operation did what was asked."""
        return self.status < 300

    @property
    def drawing(self) -> Markup | None:
        """Return the drawing (SVG) that was answered, to be put into a page, or None."""
        if not self.is_success:
            return None
        return Markup(self.content.decode())  # noqa: S704 - our own drawing, which has escaped what it shows

    @property
    def fault(self) -> str:
        """Return in words why nothing was answered; nothing if something was."""
        if self.is_success:
            return ""
        problem = self.document or {}
        return str(problem.get("detail") or problem.get("title") or self.status)


class CallRefused(Exception):
    """An operation that a page needs refused: the page cannot be shown."""

    def __init__(self, answer: CallAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class OperationCalls:
    """Calls of API operations for a page, with the rights of its reader and responses in the page's language.
    Refusals state times by the clocks of the zone (None: in UTC, as all other times are). At most
    CONCURRENT_CALLS run at once; others wait.
    """

    request: Request
    language: str
    zone: ZoneInfo | None = None
    _running: Semaphore = field(default_factory=lambda: Semaphore(CONCURRENT_CALLS), init=False, repr=False)

    async def read(self, path: str, parameters: Parameters = NO_PARAMETERS) -> Any:
        """Return the document at that path. Raises CallRefused."""
        answer = await self.send("GET", path, parameters=parameters)
        if not answer.is_success:
            raise CallRefused(answer)
        return answer.document

    async def read_if_allowed(self, path: str, parameters: Parameters = NO_PARAMETERS) -> Any:
        """Return the document at that path; None if the caller may not read it. Raises CallRefused."""
        answer = await self.send("GET", path, parameters=parameters)
        if answer.status in (403, 404):
            return None
        if not answer.is_success:
            raise CallRefused(answer)
        return answer.document

    async def read_drawing(self, path: str, parameters: Parameters = NO_PARAMETERS) -> Markup | None:
        """Return the drawing (SVG) at that path, to be put into a page; None if it is not available."""
        return (await self.send("GET", path, parameters=parameters)).drawing

    async def require(self, method: str, path: str, *, body: Any = NO_BODY) -> None:
        """Do what the operation at that path does. Raises CallRefused."""
        answer = await self.send(method, path, body=body)
        if not answer.is_success:
            raise CallRefused(answer)

    async def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters = NO_PARAMETERS,
        body: Any = NO_BODY,
        headers: Mapping[str, str] | None = None,
    ) -> CallAnswer:
        """Return the answer to the request. `body` is sent as JSON, or as it is if it is bytes."""
        sent = {"accept": "application/json", "accept-language": self.language, **(headers or {})}
        content = b""
        if body is not NO_BODY:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
            sent["content-length"] = str(len(content))
        scope = {
            **self.request.scope,
            "method": method,
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": urlencode(parameters, doseq=True).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "state": {**self.request.scope["state"], WANTED: position_for_calls(self.request)},
        }
        for name in ("endpoint", "route", "path_params", "router"):
            scope.pop(name, None)
        app = self.request.app
        # An exception of the operation is its response and not a failure of the page.
        operations = ExceptionMiddleware(app.router, app.exception_handlers)
        async with self._running:
            with refusals_in_zone(self.zone):
                return await _answered(operations, scope, content)


async def _answered(operations: ASGIApp, scope: dict[str, Any], content: bytes) -> CallAnswer:
    begun: dict[str, Any] = {}
    parts: list[bytes] = []

    unread = [content]

    async def receive() -> Message:
        if not unread:  # the listener for the end of the connection waits until the response is complete
            await Event().wait()
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.update(message)
        else:
            parts.append(message.get("body", b""))

    await operations(scope, receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in begun["headers"]}
    is_json = "json" in headers.get("content-type", "")
    answered = b"".join(parts)
    return CallAnswer(begun["status"], headers, orjson.loads(answered) if is_json else None, answered)
