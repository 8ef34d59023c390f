"""What a subscription is sent: each event once, signed, in the order of its stream, whatever the receiver
does.
"""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from app.platform.outward import MOST_CONNECTIONS
from tests.api.statements import counted
from tests.client import Json
from tests.subscriptions.receivers import TAKEN, Received, answer
from tests.subscriptions.stages import PATH, Stage

#: How events of a few streams are read that were selected before.
READ_AGAIN = "e.stream = any("


async def test_events_are_sent_as_standard_webhooks(stage: Stage) -> None:
    subscription = await stage.subscribe()
    incident = await stage.incident()
    await stage.send()
    (received,) = stage.receiver.received
    payload = Webhook(subscription["secret"]).verify(received.body, received.headers)
    assert payload["type"] == "incident.reported"
    feed = await stage.admin.read("/v1/events", kind="incident")
    record = payload["data"].pop("record")
    assert (record["number"], record["state"]) == (incident["number"], "new")
    assert payload["data"] == {"event": feed["items"][-1], "names": feed["names"]}
    assert payload["timestamp"] == payload["data"]["event"]["occurred_at"]
    assert payload["data"]["event"]["stream"] == f"incident/{incident['id']}"
    (attempt,) = await stage.attempts(subscription)
    assert (attempt["outcome"], attempt["status"], attempt["code"]) == ("delivered", 204, None)
    assert attempt["message_id"] == received.headers["webhook-id"]
    await stage.send(3_600)
    assert len(stage.receiver.received) == 1


async def test_what_happened_before_is_not_sent(stage: Stage) -> None:
    await stage.incident()
    await stage.subscribe()
    await stage.incident()
    await stage.send()
    assert stage.receiver.types == ["incident.reported"]


async def test_events_that_have_to_be_looked_at_again_are_looked_at_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.subscribe()
    incidents = [await stage.incident() for _ in range(3 * MOST_CONNECTIONS)]
    statements = counted(monkeypatch)

    def answers(request: Received) -> bytes:
        if len(stage.receiver.received) == 1:  # as when a person has changed
            stage.api.ledger.vault.forget()
        return TAKEN

    stage.receiver.answers = answers
    await stage.send()
    assert {each.event["stream"] for each in stage.receiver.received} == {
        f"incident/{incident['id']}" for incident in incidents
    }
    assert len(stage.receiver.received) == len(incidents)
    assert statements.with_text(READ_AGAIN) == 1, "once for all that were left"


async def test_a_failing_stream_blocks_only_itself(stage: Stage) -> None:
    subscription = await stage.subscribe()
    bad, good = await stage.incident(), await stage.incident()
    fails = True

    def answers(request: Received) -> bytes:
        return answer(500) if fails and bad["id"] in request.event["stream"] else TAKEN

    stage.receiver.answers = answers
    await stage.send()
    await stage.step(bad)
    await stage.step(good)
    await stage.send()
    assert _types_of(stage, good) == ["incident.reported", "incident.commented"]
    assert _types_of(stage, bad) == ["incident.reported"]
    await stage.send(4)
    assert len(_types_of(stage, bad)) == 1
    await stage.send(2)
    assert _types_of(stage, bad) == ["incident.reported"] * 2
    fails = False
    await stage.send(300)
    assert _types_of(stage, bad) == [*["incident.reported"] * 3, "incident.commented"]
    assert not stage.progress(subscription).waiting
    ids = {each.headers["webhook-id"] for each in _of(stage, bad) if each.json["type"] == "incident.reported"}
    assert len(ids) == 1


async def test_a_receiver_that_fails_is_not_asked_for_each_stream(stage: Stage) -> None:
    subscription = await stage.subscribe()
    stage.receiver.answers = lambda request: answer(500)
    for _ in range(15):
        await stage.incident()
    await stage.send()
    requests = len(stage.receiver.received)
    assert requests <= 8
    for _ in range(10):
        await stage.incident()
    await stage.send(6)
    assert len(stage.receiver.received) == requests + 1
    await stage.send(301)
    assert len(stage.receiver.received) == requests + 2
    stage.receiver.answers = lambda request: TAKEN
    stage.receiver.received.clear()
    await stage.send(1_801)
    assert len({each.event["stream"] for each in stage.receiver.received}) == 25
    assert not stage.progress(subscription).waiting
    assert stage.progress(subscription).failing_since is None


async def test_a_subscriber_that_takes_over_goes_on_with_what_was_saved(stage: Stage) -> None:
    await stage.subscribe()
    bad = await stage.incident()
    stage.receiver.answers = lambda request: answer(500)
    await stage.send()
    await stage.begin_anew()
    stage.receiver.answers = lambda request: TAKEN
    await stage.step(bad)
    await stage.send()
    assert len(stage.receiver.received) == 1, "the stream waits"
    await stage.send(6)
    assert stage.receiver.types == ["incident.reported", "incident.reported", "incident.commented"]


async def test_the_pause_that_a_receiver_asks_for_is_kept(stage: Stage) -> None:
    subscription = await stage.subscribe()
    await stage.incident()
    stage.receiver.answers = lambda request: answer(429, retry_after="120")
    await stage.send()
    stage.receiver.answers = lambda request: TAKEN
    await stage.incident()
    await stage.send(119)
    assert len(stage.receiver.received) == 1
    await stage.send(2)
    assert len(stage.receiver.received) == 3
    assert [each["headers"].get("retry-after") for each in await stage.attempts(subscription)][-1] == "120"


async def test_410_disables_at_once(stage: Stage) -> None:
    subscription = await stage.subscribe()
    await stage.incident()
    stage.receiver.answers = lambda request: answer(410)
    await stage.send()
    disabled = await stage.admin.read(f"{PATH}/{subscription['id']}")
    assert (disabled["state"], disabled["disabled_because"]) == ("disabled", "receiver_gone")
    await stage.send(1_000)
    assert len(stage.receiver.received) == 1
    stage.receiver.answers = lambda request: TAKEN
    await stage.admin.post_ok(f"{PATH}/{subscription['id']}/resume")
    await stage.send()
    assert stage.receiver.types == ["incident.reported"] * 2


def _of(stage: Stage, incident: Json) -> list[Received]:
    return [each for each in stage.receiver.received if incident["id"] in each.event["stream"]]


def _types_of(stage: Stage, incident: Json) -> list[str]:
    return [each.json["type"] for each in _of(stage, incident)]
