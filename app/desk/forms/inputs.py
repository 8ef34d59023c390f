"""Inputs of a form, as browsers send them, and the body that they stand for (pure).

An input is named by the JSON Pointer of its value (RFC 6901), such as `/actions/0/owner`, so a refusal's
pointer names the input. Blank fields are left out of the body. Values that are given although they are blank
(null in a correction, an empty list, a row without values) are named by an input called `given`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.desk.forms.durations import read_duration, written_duration
from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.roles import role_text

#: By the name of an input all of its values, in the order of the form.
Inputs = Mapping[str, Sequence[str]]
#: The input that names fields which are sent although they are blank.
GIVEN_INPUT = "given"
#: The name and the value of a pair.
PAIR_NAME, PAIR_VALUE = "name", "value"
_WHOLE_NUMBER = re.compile(r"-?\d{1,40}", re.ASCII)
_ROW_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_TRUTHS = {"true": True, "false": False}
#: A member that is left out of the body.
_ABSENT: Any = object()


def to_inputs(fields: Iterable[FormField], body: Mapping[str, Any], zone: ZoneInfo) -> dict[str, list[str]]:
    """Return the inputs in which the fields show the body, with times by the clock of the zone."""
    inputs: dict[str, list[str]] = {}
    _fill(inputs, fields, body, "", zone)
    return inputs


def is_field_asked(field: FormField, fields: Iterable[FormField], inputs: Inputs, within: str) -> bool:
    """Return whether the field is asked for with what is chosen in the one among `fields` that it depends
    on; that field must be asked for itself.
    """
    condition = field.only_with
    if condition is None:
        return True
    other = next((each for each in fields if each.name == condition.field), None)
    chosen = inputs.get(pointer_of(within, condition.field), ())
    is_chosen = not set(condition.values).isdisjoint(chosen)
    return is_chosen and (other is None or is_field_asked(other, fields, inputs, within))


def to_body(fields: Collection[FormField], inputs: Inputs, zone: ZoneInfo) -> dict[str, Any]:
    """Return the body of the inputs. A text that is not a value of its field stays as it is: the operation
    refuses it next to its field.
    """
    return _SentForm(inputs, frozenset(inputs.get(GIVEN_INPUT, ())), zone).members(fields, "")


def without_blank_rows(fields: Iterable[FormField], inputs: Inputs, zone: ZoneInfo) -> Inputs:
    """Return the inputs without rows that are left blank. The others have the numbers that they have in the
    body, so that a refusal's pointer names the row that it is about.
    """
    sent = _SentForm(inputs, frozenset(inputs.get(GIVEN_INPUT, ())), zone)
    places = dict(sent.row_places(fields, "", ""))
    renamed = {_renamed(name, places): values for name, values in inputs.items() if name != GIVEN_INPUT}
    renamed[GIVEN_INPUT] = [_renamed(pointer, places) for pointer in inputs.get(GIVEN_INPUT, ())]
    return {name: values for name, values in renamed.items() if name and values}


def _renamed(name: str, places: Mapping[str, str]) -> str:
    """Return the name of the input where its row has gone; an empty one if that is left out."""
    before, slash, rest = name.partition("/")
    row, tail = f"{slash}{rest}", ""
    while row:
        if row in places:
            return f"{before}{places[row]}{tail}" if places[row] else ""
        row, slash, last = row.rpartition("/")
        tail = f"{slash}{last}{tail}"
    return name


def pointer_of(within: str, name: str | int) -> str:
    """Return the pointer to a member within the value at another pointer."""
    return f"{within}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _fill(
    inputs: dict[str, list[str]],
    fields: Iterable[FormField],
    body: Mapping[str, Any],
    within: str,
    zone: ZoneInfo,
) -> None:
    for field in fields:
        if field.name in body:
            _fill_one(inputs, field, body[field.name], pointer_of(within, field.name), zone)


def _fill_one(
    inputs: dict[str, list[str]], field: FormField, value: Any, pointer: str, zone: ZoneInfo
) -> None:
    if value is None or (value in ([], {}, "") and field.kind is not FieldKind.anything):
        inputs.setdefault(GIVEN_INPUT, []).append(pointer)
    elif field.kind is FieldKind.part:
        _fill(inputs, field.inner_fields, value, pointer, zone)
        if not any(name.startswith(f"{pointer}/") for name in inputs):
            inputs.setdefault(GIVEN_INPUT, []).append(pointer)
    elif field.kind is FieldKind.rows:
        for n, row in enumerate(value):
            inputs.setdefault(GIVEN_INPUT, []).append(pointer_of(pointer, n))
            _fill(inputs, field.inner_fields, row, pointer_of(pointer, n), zone)
    elif field.kind is FieldKind.pairs:
        for n, (name, part) in enumerate(value.items()):
            place = pointer_of(pointer, n)
            inputs[pointer_of(place, PAIR_NAME)] = [name]
            _fill_one(inputs, field.inner_fields[0], part, pointer_of(place, PAIR_VALUE), zone)
    elif field.kind is FieldKind.choices:
        inputs[pointer] = [str(code) for code in value]
    elif field.kind is FieldKind.lines:
        inputs[pointer] = ["\n".join(_written(field.inner_fields[0], entry, zone) for entry in value)]
    else:
        inputs[pointer] = [_written(field, value, zone)]


def _written(field: FormField, value: Any, zone: ZoneInfo) -> str:
    if field.kind is FieldKind.instant:
        return _by_the_clock(str(value), zone)
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind is FieldKind.duration:
        return written_duration(value, is_working_time=field.is_working_time)
    if field.kind is FieldKind.anything:
        is_plain = isinstance(value, str) and _parsed(value) is _ABSENT
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    return str(value)


def _by_the_clock(instant: str, zone: ZoneInfo) -> str:
    """Return the instant as a clock in the zone shows it; with its offset where that is not enough."""
    moment = datetime.fromisoformat(instant.upper().replace(" ", "T"))
    local = moment.astimezone(zone)
    text = local.replace(tzinfo=None).isoformat()
    return text if _instant(text, zone) == _utc(moment) else local.isoformat()


def _instant(text: str, zone: ZoneInfo) -> str:
    """Return the instant of a time by the clock of the zone; other texts as they are."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo is not None else _utc(moment.replace(tzinfo=zone))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _SentForm:
    """The inputs of a form as they were sent; `marked` are the pointers of what is given although it is
    blank.
    """

    inputs: Inputs
    marked: frozenset[str]
    zone: ZoneInfo

    def members(self, fields: Collection[FormField], within: str) -> dict[str, Any]:
        """Return the members of the body at that pointer."""
        current = [field for field in fields if is_field_asked(field, fields, self.inputs, within)]
        values = ((field.name, self._value(field, pointer_of(within, field.name))) for field in current)
        return {name: value for name, value in values if value is not _ABSENT}

    def _value(self, field: FormField, pointer: str) -> Any:
        """Return the value of the field at that pointer; `_ABSENT` if it is left out."""
        value: Any
        match field.kind:
            case FieldKind.part:
                value = self.members(field.inner_fields, pointer)
            case FieldKind.role:
                value = role_text(self.members(field.inner_fields, pointer))
            case FieldKind.rows:
                value = [row for _, row in self._rows(field, pointer) if row is not None]
            case FieldKind.pairs:
                value = dict(self._pairs(field, pointer))
            case FieldKind.choices:
                value = [code for code in self.inputs.get(pointer, ()) if code]
            case _:
                text = self._text(pointer)
                return _read(field, text, self.zone) if text else self._blank(field, pointer)
        return value or self._blank(field, pointer)

    def _text(self, pointer: str) -> str:
        """Return the text at that pointer, with the ends of its lines as we write them."""
        return "\n".join(self.inputs.get(pointer, ())).replace("\r\n", "\n")

    def row_places(self, fields: Iterable[FormField], within: str, target: str) -> Iterator[tuple[str, str]]:
        """Yield the pointer of each row, and the one that it has in the body (empty: it is left out), where
        the value at the first pointer stands at the second one.
        """
        for field in fields:
            pointer, goal = pointer_of(within, field.name), pointer_of(target, field.name)
            if field.kind is FieldKind.part:
                yield from self.row_places(field.inner_fields, pointer, goal)
            elif field.kind is FieldKind.rows:
                number = 0
                for place, row in self._rows(field, pointer):
                    yield place, "" if row is None else pointer_of(goal, number)
                    yield from self.row_places(field.inner_fields, place, pointer_of(goal, number))
                    number += row is not None

    def _rows(self, field: FormField, pointer: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield the pointer of each row with its members; None: it is left blank."""
        for place in self._places(pointer):
            row = self.members(field.inner_fields, place)
            is_filled = bool(row.keys() - field.grid.fixed if field.grid else row)
            yield place, row if is_filled or place in self.marked else None

    def _pairs(self, field: FormField, pointer: str) -> Iterable[tuple[str, Any]]:
        for place in self._places(pointer):
            name = self._text(pointer_of(place, PAIR_NAME))
            value = self._value(field.inner_fields[0], pointer_of(place, PAIR_VALUE))
            if name or value is not _ABSENT:
                yield name, None if value is _ABSENT else value

    def _places(self, pointer: str) -> list[str]:
        """Return the pointers of the rows that are there, in order."""
        begin = f"{pointer}/"
        names = (name for name in (*self.inputs, *self.marked) if name.startswith(begin))
        numbers = {name.removeprefix(begin).partition("/")[0] for name in names}
        usable = (int(number) for number in numbers if _ROW_NUMBER.fullmatch(number))
        return [pointer_of(pointer, n) for n in sorted(usable)]

    def _blank(self, field: FormField, pointer: str) -> Any:
        """Return the value of a blank field: absent, or `[]` if a whole field may be empty; null or the
        empty value if it is marked.
        """
        if pointer not in self.marked:
            is_whole = pointer.count("/") == 1  # in a row, it would make a row of one that is blank
            return [] if is_whole and _may_be_empty(field) else _ABSENT
        if field.nullable:
            return None
        match field.kind:
            case FieldKind.rows | FieldKind.choices | FieldKind.lines:
                return []
            case FieldKind.part | FieldKind.pairs:
                return {}
            case _:
                return ""


def _may_be_empty(field: FormField) -> bool:
    """Return whether the field is a list that is asked for, and may have nothing in it."""
    is_list = field.kind in (FieldKind.rows, FieldKind.choices, FieldKind.lines)
    return is_list and field.required and not field.nullable and not field.schema.get("minItems")


def _read(field: FormField, text: str, zone: ZoneInfo) -> Any:
    match field.kind:
        case FieldKind.lines:
            return [_read(field.inner_fields[0], line, zone) for line in text.split("\n") if line]
        case FieldKind.integer | FieldKind.duration:
            return _number(field, text)
        case FieldKind.truth:
            return _TRUTHS.get(text, text)
        case FieldKind.instant:
            return _instant(text, zone)
        case FieldKind.anything:
            value = _parsed(text)
            return text if value is _ABSENT else value
        case _:
            return text


def _number(field: FormField, text: str) -> int | str:
    """Return the whole number, or the seconds of a duration; the text as it is if it is neither."""
    if field.kind is FieldKind.duration:
        seconds = read_duration(text, is_working_time=field.is_working_time)
        if seconds is not None:
            return seconds
    return int(text) if _WHOLE_NUMBER.fullmatch(text.strip()) else text


def _parsed(text: str) -> Any:
    """Return the JSON value of the text; `_ABSENT` if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _ABSENT
