"""Facts that a ticket here has no field for still reach its readers."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import AlertSignal, CommentUpdate, ParsedUpdate, TicketUpdate
from tests.cases import each_case
from tests.webhooks.payloads import RECEIVED_AT

AT = "2026-11-20T08:00:00Z"
ANNOTATIONS = {
    "summary": "Disk",
    "runbook_url": "",
    "runbook": "https://w.example/1",
    "dashboard": "https://g.example/2",
    "dashboard_url": "https://g.example/3",
}
PEOPLE = [{"login": name, "name": name, "username": name, "summary": name} for name in ("ann", "ben")]
ISSUE = {"id": 1, "iid": 1, "number": 4, "title": "T", "state": "opened", "updated_at": AT, "created_at": AT}
GITHUB = {"repository": {"full_name": "a/b"}, "issue": ISSUE | {"assignees": PEOPLE, "assignee": PEOPLE[0]}}
GITLAB = {"object_kind": "issue", "object_attributes": ISSUE, "assignees": PEOPLE}
PAGERDUTY = {
    "event": {
        "event_type": "incident.triggered",
        "occurred_at": AT,
        "data": {
            "type": "incident",
            "id": "P1",
            "status": "triggered",
            "assignees": PEOPLE,
            "teams": PEOPLE,
            "conference_bridge": {"conference_number": "+1 555", "conference_url": None},
        },
    }
}
NOTE = {"id": "P2", "type": "incident_note", "incident": {"id": "P1"}, "content": "So", "trimmed": True}
TRIMMED = {"event": {"event_type": "incident.annotated", "occurred_at": AT, "data": NOTE}}
FILE = {"filename": "a.log", "content_url": "https://z.example/5"}
ZENDESK = {
    "type": "zen:event-type:ticket.comment_added",
    "time": AT,
    "detail": {"id": "1", "subject": "T", "status": "OPEN"},
    "event": {"comment": {"id": "5", "body": "See", "is_public": True, "attachments": [FILE]}},
}
#: By what is told: the tool, the body, and the text of its last comment.
COMMENTS: dict[str, tuple[str, Any, str]] = {
    "assignees of GitHub": ("github", GITHUB, "Assignees / 受理人: ann, ben"),
    "assignees of GitLab": ("gitlab", GITLAB, "Assignees / 受理人: ann, ben"),
    "people of PagerDuty": (
        "pagerduty",
        PAGERDUTY,
        "Assignees / 受理人: ann, ben\nConference / 会议: +1 555\nTeams / 团队: ann, ben",
    ),
    "a note that was cut": (
        "pagerduty",
        TRIMMED,
        "So\n\nPagerDuty has sent only the beginning of this note. / PagerDuty 只发送了此备注的开头。",
    ),
    "files of a comment": ("zendesk", ZENDESK, "See\n\n[a.log] <https://z.example/5>"),
}


def _news(tool: str, body: Any) -> tuple[ParsedUpdate, ...]:
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), RECEIVED_AT)
    return adapter(tool).evaluate(delivery).news


@each_case("fact", COMMENTS)
def test_further_facts_are_in_a_comment(fact: str) -> None:
    tool, body, text = COMMENTS[fact]
    comment = _news(tool, body)[-1]
    assert isinstance(comment, CommentUpdate)
    assert comment.text == text


@each_case("tool", ("grafana", "alertmanager"))
def test_all_links_of_an_alert_are_named(tool: str) -> None:
    alert = {"status": "firing", "labels": {"alertname": "Disk"}, "annotations": ANNOTATIONS, "startsAt": AT}
    values = {"dashboardURL": "", "valueString": "", "values": {"B": 6.5}}
    (news,) = _news(tool, {"alerts": [alert | values]})
    assert isinstance(news, AlertSignal)
    description = news.description or ""
    for link in ("Runbook: https://w.example/1", "Dashboard: https://g.example/2", "https://g.example/3"):
        assert description.count(link) == 1
    assert ("B: 6.5" in description) == (tool == "grafana")


def test_an_event_whose_data_is_in_base64_is_read() -> None:
    data = b64encode(json.dumps({"id": "K1", "title": "Disk", "status": "open"}).encode()).decode()
    event = {"specversion": "1.0", "id": "1", "source": "s", "subject": "K1", "time": AT}
    (ticket,) = _news("cloudevents", event | {"data_base64": data})
    assert isinstance(ticket, TicketUpdate)
    assert (ticket.case, ticket.fields["title"]) == ("K1", "Disk")
