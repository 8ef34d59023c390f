"""What waits for a receiver is sent once it is repaired, no faster than it can take."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.subscriptions.receivers import TAKEN, answer
from tests.subscriptions.stages import PATH, Stage


@pytest.mark.parametrize("streams", [1, 4])
async def test_waiting_events_are_sent_at_once_by_hand(stage: Stage, streams: int) -> None:
    subscription = await stage.subscribe()
    path = f"{PATH}/{subscription['id']}"
    stage.receiver.answers = lambda request: answer(500)
    for _ in range(streams):
        await stage.incident()
    await stage.send()
    await stage.send(6)
    status = await stage.admin.read(f"{path}/status")
    assert datetime.fromisoformat(status["next_attempt_at"]) > stage.now
    stage.receiver.answers = lambda request: TAKEN
    stage.receiver.received.clear()
    retried = await stage.admin.post_ok(f"{path}/retry")
    stage.now = max(stage.now, datetime.fromisoformat(retried["resumed_at"]))
    await stage.send()
    assert len(stage.receiver.received) == streams
    status = await stage.admin.read(f"{path}/status")
    assert (status["waiting_streams"], status["next_attempt_at"]) == (0, None)


async def test_an_event_that_is_resent_with_success_frees_its_stream(stage: Stage) -> None:
    subscription = await stage.subscribe()
    stage.receiver.answers = lambda request: answer(500)
    incident = await stage.incident()
    await stage.step(incident)
    await stage.send()
    (attempt,) = await stage.attempts(subscription)
    stage.receiver.answers = lambda request: TAKEN
    await stage.admin.post_ok(f"{PATH}/{subscription['id']}/attempts/{attempt['id']}/resend")
    await stage.send()
    assert stage.receiver.types == ["incident.reported", "incident.reported", "incident.commented"]
    assert not stage.progress(subscription).waiting


async def test_no_more_is_sent_in_a_minute_than_the_subscription_allows(stage: Stage) -> None:
    subscription = await stage.subscribe(most_per_minute=2)
    for _ in range(5):
        await stage.incident()
    numbers = []
    for _ in range(3):
        await stage.send()
        numbers.append(len(stage.receiver.received))
        await stage.send(61)
    assert (numbers, len(stage.receiver.received)) == ([2, 4, 5], 5)
    assert {each["outcome"] for each in await stage.attempts(subscription)} == {"delivered"}


async def test_a_message_has_the_record_as_of_its_event(stage: Stage) -> None:
    await stage.subscribe()
    incident = await stage.incident(title="Till")
    await stage.admin.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
    path = f"/v1/incidents/{incident['id']}"
    edited = await stage.admin.patch(path, json={"title": "All tills"}, headers={"if-match": "*"})
    assert edited.status_code == 200, edited.text
    await stage.send()
    records = [each.json["data"]["record"] for each in stage.receiver.received]
    assert [(each["title"], each["state"]) for each in records] == [
        ("Till", "new"),
        ("Till", "acknowledged"),
        ("All tills", "acknowledged"),
    ]
    assert {each["number"] for each in records} == {incident["number"]}
    assert records[0]["priority"] == incident["priority"]


async def test_a_template_knows_the_record_and_its_page(stage: Stage) -> None:
    template = 'json = \'{"priority": record.priority, "url": message.url}\''
    await stage.subscribe(format="template", template=template)
    incident = await stage.incident()
    await stage.send()
    assert stage.receiver.received[0].json == {"priority": incident["priority"], "url": None}


async def test_a_body_of_optional_fields_may_be_left_out(stage: Stage) -> None:
    subscription = await stage.subscribe()
    rotated = await stage.admin.post(f"{PATH}/{subscription['id']}/rotate")
    assert rotated.status_code == 200, rotated.text
    refused = await stage.admin.post(PATH)
    assert {each["pointer"] for each in refused.json()["errors"]} == {"/title", "/url"}
