"""A subscription sees what its account sees at the instant of each delivery, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.shared_connections import SharedConnections
from app.subscriptions import sending
from tests.api.test_sessions import OURS, browser_of
from tests.client import Api, an_incident
from tests.subscriptions.receivers import Receiver
from tests.subscriptions.stages import PATH, Stage
from tests.waiting import until


async def test_a_requester_is_sent_their_own_and_nothing_for_staff(stage: Stage) -> None:
    asker = await stage.api.client("asks", Role.requester)
    await stage.subscribe(asker)
    await stage.incident()
    own = await asker.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{own['id']}"
    await stage.admin.post_ok(f"{path}/comment", {"text": "Between us.", "visibility": "internal"})
    await stage.admin.post_ok(f"{path}/comment", {"text": "For all."})
    await stage.send()
    assert stage.receiver.types == ["incident.reported", "incident.commented"]
    feed = await asker.read("/v1/events", kind="incident")
    assert [each.event for each in stage.receiver.received] == feed["items"]


async def test_a_key_subscribes_to_no_more_than_it_sees(stage: Stage, api: Api) -> None:
    person = await api.client("both", Role.agent, Role.admin)
    narrow = await api.client("narrow", Role.requester)
    agent = await api.client("agent", Role.agent)
    refused = await agent.post(
        PATH, json={"title": "A test", "url": stage.receiver.url, "person": str(person.id)}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "only_own_subscription")
    refused = await narrow.post(PATH, json={"title": "A test", "url": stage.receiver.url, "roles": ["agent"]})
    assert refused.status_code == 422
    subscription = await stage.subscribe(narrow)
    assert subscription["roles"] == ["requester"]


async def test_a_subscription_ends_with_the_key_that_made_it(stage: Stage, api: Api) -> None:
    agent = await api.client("agent", Role.agent)
    subscription = await stage.subscribe(agent)
    await stage.incident()
    await stage.send()
    assert len(stage.receiver.received) == 1
    await stage.admin.post_ok(f"/v1/keys/{subscription['key_id']}/revoke")
    await stage.incident()
    await stage.send()
    assert len(stage.receiver.received) == 1
    stopped = await stage.admin.read(f"{PATH}/{subscription['id']}")
    assert (stopped["state"], stopped["disabled_because"]) == ("disabled", "ended")
    refused = await stage.admin.post(f"{PATH}/{subscription['id']}/resume", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "subscription_ended")


async def test_whoever_loses_a_role_is_sent_nothing_more_within_a_second(stage: Stage, api: Api) -> None:
    """The sender of another process, which learns of it from the log."""
    agent = await api.client("agent", Role.agent)
    await stage.subscribe(agent)
    failures: list[Exception] = []
    async with SharedConnections(api.ledger.db.url, FOLLOW_LIMITS) as connections:
        running = asyncio.create_task(
            sending.run(
                connections, api.ledger, lambda: stage.now, failed=lambda _, error: failures.append(error)
            )
        )
        try:
            await stage.incident()
            await until(_received(stage.receiver, 1))
            await stage.admin.post_ok(f"/v1/persons/{agent.id}/revoke_role", {"role": "agent"})
            await stage.subscribe(title="Witness", url=stage.receiver.url.replace("hook", "witness"))
            await stage.incident()
            await until(_received(stage.receiver, 2))
            # What the witness is told, the other was told at the same time, or never.
            assert [each.path for each in stage.receiver.received] == ["/hook", "/witness"]
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert not failures


async def test_a_session_leaves_no_subscription_behind(stage: Stage, api: Api) -> None:
    agent = await api.client("agent", Role.agent)
    signed_in, _ = await browser_of(api, agent)
    body = {"title": "A test", "url": stage.receiver.url}
    refused = await signed_in.post(PATH, json=body, headers=OURS)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_key_required")


def _received(receiver: Receiver, count: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return len(receiver.received) >= count

    return look


async def test_an_address_of_ones_own_network_is_refused_when_it_is_said(stage: Stage) -> None:
    subscription = await stage.subscribe()
    body = {"title": "A test", "url": "http://10.0.0.1/hook"}
    for path, version in ((PATH, None), (f"{PATH}/{subscription['id']}/move", '"1"')):
        headers = {} if version is None else {"if-match": version}
        sent = body if version is None else {"url": body["url"]}
        refused = await stage.admin.post(path, json=sent, headers=headers)
        assert refused.status_code == 422, refused.text
        (error,) = refused.json()["errors"]
        assert error["pointer"] == "/url"
        assert "use a public address" in error["message"]
