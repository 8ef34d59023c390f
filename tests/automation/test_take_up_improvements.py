"""Deferred improvements are taken up when their time has come: the committee is asked anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.automation.worker import Worker, by_rules
from tests.client import Api, Client
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.improvements.samples import Improvers, improvers_of, weighed


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def improvers(api: Api, follower: Connection) -> Improvers:
    return await improvers_of(api, follower)


async def voters(client: Client, path: str, decision: str) -> set[str]:
    votes = (await client.read(f"{path}/votes"))["items"]
    return {vote["person"]["id"] for vote in votes if vote["decision_id"] == decision}


async def test_it_is_taken_up_at_its_time_and_dated_then(improvers: Improvers) -> None:
    path = await improvers.in_review()
    deferred = await improvers.vote(path, "defer")
    due_at = datetime.fromisoformat(deferred["deferred_until_at"])
    assert due_at > datetime.now(UTC) + timedelta(days=88), "three months, unless it is said until when"
    worker = Worker(improvers.api.ledger)
    await worker.work(due_at - timedelta(minutes=1))
    assert (await improvers.quality.read(path))["state"] == "deferred"
    await worker.work(due_at + timedelta(minutes=5))
    assert worker.failures == []
    again = await improvers.quality.read(path)
    assert (again["state"], again["taken_up_at"]) == ("in_review", deferred["deferred_until_at"])
    events = await by_rules(improvers.api.ledger, f"improvement/{again['id']}")
    assert [event.type for event in events] == ["improvement.taken_up"]
    assert await voters(improvers.quality, path, again["decision_id"]) == {
        member.id for member in (*improvers.committee, improvers.third)
    }


@in_test_all
async def test_the_committee_as_it_is_then_is_asked(improvers: Improvers) -> None:
    path = await improvers.in_review()
    deferred = await improvers.vote(path, "defer")
    admin = await improvers.api.client("Another admin", Role.admin)
    successor = await improvers.api.client("Successor", Role.committee_member)
    for member in improvers.committee:
        await admin.post_ok(f"/v1/persons/{member.id}/deactivate")
    body = {"what_changed": "The committee is another one."}
    again = await improvers.quality.post_ok(f"{path}/take_up", body)
    assert again["decision_id"] != deferred["decision_id"]
    assert await voters(improvers.quality, path, again["decision_id"]) == {
        successor.id,
        improvers.third.id,
    }


@in_test_all
async def test_if_too_few_are_left_it_is_refused_and_submitted_when_there_are_others(
    improvers: Improvers,
) -> None:
    path = await improvers.in_review()
    await improvers.vote(path, "defer")
    admin = await improvers.api.client("Another admin", Role.admin)
    for member in (*improvers.committee, improvers.sponsor):
        await admin.post_ok(f"/v1/persons/{member.id}/deactivate")
    refused = await improvers.quality.post(f"{path}/take_up", json={"what_changed": "All have left."})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_may_decide")
    assert "needs at least 2 eligible voters, and there are 1." in refused.json()["detail"]
    head = await improvers.api.client("Head", Role.committee_member)
    anew = await improvers.quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    assert anew["state"] == "in_review"
    assert await voters(improvers.quality, path, anew["decision_id"]) == {head.id, improvers.third.id}
