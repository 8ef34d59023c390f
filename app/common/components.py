"""Component types: value types that the API contract defines once, by name, and refers to elsewhere
(pure).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema

#: The member of a JSON schema that marks it as a component.
MARK = "x-component"
#: Marks a list in a query whose entries hold commas, so that the parameter is sent once for each of them.
REPEATED = "x-repeated"
#: The member of a JSON schema that lists the optional members shown in its example, besides the required
#: ones.
EXAMPLE_MEMBERS = "x-shown"
#: The member of a JSON schema that names the list from which people choose the value.
CHOSEN_FROM = "x-chosen-from"
#: The members of a JSON schema that hold a field's label, and what people enter there, by language.
LABEL, HELP = "x-label", "x-help"
#: The same text in English and in Chinese.
Texts = tuple[str, str]


@dataclass(frozen=True)
class Translated:
    """Marks a text of a record that each reader gets in their own language, if the field `texts` holds it by
    language.
    """

    texts: str


@dataclass(frozen=True, eq=False)
class Component:
    """Marks an annotated type as a component of the API contract.

    `example` is one of its values. `more` are JSON schema keywords for the checks of its validators, which
    Pydantic cannot derive.
    """

    name: str
    description: str
    example: Any
    more: dict[str, Any] = field(default_factory=dict)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        component = {"name": self.name, "description": self.description, "example": self.example}
        return {**handler(core), MARK: {**component, "more": self.more}}


def label_members(label: Texts | None = None, *, help_text: Texts | None = None) -> dict[str, Any]:
    """Return the members of a JSON schema for a field's label and help, for `json_schema_extra` of `Field`. A
    name has one label, wherever it is declared.
    """
    texts = {LABEL: label, HELP: help_text}
    return {member: texts_by_language(text) for member, text in texts.items() if text is not None}


def texts_by_language(texts: Texts) -> dict[str, str]:
    """Return the texts by language."""
    english, chinese = texts
    return {"en": english, "zh": chinese}


def example_includes(*names: str) -> ConfigDict:
    """Return the model configuration of a payload whose example shows these optional members, too."""
    return ConfigDict(json_schema_extra={EXAMPLE_MEMBERS: list(names)})


def marked(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every subschema that is marked as a component, nested ones first."""
    if isinstance(schema, dict):
        for part in schema.values():
            yield from marked(part)
        if MARK in schema:
            yield schema
    elif isinstance(schema, list):
        for part in schema:
            yield from marked(part)
