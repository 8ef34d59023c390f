"""Receivers that hang, close, redirect or fail for days, and workers that die."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from app.platform.shared_connections import SharedConnections
from app.subscriptions import progress, sending
from app.subscriptions.slots import MOST_OF_ACCOUNT_TO_HOST
from tests.api.statements import READ_EVENTS, counted
from tests.automation.worker import Worker
from tests.client import Api
from tests.extent import WHOLE, first_of
from tests.subscriptions.receivers import TAKEN, Received, answer, receiving
from tests.subscriptions.stages import PATH, Stage
from tests.waiting import until

DAY = 86_400
#: Receivers that hang at once.
HANGING = 100 if WHOLE else 30


@pytest.mark.parametrize(
    ("answered", "code"),
    first_of(
        [
            (answer(500), "status"),
            (answer(302, location="/x"), "redirect"),
            (None, "timeout"),
            (b"", "closed"),
        ],
        3,
    ),
)
async def test_what_is_no_success_is_tried_again(stage: Stage, answered: bytes | None, code: str) -> None:
    stage.seconds = 0.3
    subscription = await stage.subscribe()
    stage.receiver.answers = lambda request: answered
    await stage.incident()
    await stage.send()
    stage.receiver.answers = lambda request: TAKEN
    await stage.send(6)
    assert stage.receiver.types == ["incident.reported"] * 2
    assert [each["code"] for each in await stage.attempts(subscription)] == [None, code]


async def test_the_newest_events_are_read_only_while_somebody_subscribes(
    stage: Stage, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = []
    statements = counted(monkeypatch)
    async with SharedConnections(api.ledger.db.url, FOLLOW_LIMITS) as connections:
        running = asyncio.create_task(
            sending.run(
                connections, api.ledger, lambda: stage.now, failed=lambda _, error: failures.append(error)
            )
        )
        try:
            await stage.incident()
            head = await api.head()
            await until(_holds(lambda: api.ledger.new_events.position >= head))
            assert statements.with_text(READ_EVENTS) == 0
            subscription = await stage.subscribe()
            await stage.incident()
            await until(_holds(lambda: len(stage.receiver.received) == 1))
            for n, action in enumerate(("pause", "resume"), 1):
                await stage.admin.post_ok(f"{PATH}/{subscription['id']}/{action}")
                await stage.incident()
                await until(_holds(lambda expected=2 * n - 1: len(stage.receiver.received) == expected))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert not failures


async def test_a_hundred_that_hang_delay_nobody_else(stage: Stage, api: Api) -> None:
    """They hang: nobody else waits for their time to be over."""
    failures: list[Exception] = []
    async with AsyncExitStack() as stack:
        hanging = await stack.enter_async_context(receiving())
        hanging.answers = lambda request: None
        await stage.admin.post_ok(f"/v1/persons/{stage.admin.id}/set_bounds", {"most_standing": 200})
        for n in range(HANGING):
            await stage.subscribe(title=f"Hangs {n}", url=hanging.url)
        await stage.subscribe()
        connections = await stack.enter_async_context(SharedConnections(api.ledger.db.url, FOLLOW_LIMITS))
        running = asyncio.create_task(
            sending.run(
                connections, api.ledger, lambda: stage.now, failed=lambda _, error: failures.append(error)
            )
        )
        try:
            for _ in range(5):
                await stage.incident()
            most_hanging = min(HANGING, MOST_OF_ACCOUNT_TO_HOST)
            await until(_holds(lambda: len(hanging.received) >= most_hanging))
            for _ in range(5):
                await stage.incident()
            await until(_holds(lambda: len(stage.receiver.received) == 10))
            # Each is of a stream of its own, and order is promised within a stream.
            assert len(set(stage.receiver.positions)) == 10
            assert len(hanging.received) == MOST_OF_ACCOUNT_TO_HOST, "no more at once of one account"
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert not failures


async def test_after_two_days_its_account_is_warned_and_after_three_it_is_disabled(
    stage: Stage, api: Api
) -> None:
    agent = await api.client("agent", Role.agent)
    subscription = await stage.subscribe(agent)
    path = f"{PATH}/{subscription['id']}"
    stage.receiver.answers = lambda request: answer(500)
    await stage.incident()
    await stage.send()
    requests = 0
    hours = 1 if WHOLE else 3
    for _ in range(0, 3 * 24 + 3, hours):
        await stage.send(hours * 3_600)
        subscription_now = await stage.admin.read(path)
        requests = requests or (len(stage.receiver.received) if subscription_now["failing_since_at"] else 0)
        if subscription_now["state"] == "disabled":
            break
    assert (subscription_now["state"], subscription_now["disabled_because"]) == ("disabled", "failing")
    assert 0 < requests < len(stage.receiver.received) < 20
    types = [each["type"] for each in (await stage.admin.read(f"{path}/events"))["items"]]
    assert types == ["subscription.added", "subscription.failing", "subscription.stopped"]
    worker = Worker(api.ledger)
    await worker.work(stage.now)
    await worker.work(stage.now.replace(year=stage.now.year + 1))
    notices = (await agent.read("/v1/notices", limit="100"))["items"]
    texts = "\n".join(notice["text"] for notice in notices)
    assert "All deliveries of Warehouse" in texts
    assert "is stopped and sends nothing" in texts
    stage.receiver.answers = lambda request: TAKEN
    await stage.admin.post_ok(f"{path}/resume")
    await stage.send()
    assert stage.progress(subscription).waiting == {}
    assert (await stage.attempts(subscription))[0]["outcome"] == "delivered"


async def test_an_event_that_nobody_takes_is_given_up_after_three_days_if_others_are_taken(
    stage: Stage,
) -> None:
    subscription = await stage.subscribe()
    bad = await stage.incident()

    def answers(request: Received) -> bytes:
        is_bad = bad["id"] in request.event["stream"] and request.json["type"] == "incident.reported"
        return answer(422) if is_bad else TAKEN

    stage.receiver.answers = answers
    await stage.send()
    await stage.step(bad)
    for _ in range(3 * 4 + 3):
        await stage.incident()
        await stage.send(DAY / 4)
    assert (await stage.admin.read(f"{PATH}/{subscription['id']}"))["state"] == "active"
    outcomes = [each["outcome"] for each in await stage.attempts(subscription, limit="200")]
    assert outcomes.count("given_up") == 1
    assert "incident.commented" in stage.receiver.types
    assert (await stage.admin.post_ok(f"{PATH}/{subscription['id']}/resend_failed"))["resent"] == 1


class _Killed(BaseException):
    """The worker is gone between two lines."""


@pytest.mark.parametrize("nth_save", first_of([3, 2, 1, 4, 5, 6, 7, 8], 2))
async def test_a_worker_that_dies_between_two_saves_loses_nothing_and_keeps_the_order(
    stage: Stage, nth_save: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dead before its `nth_save`-th save, or just after: nothing is saved in part."""
    await stage.subscribe()
    incidents = [await stage.incident() for _ in range(3)]
    saved, save = 0, progress.save

    async def dies(*arguments: Any) -> None:
        nonlocal saved
        saved += 1
        if saved == (nth_save + 1) // 2 and nth_save % 2:
            raise _Killed
        await save(*arguments)
        if saved == (nth_save + 1) // 2:
            raise _Killed

    monkeypatch.setattr(progress, "save", dies)
    stage.receiver.answers = lambda request: answer(500) if len(stage.receiver.received) % 3 == 1 else TAKEN
    for _ in range(4):
        for incident in incidents:
            await stage.step(incident)
        try:
            await stage.send(7)
        except _Killed:
            monkeypatch.setattr(progress, "save", save)
            await stage.begin_anew()
    monkeypatch.setattr(progress, "save", save)
    stage.receiver.answers = lambda request: TAKEN
    for _ in range(3):
        await stage.send(2_000)
    for incident in incidents:
        first_seen = list(
            dict.fromkeys(
                each.event["version"]
                for each in stage.receiver.received
                if incident["id"] in each.event["stream"]
            )
        )
        assert first_seen == [1, 2, 3, 4, 5]


