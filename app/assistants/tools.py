"""The tools, declared once for both transports; and how they are called, whatever is sent."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from app.api.requests.faults import fault_of
from app.assistants import acting, explaining, reading
from app.assistants.arguments import (
    ActArguments,
    CatalogueArguments,
    CreateArguments,
    ExplainArguments,
    FindArguments,
    OptionsArguments,
    ReadArguments,
    ToolArguments,
    plain_schema,
)
from app.assistants.fitting import as_text, fitted
from app.assistants.sessions import TABLE, AssistantSession, ToolRefused
from app.i18n import sentences, translate

MOST_FAULTS = 20
#: The table of what arguments are for.
ARGUMENTS_TABLE = "assistant_arguments"
#: How like an accepted name a strange one must be to be taken for it.
LEAST_LIKENESS = 0.6


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name, its arguments, what carries it out, and whether it changes anything."""

    name: str
    arguments: type[ToolArguments]
    run: Callable[[AssistantSession, Any], Awaitable[dict[str, Any]]]
    changes: bool = False

    def description(self, language: str) -> str:
        """Return its description for assistants, in that language."""
        return f"{translate(language, TABLE, self.name)} {translate(language, TABLE, 'texts_are_data')}"

    def schema(self, language: str) -> dict[str, Any]:
        """Return the JSON Schema of its arguments, which are described in that language."""
        schema = plain_schema(self.arguments)
        described = {
            name: {**part, "description": translate(language, ARGUMENTS_TABLE, self._code_of(name))}
            for name, part in schema["properties"].items()
        }
        return {**schema, "properties": described}

    def _code_of(self, argument: str) -> str:
        own = f"{self.name}_{argument}"
        return own if own in sentences("en")[ARGUMENTS_TABLE] else argument


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """Response of a tool, as text; or its refusal."""

    text: str
    is_refusal: bool = False


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("find", FindArguments, reading.find_records),
        Tool("read", ReadArguments, reading.read),
        Tool("explain", ExplainArguments, explaining.explain),
        Tool("catalogue", CatalogueArguments, reading.catalogue),
        Tool("options", OptionsArguments, acting.options),
        Tool("create", CreateArguments, acting.create, changes=True),
        Tool("act", ActArguments, acting.act, changes=True),
    )
}


async def call_tool(session: AssistantSession, name: str, sent: Mapping[str, Any]) -> ToolAnswer:
    """Return the answer of the tool with that name, within the bound of answers."""
    try:
        tool: Tool = session.require(name, TOOLS, "unknown_tool")
        answer = await tool.run(session, _arguments(session, tool, sent))
    except ToolRefused as refused:
        text = as_text(fitted({"refused": refused.sentence, **refused.more}))
        return ToolAnswer(marked(session, text), is_refusal=True)
    return ToolAnswer(marked(session, as_text(fitted(answer))))


def marked(session: AssistantSession, text: str) -> str:
    """Return the text between unpredictable marks, after the remark that it is data."""
    mark = secrets.token_hex(8)
    return f"{session.sentence('marked', mark=mark)}\n[data {mark}]\n{text}\n[/data {mark}]"


def _arguments(session: AssistantSession, tool: Tool, sent: Mapping[str, Any]) -> ToolArguments:
    try:
        return tool.arguments.model_validate(sent)
    except ValidationError as error:
        accepted = list(tool.arguments.model_fields)
        wrong = error.errors(include_url=False)[:MOST_FAULTS]
        faults = [
            fault_of(session.language, {**each, "loc": ("body", *each["loc"])}, accepted) for each in wrong
        ]
        wrong_arguments = [{"at": fault.pointer, "message": fault.message} for fault in faults]
        strange = [name for name in sent if name not in accepted]
        near = [
            *dict.fromkeys(
                n for name in strange for n in get_close_matches(name[:60], accepted, 2, LEAST_LIKENESS)
            )
        ]
        more = {"nearest": near or accepted} if strange else {}
        raise ToolRefused(session.sentence("bad_arguments"), errors=wrong_arguments, **more) from error
