"""The MCP server: the tools over either transport. Imported only where the package `mcp` is installed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from app.assistants.sessions import TABLE, AssistantSession
from app.assistants.tools import TOOLS, Tool, call_tool
from app.i18n import translate

NAME = "ledgerdesk"
Context = ServerRequestContext[Any, Any]
#: Returns the session of a request for the assistant of that name (None: unnamed), in the requested language
#: (None: the person's own).
OpenSession = Callable[[Context, str | None, str | None], Awaitable[AssistantSession]]


def mcp_server(open_session: OpenSession) -> Server[Any]:
    """Return the server, whose calls go by the sessions that the function opens."""

    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        session = await open_session(ctx, client_name(ctx), None)
        return types.ListToolsResult(tools=[_described(tool, session.language) for tool in TOOLS.values()])

    async def run_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        sent = params.arguments or {}
        language = sent.get("language")
        session = await open_session(ctx, client_name(ctx), language if isinstance(language, str) else None)
        answer = await call_tool(session, params.name, sent)
        text = types.TextContent(type="text", text=answer.text)
        return types.CallToolResult(content=[text], is_error=answer.is_refusal)

    return Server(
        NAME,
        version=version(NAME),
        instructions=translate("en", TABLE, "texts_are_data"),
        on_list_tools=list_tools,
        on_call_tool=run_tool,
    )


def client_name(ctx: Context) -> str | None:
    """Return the client's name; None if this request has none."""
    client = ctx.session.client_params
    return None if client is None else client.client_info.name


async def serve_stdio(server: Server[Any]) -> None:
    """Serve one client over standard input and output, until it closes them."""
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _described(tool: Tool, language: str) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=not tool.changes,
        destructive_hint=tool.changes,
        idempotent_hint=True,
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        description=tool.description(language),
        input_schema=tool.schema(language),
        annotations=hints,
    )
