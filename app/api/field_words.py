"""Labels and help for the fields of payloads and answers, in both languages: the contract's `x-label`,
`x-help` and `x-labels`. They stand where the field is declared
(`words`); names that several records share stand in the file.

A field of a payload carries its label, and so does a list within a record; a field of an answer only if it
has one of its own in that schema, else its label stands once in the document, by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.api.contract.components import reached_schemas, response_parts
from app.common.components import HELP, LABEL, Texts, texts_by_language
from app.i18n.field_words import FieldWords, field_words

LABELS = "x-labels"
#: Schemas with this prefix have the fields of another one, as far as they were asked for.
PARTIAL = "Partial"


def take_field_words(contract: dict[str, Any]) -> FieldWords:
    """Return the words of the file with those that fields declare themselves, which are removed from the
    contract: fields that differ in their words alone may share a schema. Raises ValueError if a name has two
    labels.
    """
    words = field_words()
    labels, stated_help = dict(words.labels), dict(words.help)
    stated: dict[str, Texts] = {}
    for schema, name, field in _fields(contract, set(contract["components"]["schemas"])):
        label, text = _taken(field, LABEL), _taken(field, HELP)
        if label is not None and (name in labels or stated.setdefault(name, label) != label):
            raise ValueError(f"{schema}.{name}: this name has a label already. Leave out `label`.")
        if text is not None:
            stated_help[f"{schema}.{name}"] = text
    return replace(words, labels=labels | stated, help=stated_help)


def _taken(field: dict[str, Any], member: str) -> Texts | None:
    texts = field.pop(member, None)
    return None if texts is None else (texts["en"], texts["zh"])


def add_field_words(contract: dict[str, Any], words: FieldWords) -> None:
    """Add labels and help to the fields of the contract's payloads, and the labels of answers' fields and of
    lists within records.
    """
    for path, operations in contract["paths"].items():
        record, _, name = path.rpartition("/")
        if record.endswith("/{id}") and "get" in operations and name in words.lists:
            operations["get"][LABEL] = texts_by_language(words.lists[name])
    for schema, name, field in payload_fields(contract):
        place = f"{schema}.{name}"
        label = words.own.get(place) or words.labels.get(name)
        if label is not None:
            field[LABEL] = texts_by_language(label)
        help_place = words.help_place(schema, name)
        if help_place is not None:
            field[HELP] = texts_by_language(words.help[help_place])
    names = set()
    for schema, name, field in answer_fields(contract):
        if f"{schema}.{name}" in words.own:
            field[LABEL] = texts_by_language(words.own[f"{schema}.{name}"])
        names.add(name)
    contract[LABELS] = {
        name: texts_by_language(words.labels[name]) for name in sorted(names & words.labels.keys())
    }


def payload_fields(contract: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the schema's name, the field's name and its schema, of all that is sent."""
    yield from _fields(contract, _payload_schemas(contract))


def answer_fields(contract: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the schema's name, the field's name and its schema, of all that is only answered."""
    answered = reached_schemas(contract, response_parts(contract)) - _payload_schemas(contract)
    yield from _fields(contract, {schema for schema in answered if not schema.startswith(PARTIAL)})


def _payload_schemas(contract: Mapping[str, Any]) -> set[str]:
    """Return the names of the schemas that requests send, in bodies of their own or in shared ones."""
    bodies = [
        operation["requestBody"]
        for operations in contract["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    shared = contract["components"].get("requestBodies", {}).values()
    return reached_schemas(contract, [*bodies, *shared])


def _fields(contract: Mapping[str, Any], schemas: set[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for schema in sorted(schemas):
        for name, field in contract["components"]["schemas"][schema].get("properties", {}).items():
            yield schema, name, field
