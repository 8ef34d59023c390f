"""Values of a delivery, each with the path by which an expression reads it (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

#: Most values that are listed of a delivery, and the longest text of one.
MOST_LISTED = 300
LONGEST_LISTED = 120
DEEPEST_LISTED = 8
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: Words of the expression language that cannot follow a dot.
_RESERVED = re.compile(
    "as|break|const|continue|else|false|for|function|if|import|in|let|loop|namespace|null|package|return|"
    "true|var|void|while"
)


def listed_values(body: Any, headers: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the values of the delivery, each by its path. A list stands for itself and its first element."""
    places = (*_values("body", body), *_values("headers", dict(headers)))
    return [{"path": path, "value": text} for path, text in islice(places, MOST_LISTED)]


def member(path: str, name: str) -> str:
    """Return the path of that member."""
    if _NAME.fullmatch(name) and not _RESERVED.fullmatch(name):
        return f"{path}.{name}"
    return f"{path}[{json.dumps(name, ensure_ascii=False)}]"


def _values(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and depth < DEEPEST_LISTED:
        for name, entry in value.items():
            yield from _values(member(path, str(name)), entry, depth + 1)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    yield path, text if len(text) <= LONGEST_LISTED else f"{text[: LONGEST_LISTED - 1]}…"
    if isinstance(value, Sequence) and not isinstance(value, str) and value and depth < DEEPEST_LISTED:
        yield from _values(f"{path}[0]", value[0], depth + 1)
