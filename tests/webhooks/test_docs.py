"""The worked example of the mapping language does what its page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from app.expressions.functions import FUNCTIONS
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.mapping.updates import NamedPerson, TicketUpdate

PAGE = (Path(__file__).parents[2] / "docs/webhook-mappings.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


def test_the_example_tells_what_the_page_says() -> None:
    delivery = Delivery({}, block("json").encode(), datetime(2026, 5, 5, tzinfo=UTC))
    (news,) = parse_mapping(block("toml"), "example").evaluate(delivery).news
    assert isinstance(news, TicketUpdate)
    assert news.state is not None
    assert isinstance(news.fields["assignee"], NamedPerson)
    values = [news.case, news.number, news.state.value, news.occurred_at.isoformat(), news.fields["title"]]
    values += [news.fields["assignee"].name, news.fields["priority"].value]
    after = PAGE.partition("means that ticket")[2].partition("## Expressions")[0]
    assert re.findall(r"`([^`]+)`", after) == values


def test_the_page_lists_every_function() -> None:
    assert set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)) == set(FUNCTIONS)
