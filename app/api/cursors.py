"""Opaque cursors: where a page ended, tied to the list and the filters that it came from (pure)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

#: A keyed fingerprint: the same for the same texts, and not to be made by a client.
Sign = Callable[..., str]
_SIGNATURE = 16
# `json.dumps` would make an encoder for each.
_AS_TEXT = json.JSONEncoder(separators=(",", ":")).encode


class BadCursor(Exception):
    """Not a cursor of this list, or of other filters."""


def write(place: list[Any], scope: str, sign: Sign) -> str:
    """The cursor for a place in the list of that scope (its address and filters)."""
    text = _AS_TEXT(place)
    return (
        base64.urlsafe_b64encode((sign("cursor", scope, text)[:_SIGNATURE] + text).encode())
        .decode()
        .rstrip("=")
    )


def read(cursor: str, scope: str, sign: Sign) -> list[Any]:
    """The place that `write` was given. Raises BadCursor."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise BadCursor from error
    signature, text = plain[:_SIGNATURE], plain[_SIGNATURE:]
    if signature != sign("cursor", scope, text)[:_SIGNATURE]:
        raise BadCursor
    place = json.loads(text)
    assert isinstance(place, list)
    return place
