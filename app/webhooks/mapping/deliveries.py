"""A delivery as it came, and its body as expressions see it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from app.common.times.written_times import DateOrder, UnclearDates, find_date_order
from app.expressions.values import TooDeep, clean_text, holds_unstorable, plain_value
from app.kernel.actions.made_fit import Alteration
from app.webhooks.mail.charsets import decode_text
from app.webhooks.mapping.json_bodies import JsonBody, read_json, seems_json
from app.webhooks.mapping.updates import MappingFailed

LARGEST_BODY = 5_242_880
#: Nesting of a body; no tool's payload is half as deep.
DEEPEST_BODY = 64
MOST_FORM_FIELDS = 1_000
#: Most texts of a body that are looked at for the order of its dates.
MOST_TEXTS = 10_000
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Delivery:
    """A delivery: its headers, its raw body, and its time of receipt. `zone` (IANA name) and `date_order` are
    the source's settings for times without them; they go before the mapping's own.
    `usual_zone` is the default for times without any zone.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    zone: str | None = None
    date_order: DateOrder | None = None
    usual_zone: str | None = None


def read_body(delivery: Delivery) -> JsonBody:
    """Return the body: parsed, if it is JSON; a map of its fields, if it is a form (of a form with one field
    `payload` in JSON, that); else its text. Raises MappingFailed if it is too large, nested too deep, or
    meant as JSON that cannot be read.
    """
    if len(delivery.body) > LARGEST_BODY:
        raise MappingFailed("too_large", "body", f"it is larger than {LARGEST_BODY:,} bytes.")
    kind = Message()
    kind["Content-Type"] = next((v for k, v in delivery.headers.items() if k.lower() == "content-type"), "")
    charset = _charset(kind)
    text, _ = _decoded(delivery.body, charset)
    if kind.get_content_type() == _FORM and not seems_json(text):
        fields = _read_form(text, charset)
        if fields.keys() == {"payload"} and isinstance(fields["payload"], str):
            return _read_json(fields["payload"], declared=False)
        return _storable(JsonBody(fields))
    return _read_json(text, declared="json" in kind.get_content_subtype())


def is_guessed(delivery: Delivery) -> bool:
    """Return whether the encoding of the body had to be guessed: it is not the declared one, nor UTF-8."""
    kind = Message()
    kind["Content-Type"] = next((v for k, v in delivery.headers.items() if k.lower() == "content-type"), "")
    return _decoded(delivery.body, _charset(kind))[1]


def _decoded(body: bytes, charset: str) -> tuple[str, bool]:
    """Return the text of a body, and whether its encoding had to be guessed."""
    with suppress(UnicodeError):
        return body.decode(charset), False
    # JSON shows by its first bytes whether it is UTF-16 (RFC 4627, 3).
    with suppress(UnicodeError):
        return body.decode(json.detect_encoding(body)), True
    return decode_text(body, None if charset == "utf-8-sig" else charset)


def _charset(kind: Message) -> str:
    """Return the declared encoding of a body; UTF-8 if it declares no known one."""
    try:
        name = codecs.lookup(kind.get_content_charset("utf-8")).name
    except LookupError:
        return "utf-8-sig"
    return "utf-8-sig" if name == "utf-8" else name


def order_of_dates(body: Any) -> DateOrder | None:
    """Return the order of the dates in a body, if one of them proves it without contradiction."""
    texts = [text for text in _texts(body) if _DAY.match(text)]
    with suppress(UnclearDates):
        return find_date_order(texts)
    return None


def _texts(value: Any) -> Iterator[str]:
    waiting, count = [value], 0
    while waiting and count < MOST_TEXTS:
        count += 1
        each = waiting.pop()
        if isinstance(each, str) and len(each) < 40:
            yield each.strip()
        elif isinstance(each, list):
            waiting += each[:MOST_TEXTS]
        elif isinstance(each, dict):
            waiting += each.values()


def _read_json(text: str, *, declared: bool) -> JsonBody:
    try:
        body = read_json(text, declared=declared)
        if body is None:  # no JSON, or a number with more digits than Python reads
            return _storable(JsonBody(text))
        return _storable(body)
    except (RecursionError, TooDeep) as error:
        raise MappingFailed("too_deep", "body", f"it is nested deeper than {DEEPEST_BODY}.") from error


def _storable(body: JsonBody) -> JsonBody:
    """Return the body with U+FFFD for each character that cannot be stored, and a mark if there was one.
    Raises TooDeep.
    """
    marks = (Alteration.characters_removed,) if holds_unstorable(body.value) else ()
    return JsonBody(plain_value(body.value, DEEPEST_BODY), (*body.altered, *marks))


def _read_form(text: str, charset: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text.strip(), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, encoding=charset
        )
    except ValueError as error:
        raise MappingFailed("too_large", "body", f"it has more than {MOST_FORM_FIELDS:,} fields.") from error
    fields: dict[str, Any] = {}
    for name, value in ((clean_text(name), value) for name, value in pairs):
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields
