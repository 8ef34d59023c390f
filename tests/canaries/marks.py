"""Marked words: each is another one, and is found in whatever holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

#: Where a text stands in a payload.
Path = tuple[str | int, ...]
MARK = re.compile(r"zq[0-9]{5}q")
#: The same for PostgreSQL.
PATTERN = "zq[0-9]{5}q"


@dataclass
class Marks:
    """The marked words of a test, with the place that each was put at."""

    places: dict[str, str] = field(default_factory=dict)

    def mark(self, place: str) -> str:
        """A new word for that place."""
        word = f"zq{len(self.places):05}q"
        self.places[word] = place
        return word

    def marked(self, place: str, text: str) -> str:
        """The text with a new word in it: at the beginning, so that an address is one still, and that it is
        not cut off.
        """
        return self.mark(place) + text


def value_at(value: Any, path: Path) -> Any:
    """What stands at the path in that payload."""
    for name in path:
        value = value[name]
    return value


def put_text(value: Any, path: Path, text: str) -> None:
    """Puts the text at the path in that payload."""
    value_at(value, path[:-1])[path[-1]] = text
