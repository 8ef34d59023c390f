"""Texts of a payload that state nothing, or the same as another text of the payload. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.i18n.field_words import field_words
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks, provided_fields

#: Between a label and its help.
COLONS = {"en": ": ", "zh": "："}
#: The same text in another language has the same name with one of these.
_LANGUAGE = re.compile(r"^other_|_(?:en|zh)$")
#: Names of texts that may be the same: one cause may be the reason for two exceptions, and one answer may
#: describe several effects.
_ALIKE = re.compile(r"(?:^|_)(reason)$|^(effect_on)_")


def empty_statements(
    value: Any, pointer: str = "", *, demanded: DemandedText | None = None, by_requester: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the texts in a payload, or in a value of one, that are marked as statements but have no content,
    or as numbers but are none: the JSON pointer and the code. `demanded` is the mark of texts in the value.
    `by_requester`: they are in the words of a requester.
    """
    if isinstance(value, str):
        fault = None if demanded is None else demanded.fault(value, by_requester=by_requester)
        if fault is not None:
            yield pointer, fault
    elif isinstance(value, list | tuple):
        for place, entry in enumerate(value):
            within = f"{pointer}/{place}"
            yield from empty_statements(entry, within, demanded=demanded, by_requester=by_requester)
    elif isinstance(value, BaseModel):
        statements = marks(type(value), DemandedText)
        for name, field in provided_fields(value):
            mark, within = statements.get(name), f"{pointer}/{name}"
            yield from empty_statements(field, within, demanded=mark, by_requester=by_requester)


@dataclass(frozen=True)
class FieldQuestion:
    """What a field of a payload asks for, in the words of forms: its label, and its help if it has one."""

    payload: type[BaseModel]
    name: str
    with_help: bool = True

    def label(self, language: str) -> str:
        """Return the label in quotes, and then the help."""
        label, help_text = field_words().of_field(self.payload, self.name, language)
        quoted = f"“{label}”"
        return f"{quoted}{COLONS[language]}{help_text}" if self.with_help and help_text else quoted


@dataclass(frozen=True)
class RepeatedStatement:
    """A text that says the same as an earlier one of the same payload or part."""

    pointer: str
    payload: type[BaseModel]
    first: str
    second: str


def repeated_statements(value: Any, pointer: str = "") -> Iterator[RepeatedStatement]:
    """Yield the statements in a payload, or in a value of one, that repeat another statement next to them, as
    if one sentence could answer two questions. Titles, names, lists and notes may repeat anything.
    """
    if isinstance(value, list | tuple):
        for place, entry in enumerate(value):
            yield from repeated_statements(entry, f"{pointer}/{place}")
    elif isinstance(value, BaseModel):
        fields = dict(provided_fields(value))
        stated = {
            name: mark
            for name, mark in marks(type(value), DemandedText).items()
            if isinstance(fields.get(name), str) and mark.differs
        }
        earlier: list[str] = []
        for name, mark in stated.items():
            for first in earlier:
                if _ask_differently(first, name) and mark.repeats(fields[name], stated[first], fields[first]):
                    yield RepeatedStatement(f"{pointer}/{name}", type(value), first, name)
                    break
            earlier.append(name)
        for name, field in fields.items():
            if not isinstance(field, str):
                yield from repeated_statements(field, f"{pointer}/{name}")


def _ask_differently(first: str, second: str) -> bool:
    """Return whether the two fields ask for different things."""
    return _asked(first) != _asked(second)


def _asked(name: str) -> str:
    alike = _ALIKE.search(name)
    return _LANGUAGE.sub("", name) if alike is None else str(alike[1] or alike[2])
