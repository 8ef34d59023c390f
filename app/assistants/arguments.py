"""Arguments of tools: their JSON Schemas are made from these (pure).

The purpose of an argument stands in the table `assistant_arguments` of the texts, by `<tool>_<argument>`, or
by `<argument>` where all tools mean the same by it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_BAD_IN_NAMES = frozenset("/?#%\\")
MOST_FILTERS = 20


class Subject(StrEnum):
    """Subjects that can be explained."""

    attention = "attention"
    figures = "figures"
    figure = "figure"
    cases = "cases"
    clock = "clock"
    effect = "effect"


class Language(StrEnum):
    """The language of an answer."""

    en = "en"
    zh = "zh"


def _segment(name: str) -> str:
    if name in (".", "..") or not name.isprintable() or not _BAD_IN_NAMES.isdisjoint(name):
        raise ValueError("is not the id, number or key of a record")
    return name


Kind = Annotated[str, Field(min_length=1, max_length=60)]
RecordName = Annotated[
    str,
    Field(min_length=1, max_length=250),
    AfterValidator(_segment),
]
Cursor = Annotated[str | None, Field(max_length=1200)]
ActionName = Annotated[str, Field(min_length=1, max_length=60)]
IdempotencyKey = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._:-]{8,100}$"),
]
Body = Annotated[dict[str, Any], Field(max_length=100)]
FilterTexts = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=50)]


class ToolArguments(BaseModel):
    """Arguments of every tool."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    language: Language | None = None


class FindArguments(ToolArguments):
    """Arguments of `find`."""

    kind: Kind | None = None
    text: str | None = Field(default=None, min_length=1, max_length=200)
    filters: dict[str, str | FilterTexts] = Field(
        default_factory=dict,
        max_length=MOST_FILTERS,
    )
    sort: str | None = Field(default=None, max_length=60)
    limit: int = Field(default=20, ge=1, le=50)
    cursor: Cursor = None


class ReadArguments(ToolArguments):
    """Arguments of `read`."""

    kind: Kind
    id: RecordName
    part: str = Field(
        default="record",
        max_length=60,
    )
    cursor: Cursor = None
    pointer: str | None = Field(
        default=None,
        max_length=300,
        pattern="^/",
    )
    offset: int = Field(default=0, ge=0, le=10_000_000)


class ExplainArguments(ToolArguments):
    """Arguments of `explain`."""

    subject: Subject
    key: RecordName | None = None
    kind: Kind | None = None
    id: RecordName | None = None
    period: str | None = Field(
        default=None,
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
    )
    filters: dict[str, str | FilterTexts] = Field(default_factory=dict, max_length=MOST_FILTERS)
    cursor: Cursor = None


class OptionsArguments(ToolArguments):
    """Arguments of `options`."""

    kind: Kind | None = None
    id: RecordName | None = None
    action: ActionName | None = None


class ActArguments(ToolArguments):
    """Arguments of `act`."""

    kind: Kind
    id: RecordName
    action: ActionName
    version: int = Field(ge=1, le=999_999_999)
    idempotency_key: IdempotencyKey
    body: Body = Field(default_factory=dict)


class CreateArguments(ToolArguments):
    """Arguments of `create`."""

    kind: Kind
    action: ActionName | None = None
    idempotency_key: IdempotencyKey
    body: Body


class CatalogueArguments(ToolArguments):
    """Arguments of `catalogue`."""

    item: RecordName | None = None
    text: str | None = Field(default=None, min_length=1, max_length=200)
    cursor: Cursor = None


def plain_schema(arguments: type[ToolArguments]) -> dict[str, Any]:
    """Return the JSON Schema of arguments in the few keywords that all programs read: without references,
    titles and alternatives, which some refuse. An optional argument may also be null, which the schema leaves
    out.
    """
    schema = arguments.model_json_schema()
    definitions = schema.pop("$defs", {})
    properties = {name: _plain(part, definitions) for name, part in schema["properties"].items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **schema}
    if "anyOf" in schema:
        # Drop null, and choose the list where a text or a list is accepted: a list of one means the same.
        *_, widest = [part for part in schema["anyOf"] if part != {"type": "null"}]
        schema = {**schema, **_plain(widest, definitions)}
    plain = {
        name: _plain(part, definitions) if isinstance(part, dict) else part
        for name, part in schema.items()
        if name not in ("$ref", "anyOf", "title", "description")
    }
    if plain.get("default", "") is None:
        del plain["default"]
    return plain
