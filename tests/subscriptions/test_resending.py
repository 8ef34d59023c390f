"""Attempts are listed, without anything of what was sent, and events are sent once more by request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from app.common.people import Role
from tests.client import Api
from tests.subscriptions.receivers import TAKEN, Received, answer
from tests.subscriptions.stages import PATH, Stage


async def test_one_all_failed_or_a_stretch_of_time_is_sent_once_more(stage: Stage) -> None:
    subscription = await stage.subscribe()
    path = f"{PATH}/{subscription['id']}"
    began_at = datetime.now(UTC)
    refused = await stage.incident()

    def answers(request: Received) -> bytes:
        return (
            answer(500, webhook_delivery="abort-message")
            if refused["id"] in request.event["stream"]
            else TAKEN
        )

    stage.receiver.answers = answers
    await stage.incident()
    await stage.send()
    assert len(stage.receiver.received) == 2, "what the receiver does not want is not tried again"
    attempts = await stage.attempts(subscription)
    assert {each["outcome"] for each in attempts} == {"delivered", "aborted"}
    stage.receiver.answers = lambda request: TAKEN
    delivered = next(each for each in attempts if each["outcome"] == "delivered")
    resent = await stage.admin.post_ok(f"{path}/attempts/{delivered['id']}/resend")
    await stage.send()
    assert (resent["resent"], stage.receiver.received[-1].headers["webhook-id"]) == (
        1,
        delivered["message_id"],
    )
    assert (await stage.admin.post_ok(f"{path}/resend_failed"))["resent"] == 1
    await stage.send()
    assert refused["id"] in stage.receiver.received[-1].event["stream"]
    assert (await stage.admin.post_ok(f"{path}/resend_failed"))["resent"] == 0
    stage.receiver.received.clear()
    stretch = {"recorded_after": (began_at - timedelta(seconds=5)).isoformat()}
    assert (await stage.admin.post_ok(f"{path}/resend", stretch))["resent"] == 2
    later = {"recorded_after": (datetime.now(UTC) + timedelta(seconds=5)).isoformat()}
    assert (await stage.admin.post_ok(f"{path}/resend", later))["resent"] == 0
    await stage.send()
    assert len(stage.receiver.received) == 2
    status = await stage.admin.read(f"{path}/status")
    assert (status["to_resend"], status["waiting_streams"]) == (0, 0)


async def test_attempts_are_paged_and_say_nothing_of_what_was_sent(stage: Stage) -> None:
    subscription = await stage.subscribe()
    stage.receiver.answers = lambda request: answer(
        500, request.body, content_type="text/plain; Geheim", x_echo="Geheim", retry_after="Geheim"
    )
    await stage.incident(title="Geheim", description="Geheim")
    for seconds in (0, 6, 301):
        await stage.send(seconds)
    attempts = await stage.attempts(subscription)
    assert [each["outcome"] for each in attempts] == ["failed"] * 3
    assert "Geheim" not in str(attempts)
    assert attempts[0]["headers"]["content-type"] == "text/plain"
    first = await stage.admin.read(f"{PATH}/{subscription['id']}/attempts", limit="2")
    more = await stage.admin.read(
        f"{PATH}/{subscription['id']}/attempts", limit="2", cursor=first["next_cursor"]
    )
    assert [*first["items"], *more["items"]] == attempts


async def test_a_test_says_what_came_of_it(stage: Stage) -> None:
    subscription = await stage.subscribe()
    attempt = await stage.admin.post_ok(f"{PATH}/{subscription['id']}/test")
    assert (attempt["outcome"], attempt["status"], attempt["position"]) == ("delivered", 204, None)
    (received,) = stage.receiver.received
    payload = Webhook(subscription["secret"]).verify(received.body, received.headers)
    assert payload["type"] == "subscription.test"
    assert [each["id"] for each in await stage.attempts(subscription)] == [attempt["id"]]


async def test_both_secrets_sign_for_a_day_and_no_second_rotation_comes_before(stage: Stage) -> None:
    subscription = await stage.subscribe()
    rotated = await stage.admin.post_ok(f"{PATH}/{subscription['id']}/rotate")
    refused = await stage.admin.post(f"{PATH}/{subscription['id']}/rotate", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "rotated_lately")
    await stage.incident()
    await stage.send()
    (received,) = stage.receiver.received
    for secret in (subscription["secret"], rotated["secret"]):
        Webhook(secret).verify(received.body, received.headers)
    attempt = (await stage.attempts(subscription))[0]
    await stage.admin.post_ok(f"{PATH}/{subscription['id']}/attempts/{attempt['id']}/resend")
    await stage.send(86_401)
    later = stage.receiver.received[-1]
    assert len(later.headers["webhook-signature"].split(" ")) == 1
    with pytest.raises(WebhookVerificationError):
        Webhook(subscription["secret"]).verify(later.body, later.headers)


async def test_who_may_not_manage_a_subscription_has_nothing_sent(stage: Stage, api: Api) -> None:
    subscription = await stage.subscribe()
    auditor, stranger = await api.client("Otto", Role.auditor), await api.client("Eve", Role.agent)
    attempt = await stage.admin.post_ok(f"{PATH}/{subscription['id']}/test")
    stretch = {"recorded_after": "2026-01-01T00:00:00Z"}
    for end, body in (
        ("test", {}),
        ("preview", {}),
        ("resend_failed", {}),
        (f"attempts/{attempt['id']}/resend", {}),
        ("resend", stretch),
    ):
        path = f"{PATH}/{subscription['id']}/{end}"
        assert (await auditor.post(path, json=body)).status_code == 403
        assert (await stranger.post(path, json=body)).status_code == 404
    assert len(stage.receiver.received) == 1
    assert (await auditor.read(f"{PATH}/{subscription['id']}/attempts"))["items"]


async def test_what_fails_when_it_is_resent_waits_like_any_other(stage: Stage) -> None:
    subscription = await stage.subscribe()
    path = f"{PATH}/{subscription['id']}"
    began_at = datetime.now(UTC) - timedelta(seconds=5)
    incidents = [await stage.incident() for _ in range(6)]
    await stage.send()
    stage.receiver.received.clear()
    stage.receiver.answers = lambda request: answer(429, retry_after="30")
    await stage.admin.post_ok(f"{path}/resend", {"recorded_after": began_at.isoformat()})
    await stage.send()
    sent = len(stage.receiver.received)
    await stage.send(20)
    assert len(stage.receiver.received) == sent, "the asked pause is respected"
    status = await stage.admin.read(f"{path}/status")
    assert status["next_attempt_at"] is not None
    assert status["waiting_streams"] + status["to_resend"] > 0
    stage.receiver.answers = lambda request: TAKEN
    stage.receiver.received.clear()
    await stage.send(400)
    assert {each.event["stream"] for each in stage.receiver.received} == {
        f"incident/{each['id']}" for each in incidents
    }
    status = await stage.admin.read(f"{path}/status")
    assert (status["waiting_streams"], status["to_resend"]) == (0, 0)


async def test_resent_events_of_a_record_stay_in_order(stage: Stage) -> None:
    subscription = await stage.subscribe()
    path = f"{PATH}/{subscription['id']}"
    began_at = datetime.now(UTC) - timedelta(seconds=5)
    incident = await stage.incident()
    for text in ("One.", "Two."):
        await stage.step(incident, text)
    await stage.send()
    stage.receiver.received.clear()
    stage.receiver.answers = lambda request: answer(500)
    await stage.admin.post_ok(f"{path}/resend", {"recorded_after": began_at.isoformat()})
    await stage.send()
    assert [each.event["type"] for each in stage.receiver.received] == ["incident.reported"]
    stage.receiver.answers = lambda request: TAKEN
    await stage.send(10)
    types = [each.event["type"] for each in stage.receiver.received[1:]]
    assert types == ["incident.reported", "incident.commented", "incident.commented"]
