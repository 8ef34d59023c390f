"""`/mcp`: the tools for assistants over HTTP, with the rights of the key that comes with each request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.authentication.auth import ASSISTANTS, assisted, caller_of, ledger_of
from app.api.authentication.write_rates import too_many_writes, write_rate_of
from app.api.direct import Router
from app.assistants.contract import AssistantContract
from app.assistants.sessions import AssistantSession
from app.common.people import Caller
from app.desk.contract import screen_contract
from app.desk.operation_calls import NO_BODY, NO_PARAMETERS, CallAnswer, OperationCalls, Parameters
from app.i18n import LANGUAGES, language_of
from app.platform.settings import SettingsError

router = Router(include_in_schema=False)
MISSING = "the package for assistants is not installed: pip install 'ledgerdesk[mcp]'"


@cache
def own_contract() -> AssistantContract:
    """Return the contract of this program. Raises FileNotFoundError."""
    return AssistantContract(screen_contract().document)


@contextlib.asynccontextmanager
async def assistants_served(app: FastAPI, *, is_served: bool) -> AsyncIterator[None]:
    """Serve assistants at `/mcp`. Raises SettingsError without the package that it needs."""
    app.state.assistants = None
    if not is_served:
        yield
        return
    try:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415 - an extra

        from app.assistants.server import mcp_server  # noqa: PLC0415 - it needs the extra, too
    except ImportError as error:
        raise SettingsError(f"LEDGERDESK_ASSISTANTS: {MISSING}") from error
    manager = StreamableHTTPSessionManager(mcp_server(_session), json_response=True, stateless=True)
    started, stopping = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with manager.run():
            started.set()
            await stopping.wait()

    # In one task from begin to end, as its cancel scopes need.
    running = asyncio.create_task(run(), name="assistants")
    await started.wait()
    app.state.assistants = manager
    try:
        yield
    finally:
        app.state.assistants = None
        stopping.set()
        await running


@router.post(ASSISTANTS)
async def post_mcp(request: Request) -> Response:
    """Answer an assistant's message (Model Context Protocol, streamable HTTP without sessions)."""
    manager = request.app.state.assistants
    if manager is None:
        raise HTTPException(404)
    return _McpResponse(manager)


class _McpResponse(Response):
    """The answer that the package gives to the request itself."""

    def __init__(self, manager: Any) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


async def _session(ctx: Any, client: str | None, language: str | None) -> AssistantSession:
    """Return the session of the request: of the caller represented by the assistant."""
    request: Request = ctx.request
    caller: Caller = caller_of(request)
    if caller.assistant is None:
        caller = assisted(caller, client or "")
    request.scope["state"]["caller"] = caller
    chosen = language if language in LANGUAGES else language_of(caller.locale)
    settings = ledger_of(request).settings
    address = settings.public_url or str(request.base_url).rstrip("/")
    return AssistantSession(RatedCalls(request, chosen), own_contract(), chosen, address)


class RatedCalls(OperationCalls):
    """Calls of an assistant, which has the rates of its person: each call counts as a request of its own."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters = NO_PARAMETERS,
        body: Any = NO_BODY,
        headers: Mapping[str, str] | None = None,
    ) -> CallAnswer:
        """Return the answer to the request; 429 if the person makes too much."""
        if (rate := write_rate_of(self.request)).counts(method, path) and not rate.consume():
            refusal = too_many_writes(self.request)
            content = bytes(refusal.body)
            return CallAnswer(refusal.status_code, dict(refusal.headers), orjson.loads(content), content)
        return await super().send(method, path, parameters=parameters, body=body, headers=headers)
