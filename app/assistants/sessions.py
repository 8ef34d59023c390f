"""Calls of operations on behalf of an assistant's person: in this process, or by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from app.assistants.contract import AssistantContract
from app.desk.operation_calls import NO_BODY, NO_PARAMETERS, CallAnswer, Parameters
from app.i18n import translate

#: The table of texts for assistants.
TABLE = "assistants"


class OperationSender(Protocol):
    """Calls of operations with the rights of one key."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters = NO_PARAMETERS,
        body: Any = NO_BODY,
        headers: Mapping[str, str] | None = None,
    ) -> CallAnswer:
        """Return the answer to the request."""
        ...


class ToolRefused(Exception):
    """A tool has refused, with a sentence for the caller, and further helpful members."""

    def __init__(self, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.more = more


@dataclass(frozen=True, slots=True)
class AssistantSession:
    """A tool's call: the operations it may send, the contract that they follow, the language of its answer,
    and the address of the pages for people.
    """

    operations: OperationSender
    contract: AssistantContract
    language: str
    address: str = ""

    def sentence(self, code: str, **words: object) -> str:
        """Return the sentence of that code."""
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})

    def link(self, kind: str, name: str | None = None, action: str | None = None) -> str:
        """Return the address of a record's page, or of an action's form, for people."""
        parts = ("desk", "new", kind, action) if name is None else ("desk", kind, name, action)
        return "/".join([self.address, *(part for part in parts if part is not None)])

    def kind_link(self, kind: str) -> str:
        """Return the address of the list of a kind, for people."""
        return f"{self.address}/desk/{kind}"

    async def read(self, path: str, parameters: Parameters = NO_PARAMETERS) -> dict[str, Any]:
        """Return the document at that path. Raises ToolRefused."""
        return await self.sent("GET", path, parameters=parameters)

    async def sent(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Return the document that the request was answered with. Raises ToolRefused."""
        answer = await self.operations.send(method, path, **more)
        if not answer.is_success:
            raise ToolRefused(answer.fault, **_helpful_members(answer))
        return answer.document if isinstance(answer.document, dict) else {}

    def require(self, name: str, names: Mapping[str, Any], code: str) -> Any:
        """Return what is known by that name. Raises ToolRefused with the nearest names."""
        if name in names:
            return names[name]
        near = get_close_matches(name[:100], names, 5, 0.4)
        raise ToolRefused(self.sentence(code, name=name[:100]), nearest=near or sorted(names)[:50])


def _helpful_members(answer: CallAnswer) -> dict[str, Any]:
    """Return a refusal's members besides its sentence, and the seconds until another try."""
    problem = answer.document if isinstance(answer.document, dict) else {}
    names = ("code", "errors", "state", "actions", "hint")
    retry = answer.headers.get("retry-after", "")
    again = {"retry_after_seconds": int(retry)} if retry.isdecimal() else {}
    return {name: problem[name] for name in names if problem.get(name)} | again