async def test_of_two_workers_one_sends_and_the_other_takes_over(stage: Stage, api: Api) -> None:
    await stage.subscribe()
    failures: list[Exception] = []

    def a_worker(connections: SharedConnections) -> asyncio.Task[None]:
        return asyncio.create_task(
            sending.run(
                connections, api.ledger, lambda: stage.now, failed=lambda _, error: failures.append(error)
            )
        )

    async with SharedConnections(api.ledger.db.url, FOLLOW_LIMITS) as lines:
        workers = [a_worker(lines), a_worker(lines)]
        try:
            await stage.incident()
            await until(_holds(lambda: len(stage.receiver.received) >= 1))
            monitor = await connect(api.ledger.db.url, FOLLOW_LIMITS)
            holder = (
                "select l.pid from pg_locks l join pg_database d on d.oid = l.database "
                "where d.datname = current_database() and l.locktype = 'advisory' and l.granted"
            )
            pids = [row[0] for row in await (await monitor.execute(holder.encode())).fetchall()]
            await monitor.execute(
                b"select pg_terminate_backend(pid) from unnest(%s::integer[]) as pid", (pids,)
            )
            await monitor.close()
            await stage.incident()
            await until(_holds(lambda: len({each.event["stream"] for each in stage.receiver.received}) == 2))
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


def _holds(condition: Any) -> Any:
    async def look() -> bool:
        return bool(condition())

    return look
