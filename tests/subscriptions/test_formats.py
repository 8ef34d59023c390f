"""What robots of chats are sent, by the documentation of their vendors, and what their answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.platform.outward import Answer
from app.subscriptions.formats import FORMATS
from app.subscriptions.formats.message import DeliveryTarget, EventMessage, MessageSubject, OutgoingRequest
from app.subscriptions.records import DeliveryFormat
from tests.client import Json
from tests.extent import first_of
from tests.subscriptions.receivers import answer
from tests.subscriptions.stages import Stage

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SUBJECT = MessageSubject("INC-2026-000123", "Mail <does> not arrive", "Incident resolved", "事件解决")
MESSAGE = EventMessage("msg_1", "incident.resolved", "2026-03-02T09:30:00Z", {}, SUBJECT)
ENGLISH = "[INC-2026-000123] Incident resolved: Mail <does> not arrive"
CHINESE = "[INC-2026-000123] 事件解决：Mail <does> not arrive"
URL = "https://robot.example.org/hook?access_token=t"


def request_of(kind: DeliveryFormat, secret: str = "", language: str = "en") -> OutgoingRequest:
    return FORMATS[kind].request(DeliveryTarget(URL, [secret], language), MESSAGE, NOW)


def body_of(kind: DeliveryFormat, secret: str = "", language: str = "en") -> Json:
    body: Json = json.loads(request_of(kind, secret, language).body)
    return body


def test_slack_takes_a_text() -> None:
    assert body_of(DeliveryFormat.slack) == {
        "text": "[INC-2026-000123] Incident resolved: Mail &lt;does&gt; not arrive",
        "mrkdwn": False,
    }


def test_a_line_ends_with_the_page_of_its_record() -> None:
    page = "https://desk.example.org/desk/incident/INC-2026-000123"
    message = replace(MESSAGE, subject=replace(SUBJECT, title="x" * 3_000, url=page))
    for kind in (DeliveryFormat.slack, DeliveryFormat.wecom):
        request = FORMATS[kind].request(DeliveryTarget(URL, [""], "en"), message, NOW)
        assert json.dumps(f"\n{page}")[1:-1].encode() in request.body


def test_teams_takes_a_card() -> None:
    body = body_of(DeliveryFormat.teams)
    (attachment,) = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    (block,) = attachment["content"]["body"]
    assert block == {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": ENGLISH}]}
    assert attachment["content"]["fallbackText"] == ENGLISH


def test_wecom_in_chinese() -> None:
    assert body_of(DeliveryFormat.wecom, language="zh") == {
        "msgtype": "text",
        "text": {"content": CHINESE.replace("<", "＜")},
    }


def test_feishu_signs_in_the_body() -> None:
    assert body_of(DeliveryFormat.feishu) == {
        "msg_type": "text",
        "content": {"text": ENGLISH.replace("<", "＜")},
    }
    signed = body_of(DeliveryFormat.feishu, "s3cret")
    timestamp = str(int(NOW.timestamp()))
    # As its documentation has it in Python.
    expected = base64.b64encode(
        hmac.new(f"{timestamp}\ns3cret".encode(), digestmod=hashlib.sha256).digest()
    ).decode()
    assert (signed["timestamp"], signed["sign"]) == (timestamp, expected)


def test_dingtalk_signs_in_the_address() -> None:
    assert request_of(DeliveryFormat.dingtalk).url == URL
    query = parse_qs(urlsplit(request_of(DeliveryFormat.dingtalk, "SEC1").url).query)
    timestamp = str(int(NOW.timestamp() * 1_000))
    digest = hmac.new(b"SEC1", f"{timestamp}\nSEC1".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["t"],
        "timestamp": [timestamp],
        "sign": [base64.b64encode(digest).decode()],
    }


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        (DeliveryFormat.slack, "ok", None),
        (DeliveryFormat.teams, "1", None),
        (DeliveryFormat.teams, "", None),
        (DeliveryFormat.teams, "Webhook message delivery failed with error: HTTP error 429", "vendor_code"),
        (DeliveryFormat.feishu, '{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}', None),
        (DeliveryFormat.feishu, '{"code":19021,"msg":"sign match fail"}', "vendor_code"),
        (DeliveryFormat.dingtalk, '{"errcode":0,"errmsg":"ok"}', None),
        (DeliveryFormat.dingtalk, '{"errcode":310000,"errmsg":"sign not match"}', "vendor_code"),
        (DeliveryFormat.wecom, '{"errcode":0,"errmsg":"ok"}', None),
        (DeliveryFormat.wecom, '{"errcode":45009,"errmsg":"api freq out of limit"}', "vendor_code"),
        (DeliveryFormat.wecom, "<html>", "vendor_code"),
        (DeliveryFormat.wecom, "[]", "vendor_code"),
        (DeliveryFormat.wecom, '{"errcode":"0"}', "vendor_code"),
        (DeliveryFormat.feishu, '{"StatusCode":0,"StatusMessage":"success"}', None),
        (DeliveryFormat.feishu, '{"StatusCode":0,"code":9499,"msg":"Bad Request"}', "vendor_code"),
        (DeliveryFormat.dingtalk, '{"status":1111,"punish":"deny"}', "vendor_code"),
    ],
)
def test_what_a_vendor_answers_with_200(kind: DeliveryFormat, body: str, code: str | None) -> None:
    assert FORMATS[kind].failure(Answer(200, {}, body.encode())) == code


@pytest.mark.parametrize("kind", ["slack", "teams", "feishu", "dingtalk", "wecom"])
def test_no_title_mentions_anybody_or_is_too_long(kind: str) -> None:
    titles = ('<at user_id="all">x</at>', "<@all> x", "<!channel> [x](https://x.example)", "𝕏" * 300)
    for title in (*titles, "你" * 3_000):
        subject = MessageSubject("INC-2026-000123", title, "Incident resolved", "事件解决" * 300)
        message = EventMessage("msg_1", "incident.resolved", "2026-03-02T09:30:00Z", {}, subject)
        request = FORMATS[DeliveryFormat(kind)].request(DeliveryTarget(URL, [""], "zh"), message, NOW)
        text = request.body.decode()
        # WeCom refuses escapes of Unicode (40033).
        assert "\\u" not in text
        assert len(request.body) <= 20_480
        if kind == "wecom":
            assert len(json.loads(text)["text"]["content"].encode()) <= 2_048
            assert "<@" not in text
        assert kind != "feishu" or "<at" not in text
        assert kind != "slack" or "<" not in text


@pytest.mark.parametrize(
    ("kind", "number", "seconds"),
    first_of([("dingtalk", 130101, 600), ("feishu", 11232, 60), ("wecom", 45009, 60)], 2),
)
async def test_too_many_messages_are_a_pause_and_the_number_is_kept(
    stage: Stage, kind: str, number: int, seconds: int
) -> None:
    subscription = await stage.subscribe(format=kind)
    member = "code" if kind == "feishu" else "errcode"
    stage.receiver.answers = lambda request: answer(200, json.dumps({member: number}).encode())
    await stage.incident()
    await stage.send()
    await stage.incident()
    await stage.send(seconds - 1)
    assert len(stage.receiver.received) == 1
    stage.receiver.answers = lambda request: answer(200, json.dumps({member: 0}).encode())
    await stage.send(2)
    attempts = await stage.attempts(subscription)
    assert [(each["code"], each["detail"]) for each in attempts] == [
        (None, None),
        (None, None),
        ("vendor_code", str(number)),
    ]


async def test_a_robot_is_told_the_number_and_title_and_its_errors_are_failures(stage: Stage) -> None:
    subscription = await stage.subscribe(format="feishu", language="zh", secret="s3cret")
    assert subscription["secret"] is None
    stage.receiver.answers = lambda request: answer(200, b'{"code":19021,"msg":"sign match fail"}')
    incident = await stage.incident()
    await stage.send()
    stage.receiver.answers = lambda request: answer(200, b'{"code":0}')
    await stage.send(6)
    body = stage.receiver.received[-1].json
    assert body["content"]["text"] == f"[{incident['number']}] 事件上报：Mail does not arrive"
    assert "sign" in body
    codes = [(each["outcome"], each["code"]) for each in await stage.attempts(subscription)]
    assert codes == [("delivered", None), ("failed", "vendor_code")]


async def test_filters_are_by_type_service_team_and_priority(stage: Stage) -> None:
    await stage.subscribe(kinds=[], event_types=["incident.reported"], priorities=["P1"])
    await stage.incident()
    urgent = await stage.incident(impact="1", urgency="1")
    await stage.step(urgent)
    await stage.send()
    assert [each.event["stream"] for each in stage.receiver.received] == [f"incident/{urgent['id']}"]
    refused = await stage.admin.post(
        "/v1/subscriptions", json={"title": "x", "url": stage.receiver.url, "kinds": ["incidnt"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
