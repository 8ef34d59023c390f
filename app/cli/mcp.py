"""`ledgerdesk mcp`: the tools for assistants over stdio, by the API of a running installation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import orjson
import typer

from app.api.authentication.auth import ASSISTANT_HEADER
from app.assistants.contract import AssistantContract
from app.assistants.router import MISSING
from app.assistants.sessions import AssistantSession
from app.cli.exits import NO_ANSWER, REFUSED, WRONG_USE
from app.desk.operation_calls import NO_BODY, NO_PARAMETERS, CallAnswer, Parameters
from app.i18n import LANGUAGES, language_of

SECONDS = 60.0
KEY_VARIABLE, URL_VARIABLE = "LEDGERDESK_MCP_KEY", "LEDGERDESK_MCP_URL"


class HttpCalls:
    """Calls of operations by HTTP, with a key, for the assistant of that name and in a language."""

    def __init__(self, client: httpx.AsyncClient, assistant: str, language: str) -> None:
        self._client = client
        self._headers = {ASSISTANT_HEADER: _header_text(assistant), "accept-language": language}

    async def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters = NO_PARAMETERS,
        body: Any = NO_BODY,
        headers: Mapping[str, str] | None = None,
    ) -> CallAnswer:
        """Return the response to the request, or a response that reports its absence."""
        content = None if body is NO_BODY else orjson.dumps(body)
        of_body = {} if content is None else {"content-type": "application/json"}
        try:
            answer = await self._client.request(
                method,
                quote(path, safe="/:@"),
                params=dict(parameters),
                content=content,
                headers={**self._headers, **of_body, **(headers or {})},
            )
        except httpx.HTTPError as error:
            return CallAnswer(503, {}, {"detail": f"{type(error).__name__}: {self._client.base_url}"})
        is_json = "json" in answer.headers.get("content-type", "")
        document = orjson.loads(answer.content) if is_json else None
        return CallAnswer(answer.status_code, dict(answer.headers), document, answer.content)


def mcp(
    key: Annotated[
        str,
        typer.Option(
            envvar=KEY_VARIABLE, help="API key. In an environment variable, other users cannot see it."
        ),
    ] = "",
    url: Annotated[
        str,
        typer.Option(
            envvar=URL_VARIABLE, help="Address of the installation, such as https://desk.example.org."
        ),
    ] = "http://127.0.0.1:8000",
    name: Annotated[
        str, typer.Option(help="Name of the assistant in the log. Default: the name of its program.")
    ] = "",
) -> None:
    """Serve an assistant over standard input and output (Model Context Protocol), with a key's rights."""
    try:
        from app.assistants.server import mcp_server, serve_stdio  # noqa: PLC0415 - it needs the extra
    except ImportError as error:
        _fail(MISSING, WRONG_USE, error)
    if not key.isascii() or not key.isprintable() or not key.strip():
        _fail(f"{KEY_VARIABLE} must contain an API key", WRONG_USE)

    async def serve() -> None:
        headers = {"authorization": f"Bearer {key.strip()}", "accept": "application/json"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS) as client:
            contract, own_language = await _installation(client)

            async def open_session(
                _: Any, program_name: str | None, language: str | None
            ) -> AssistantSession:
                chosen = language if language in LANGUAGES else own_language
                calls = HttpCalls(client, name or program_name or "", chosen)
                return AssistantSession(calls, contract, chosen, url.rstrip("/"))

            await serve_stdio(mcp_server(open_session))

    asyncio.run(serve())


async def _installation(client: httpx.AsyncClient) -> tuple[AssistantContract, str]:
    """Return the contract of the installation, and the language of the key's person."""
    try:
        person = await client.get("/v1/me")
        document = await client.get("/openapi.json")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _fail(f"there is no response from {client.base_url}: {type(error).__name__}", NO_ANSWER, error)
    if person.status_code != httpx.codes.OK:
        document = person.json() if "json" in person.headers.get("content-type", "") else {}
        _fail(
            f"{client.base_url}: {document.get('detail') or document.get('title') or person.status_code}",
            REFUSED,
        )
    contract = AssistantContract(orjson.loads(document.content))
    if not contract.bars_assistants:
        _fail(f"{client.base_url} does not support assistants: update it first", REFUSED)
    return contract, language_of(person.json()["language"])


def _header_text(name: str) -> str:
    return name.encode("ascii", "replace").decode()[:80] or "unnamed"


def _fail(message: str, code: int, cause: Exception | None = None) -> Any:
    typer.echo(f"ledgerdesk mcp: {message}", err=True)
    raise typer.Exit(code) from cause
