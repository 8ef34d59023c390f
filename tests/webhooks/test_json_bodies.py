"""Bodies that a template has made almost JSON are read and marked, or fail with the place in plain words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from app.kernel.actions.made_fit import Alteration
from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery, read_body
from app.webhooks.mapping.updates import AlertSignal, CommentUpdate, MappingFailed, TicketUpdate
from tests.client import Api
from tests.webhooks.tools import a_source

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
JSON = {"content-type": "application/json"}


def a_delivery(body: str) -> Delivery:
    """A delivery with that body."""
    return Delivery(JSON, body.encode(), NOW)


REPAIRED = [
    ('{"a": "one\n\ttwo"}', {"a": "one\n\ttwo"}),
    (r'{"a": "C:\Users\new"}', {"a": r"C:\Users\new"}),
    (r'{"a": "\\server\print", "b": "x\ny"}', {"a": r"\\server\print", "b": "x\ny"}),
    (r'{"a": "say \"hi\" to C:\Users"}', {"a": r'say "hi" to C:\Users'}),
    (r'{"a": "\u12 of 7"}', {"a": r"\u12 of 7"}),
]


@pytest.mark.parametrize(("body", "value"), REPAIRED, ids=str)
def test_line_breaks_and_lone_backslashes_are_read_and_marked(body: str, value: Any) -> None:
    assert read_body(a_delivery(body)) == (value, (Alteration.repaired,))


def test_what_is_json_is_read_as_it_is() -> None:
    body = {"a": 'x "y" \n C:\\Users', "b": [1, {"c": None}]}
    assert read_body(a_delivery(json.dumps(body))) == (body, ())
    assert read_body(a_delivery("[ERROR] disk")).value == "[ERROR] disk"


def test_of_a_doubled_key_the_last_counts_and_is_marked() -> None:
    body = read_body(a_delivery('{"a": {"b": 1, "b": 2}}'))
    assert body == ({"a": {"b": 2}}, (Alteration.doubled_key,))


BROKEN = [
    '{"id": 1,\n "title": "Printer "HP" broken"}',
    '{"id": 1,\n "title": "<p class="x">"}',
    '{"id": 1,\n "title": "C:\\", "b": 1}',
    '{"id": 1,\n "title": "cut',
]


@pytest.mark.parametrize("body", BROKEN)
def test_a_raw_quotation_mark_fails_with_its_place(body: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        adapter("generic").evaluate(a_delivery(body))
    assert failed.value.code == "no_json"
    assert failed.value.key.startswith("body, line 2, column ")
    assert 'after "title"' in failed.value.key


async def test_a_delivery_says_that_its_body_was_repaired(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "freshservice")
    status = '"ticket_status": "Open"'
    body = f'{{"ticket_id": "INC-9", "ticket_subject": "C:\\Users", {status}, {status}}}'
    done = await tool.deliver(body.encode())
    assert done["effects"][0]["altered"]["body"] == ["repaired", "doubled_key"]
    (ticket,) = await tool.tickets()
    assert ticket["title"] == "C:\\Users"


def test_a_group_of_too_many_alerts_names_how_many_were_left_out() -> None:
    alerts = [
        {"status": "firing", "fingerprint": str(n), "startsAt": "2026-11-29T10:00:00Z", "labels": {"a": "b"}}
        for n in range(1_002)
    ]
    body = json.dumps({"version": "4", "status": "firing", "alerts": alerts})
    evaluation = adapter("alertmanager").evaluate(a_delivery(body))
    assert len(evaluation.news) == 1_000
    last = evaluation.news[-1]
    assert isinstance(last, AlertSignal)
    assert "items 1001 to 1002: 2 elements" in (last.description or "")
    assert [part.code for part in evaluation.failed.values()] == ["items_left_out"]


@pytest.mark.parametrize("article", [{"body": ""}, {}, {"body": None}, {"body": "<p> </p>"}], ids=str)
def test_an_article_without_words_leaves_the_state_of_its_ticket(article: Any) -> None:
    of_all = {"created_at": "2026-11-29T08:40:42Z"}
    ticket = {
        "id": 5,
        "title": "A",
        "state": "merged",
        "updated_at": of_all["created_at"],
        "article_count": 3,
    }
    body = json.dumps({"ticket": ticket | of_all, "article": {"id": 7, **of_all, **article}})
    evaluation = adapter("zammad").evaluate(a_delivery(body))
    update = evaluation.news[0]
    assert isinstance(update, TicketUpdate)
    assert update.state == "closed"
    comments = [each for each in evaluation.news if isinstance(each, CommentUpdate)]
    assert [(each.text, each.altered) for each in comments] == [("(no text)", {"text": ["left_out"]})]


def test_a_comment_that_cannot_be_read_fails_alone() -> None:
    of_all = {"created_at": "2026-11-29T08:40:42Z"}
    ticket = {
        "id": 5,
        "title": "A",
        "state": "closed",
        "updated_at": of_all["created_at"],
        "article_count": 3,
    }
    body = json.dumps(
        {"ticket": ticket | of_all, "article": {"id": 7, "body": "Words", "created_at": "soon"}}
    )
    evaluation = adapter("zammad").evaluate(a_delivery(body))
    assert [type(each) for each in evaluation.news] == [TicketUpdate]
    assert [part.code for part in evaluation.failed.values()] == ["expression_failed"]
