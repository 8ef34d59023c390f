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


def test_a_file_of_the_reporter_is_public() -> None:
    body: Any = copy.deepcopy(JIRA)
    fields = body["issue"]["fields"]
    fields |= {"created": AT, "updated": AT}
    fields["attachment"][0]["author"] = {"accountId": "r"}
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    comment = adapter("jira").evaluate(delivery).news[-1]
    assert isinstance(comment, CommentUpdate)
    assert comment.visibility is Visibility.public
