"""Text of tools that may be HTML or plain keeps its words."""

from __future__ import annotations

from typing import Any

import pytest

from app.expressions.functions import plain_text
from tests.client import Api
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import a_source

PLAIN = "Hello,\n  step 2: if a<b and c>d then stop\n\nVector<String> is empty, ask <li.na@example.org>."


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (PLAIN, PLAIN),
        ("Use List&lt;String&gt; here\nsecond line", "Use List<String> here\nsecond line"),
        ("<p>if a&lt;b<br>stop</p>", "if a<b\nstop"),
        ("&lt;p&gt;One&lt;br&gt;two&lt;/p&gt;", "One\ntwo"),
        ("&#60;p>One&#60;br>two&#60;/p>", "One\ntwo"),
        ("&#x3c;p>One", "One"),
        ('<b class="x">Bold</b> &amp; plain', "Bold & plain"),
        (None, None),
    ],
)
def test_text_without_tags_is_plain_text(sent: str | None, expected: str | None) -> None:
    assert plain_text(sent) == expected


async def test_zammad_tells_which_article_is_plain(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "zammad")
    person = {"id": 31, "login": "zhao.min@cases.example", "email": "zhao.min@cases.example"}
    time_text = "2026-11-01T08:00:00.000Z"
    ticket: dict[str, Any] = {"id": 9, "number": "9", "title": "Mail", "state": "new", "article_count": 1}
    ticket |= {"customer": person, "created_at": time_text, "updated_at": time_text, "created_by": person}
    article = {"id": 91, "internal": False, "created_by": person, "created_at": time_text}
    article |= {"content_type": "text/plain", "body": f"{PLAIN} Use <br> there."}
    opened = await tool.deliver({"ticket": ticket, "article": article})
    incident = await tool.admin.read(f"/v1/incidents/{opened['effects'][0]['number']}")
    assert incident["description"] == f"{PLAIN} Use <br> there."
