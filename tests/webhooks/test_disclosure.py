"""Requesters never read what a tool keeps from its own customers."""

from __future__ import annotations

import copy
import json
from typing import Any

from app.common.children import Visibility
from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import CommentUpdate, TicketUpdate
from tests.cases import each_case
from tests.webhooks.payloads import RECEIVED_AT

SECRET = "The customer is late with paying."
AT = "2026-11-20T08:00:00Z"
ZAMMAD = {
    "ticket": {"id": 1, "number": "671", "title": "VPN", "state": "new", "article_count": 1},
    "article": {"id": 2, "body": SECRET, "content_type": "text/plain", "internal": True, "created_at": AT},
}
ZENDESK = {"ticket": {"id": 1, "subject": "VPN", "status": "new", "description": SECRET, "is_public": False}}
GITLAB = {
    "object_kind": "note",
    "user": {"username": "lin"},
    "project": {"path_with_namespace": "shop/web"},
    "object_attributes": {"id": 5, "note": SECRET, "noteable_type": "Issue", "updated_at": AT},
    "issue": {"id": 1, "iid": 3, "title": "VPN", "state": "opened", "updated_at": AT, "confidential": True},
}
JIRA = {
    "webhookEvent": "jira:issue_created",
    "issue": {
        "id": "1",
        "key": "AB-1",
        "self": "https://j.example/rest/api/2/issue/1",
        "fields": {
            "summary": "VPN",
            "status": {"name": "To Do"},
            "reporter": {"accountId": "r"},
            "attachment": [{"id": 7, "filename": SECRET, "author": {"accountId": "a"}, "created": AT}],
        },
    },
}
#: Comments that one switch shows and another hides.
HIDDEN = (
    {"jsdPublic": True, "visibility": {"type": "role", "value": "Administrators"}},
    {"jsdPublic": False},
    {"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]},
)
BODIES: dict[str, Any] = {"zammad": ZAMMAD, "zendesk": ZENDESK, "gitlab": GITLAB, "jira": JIRA}


@each_case("tool", BODIES)
def test_words_that_a_tool_hides_become_an_internal_comment(tool: str) -> None:
    body = copy.deepcopy(BODIES[tool])
    for part in ("ticket", "issue"):
        times = body.get(part, {}).get("fields", body.get(part, {}))
        times |= dict.fromkeys(("created_at", "updated_at", "created", "updated"), AT)
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    ticket, comment = adapter(tool).evaluate(delivery).news
    assert isinstance(ticket, TicketUpdate)
    assert isinstance(comment, CommentUpdate)
    assert SECRET not in repr(ticket.fields)
    assert SECRET in comment.text
    assert comment.visibility is Visibility.internal


@each_case("hidden", HIDDEN, ids=", ".join)
def test_a_comment_is_internal_if_any_switch_hides_it(hidden: dict[str, Any]) -> None:
    body: Any = copy.deepcopy(JIRA) | {"webhookEvent": "comment_created"}
    body["issue"]["fields"] |= {"created": AT, "updated": AT}
    body["comment"] = {"id": "c", "body": SECRET, "created": AT, "updated": AT}

    def visibility(of_comment: dict[str, Any]) -> Visibility:
        sent = json.dumps(body | {"comment": body["comment"] | of_comment}).encode()
        comment = adapter("jira").evaluate(Delivery({"content-type": "application/json"}, sent, RECEIVED_AT))
        return next(each.visibility for each in comment.news if isinstance(each, CommentUpdate))

    assert visibility(hidden) is Visibility.internal
    assert visibility({"jsdPublic": True}) is visibility({}) is Visibility.public


#: Events of tickets whose only article or first comment is none that was asked.
LATER: dict[str, Any] = {
    "zammad": {
        "ticket": {"id": 1, "number": "671", "title": "VPN", "state": {"name": "merged"}, "article_count": 1},
        "article": {"id": 3, "body": "merged", "content_type": "text/plain", "internal": False},
    },
    "zendesk": {
        "type": "zen:event-type:ticket.comment_added",
        "time": AT,
        "id": "e",
        "detail": {"id": 1, "subject": "VPN", "status": "OPEN", "description": SECRET, "is_public": True},
        "event": {"comment": {"id": "c2", "body": "Hello", "is_public": True, "author": {"id": "1"}}},
    },
}


@each_case("tool", LATER)
def test_a_later_event_does_not_replace_the_description(tool: str) -> None:
    body = copy.deepcopy(LATER[tool])
    for part in ("ticket", "article", "detail"):
        body.get(part, {}).update(created_at=AT, updated_at=AT)
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    ticket, comment = adapter(tool).evaluate(delivery).news
    assert isinstance(ticket, TicketUpdate)
    assert isinstance(comment, CommentUpdate)
    assert "description" not in ticket.fields
    assert comment.visibility is Visibility.public


def news_of(tool: str, body: dict[str, Any]) -> tuple[TicketUpdate, CommentUpdate]:
    """The news of a ticket with one comment."""
    raw = json.dumps(body).encode()
    delivery = Delivery({"content-type": "application/json"}, raw, RECEIVED_AT)
    ticket, comment = adapter(tool).evaluate(delivery).news
    assert isinstance(ticket, TicketUpdate)
    assert isinstance(comment, CommentUpdate)
    return ticket, comment


#: Articles that are the only one of their ticket, and not the first.
NOT_THE_FIRST = {
    "after the first one was deleted": {"created_at": "2026-11-20T10:30:00Z"},
    "an answer of Zammad itself": {"created_at": "2026-11-20T08:00:01Z", "sender": "System"},
}


@each_case("article", NOT_THE_FIRST.values(), ids=str)
def test_the_only_article_is_a_comment_if_it_was_not_the_first(article: dict[str, Any]) -> None:
    body = copy.deepcopy(ZAMMAD)
    body["ticket"] |= {"created_at": AT, "updated_at": AT}
    body["article"] |= {"internal": False, "updated_at": AT} | article
    ticket, comment = news_of("zammad", body)
    assert "description" not in ticket.fields, "what was asked for stays"
    assert (comment.text, comment.visibility) == (SECRET, Visibility.public)


def test_a_description_that_zammad_makes_internal_leaves_the_ticket() -> None:
    body = copy.deepcopy(ZAMMAD)
    body["ticket"] |= {"created_at": AT, "updated_at": AT}
    ticket, comment = news_of("zammad", body)
    assert ticket.fields["description"] is None
    assert (comment.text, comment.visibility) == (SECRET, Visibility.internal)


#: What triggers of Zendesk send about their first comment, and how it is marked.
SWITCHES: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "nothing": ({}, {"visibility": ["unreadable"]}),
    "an empty value": ({"is_public": ""}, {"visibility": ["unreadable"]}),
    "null": ({"is_public": None}, {"visibility": ["unreadable"]}),
    "a map": ({"is_public": {}}, {"visibility": ["unreadable"]}),
    "a value that was not replaced": (
        {"is_public": "{{ticket.is_public}}"},
        {"visibility": ["unreadable"]},
    ),
    "false": ({"is_public": False}, {}),
    "false as a text": ({"is_public": "False"}, {}),
}


