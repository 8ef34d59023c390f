"""Opaque cursors: the position where a page ended, tied to the list and filters that it came from (pure)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

#: A keyed fingerprint of texts: deterministic, and not to be forged by clients.
Sign = Callable[..., str]
_SIGNATURE = 16
# A shared encoder: `json.dumps` would make one for each call.
_AS_TEXT = json.JSONEncoder(separators=(",", ":")).encode


class BadCursor(Exception):
    """The text is no cursor of this list with these filters."""


def write(place: list[Any], scope: str, sign: Sign) -> str:
    """Return the cursor for the position `place` in the list of that scope (its address and filters); `sign`
    returns the signature of texts.
    """
    text = _AS_TEXT(place)
    return (
        base64.urlsafe_b64encode((sign("cursor", scope, text)[:_SIGNATURE] + text).encode())
        .decode()
        .rstrip("=")
    )


def read(cursor: str, scope: str, sign: Sign) -> list[Any]:
    """Return the position that the cursor was written for. Raises BadCursor."""
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
