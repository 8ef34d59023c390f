"""Requests that may be answered from a streaming replica, and the header that ties reads to writes.

Responses to commands give in `Ledgerdesk-Position` the log position that contains the written events. Marked
operations read a state that has reached the position which the client sends back. Browsers keep it in a
cookie for a minute. All other reads use the primary.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import psycopg
import structlog
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.authentication.auth import ledger_of
from app.api.authentication.sessions import SAFE_METHODS
from app.api.pages.page_paths import is_page
from app.api.requests import csv_output as tables
from app.api.requests.response_headers import OF_REPLICAS
from app.kernel.ledger import Ledger
from app.kernel.replicas import ReadChoice, ReadReason
from app.platform.db import DatabaseGone

logger = structlog.get_logger()

HEADER = OF_REPLICAS
#: From this status on, nothing was written.
REFUSED = 400
COOKIE = "ledgerdesk_position"
#: Replicas in use never lag by that much, so a caller whose last write is older than this has seen it.
COOKIE_SECONDS = 60
PATTERN = r"^[0-9]{1,16}$"
_POSITION = re.compile(PATTERN)
#: Requests for the past, or that store figures, need raw events, temporary tables or a writable database.
PRIMARY_PARAMETERS = frozenset({"as_of", "keep", "recompute"})
#: Where the services that a request reads by stand in its state, and the position that a page's calls read.
READING, WANTED = "reading_ledger", "wanted_position"

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])
_marked: set[Callable[..., Any]] = set()


def reads_replica(endpoint: EndpointT) -> EndpointT:
    """Mark the endpoint of a GET operation that reads by `reading_ledger_of` (or ReadLedger): it may be
    answered from a replica, and is carried out again if that fails.
    """
    _marked.add(endpoint)
    return endpoint


def is_marked(endpoint: Callable[..., Any]) -> bool:
    """Return whether the endpoint may be answered from a replica."""
    return endpoint in _marked


def reading_ledger_of(request: Request) -> Ledger:
    """Return the services by which the request reads: the replica's, if that was chosen."""
    reading: Ledger | None = request.scope["state"].get(READING)
    return ledger_of(request) if reading is None else reading


async def _reading_ledger(request: Request) -> Ledger:
    return reading_ledger_of(request)


ReadLedger = Annotated[Ledger, Depends(_reading_ledger)]


async def read_for(request: Request, read: Callable[[], Awaitable[Response]]) -> Response:
    """Return what the marked operation `read` answers, from the replica or the primary. If the replica fails,
    the whole operation is carried out again at the primary. Raises RequestValidationError.
    """
    position, ledger = wanted_position(request), ledger_of(request)
    if ledger.replica is None:
        return await read()
    choice = await _choose(request, ledger, position)
    observe = request.app.state.metrics.observe_read
    if choice.db is not None:
        state = request.scope["state"]
        state[READING] = ledger.reading(choice.db)
        try:
            response = await read()
        except (DatabaseGone, psycopg.Error) as error:
            logger.info("a read is repeated at the primary", why=str(error).strip())
            choice = ReadChoice(ReadReason.failed)
        else:
            observe(choice.reason)
            response.headers[HEADER] = str(choice.position)
            return response
        finally:
            del state[READING]
    observe(choice.reason)
    known_position = ledger.known_position  # before it is read
    response = await read()
    response.headers[HEADER] = str(known_position)
    return response


async def _choose(request: Request, ledger: Ledger, position: int) -> ReadChoice:
    assert ledger.replica is not None
    # A streamed table cannot be begun again, and its long snapshot would stop the replica from following.
    if not PRIMARY_PARAMETERS.isdisjoint(request.query_params) or tables.prefers_csv(request):
        return ReadChoice(ReadReason.unsuited)
    return await ledger.replica.choose(position)


async def reading_at(request: Request, position: int) -> Ledger:
    """Return the services by which a request that has waited goes on to read, at that position or later."""
    ledger = ledger_of(request)
    if READING not in request.scope["state"] or ledger.replica is None:
        return ledger
    choice = await ledger.replica.choose(position)
    return ledger if choice.db is None else ledger.reading(choice.db)


def wanted_position(request: Request) -> int:
    """Return the position that the state must have reached which the request reads; 0: any. Raises
    RequestValidationError.
    """
    header = request.headers.get(HEADER)
    if header is None:
        if (position := request.scope["state"].get(WANTED)) is not None:
            return int(position)
        cookie = request.cookies.get(COOKIE, "") if "cookie" in request.headers else ""
        return int(cookie) if _POSITION.fullmatch(cookie) else 0
    if not _POSITION.fullmatch(header):
        fault = {"type": "string_pattern_mismatch", "loc": ("header", HEADER), "msg": "", "input": header}
        raise RequestValidationError([{**fault, "ctx": {"pattern": PATTERN}}])
    return int(header)


def position_for_calls(request: Request) -> int:
    """Return the position that the calls of a page, or of an assistant, read: what it has just written, or
    what the request asks for.
    """
    if request.method not in SAFE_METHODS:
        return ledger_of(request).known_position
    return wanted_position(request)


class WrittenPosition:
    """ASGI middleware that adds to responses of commands the log position of their events, and has browsers
    send it back. Needed only with a replica.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return

        async def send_with_position(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < REFUSED:
                position = str(scope["app"].state.ledger.known_position)
                headers = MutableHeaders(scope=message)
                headers[HEADER] = position
                if is_page(scope["path"]) or "session" in scope["state"]:
                    headers.append("Set-Cookie", _cookie(position, is_secure=scope["scheme"] == "https"))
            await send(message)

        await self._app(scope, receive, send_with_position)


def _cookie(position: str, *, is_secure: bool) -> str:
    """Return the cookie that has the browser send the position back for a while."""
    response = Response()
    response.set_cookie(COOKIE, position, COOKIE_SECONDS, secure=is_secure, httponly=True, samesite="lax")
    return response.headers["set-cookie"]
