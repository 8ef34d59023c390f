"""No word of an alert or a ticket of a tool is lost because a field cannot hold it (without a database)."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import AlertSignal, CommentUpdate, ParsedUpdate, TicketUpdate
from tests.cases import each_case
from tests.client import Json

LONG = "word " * 60 + "END"
ADDRESS = f"https://prometheus.example/graph?expr={'a' * 3_000}END"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
EMBEDDED = f"data:image/png;base64,{b64encode(PICTURE).decode()}"
AT = "2026-11-23T09:00:00Z"
LABELS: Json = {"alertname": "Disk", "long": f"note {LONG}", "主机": "甲", "地区": "乙", "nested": {"a": [1]}}
LABELS |= {f"n{n:02}": f"value {n}" for n in range(60)}
ALERTS: dict[str, Json] = {
    name: {
        "alerts": [
            {
                "status": "firing",
                "labels": LABELS,
                "annotations": {
                    "summary": f"summary {LONG}",
                    "description": "Short.",
                    "hint": f"hint {LONG}",
                },
                "startsAt": AT,
                "endsAt": "0001-01-01T00:00:00Z",
                "fingerprint": "f",
                "generatorURL": ADDRESS,
            }
        ]
    }
    for name in ("alertmanager", "grafana")
}
ALERTS["pagerduty_events"] = {
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": f"summary {LONG}", "severity": "error", "source": "x", "note": f"hint {LONG}"}
    | {"custom_details": {"note": f"note {LONG}", "主机": "甲", "地区": "乙", "n": ["value 59", {"a": [1]}]}},
    "links": [{"href": ADDRESS, "text": "Graph"}],
    "images": [{"href": "https://x.example/page", "src": "https://x.example/picture.png"}],
}


def read(name: str, body: Json) -> ParsedUpdate:
    """The first news that the adapter finds in the body."""
    delivery = Delivery({"content-type": "application/json"}, json.dumps(body).encode(), datetime.now(UTC))
    return adapter(name).evaluate(delivery).news[0]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_shows_all_that_its_tool_has_sent(name: str) -> None:
    alert = read(name, ALERTS[name])
    assert isinstance(alert, AlertSignal)
    text = f"{alert.description} {alert.labels}"
    for part in (f"summary {LONG}", f"hint {LONG}", f"note {LONG}", ADDRESS, "甲", "乙", "value 59", "[1]"):
        assert part in text, part
    if name == "pagerduty_events":
        assert "https://x.example/page" in text
        assert "https://x.example/picture.png" in text
    assert "cut" in alert.altered["title"]
    assert name == "pagerduty_events" or {"cut", "left_out"} <= set(alert.altered["labels"])


def test_links_in_lists_and_maps_without_an_address_are_told() -> None:
    links = {"runbook_url": ["https://a.example", ["https://b.example"]], "dashboard": {"page": "c"}}
    alert = ALERTS["alertmanager"]["alerts"][0]
    read_alert = read("alertmanager", {"alerts": [alert | {"annotations": links}]})
    assert isinstance(read_alert, AlertSignal)
    for line in ("Runbook: https://a.example", "Runbook: https://b.example", "Dashboard: page: c"):
        assert line in (read_alert.description or ""), line


def test_an_alert_without_a_name_is_named_by_its_labels() -> None:
    for name in ("alertmanager", "grafana"):
        alert = read(
            name, {"alerts": [ALERTS[name]["alerts"][0] | {"labels": {"job": "a"}, "annotations": {}}]}
        )
        assert isinstance(alert, AlertSignal)
        assert (alert.title, alert.altered) == ("job: a", {})


def test_entities_in_titles_and_names_are_decoded() -> None:
    person = {"id": 3, "name": "L&#039;Oréal"}
    glpi: Json = {"itemtype": "Ticket", "id": 1, "name": "L&#039;écran &#60;b&#62;", "status": 1}
    glpi |= {"date_mod": AT, "date": AT, "user_recipient": person, "content": "&#60;p&#62;l&#039;a"}
    ticket = read("glpi", {"item": glpi})
    assert isinstance(ticket, TicketUpdate)
    assert (ticket.fields["title"], ticket.fields["description"]) == ("L'écran <b>", "l'a")
    assert ticket.fields["requester"].name == "L'Oréal"
    ticket = read("freshservice", {"ticket_id": 1, "ticket_subject": "A &amp; B", "ticket_status": 2})
    assert isinstance(ticket, TicketUpdate)
    assert ticket.fields["title"] == "A & B"


def test_links_that_no_description_can_hold_are_whole_in_a_file() -> None:
    addresses = [f"https://a.example/{n}/{'b' * 3_000}" for n in range(40)]
    body = ALERTS["pagerduty_events"] | {"links": [{"href": each} for each in addresses]}
    alert = read("pagerduty_events", body)
    assert isinstance(alert, AlertSignal)
    assert alert.whole_texts["links"].split("\n")[:40] == addresses
    assert alert.altered["links"] == ["cut"]
    assert len(alert.description or "") <= 20_000


def test_the_end_of_a_ticket_s_title_and_the_pictures_in_its_texts_are_kept() -> None:
    body: Json = {"id": "1", "status": "new", "title": LONG, "updated_at": AT, "actor": f"A {LONG}"}
    ticket = read("generic", body | {"description": f"See ![it]({EMBEDDED}) and\n{EMBEDDED}"})
    assert isinstance(ticket, TicketUpdate)
    assert ticket.whole_texts == {"title": LONG, "actor": f"A {LONG}"}
    assert (ticket.altered["title"], ticket.altered["actor"]) == (["cut"], ["cut"])
    assert [(each.name, each.content) for each in ticket.files] == [("picture-1.png", PICTURE)]
    pictures = [f"data:image/png;base64,{b64encode(PICTURE + bytes([n])).decode()}" for n in range(25)]
    ticket = read("generic", body | {"description": "\n".join(pictures)})
    assert isinstance(ticket, TicketUpdate)
    assert (len(ticket.files), ticket.altered["attachments"]) == (20, ["left_out"])


@each_case("missing", range(1, 4))
def test_the_beginning_of_a_picture_that_is_cut_is_kept_and_marked(missing: int) -> None:
    body: Json = {"id": "1", "status": "new", "title": "T", "updated_at": AT}
    digits = b64encode(PICTURE + bytes(-len(PICTURE) % 3)).decode()
    ticket = read("generic", body | {"description": f"See data:image/png;base64,{digits[:-missing]}"})
    assert isinstance(ticket, TicketUpdate)
    (file,) = ticket.files
    assert PICTURE.startswith(file.content[: len(PICTURE)])
    assert len(file.content) == len(PICTURE) + -len(PICTURE) % 3 - missing
    assert ticket.altered["attachments"] == ["left_out"]


def test_a_picture_in_the_html_of_a_comment_is_a_file() -> None:
    comment = {"id": 7, "body": f'<p>See <img src="{EMBEDDED}"></p>', "created_at": AT, "internal": False}
    body = {"ticket": {"id": 1, "number": "1", "title": "T", "state": "open", "updated_at": AT}}
    delivery = Delivery(
        {"content-type": "application/json"},
        json.dumps(body | {"article": comment | {"content_type": "text/html"}}).encode(),
        datetime.now(UTC),
    )
    news = adapter("zammad").evaluate(delivery).news
    (comment_update,) = [each for each in news if isinstance(each, CommentUpdate)]
    assert [file.content for file in comment_update.files] == [PICTURE]
    assert comment_update.files[0].name in comment_update.text


def test_half_of_a_character_is_marked_wherever_it_stands() -> None:
    body: Json = {
        "id": "1",
        "status": "new",
        "title": "a \ud83d b",
        "description": "c \udc00",
        "updated_at": AT,
    }
    ticket = read("generic", body)
    assert isinstance(ticket, TicketUpdate)
    assert ticket.altered == {key: ["characters_removed"] for key in ("title", "description")}
    assert ticket.fields["title"] == "a \ufffd b"
    assert read("generic", body | {"title": "a \ufffd b", "description": "c"}).altered == {}
