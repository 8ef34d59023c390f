"""Payloads of tools with a marked word in each text that means nothing to the mapping but itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.updates import AlertSignal, CommentUpdate, MappingFailed, ParsedUpdate, TicketUpdate
from tests.canaries.marks import Marks, Path, put_text, value_at


def marked(
    marks: Marks, tool: str, headers: dict[str, str], body: Any, mapping: Mapping | None = None
) -> Any:
    """The body with a word in each text, but for codes, times and ids: with another one of these it would be
    another delivery, of another ticket or state.
    """
    using = mapping or adapter(tool)
    plain = _meaning(using, headers, body)
    copied = deepcopy(body)
    for path in _texts(body):
        text = value_at(body, path)
        # With all the words so far: two texts may say the same code.
        put_text(copied, path, marks.marked(f"{tool} {'.'.join(map(str, path))}", text))
        if _meaning(using, headers, copied) != plain:
            put_text(copied, path, text)
    return copied


def _meaning(mapping: Mapping, headers: dict[str, str], body: Any) -> object:
    """What a delivery means besides names and words; None: it cannot be read."""
    delivery = Delivery(headers, json.dumps(body).encode(), datetime.now(UTC), usual_zone="UTC")
    try:
        evaluated = mapping.evaluate(delivery)
    except MappingFailed as failed:
        return failed.code
    return mapping.delivery_id(delivery), evaluated.ignored, [_of_news(news) for news in evaluated.news]


def _of_news(news: ParsedUpdate) -> object:
    match news:
        case TicketUpdate():
            codes = {name: v for name, v in news.fields.items() if name not in _WORDS}
            persons = [name for name in _WORDS if news.fields.get(name) is not None]
            return (
                news.case,
                news.url,
                news.occurred_at,
                news.opened_at,
                news.state,
                codes,
                persons,
                news.irregular,
            )
        case CommentUpdate():
            return news.case, news.id, news.occurred_at, news.visibility, news.irregular
        case AlertSignal():
            names = (news.service, news.ci, news.category)
            levels = (news.impact, news.urgency, news.effect)
            return news.source, news.dedup_key, news.status, news.occurred_at, names, levels, news.irregular
    raise AssertionError(news)


_WORDS = ("title", "description", "resolution", "cause", "assignee", "requester")


def _texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each text that is not empty."""
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    elif isinstance(value, str) and value.strip():
        yield path
    for name, each in inner:
        yield from _texts(each, (*path, name))
