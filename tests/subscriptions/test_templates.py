"""Templates of one's own: the request that an event is sent by, what is refused, and what fails."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.common.people import Role
from app.common.records import from_row
from app.subscriptions.records import Subscription
from app.subscriptions.templates.preview import event_to_preview
from tests.cases import each_case
from tests.client import Json
from tests.subscriptions.receivers import answer
from tests.subscriptions.stages import PATH, Stage

GATEWAY = """
authorization = "basic"
success = 'answer.code == 0'

[headers]
X-Message = 'message.id'

[form]
To = '["+4915112345678", "+8613812345678"]'
Body = 'sms(message.sentence)'
Priority = 'get(event, "set.priority", null)'
"""


async def subscribe(stage: Stage, template: str, **fields: str) -> Json:
    return await stage.subscribe(None, format="template", template=template, **fields)


async def test_a_form_is_posted_with_the_secret_as_user_and_password(stage: Stage) -> None:
    subscription = await subscribe(stage, GATEWAY, secret="AC1:token", language="zh")
    stage.receiver.answers = lambda request: answer(201, b'{"code": 0}')
    incident = await stage.incident()
    await stage.send()
    (received,) = stage.receiver.received
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.headers["authorization"] == "Basic " + base64.b64encode(b"AC1:token").decode()
    (attempt,) = await stage.attempts(subscription)
    assert received.headers["x-message"] == attempt["message_id"]
    assert parse_qsl(received.body.decode()) == [
        ("To", "+4915112345678"),
        ("To", "+8613812345678"),
        ("Body", f"[{incident['number']}] 事件上报：Mail does not arrive"),
    ]
    assert (attempt["outcome"], attempt["status"], attempt["size"]) == (
        "delivered",
        201,
        len(received.body),
    )


async def test_a_value_is_posted_as_json_and_a_query_is_added_to_the_address(stage: Stage) -> None:
    template = """
    method = "PUT"
    authorization = "bearer"
    json = '{"n": message.number, "type": event.type, "zh": "工单", "who": names[event.actor.split(":")[1]]}'
    [query]
    key = 'secret + "&"'
    """
    await subscribe(stage, template, secret="t0ken")
    incident = await stage.incident()
    await stage.send()
    (received,) = stage.receiver.received
    assert received.path == "/hook?key=t0ken%26"
    assert (received.headers["authorization"], received.headers["content-type"]) == (
        "Bearer t0ken",
        "application/json",
    )
    assert received.json == {
        "n": incident["number"],
        "type": "incident.reported",
        "zh": "工单",
        "who": "root",
    }
    assert b"\\u" not in received.body


async def test_an_answer_that_says_no_is_a_failure(stage: Stage) -> None:
    subscription = await subscribe(stage, GATEWAY, secret="a:b")
    stage.receiver.answers = lambda request: answer(200, b'{"code": 7}')
    await stage.incident()
    await stage.send()
    (attempt,) = await stage.attempts(subscription)
    assert (attempt["outcome"], attempt["code"], attempt["status"]) == ("failed", "vendor_code", 200)
    stage.receiver.answers = lambda request: answer(200, b'{"code": 0}')
    await stage.send(6)
    assert [each["outcome"] for each in await stage.attempts(subscription)] == ["delivered", "failed"]


async def test_a_template_that_fails_is_listed_told_of_once_and_holds_up_nobody(stage: Stage) -> None:
    subscription = await subscribe(stage, "json = '{\"text\": event.given.text}'")
    path = f"{PATH}/{subscription['id']}"
    incidents = [await stage.incident() for _ in range(4)]
    for incident in incidents:
        await stage.step(incident, "Seen.")
    await stage.send()
    assert [each.json for each in stage.receiver.received] == [{"text": "Seen."}] * 4
    failed = await stage.attempts(subscription, outcome="template_failed")
    assert {(each["code"], each["detail"], each["status"]) for each in failed} == {
        ("template_failed", "json", None)
    }
    assert len(failed) == 4
    await stage.send(3_600)
    assert len(await stage.attempts(subscription)) == 8, "nothing is tried again"
    events = (await stage.admin.read(f"{path}/events"))["items"]
    refusals = [each["given"] for each in events if each["type"] == "subscription.refused"]
    assert [each["code"] for each in refusals] == ["template_failed"]
    status = await stage.admin.read(f"{path}/status")
    assert (status["waiting_streams"], status["failing_since"], status["failed_last_day"]) == (0, None, 4)
    body = {"template": 'json = \'{"text": get(event, "given.text", message.sentence)}\''}
    tested = await stage.admin.post_ok(f"{path}/test")
    assert (tested["outcome"], tested["detail"], tested["size"]) == ("template_failed", "json", 0)
    await stage.admin.post_ok(f"{path}/set_template", body)
    assert (await stage.admin.post_ok(f"{path}/resend_failed"))["resent"] == 4
    await stage.send()
    sent_again = {each.json["text"] for each in stage.receiver.received[4:]}
    assert sent_again == {f"[{each['number']}] Incident reported: {each['title']}" for each in incidents}
    assert (await stage.admin.post_ok(f"{path}/resend_failed"))["resent"] == 0


async def test_what_judges_an_answer_and_fails_is_no_reason_to_send_again(stage: Stage) -> None:
    subscription = await subscribe(stage, "text = 'message.sentence'\nsuccess = 'answer.code == 0'")
    stage.receiver.answers = lambda request: answer(200, b"OK")
    await stage.incident()
    await stage.send()
    await stage.send(3_600)
    (attempt,) = await stage.attempts(subscription)
    assert (attempt["outcome"], attempt["detail"], attempt["status"]) == ("template_failed", "success", 200)
    assert len(stage.receiver.received) == 1


async def test_what_takes_too_much_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_too_much(*_: object) -> None:
        raise LimitExceeded  # as test_template_bounds.py shows of what really does

    subscription = await subscribe(stage, "text = 'message.title'")
    incident = await stage.incident()
    with monkeypatch.context() as greedy:
        greedy.setattr(BoundedProcess, "call_function", takes_too_much)
        await stage.send()
        await stage.send(6)
    attempts = await stage.attempts(subscription)
    assert [(each["outcome"], each["code"]) for each in attempts] == [("failed", "template_limit")] * 2
    path = f"{PATH}/{subscription['id']}/set_template"
    await stage.admin.post_ok(path, {"template": "text = 'message.number'"})
    await stage.send(3_600)
    assert [each.body.decode() for each in stage.receiver.received] == [incident["number"]]


async def test_a_failing_template_does_not_end_an_outage(stage: Stage) -> None:
    subscription = await subscribe(stage, "text = 'event.given.text'")
    stage.receiver.answers = lambda request: answer(500)
    incidents = [await stage.incident() for _ in range(3)]
    await stage.send()
    for incident in incidents:
        await stage.step(incident, "Seen.")
    await stage.send()
    assert stage.progress(subscription).is_outage
    await stage.incident()
    await stage.send(10)
    assert stage.progress(subscription).is_outage


#: Templates that cannot be used, and what is said of them.
REFUSED = [
    ("", "at least 1"),
    ("json = '{'", "line 1, json: '{' is not an expression"),
    ('json = "nothing"', "undeclared reference to 'nothing'"),
    ("json = '1'\ntext = '1'", "not json and text"),
    ("method = 'GET'\njson = '1'", "a GET request has no body"),
    ("[headers]\nx = '1'", "a body is needed"),
    ("method = 'DELETE'", "line 1, method: 'DELETE' is unknown"),
    ("json = '1'\n\n[headers]\nAuthorization = 'secret'", "line 4, headers.Authorization: the header"),
    ('{"json": "1", "headers": {"Host": "1"}}', "headers.Host: the header host cannot be set"),
    ("json = '1'\n[headers]\n\"a b\" = '1'", 'line 3, headers."a b"'),
    ("json = '1'\ncontent_type = \"a/b\\r\\nx: y\"", "content_type"),
    ("json = '1'\nurl = '1'", "this key is unknown here; possible are authorization"),
    ("json = '" + "x" * 4_001 + "'", "json"),
]


async def test_what_cannot_be_used_is_refused_with_its_key(stage: Stage) -> None:
    for template, why in REFUSED:
        body = {"title": "x", "url": stage.receiver.url, "format": "template", "template": template}
        assert why in await _problem(stage, body)


async def _problem(stage: Stage, body: Json) -> str:
    """What is said of the one member of the body that is refused, with its place."""
    refused = await stage.admin.post(PATH, json=body)
    assert refused.status_code == 422, refused.text
    (problem,) = refused.json()["errors"]
    return f"{problem['pointer']} {problem['message']}"


async def test_template_and_secret_go_with_the_format(stage: Stage) -> None:
    for pointer, fields in (
        ("/template", {"format": "template"}),
        ("/template", {"format": "slack", "template": "json = '1'"}),
        ("/secret", {"format": "template", "template": GATEWAY}),
        ("/secret", {"format": "template", "template": "json = 'secret'"}),
    ):
        body = {"title": "x", "url": stage.receiver.url} | fields
        assert (await _problem(stage, body)).startswith(pointer + " ")
    chat = await stage.subscribe(format="slack")
    refused = await stage.admin.post(f"{PATH}/{chat['id']}/set_template", json={"template": "json = '1'"})
    assert (refused.status_code, refused.json()["code"]) == (409, "has_no_template")


async def test_a_template_is_shown_to_whoever_may_have_it_send_and_is_encrypted(stage: Stage) -> None:
    subscription = await subscribe(stage, GATEWAY, secret="AC1:token")
    path = f"{PATH}/{subscription['id']}/template"
    assert (await stage.admin.read(path))["template"] == GATEWAY
    auditor = await stage.api.client("auditor", Role.auditor)
    assert (await auditor.get(path)).status_code == 403
    assert (await auditor.get(f"{PATH}/{subscription['id']}")).status_code == 200
    for query in ("select * from fold.subscription", "select data from log.event where type like 'subscr%'"):
        rows = await stage.api.ledger.db.rows(query)
        assert "4915112345678" not in str(rows)
        assert "AC1" not in str(rows)


async def test_a_preview_shows_the_request_and_sends_nothing(stage: Stage) -> None:
    subscription = await subscribe(stage, GATEWAY, secret="AC1:token")
    path = f"{PATH}/{subscription['id']}/preview"
    preview = await stage.admin.post_ok(path, {})
    assert (preview["event_type"], preview["position"]) == ("subscription.test", None)
    incident = await stage.incident()
    preview = await stage.admin.post_ok(path, {"language": "zh"})
    assert (preview["stream"], preview["failure"]) == (f"incident/{incident['id']}", None)
    request = preview["outgoing_request"]
    assert (request["method"], request["query_string"]) == ("POST", None)
    assert request["origin"] == stage.receiver.url.removesuffix("/hook")
    assert request["headers"]["authorization"] == "********"
    assert ("Body", f"[{incident['number']}] 事件上报：Mail does not arrive") in parse_qsl(request["body"])
    tried = {
        "template": 'json = \'{"key": secret, "a": event.given.nothing}\'',
        "position": preview["position"],
    }
    preview = await stage.admin.post_ok(path, tried)
    assert (preview["outgoing_request"], preview["failed_key"]) == (None, "json")
    preview = await stage.admin.post_ok(path, {"template": "json = '{\"key\": secret}'"})
    assert preview["outgoing_request"]["body"] == '{"key":"********"}'
    refused = await stage.admin.post(path, json={"template": "json = '{'"})
    assert refused.json()["errors"][0]["pointer"] == "/template"
    assert (await stage.admin.post(path, json={"position": 2**40})).status_code == 404
    assert stage.receiver.received == []
    assert await stage.attempts(subscription) == []


@each_case("kind", ["standard", "slack", "teams", "feishu", "dingtalk", "wecom"])
async def test_other_formats_have_a_preview_too(stage: Stage, kind: str) -> None:
    fields = {} if kind == "standard" else {"secret": "SEC1"}
    subscription = await stage.subscribe(None, format=kind, **fields)
    incident = await stage.incident()
    preview = await stage.admin.post_ok(f"{PATH}/{subscription['id']}/preview", {})
    assert "SEC1" not in str(preview)
    assert incident["id" if kind == "standard" else "number"] in preview["outgoing_request"]["body"]


async def test_a_preview_shows_nothing_that_its_caller_does_not_see(stage: Stage) -> None:
    asker = await stage.api.client("asks", Role.requester)
    stored = await subscribe(stage, "text = 'message.sentence'")
    incident = await stage.incident()
    ledger = stage.api.ledger
    row = await ledger.db.row("select * from fold.subscription where id = %s", (stored["id"],))
    assert row is not None
    subscription = from_row(Subscription, row)
    positions = {}
    for client in (stage.admin, asker):
        person = await ledger.directory.person_by_login(UUID(client.id))
        assert person is not None
        previewed = await event_to_preview(ledger, subscription, person.caller, None, stage.now)
        assert previewed is not None
        positions[client] = previewed.position
    feed = await stage.admin.read("/v1/events", stream=f"incident/{incident['id']}")
    assert positions == {stage.admin: feed["items"][-1]["position"], asker: None}
