"""The contract as tools need it: kinds of records, their actions, and the forms of these (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from app.contract.schemas import Schema
from app.desk.contract import NO_FILTERS, ScreenContract

#: The deepest form that is written out.
DEEPEST_FORM = 8
#: Keywords of a schema that are meant for other readers.
OMITTED_KEYWORDS = frozenset({"x-label", "x-help", "x-enum-labels", "x-conditions", "examples", "title"})
#: Longer patterns describe texts and times in general, which does not help a person to fill them in.
LONGEST_PATTERN = 60
ID = "{id}"


@dataclass(frozen=True, slots=True)
class ActionOperation:
    """An action: where it is sent, what it is for, the states that it is open in, its body's schema (None: it
    has no body), and whether persons do it themselves.
    """

    name: str
    method: str
    path: str
    description: str
    sources: tuple[str, ...]
    body: Schema | None
    in_person: bool

    @property
    def opens(self) -> bool:
        """Return whether it opens a record."""
        return ID not in self.path


@dataclass(frozen=True, slots=True)
class KindOperations:
    """A kind of record: its name in addresses, and its actions by their names."""

    kind: str
    plural: str
    actions: dict[str, ActionOperation] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the path of its records."""
        return f"/v1/{self.plural}"


class AssistantContract:
    """An OpenAPI document, asked for what tools offer."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self.screens = ScreenContract(document)

    @cached_property
    def kinds(self) -> Mapping[str, KindOperations]:
        """Return all kinds of records, by their names."""
        kinds: dict[str, KindOperations] = {}
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                if isinstance(operation, dict) and "x-lifecycle" in operation:
                    kind = operation["x-lifecycle"]["event"].partition(".")[0]
                    of_kind = kinds.setdefault(kind, KindOperations(kind, path.split("/")[2]))
                    action = self._action(kind, method.upper(), path, operation)
                    of_kind.actions[action.name] = action
        return kinds

    @cached_property
    def bars_assistants(self) -> bool:
        """Return whether the installation knows what persons do themselves: older ones would let an assistant
        vote.
        """
        return any(action.in_person for kind in self.kinds.values() for action in kind.actions.values())

    @lru_cache(maxsize=256)  # noqa: B019 - there is one such object in a process
    def filters(self, kind: str) -> Mapping[str, Schema]:
        """Return the filters of the list of that kind, by their names; empty without a list."""
        parameters = self._query(f"/v1/{self.kinds[kind].plural}")
        return {name: schema for name, schema in parameters.items() if name not in NO_FILTERS}

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def query(self, path: str) -> Mapping[str, Schema]:
        """Return the query parameters of reading that path, by their names."""
        return self._query(path)

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def lists(self, kind: str) -> Mapping[str, str]:
        """Return the lists within a record of that kind: their labels in English by their names."""
        children = self.screens.children(self.kinds[kind].plural)
        return {child.name: child.words.get("en", child.name) for child in children}

    @lru_cache(maxsize=1024)  # noqa: B019 - as above
    def form(self, kind: str, action: str) -> Schema:
        """Return the JSON Schema of the action's body, written out, without what is for pages."""
        body = self.kinds[kind].actions[action].body
        return {"type": "object", "properties": {}} if body is None else self._written_out(body, DEEPEST_FORM)

    def _query(self, path: str) -> dict[str, Schema]:
        operation = self.screens.operation("get", path) or {}
        parameters = (self.screens.resolved(parameter) for parameter in operation.get("parameters", ()))
        return {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}

    def _action(self, kind: str, method: str, path: str, operation: Schema) -> ActionOperation:
        row = operation["x-lifecycle"]
        content = self.screens.resolved(operation.get("requestBody", {})).get("content", {})
        name: str = operation["operationId"].removesuffix(f"_{kind}")
        if method == "POST" and ID in path:
            name = path.rpartition("/")[2]
        return ActionOperation(
            name,
            method,
            path,
            operation.get("description", ""),
            tuple(row["from"]),
            content.get("application/json", {}).get("schema"),
            row.get("in_person", False),
        )

    def _written_out(self, schema: Schema, depth: int) -> Schema:
        if depth <= 0:
            return {}
        full = {**self.screens.resolved(schema), **{k: v for k, v in schema.items() if k != "$ref"}}
        written: dict[str, Any] = {}
        for name, part in full.items():
            if name in OMITTED_KEYWORDS or (name == "pattern" and len(part) > LONGEST_PATTERN):
                continue
            if name in ("properties", "patternProperties"):
                written[name] = {key: self._written_out(inner, depth - 1) for key, inner in part.items()}
            elif name in ("items", "additionalProperties") and isinstance(part, dict):
                written[name] = self._written_out(part, depth - 1)
            elif name in ("anyOf", "oneOf", "allOf"):
                written[name] = [self._written_out(inner, depth - 1) for inner in part]
            else:
                written[name] = part
        return written
