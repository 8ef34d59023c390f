"""Types of values that stand once in the contract, under a name, and are referred to (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema

#: The member of a schema that says of which component it is.
MARK = "x-component"
#: The member of a schema that names what its example has besides what must be given.
EXAMPLE_MEMBERS = "x-shown"


@dataclass(frozen=True, eq=False)
class Component:
    """Marks an annotated type as a component of the contract.

    `example` is one of its values. `more` are the keywords that say what its validators refuse, which
    Pydantic cannot know.
    """

    name: str
    description: str
    example: Any
    more: dict[str, Any] = field(default_factory=dict)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        told = {"name": self.name, "description": self.description, "example": self.example}
        return {**handler(core), MARK: {**told, "more": self.more}}


def example_includes(*names: str) -> ConfigDict:
    """The settings of a body whose example has these members besides those that must be given."""
    return ConfigDict(json_schema_extra={EXAMPLE_MEMBERS: list(names)})


def marked(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of the schema that is marked as a component, those within a part before it."""
    if isinstance(schema, dict):
        for part in schema.values():
            yield from marked(part)
        if MARK in schema:
            yield schema
    elif isinstance(schema, list):
        for part in schema:
            yield from marked(part)
