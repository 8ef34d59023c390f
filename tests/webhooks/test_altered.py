"""What comes from tools is made fit and marked, on the record, its delivery and its source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.exchange.mapping import MappingRefused
from app.webhooks.mapping.parse import parse_mapping
from tests.client import Api, Json, an_incident
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses
from tests.webhooks.tools import Tool, a_source

ASKED: Json = {"title": "A desk", "description": "For two.", "channel": "portal", "urgency": "3"}

ALERT: Json = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "instance": "db1"},
    "annotations": {"summary": "Disk full\non db1", "runbook_url": "https://runbook.example/disk"},
    "startsAt": "2026-11-23T09:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://prometheus.example/graph",
    "fingerprint": "0123456789abcdef",
}


def a_group(**changes: Any) -> Json:
    """A delivery of Alertmanager with one alert."""
    return {
        "status": "firing",
        "truncatedAlerts": 7,
        "externalURL": "https://am.example",
        "alerts": [ALERT | changes],
    }


async def a_tool(api: Api, adapter: str, **more: Any) -> Tool:
    return await a_source(api, await api.client("Ada", Role.admin, Role.agent), adapter, **more)


async def test_an_alert_with_a_line_break_opens_an_incident_that_says_so(api: Api) -> None:
    tool = await a_tool(api, "alertmanager", user_name="am")
    done = await tool.deliver(a_group())
    assert done["state"] == "processed", done
    assert done["effects"][0]["altered"] == {"title": ["one_line"]}
    (ticket,) = await tool.tickets()
    assert (ticket["title"], ticket["altered"]) == ("Disk full on db1", {"title": ["one_line"]})
    for line in (
        "Runbook: https://runbook.example/disk",
        "Source: https://prometheus.example/graph",
        "Alertmanager: https://am.example",
        "Alerts left out by the tool / 工具省略的告警数: 7",
    ):
        assert line in ticket["description"]
    status = await tool.admin.read(f"/v1/webhook_sources/{tool.source['id']}/status")
    assert status["altered"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"annotations": None},
        {"annotations": "text"},
        {"annotations": {}, "labels": {}},
        {"annotations": {"summary": "\u200b"}},
        {"annotations": {"summary": ["a", "list"]}, "labels": {"alertname": 5, "x": ["y"]}},
        {"annotations": {"summary": "enc1:00"}, "generatorURL": {"a": 1}},
    ],
    ids=str,
)
async def test_an_alert_in_an_odd_form_opens_an_incident(api: Api, changes: Json) -> None:
    tool = await a_tool(api, "alertmanager", user_name="am")
    done = await tool.deliver(a_group(**changes))
    assert (done["state"], len(await tool.tickets())) == ("processed", 1), done


async def test_an_alert_of_a_clock_that_is_ahead_counts_from_its_receipt(api: Api) -> None:
    tool = await a_tool(api, "alertmanager", user_name="am")
    ahead = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    done = await tool.deliver(a_group(startsAt=ahead, annotations={"summary": "Disk full"}))
    assert (done["state"], done["effects"][0]["altered"]) == ("processed", {"occurred_at": ["clock_differs"]})
    (ticket,) = await tool.tickets()
    assert ticket["altered"] == {"occurred_at": ["clock_differs"]}
    assert datetime.fromisoformat(ticket["began_at"]) <= datetime.now(UTC)
    over = await tool.deliver(a_group(status="resolved", startsAt=ahead, endsAt=ahead))
    assert [effect["outcome"] for effect in over["effects"]] == ["resolved"]


async def test_links_of_pagerduty_events_reach_the_incident(api: Api) -> None:
    tool = await a_tool(api, "pagerduty_events")
    event = {
        "event_action": "trigger",
        "dedup_key": "disk-1",
        "payload": {"summary": "First\nsecond", "source": "db1", "severity": "error"},
        "links": [{"href": "https://runbook.example/disk", "text": "Runbook"}],
        "images": [{"src": "https://graph.example/1.png", "alt": "Graph"}],
        "client_url": "https://tool.example",
    }
    done = await tool.deliver(event)
    assert done["state"] == "processed", done
    (ticket,) = await tool.tickets()
    assert ticket["title"] == "First second"
    for line in (
        "Runbook: https://runbook.example/disk",
        "Graph: https://graph.example/1.png",
        "https://tool.example",
    ):
        assert line in ticket["description"]


async def test_a_mirrored_ticket_keeps_what_can_be_read_and_marks_the_rest(api: Api) -> None:
    tool = await a_tool(api, "zendesk")
    ticket: Json = {"id": "1", "subject": "enc1:00 \x07 odd\ttitle", "status": "open", "via": "Web Form"}
    ticket |= {"updated_at": "2026-11-23T09:00:00Z"}
    done = await tool.deliver({"ticket": ticket | {"assignee_id": {"x": 1}}})
    assert done["state"] == "processed", done
    (incident,) = await tool.tickets()
    assert (incident["title"], incident["state"]) == ("\\enc1:00 odd title", "in_progress")
    marks = {"title": ["one_line", "escaped"], "channel": ["unreadable"]}
    assert {name: incident["altered"].get(name) for name in marks} == marks
    later = ticket | {"subject": "Even", "via": {"channel": "web"}, "updated_at": "2026-11-23T10:00:00Z"}
    await tool.deliver({"ticket": later})
    (incident,) = await tool.tickets()
    assert incident["title"] == "Even"
    assert not {"title", "channel"} & (incident["altered"] or {}).keys()


async def test_a_field_that_is_set_again_loses_its_mark_and_others_keep_theirs(api: Api) -> None:
    tool = await a_tool(api, "alertmanager", user_name="am")
    await tool.deliver(a_group(annotations={"summary": "Disk\nfull", "description": "It\x07 rings"}))
    (ticket,) = await tool.tickets()
    marks = {"title": ["one_line"], "description": ["characters_removed"]}
    assert ticket["altered"] == marks
    edited = await tool.admin.patch(
        f"/v1/incidents/{ticket['id']}", json={"title": "Disk full on db1"}, headers={"If-Match": "*"}
    )
    assert edited.json()["altered"] == {"description": marks["description"]}


@pytest.mark.parametrize("kind", ["incident", "request"])
async def test_a_comment_by_mail_says_what_was_altered_of_it(api: Api, kind: str) -> None:
    tool = await a_mailbox(api)
    asker = await api.client("Kim")
    await follow_addresses(api)
    body = an_incident() if kind == "incident" else ASKED
    ticket = await asker.post_ok(f"/v1/{kind}s", body)
    answer = a_mail(
        "kim@example.org", In_Reply_To=f"<{kind}.{ticket['id']}@desk.example.com>", text="It\x07 rings."
    )
    done = await deliver(tool, answer)
    marks = {"text": ["characters_removed"]}
    assert [(effect["outcome"], effect["altered"]) for effect in done["effects"]] == [("commented", marks)]
    (comment,) = (await asker.read(f"/v1/{kind}s/{ticket['id']}/comments"))["items"]
    assert comment["text"].endswith("It rings.")
    assert comment["altered"] == marks
    assert not (await asker.read(f"/v1/{kind}s/{ticket['id']}")).get("altered")
    page = await tool.admin.get(f"/desk/{kind}/{ticket['number']}", headers={"accept": "text/html"})
    assert "Control characters removed" in page.text
    own_page = await asker.get(f"/portal/{kind}/{ticket['number']}", headers={"accept": "text/html"})
    assert "Control characters removed" in own_page.text
    path = f"/v1/{kind}s/{ticket['id']}/correct_comment"
    await asker.post_ok(path, {"comment": comment["id"], "text": "It rings twice."})
    (comment,) = (await asker.read(f"/v1/{kind}s/{ticket['id']}/comments"))["items"]
    assert comment["altered"] is None


async def test_the_end_of_a_ticket_that_was_never_here_is_ignored(api: Api) -> None:
    tool = await a_tool(api, "zendesk")
    done = await tool.deliver(
        {
            "type": "zen:event-type:ticket.soft_deleted",
            "id": "e1",
            "time": "2026-11-23T09:00:00Z",
            "detail": {"id": "77"},
        }
    )
    assert done["state"] == "ignored", done


KEEPING = """
[[news]]
kind = "alert"
source = '"x"'
dedup_key = 'body.k'
status = 'body.s'
title = 'body.k'
[news.values.status]
a = "firing"
b = "cleared"
c = "keep"
"""


async def test_a_status_may_keep_an_alert_as_it_is(api: Api) -> None:
    tool = await a_tool(api, "generic", mapping=KEEPING)
    states = [
        (await tool.deliver({"k": "disk", "s": status, "n": n}))["state"] for n, status in enumerate("caca")
    ]
    assert states == ["ignored", "processed", "ignored", "processed"]
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "new"


def test_a_wrong_mapping_is_told_in_plain_words_and_once() -> None:
    wrong = {
        'c = "keep"': ('c = "kept"', "values.status"),
        "title = 'body.k'": ("titel = 'body.k'", "titel"),
        "status = 'body.s'": ("status = 5", "status"),
    }
    for before, (after, named) in wrong.items():
        with pytest.raises(MappingRefused) as refused:
            parse_mapping(KEEPING.replace(before, after), "mine")
        assert named in refused.value.why
        for word in ("tuple", "validation", "input", "pydantic", "dictionary"):
            assert word not in refused.value.why.lower()


async def test_a_text_of_a_tool_that_is_longer_than_a_field_is_kept_whole_as_a_file(api: Api) -> None:
    tool = await a_tool(api, "jira")
    long = "word \n" * 6_000
    picture = "data:image/png;base64,iVBORw0KGgoAAAA="
    fields: Json = {"summary": "S" * 300, "description": f"{long}one", "status": {"name": "Open"}}
    fields["reporter"] = {"displayName": "Rita R", "accountId": "r1"}
    issue = {"id": "3", "key": "A-3", "self": "https://j.example/rest/api/2/issue/3", "fields": fields}
    created: Json = {"issue": issue, "timestamp": 1_795_000_000_000, "webhookEvent": "jira:issue_created"}
    comment = {"id": "9", "body": f"!{picture}! {long}two", "author": fields["reporter"], "jsdPublic": False}
    comment |= {"created": "2026-11-18T08:00:00Z", "updated": "2026-11-18T08:00:00Z"}
    for body in (created, created | {"webhookEvent": "comment_created", "comment": comment}):
        for _ in range(2):
            done = await tool.deliver(body)
            assert (done["state"], done["code"]) == ("processed", None), done
    (ticket,) = await tool.tickets()
    assert ticket["altered"] == {"description": ["cut"], "title": ["cut"]}
    path = f"/v1/incidents/{ticket['id']}/attachments"
    files = (await tool.admin.read(path))["items"]
    assert sorted((file["name"], file["visibility"]) for file in files) == [
        ("comment.txt", "internal"),
        ("description.txt", "public"),
        ("picture-1.png", "internal"),
        ("title.txt", "public"),
    ]
    contents = [(await tool.admin.get(f"{path}/{file['id']}/content")).content for file in files]
    assert sorted(content[-3:] for content in contents) == [b"\0\0\0", b"SSS", b"one", b"two"]
    nobodys = await a_source(api, tool.admin, "generic", key="nobodys")
    done = await nobodys.deliver({"id": "1", "title": "T" * 300, "status": "new"})
    assert (done["state"], done["code"]) == ("processed", None), "a ticket without a requester"
    alerts = await a_source(api, tool.admin, "alertmanager", user_name="am", key="am2")
    done = await alerts.deliver(a_group(annotations={"summary": "A", "description": f"{long}three"}))
    assert done["state"] == "processed", done
    record = done["effects"][0]["record"]
    (file,) = (await tool.admin.read(f"/v1/incidents/{record.rpartition('/')[2]}/attachments"))["items"]
    assert file["name"] == "description.txt"
