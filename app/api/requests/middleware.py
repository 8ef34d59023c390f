"""Middleware around every request: request id, default headers of answers, limits of bodies, and handling of
unexpected exceptions.
"""

from __future__ import annotations

import re
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.contract.deprecations import Deprecations
from app.api.contract.problems import METHODS, internal_error, problem, unsupported_body
from app.api.requests.headers import find_header_fault
from app.api.requests.raw_bodies import declared_length, is_form, is_form_with_files, takes_any_body
from app.api.requests.request_log import log_request
from app.api.service.metrics import Metrics
from app.log.ids import uuid7

#: Default headers, of answers that do not set these themselves.
DEFAULT_HEADERS = ((b"cache-control", b"private, no-cache"), (b"x-content-type-options", b"nosniff"))
# An identifier of the request only: it stays in the log for ever, so it must not be free text about a person.
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=+-]{0,127}")


class RequestContextMiddleware:
    """The outermost ASGI middleware: sets `request.state.request_id` and headers of the answer, measures the
    time, and leaves a line in the server's log.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._deprecations = Deprecations()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # HEAD is handled as GET. The server knows from its own scope to send no body.
            scope = {**scope, "method": "GET", "state": {**scope.get("state", {}), "is_head": True}}
        given_id = Headers(scope=scope).get("x-request-id", "")
        request_id = given_id if REQUEST_ID.fullmatch(given_id) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id.encode("ascii"))]
                names = {name for name, _ in headers}
                headers += [(name, value) for name, value in DEFAULT_HEADERS if name not in names]
                deprecations = self._deprecations.headers(scope.get("route"), scope["query_string"])
                headers += [
                    (name.lower().encode("ascii"), value.encode("ascii")) for name, value in deprecations
                ]
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_framed)
        finally:
            operation = getattr(scope.get("route"), "operation_id", None)
            seconds = time.perf_counter() - began
            self._metrics.observe_request(operation, status, seconds)
            log_request(scope, status, seconds)


class ErrorMiddleware:
    """ASGI middleware that answers unexpected exceptions with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:  # the client has gone; not an error of the service
            if not begun:
                await problem(Request(scope), 400, "unreadable")(scope, receive, send)
        except Exception:  # any exception: answered with a problem here; the server logs the traceback
            if not begun:
                await internal_error(Request(scope))(scope, receive, send)
            raise


class BodyLimitMiddleware:
    """ASGI middleware that refuses ambiguous headers, bodies of more than `body_limit` bytes, files of more
    than `upload_limit`, forms with files of more than both, and bodies declared as anything but JSON.
    """

    def __init__(self, app: ASGIApp, body_limit: int, upload_limit: int) -> None:
        self._app = app
        self._body_limit = body_limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        of_any_type = takes_any_body(scope)
        limit = self._upload_limit if of_any_type else self._body_limit
        if of_any_type and is_form_with_files(scope):
            limit += self._body_limit
        refused = _early_refusal(scope, limit, of_any_type=of_any_type)
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive, limit), send)


def _early_refusal(scope: Scope, limit: int, *, of_any_type: bool) -> Response | None:
    """Return the refusal of a request that need not be read further; None if nothing is wrong so far."""
    request = Request(scope)
    fault = find_header_fault(scope)
    if fault is not None:
        return problem(
            request,
            fault.status,
            fault.code,
            sentence=fault.sentence,
            words=fault.words,
            headers=fault.headers,
        )
    # Servers decode %2F to a slash, which would split a segment; no segment of our paths contains one.
    if b"%2" in (raw := scope.get("raw_path") or b"") and b"%2f" in raw.lower():
        return problem(request, 404, "no_such_path")
    if declared_length(Headers(scope=scope)) > limit:
        return problem(request, 413, "too_large", words={"limit": str(limit)})
    # If no path has the method, the router refuses it.
    is_free = of_any_type or is_form(scope) or scope["method"] not in METHODS
    return None if is_free else unsupported_body(request)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that raises 413 once the body exceeds the limit, whatever its Content-Length is."""
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