@each_case("switch", SWITCHES)
@each_case(
    "times", [{"created_at": AT, "updated_at": AT}, {"updated_at": AT}], ids=lambda case: str(len(case))
)
def test_a_first_comment_is_internal_unless_a_trigger_says_that_it_is_public(
    switch: str, times: dict[str, Any]
) -> None:
    sent_fields, altered = SWITCHES[switch]
    body = {
        "ticket": {"id": 1, "subject": "VPN", "status": "new", "description": SECRET, **times, **sent_fields}
    }
    ticket, comment = news_of("zendesk", body)
    assert SECRET not in repr(ticket.fields)
    assert (comment.text, comment.visibility) == (SECRET, Visibility.internal)
    assert comment.altered == altered


@each_case("public", [True, "true"], ids=str)
def test_a_first_comment_that_is_public_is_the_description(public: Any) -> None:
    body = {"ticket": {"id": 1, "subject": "VPN", "status": "new", "description": "Help", "updated_at": AT}}
    body["ticket"]["is_public"] = public
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    (ticket,) = adapter("zendesk").evaluate(delivery).news
    assert isinstance(ticket, TicketUpdate)
    assert ticket.fields["description"] == "Help"


def test_a_file_of_the_reporter_is_public() -> None:
    body: Any = copy.deepcopy(JIRA)
    fields = body["issue"]["fields"]
    fields |= {"created": AT, "updated": AT}
    fields["attachment"][0]["author"] = {"accountId": "r"}
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    comment = adapter("jira").evaluate(delivery).news[-1]
    assert isinstance(comment, CommentUpdate)
    assert comment.visibility is Visibility.public
