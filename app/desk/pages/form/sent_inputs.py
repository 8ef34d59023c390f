"""The inputs of a form as they were sent, or as they stand in it when it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from app.api.pages.sent_forms import SentForm
from app.desk.forms.fields import FormField
from app.desk.forms.grids import GridLine, grid_lines, laid_out
from app.desk.forms.inputs import GIVEN_INPUT, Inputs
from app.desk.forms.instants import SHOWN_VALUE_PREFIX
from app.desk.forms.pointers import WITH_INNER_VALUES, field_at
from app.desk.pages.kept_forms import ALONG
from app.desk.references import Ambiguous
from app.desk.timeline import NarratedEvent

#: Inputs of the form itself, besides those of the body.
VERSION, KEY, BASE = "version", "key", "base"
#: By what the names of the others begin.
OF_THE_BODY = ("/", SHOWN_VALUE_PREFIX, GIVEN_INPUT, ALONG)


@dataclass(frozen=True, slots=True)
class SentInputs:
    """The inputs of a form as they stand in it, and notes about them."""

    inputs: Inputs
    version: str
    key: str
    #: The sentence that stands before the form, if any.
    note: str = ""
    base: Mapping[str, Any] = field(default_factory=dict)
    problem: Mapping[str, Any] | None = None
    ambiguous: Mapping[str, Ambiguous] = field(default_factory=dict)
    meanwhile: Sequence[NarratedEvent] = ()

    def first_text(self, pointer: str) -> str:
        """Return the input with that pointer, or an empty text."""
        return next(iter(self.inputs.get(pointer, ())), "")

    def faults(self, pointer: str) -> list[str]:
        """Return what is wrong with the value at that pointer, in words."""
        return [fault["message"] for fault in self._faults() if pointer in input_places(fault)]

    def faults_of(self, field: FormField, pointer: str) -> list[str]:
        """Return what is wrong with the field at that pointer, in words: with entries of its list, too, each
        with the entry that it is about.
        """
        faults = self.faults(pointer)
        if field.kind in WITH_INNER_VALUES:
            begin, entries = f"{pointer}/", self._entries(pointer)
            for fault in self._faults():
                for place in input_places(fault):
                    if place.startswith(begin):
                        number = place.removeprefix(begin).partition("/")[0]
                        entry = (
                            entries[int(number)] if number.isdecimal() and int(number) < len(entries) else ""
                        )
                        faults.append(f"“{entry}”: {fault['message']}" if entry else fault["message"])
        return list(dict.fromkeys(faults))

    def _entries(self, pointer: str) -> list[str]:
        lines = (line.strip() for text in self.inputs.get(pointer, ()) for line in text.splitlines())
        return [line for line in lines if line]

    def is_wrong_in(self, fields: Sequence[FormField]) -> bool:
        """Return whether something is wrong in one of these fields, or must be chosen there."""
        pointers = [f"/{field.name}" for field in fields]
        places = [place for fault in self._faults() for place in input_places(fault)]
        return any(
            place == pointer or place.startswith(f"{pointer}/")
            for pointer in pointers
            for place in (*places, *self.ambiguous)
        )

    def unplaced(self, fields: Sequence[FormField]) -> list[Mapping[str, Any]]:
        """Return the faults that belong to none of these fields."""
        return [
            fault
            for fault in self._faults()
            if not any(field_at(fields, place) for place in input_places(fault))
        ]

    def numbers(self, pointer: str) -> list[int]:
        """Return the numbers of the rows at that pointer."""
        begin = f"{pointer}/"
        names = [name for name in (*self.inputs, *self.inputs.get(GIVEN_INPUT, ())) if name.startswith(begin)]
        parts = {name.removeprefix(begin).partition("/")[0] for name in names}
        return sorted(int(part) for part in parts if part.isdecimal() and len(part) < 4)

    def laid_out(self, fields: Sequence[FormField]) -> SentInputs:
        """Return the form with the rows of tables, and what is wrong with them, at their places."""
        inputs, moved = laid_out(fields, self.inputs)
        faults = [{**fault, "pointer": _moved(fault["pointer"], moved)} for fault in self._faults()]
        problem = {**self.problem, "errors": faults} if self.problem is not None and faults else self.problem
        return replace(self, inputs=inputs, problem=problem)

    def grid_lines(self, field: FormField, pointer: str) -> list[GridLine]:
        """Return the table of the field at that pointer."""
        return grid_lines(field, pointer, self.inputs)

    def with_row(self, pointer: str) -> SentInputs:
        """Return the form with one more row at that pointer."""
        number = max(self.numbers(pointer), default=-1) + 1
        marked = [*self.inputs.get(GIVEN_INPUT, ()), f"{pointer}/{number}"]
        return replace(self, inputs={**self.inputs, GIVEN_INPUT: marked})

    def _faults(self) -> Sequence[Mapping[str, Any]]:
        faults: Sequence[Mapping[str, Any]] = (self.problem or {}).get("errors", ())
        return faults


def inputs_of(form: SentForm) -> SentInputs:
    """Return the inputs that a form has sent."""
    return SentInputs(
        {name: values for name, values in form.inputs.items() if name.startswith(OF_THE_BODY)},
        form.first_value(VERSION),
        form.first_value(KEY) or str(uuid4()),
        base=_base(form.first_value(BASE)),
    )


def input_places(fault: Mapping[str, Any]) -> list[str]:
    """Return the pointers of the values that the fault is about."""
    return [fault["pointer"], *fault["members"]] if fault["pointer"] else list(fault["members"])


def _moved(pointer: str | None, moved: Mapping[str, str]) -> str | None:
    """Return the pointer of a value where its row has gone."""
    place = next((place for place in moved if (pointer or "").startswith(f"{place}/")), None)
    return pointer if pointer is None or place is None else f"{moved[place]}{pointer.removeprefix(place)}"


def _base(text: str) -> Mapping[str, Any]:
    try:
        base = json.loads(text or "{}")
    except ValueError:
        return {}
    return base if isinstance(base, dict) else {}
