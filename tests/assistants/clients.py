"""Assistants' programs: the official client, over HTTP and over stdio."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import httpx2

from app.assistants.fitting import LARGEST_ANSWER
from app.platform.settings import PROJECT

# Every worker collects these tests, and one of them runs them: it alone loads mcp, which takes a second.
if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult, Implementation

Mode = Literal["legacy", "auto"]
NAME = "Test Assistant"
MARKED = re.compile(r".+\n\[data (?P<mark>[0-9a-f]{16})\]\n(?P<text>.*)\n\[/data (?P=mark)\]", re.DOTALL)


@dataclass
class Assistant:
    """A connected program."""

    client: Client

    async def answer(self, tool: str, **arguments: Any) -> CallToolResult:
        """What the tool answers, which is within the bound and marked as data."""
        answered = await self.client.call_tool(tool, arguments)
        assert len(answered.model_dump_json(by_alias=True).encode()) <= LARGEST_ANSWER
        return answered

    async def use(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What the tool answers, which is no refusal."""
        answered = await self.answer(tool, **arguments)
        assert not answered.is_error, answered
        return document_of(answered)

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What the tool refuses with."""
        answered = await self.answer(tool, **arguments)
        assert answered.is_error, answered
        return document_of(answered)


def document_of(answered: CallToolResult) -> dict[str, Any]:
    """The document between the marks."""
    (content,) = answered.content
    assert content.type == "text"
    marked = MARKED.fullmatch(content.text)
    assert marked, content.text
    document: dict[str, Any] = json.loads(marked["text"])
    return document


@dataclass(frozen=True)
class Assistants:
    """Those of the installation at that address."""

    address: str

    @contextlib.asynccontextmanager
    async def over_http(
        self, key: str | None, mode: Mode = "auto", **headers: str
    ) -> AsyncIterator[Assistant]:
        """One that speaks HTTP, with that key."""
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        sent = {} if key is None else {"authorization": f"Bearer {key}"}
        more = {name.replace("_", "-"): text for name, text in headers.items()}
        async with httpx2.AsyncClient(headers={**sent, **more}) as client:
            transport = streamable_http_client(f"{self.address}/mcp", http_client=client)
            async with Client(transport, mode=mode, client_info=_this_program()) as connected:
                yield Assistant(connected)

    @contextlib.asynccontextmanager
    async def over_stdio(self, key: str, mode: Mode = "auto") -> AsyncIterator[Assistant]:
        """One that starts `ledgerdesk mcp`."""
        from mcp import Client
        from mcp.client.stdio import StdioServerParameters

        settings = {"LEDGERDESK_MCP_URL": self.address, "LEDGERDESK_MCP_KEY": key}
        program = StdioServerParameters(
            command=sys.executable, args=["-m", "app.cli", "mcp"], env=settings, cwd=PROJECT
        )
        async with Client(program, mode=mode, client_info=_this_program()) as connected:
            yield Assistant(connected)


def _this_program() -> Implementation:
    from mcp_types import Implementation

    return Implementation(name=NAME, version="1")
