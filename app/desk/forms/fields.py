"""Fields of a form, made from the schema of a payload in the contract (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.api.contract.payload_marks import UPLOAD
from app.common.faces import FieldCondition, FormGrid
from app.contract.schemas import Schema, resolved
from app.desk.forms.descriptions import readable
from app.desk.forms.durations import WORKING_TIME, written_duration

NULL = {"type": "null"}
#: The longest text that is entered in one line.
LONGEST_IN_A_LINE = 200
#: Names of fields that are secrets, or addresses that may hold one.
SECRETS = frozenset({"secret", "url", "token", "password"})
#: How the name of a number of seconds ends.
DURATION_SUFFIX = "_seconds"


class FieldKind(StrEnum):
    """The way in which a field is filled in."""

    line = "line"
    paragraph = "paragraph"
    integer = "integer"
    #: A number of seconds, written with units.
    duration = "duration"
    truth = "truth"
    choice = "choice"
    #: Several choices.
    choices = "choices"
    instant = "instant"
    day = "day"
    #: Several texts or numbers, one in a line.
    lines = "lines"
    #: Several parts, each with fields of its own.
    rows = "rows"
    #: A part with fields of its own.
    part = "part"
    #: A role, held everywhere or for the records of a team, a service or a process.
    role = "role"
    #: Names with a value each.
    pairs = "pairs"
    #: Anything, as JSON.
    anything = "anything"


#: The pattern of texts that are colours, as `#rrggbb`.
COLOUR_PATTERN = "^#[0-9A-Fa-f]{6}$"


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A code that can be chosen, with its words by language, and what they mean if it needs an explanation.
    One that is not offered is shown, but cannot be chosen.
    """

    code: str
    words: Mapping[str, str]
    help_words: Mapping[str, str] = field(default_factory=dict)
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. `name` is its member of the body.

    `words` and `help_words` are by language. `inner_fields` are those of a part, a row or a pair's value.
    `reference` describes the records that it may name, as in the contract. `most` is the longest text or
    list. `only_with` names a field next to it, and the values with which this one is shown. `blank_words`
    describe an empty choice. Rows with a `grid` are a table.
    """

    name: str
    kind: FieldKind
    schema: Schema
    words: Mapping[str, str] = field(default_factory=dict)
    help_words: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    nullable: bool = False
    choices: tuple[FieldChoice, ...] = ()
    reference: Mapping[str, Any] | None = None
    inner_fields: tuple[FormField, ...] = ()
    most: int | None = None
    grid: FormGrid | None = None
    only_with: FieldCondition | None = None
    blank_words: Mapping[str, str] = field(default_factory=dict)

    @property
    def pointer(self) -> str:
        """The pointer of the field's input, of a field of the form itself."""
        return f"/{self.name}"

    @property
    def is_secret(self) -> bool:
        """Whether a browser must not keep what is typed into the field."""
        return self.name in SECRETS

    @property
    def is_colour(self) -> bool:
        """Whether the field is a colour, which people choose by its look."""
        return self.schema.get("pattern") == COLOUR_PATTERN

    @property
    def is_working_time(self) -> bool:
        """Whether the field is a duration that a calendar counts."""
        return self.name in WORKING_TIME

    @property
    def default_text(self) -> str:
        """The usual value, as the form shows it, or an empty text."""
        usual = self.schema.get("default")
        if isinstance(usual, bool):
            return "true" if usual else "false"
        if self.kind is FieldKind.duration and usual is not None:
            return written_duration(usual, is_working_time=self.is_working_time)
        return str(usual) if isinstance(usual, str | int | float) else ""

    def text(self, language: str) -> str:
        """Return the field's label in that language; its name without one."""
        return self.words.get(language) or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a payload: its fields in their order, and its conditions as the contract lists them."""

    fields: tuple[FormField, ...]
    conditions: tuple[Mapping[str, Any], ...] = ()


def form_of(contract: Schema, schema: Schema) -> Form:
    """Return the form of the payload that has this schema, or refers to it."""
    payload, _ = _without_null(contract, schema)
    return Form(_fields(contract, payload), tuple(payload.get("x-conditions", ())))


def _fields(contract: Schema, payload: Schema) -> tuple[FormField, ...]:
    required = payload.get("required", ())
    return tuple(
        _field(contract, name, schema, required=name in required)
        for name, schema in payload.get("properties", {}).items()
    )


def _field(contract: Schema, name: str, declared: Schema, *, required: bool = False) -> FormField:
    schema, nullable = _without_null(contract, declared)
    kind = _kind(contract, schema)
    if kind is FieldKind.integer and name.endswith(DURATION_SUFFIX):
        kind = FieldKind.duration
    entries = _without_null(contract, schema["items"])[0] if "items" in schema else schema
    help_en = {"en": readable(schema.get("description", ""))}
    return FormField(
        name,
        kind,
        schema,
        words=schema.get("x-label", {}),
        help_words={**help_en, **schema.get("x-help", {})},
        required=required,
        nullable=nullable,
        choices=_choices(entries),
        reference=schema.get("x-reference"),
        inner_fields=_inner_fields(contract, kind, schema),
        most=schema.get("maxItems", schema.get("maxLength")),
    )


def _without_null(contract: Schema, declared: Schema) -> tuple[dict[str, Any], bool]:
    """Return the schema of a value, including the keywords of its use, and whether null may stand there."""
    schema = dict(resolved(declared, contract))
    usage = {name: value for name, value in schema.items() if name != "anyOf"}
    if "anyOf" in schema:
        values = [option for option in schema["anyOf"] if option != NULL]
        nullable = len(values) < len(schema["anyOf"])
        if len(values) > 1:  # texts and numbers alike, as amounts are written
            return usage | {"type": [_without_null(contract, value)[0]["type"] for value in values]}, nullable
        inner, inner_nullable = _without_null(contract, values[0])
        return {**inner, **usage}, nullable or inner_nullable
    if isinstance(schema.get("type"), list):
        types = [name for name in schema["type"] if name != "null"]
        schema["type"] = types[0] if len(types) == 1 else types
        return schema, "null" in resolved(declared, contract)["type"]
    return schema, False


def _kind(contract: Schema, schema: Schema) -> FieldKind:
    match schema.get("type"):
        case "boolean":
            kind = FieldKind.truth
        case "integer":
            kind = FieldKind.integer
        case "array":
            kind = _kind_of_list(contract, schema)
        case "object":
            kind = _kind_of_object(schema)
        case "string":
            kind = _kind_of_text(schema)
        case ["string", "number"]:
            kind = FieldKind.line
        case _:
            kind = FieldKind.anything
    return kind


def _kind_of_text(schema: Schema) -> FieldKind:
    if "enum" in schema:
        return FieldKind.choice
    if schema.get("format") == "date-time":
        return FieldKind.instant
    if schema.get("format") == "date":
        return FieldKind.day
    is_long = schema.get("maxLength", 0) > LONGEST_IN_A_LINE
    return FieldKind.paragraph if is_long else FieldKind.line


def _kind_of_list(contract: Schema, schema: Schema) -> FieldKind:
    entries, nullable = _without_null(contract, schema.get("items", {}))
    kind = _kind(contract, entries)
    if nullable or kind in {FieldKind.anything, FieldKind.pairs, FieldKind.paragraph}:
        return FieldKind.anything
    if kind is FieldKind.part:
        return FieldKind.rows
    return FieldKind.choices if kind is FieldKind.choice else FieldKind.lines


def _kind_of_object(schema: Schema) -> FieldKind:
    if "properties" in schema:
        return FieldKind.part
    return FieldKind.anything if _value_schema(schema) is None else FieldKind.pairs


def _value_schema(schema: Schema) -> Schema | None:
    """Return the schema of the values of an object whose members have any names; None: they are anything."""
    patterns = list(schema.get("patternProperties", {}).values())
    any_member = schema.get("additionalProperties")
    value = patterns[0] if len(patterns) == 1 else any_member
    return value if isinstance(value, dict) else None


def _inner_fields(contract: Schema, kind: FieldKind, schema: Schema) -> tuple[FormField, ...]:
    if kind is FieldKind.rows:
        return _fields(contract, _without_null(contract, schema["items"])[0])
    if kind is FieldKind.part:
        return _fields(contract, schema)
    if kind is FieldKind.pairs or kind is FieldKind.lines:
        value = _value_schema(schema) if kind is FieldKind.pairs else schema["items"]
        assert value is not None, "such an object is filled in as anything"
        inner = _field(contract, "value", value, required=True)
        # A value without a label of its own has the label of its field.
        return (replace(inner, words=inner.words or schema.get("x-label", {})),)
    return ()


def _choices(schema: Schema) -> tuple[FieldChoice, ...]:
    codes = schema.get("enum", ())
    labels = schema.get("x-enum-labels") or [{} for _ in codes]
    return tuple(FieldChoice(str(code), words) for code, words in zip(codes, labels, strict=True))


def is_file(field: FormField) -> bool:
    """Return whether the field names an upload, which a person sends as a file."""
    return field.reference is not None and field.reference["kind"] == UPLOAD
