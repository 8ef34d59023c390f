"""Accounts that have as many subscriptions as they may, to receivers that are silent, keep nobody waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app import worker
from app.common.people import Caller, Role, rule_caller
from app.foundation.absences.absences import PlanAbsence
from app.foundation.decisions.deputies.lifecycle import NameDeputy
from app.foundation.people.credentials import bounds
from app.foundation.people.keys import MakeKey
from app.foundation.people.persons import SetBoundsPerson
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import ActionUnavailable
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection
from app.platform.shared_connections import SharedConnections
from app.subscriptions import sending, slots
from app.subscriptions.lifecycle import AddSubscription
from app.subscriptions.secrets import SECRET_PURPOSE, URL_PURPOSE, encrypt
from app.subscriptions.slots import MOST_OF_ACCOUNT_TO_HOST, MOST_TO_HOST, FairSlots, SharedSlots
from tests.client import Api, an_incident
from tests.extent import examples
from tests.people import act, add_caller, ago
from tests.subscriptions.receivers import Receiver
from tests.subscriptions.stages import Stage
from tests.waiting import until

#: What a consumer may be behind, where others have to do with silent receivers.
LAG_SECONDS = 5.0


def a_subscription(ledger: Ledger, url: str, person: UUID) -> AddSubscription:
    """One of that person to that address, as the API makes it."""
    return AddSubscription(
        title="x",
        person=str(person),
        origin=url.rpartition("/")[0],
        sealed_url=encrypt(ledger, URL_PURPOSE, url),
        sealed_secret=encrypt(ledger, SECRET_PURPOSE, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    )


async def test_one_account_more_or_less_is_the_same_to_all_others() -> None:
    """So many have a slot at once, of one account so many, and each account has its turn."""
    fair, crowd, other = FairSlots(2, 1), uuid4(), uuid4()
    order: list[UUID] = []
    now = most = 0

    async def use(account: UUID) -> None:
        nonlocal now, most
        async with fair.slot(account):
            now += 1
            most = max(most, now)
            order.append(account)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(use(crowd) for _ in range(50)), use(other))
    assert order.index(other) <= 2, "a crowd of one account is one account"
    assert most == 2
    assert fair.is_unused


async def test_what_waits_for_an_account_is_bounded() -> None:
    shared, account = SharedSlots(waiting={}), uuid4()
    assert shared.room(account) == slots.MOST_WAITING
    with shared.tried(account, slots.MOST_WAITING - 1):
        assert shared.room(account) == 1
    shared.waiting = {account: slots.MOST_WAITING + 9}
    assert shared.room(account) == 0
    assert shared.room(uuid4()) == slots.MOST_WAITING


async def test_events_beyond_what_may_wait_stay_in_the_log_and_come_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MOST_WAITING", 2)
    stage.receiver.answers = lambda request: b""
    subscription = await stage.subscribe()
    incidents = [await stage.incident() for _ in range(6)]
    await stage.send()
    assert len(stage.progress(subscription).waiting) <= 2
    stage.receiver.answers = type(stage.receiver)().answers
    for _ in range(30):
        await stage.send(3_600)
    assert stage.progress(subscription).waiting == {}
    reported = [each.event["stream"] for each in stage.receiver.received if each.event["version"] == 1]
    assert {f"incident/{incident['id']}" for incident in incidents} <= set(reported)


async def test_accounts_at_their_bounds_keep_no_consumer_waiting(
    api: Api, connection: Connection, receiver: Receiver
) -> None:
    """The receiver accepts and is silent. Connections and rows are counted, too."""
    receiver.answers = lambda request: None
    ledger, failures = api.ledger, list[str]()
    people = [await api.client(f"asker-{n}", Role.requester) for n in range(examples(20))]
    for person in people:
        for _ in range(bounds.SUBSCRIPTIONS.most):
            body = a_subscription(ledger, receiver.url, UUID(person.id))
            await act(ledger, rule_caller("tests"), "subscription", "add", None, body)

    def failed(name: str, error: Exception) -> None:
        failures.append(f"{name}: {error}")

    def clock() -> datetime:
        return datetime.now(UTC)

    consumers = [*worker.projections(ledger), *worker.acting_consumers(ledger, clock)]
    async with SharedConnections(ledger.db.url, FOLLOW_LIMITS) as connections:
        begun = time.perf_counter()
        for consumer in consumers:
            await catch_up(connection, consumer)
        undisturbed = time.perf_counter() - begun
        running = asyncio.create_task(sending.run(connections, ledger, clock, failed=failed))
        try:
            most = 0
            for person in people * 2:
                await person.post_ok("/v1/incidents", an_incident())
                most = max(most, receiver.hanging)
            await until(_reached(receiver, MOST_OF_ACCOUNT_TO_HOST))
            most = max(most, receiver.hanging)
            begun = time.perf_counter()
            for consumer in consumers:
                await catch_up(connection, consumer)
                most = max(most, receiver.hanging)
            lag = time.perf_counter() - begun
            rows = await ledger.db.value("select count(*) from deliveries.subscription_waiting")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert failures == []
    # A machine that does much else takes longer for the same events without any receiver, too.
    assert lag < max(LAG_SECONDS, 2 * undisturbed), f"{most} connections, {rows} rows, {undisturbed:.1f} s"
    assert MOST_OF_ACCOUNT_TO_HOST <= most <= MOST_TO_HOST
    assert rows <= slots.MOST_WAITING * len(people)


def _reached(receiver: Receiver, connections: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return receiver.hanging >= connections

    return look


async def test_the_next_above_a_bound_is_refused_and_what_stands_stays(
    ledger: Ledger,
) -> None:
    caller = await add_caller(ledger, "Lin", Role.agent)
    deputy = await add_caller(ledger, "Mei", Role.agent)
    assert caller.person_id is not None
    ahead = {"from_at": ago(days=-1), "until_at": ago(days=-2)}
    bodies: dict[tuple[str, str], tuple[str, Payload]] = {
        ("subscription", "add"): (
            "SUBSCRIPTIONS",
            a_subscription(ledger, "https://x.example.org/h", caller.person_id),
        ),
        ("deputy", "name"): (
            "DEPUTIES",
            NameDeputy.model_validate({"deputy": str(deputy.person_id), **ahead}),
        ),
        ("absence", "plan"): ("ABSENCES", PlanAbsence.model_validate(ahead)),
    }
    for (kind, action), (name, body) in bodies.items():
        most = getattr(bounds, name).most
        await _refused_after(ledger, caller, kind, action, body, most)
    key = MakeKey.model_validate({"name": "x", "person": "me", "scope": "calendar", "secret_hash": "0" * 64})
    await _refused_after(ledger, caller, "key", "make", key, bounds.KEYS.most)
    raised = SetBoundsPerson(most_standing=bounds.KEYS.most + 1)
    await act(ledger, rule_caller("tests"), "person", "set_bounds", caller.person_id, raised)
    await act(ledger, caller, "key", "make", None, key)
    with pytest.raises(ActionUnavailable):
        await act(ledger, caller, "key", "make", None, key)


async def _refused_after(
    ledger: Ledger, caller: Caller, kind: str, action: str, body: Payload, most: int
) -> None:
    """So many can be made, and one more once one of them was ended."""
    for _ in range(most):
        await act(ledger, caller, kind, action, None, body)
    with pytest.raises(ActionUnavailable) as refused:
        await act(ledger, caller, kind, action, None, body)
    assert (refused.value.code, refused.value.words["most"]) == ("too_many_standing", str(most))
