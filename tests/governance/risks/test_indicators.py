"""An indicator warns once when its KPI reaches the threshold, and says once that it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from app.automation.governance import watch_risk_indicators as watch
from app.governance.risks.lookups import watched_indicators
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from tests.client import Json, an_incident
from tests.extent import in_test_all
from tests.governance.risks.conftest import House, codes, later

OPENED: Json = {"kpi": "incidents_opened", "comparator": "ge", "threshold": 3, "window_days": 7}


@pytest.fixture
async def follower(ledger: Ledger) -> AsyncIterator[Connection]:
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def watched(house: House, **more: object) -> str:
    """The address of a risk that three incidents within a week warn of."""
    path = await house.assessed(2, 4)
    await house.owner.post_ok(f"{path}/attach_indicator", OPENED | more)
    return path


async def look(house: House, follower: Connection, now: datetime) -> None:
    await catch_up(follower, FACTS)
    assert await watch.watch_indicators(follower, house.api.ledger, now)


async def warnings(house: House, path: str) -> list[str]:
    """The types of the events of its indicators."""
    events = (await house.owner.read(f"{path}/events"))["items"]
    types = [event["type"] for event in events]
    return [name for name in types if name in ("risk.indicator_reached", "risk.indicator_cleared")]


async def test_it_warns_once_per_crossing_and_says_once_that_it_is_back(
    house: House, follower: Connection
) -> None:
    path = await watched(house)
    tomorrow = later(days=1)
    for _ in range(2):
        await house.finder.post_ok("/v1/incidents", an_incident())
    await look(house, follower, tomorrow)
    assert await warnings(house, path) == []
    await house.finder.post_ok("/v1/incidents", an_incident())
    await look(house, follower, tomorrow)
    await look(house, follower, tomorrow + timedelta(hours=1))
    assert await warnings(house, path) == ["risk.indicator_reached"]
    await look(house, follower, tomorrow + timedelta(days=10))
    await look(house, follower, tomorrow + timedelta(days=11))
    assert await warnings(house, path) == ["risk.indicator_reached", "risk.indicator_cleared"]
    (warning,) = await house.children(path, "warnings")
    assert (warning["reading"], warning["cleared_reading"], warning["threshold"]) == ("3", "0", "3")
    (indicator,) = await house.children(path, "indicators")
    assert (indicator["crossings"], indicator["reached_at"]) == (1, None)


@in_test_all
async def test_the_owner_is_told_of_the_warning(house: House, follower: Connection) -> None:
    path = await watched(house, threshold=1)
    await house.finder.post_ok("/v1/incidents", an_incident())
    tomorrow = later(days=1)
    await look(house, follower, tomorrow)
    for minutes in (0, 5):
        await house.worker.work(tomorrow + timedelta(minutes=minutes))
    assert await house.told(path, "risk_indicator_reached") == [house.owner.id]


@in_test_all
async def test_two_workers_that_have_both_found_it_warn_once(
    house: House, other: Ledger, follower: Connection
) -> None:
    path = await watched(house, threshold=1)
    await house.finder.post_ok("/v1/incidents", an_incident())
    await catch_up(follower, FACTS)
    second = await connect(other.db.url, FOLLOW_LIMITS)
    (row,) = await watched_indicators(house.api.ledger.db)
    # Two workers that have both read it, whatever became of the lock.
    both = ((follower, house.api.ledger), (second, other))
    await asyncio.gather(
        *(watch.judge(connection, ledger, row, later(days=1)) for connection, ledger in both)
    )
    await second.close()
    assert await warnings(house, path) == ["risk.indicator_reached"]
    (warning,) = await house.children(path, "warnings")
    assert warning["cleared_at"] is None


@in_test_all
async def test_an_indicator_counts_its_scope_and_warns_no_more_when_it_is_detached(
    house: House, follower: Connection
) -> None:
    await house.api.team("network")
    path = await watched(house, threshold=1, team="network")
    await house.finder.post_ok("/v1/incidents", an_incident())
    await look(house, follower, later(days=1))
    assert await warnings(house, path) == [], "it is no case of the team"
    (indicator,) = await house.children(path, "indicators")
    await house.owner.post_ok(f"{path}/detach_indicator", {"indicator": indicator["id"]})
    assert await house.children(path, "indicators") == []
    unknown = await house.owner.post(f"{path}/attach_indicator", json=OPENED | {"kpi": "nothing"})
    assert codes(unknown) == [("/kpi", "unknown_value")]
