"""Values of custom fields: their validation, from JSON and from query parameters (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.common.custom import CustomField, ValueType
from app.common.personal import PlainText
from app.kernel.actions.payloads import EARLIEST_YEAR, LATEST_YEAR, Paragraph, ShortText

#: The largest whole number that every JSON client reads exactly (RFC 8785).
LARGEST_NUMBER = 2**53 - 1
_NUMBER = re.compile(r"-?\d{1,16}", re.ASCII)
_DECIMAL = re.compile(r"(-?)0*(\d{1,15}?)(?:\.(\d{1,6}?)0*)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SHORT_TEXT: TypeAdapter[str] = TypeAdapter(ShortText)
_PARAGRAPH: TypeAdapter[str] = TypeAdapter(Paragraph)


class InvalidCustomValue(Exception):
    """A value is not valid for the custom field; `because` is the code of the message, `words` its
    arguments.
    """

    def __init__(self, because: str, **words: str) -> None:
        super().__init__(because)
        self.because = because
        self.words = words


def to_stored_value(field: CustomField, value: Any) -> Any:
    """Return the value of the custom field `field` as the log stores it; a person is stored by their id,
    whose existence is not checked. Raises InvalidCustomValue.
    """
    assert field.value_type is not None
    return _CONVERTERS[field.value_type](field, value)


def parse_query_value(field: CustomField, text: str) -> Any:
    """Return the value of the custom field `field` from the text of a query parameter. Raises
    InvalidCustomValue.
    """
    if field.value_type is ValueType.number:
        return to_stored_value(field, int(text) if _NUMBER.fullmatch(text) else text)
    if field.value_type is ValueType.bool:
        return to_stored_value(field, {"true": True, "false": False}.get(text, text))
    return to_stored_value(field, text)


def _number(field: CustomField, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidCustomValue("int_type")
    if abs(value) > LARGEST_NUMBER:
        raise InvalidCustomValue("number_too_large", most=str(LARGEST_NUMBER))
    return value


def _bool(field: CustomField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidCustomValue("bool_parsing")
    return value


def _text(field: CustomField, value: Any) -> str:
    return _validate_text(_SHORT_TEXT, value)


def _personal_text(field: CustomField, value: Any) -> str:
    return PlainText(_validate_text(_PARAGRAPH, value))


def _decimal(field: CustomField, value: Any) -> str:
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    if match is None:
        raise InvalidCustomValue("not_a_decimal")
    sign, integer, digits = match.groups()
    plain = f"{integer}.{digits}" if digits and digits != "0" else integer
    return plain if plain == "0" else f"{sign}{plain}"


def _choice(field: CustomField, value: Any) -> str:
    keys = [choice["key"] for choice in field.choices or ()]
    if value not in keys:
        raise InvalidCustomValue("enum", expected=", ".join(keys))
    return str(value)


def _date(field: CustomField, value: Any) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise InvalidCustomValue("not_a_date")
    return str(value)


def _person(field: CustomField, value: Any) -> str:
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise InvalidCustomValue("no_person") from None


def _validate_text(adapter: TypeAdapter[str], value: Any) -> str:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        words = {name: str(detail) for name, detail in first.get("ctx", {}).items()}
        raise InvalidCustomValue(first["type"], **words) from None


_CONVERTERS: dict[ValueType, Callable[[CustomField, Any], Any]] = {
    ValueType.text: _text,
    ValueType.words: _personal_text,
    ValueType.number: _number,
    ValueType.decimal: _decimal,
    ValueType.choice: _choice,
    ValueType.date: _date,
    ValueType.bool: _bool,
    ValueType.person: _person,
}
