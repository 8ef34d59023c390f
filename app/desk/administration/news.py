"""What a delivery leads to, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.desk.pages.context import Desk
from app.desk.values import EMPTY
from app.i18n import sentences

#: Members of news that say how the delivery was read.
FOR_PROGRAMS = frozenset({"kind", "process", "dated_by_receipt"})


def shown_news(desk: Desk, news: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Return a piece of news of a delivery: its kind in words, and its facts, each with its label."""
    kind = str(news["kind"])
    words = sentences(desk.language)["integrations"].get(f"news_{kind}", kind)
    # Many values stand in the news twice: as the tool sent them, and as they are stored.
    return words, list(dict.fromkeys(_facts(desk, news)))


def _facts(desk: Desk, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _facts(desk, value)
        elif name not in FOR_PROGRAMS and value not in EMPTY:
            label = desk.contract.field_label(name, {}, desk.language)
            yield label, desk.display.html(value, {}, name)
