"""Open cases by the due time of their clocks, to whoever sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.platform.db import Connection
from tests.client import Api
from tests.extent import in_test_all
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.test_reading import EVERY_DAY, Help, follower, help_of

__all__ = ["follower"]
DUE = "/v1/clocks/due"


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Help:
    """A desk under an agreement of ten hours."""
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(api.ledger, target("mend", "resolution", 36_000), calendar="always")
    return await help_of(api, follower)


async def test_open_cases_are_listed_by_due_time_with_the_hours_until_then(api: Api, desk: Help) -> None:
    first = await desk.report(8, title="Soon")
    await desk.report(12, title="Late")
    await desk.agent.post_ok(f"{first}/assign", {"team": "mail", "person": "me"})
    await desk.follow()
    result = await desk.agent.read(DUE)
    late, soon = result["items"]
    assert (result["lag_seconds"], result["truncated"]) == (0, False)
    assert [(item["title"], item["clock"], len(item["upcoming"])) for item in (late, soon)] == [
        ("Late", "breached", 0),
        ("Soon", "running", 1),
    ]
    assert late["remaining_seconds"] <= -7200
    assert (soon["kind"], soon["metric"], soon["team"]["key"]) == ("incident", "resolution", "mail")
    assert soon["assignee"]["id"] == str(desk.agent.id)
    assert soon["upcoming"][0]["ends_at"] == soon["due_at"] > datetime.now(UTC).isoformat()
    assert [team["key"] for team in result["teams"]] == ["mail", "north"]

    async def titles(**parameters: str) -> list[str]:
        return [item["title"] for item in (await desk.agent.read(DUE, **parameters))["items"]]

    assert await titles(overdue="true") == ["Late"]
    assert await titles(overdue="false") == ["Soon"]
    assert await titles(team="mail") == ["Soon"]
    assert await titles(team="unknown") == await titles(service="\x00") == []
    assert (await desk.agent.get(DUE, params={"until": "now"})).status_code == 422
    assert len((await desk.requester.read(DUE))["items"]) == 2
    outsider = await (await api.client("Otto")).read(DUE)
    assert (outsider["items"], outsider["teams"]) == ([], [])


@in_test_all
async def test_cases_due_are_listed_to_whoever_sees_them(api: Api, desk: Help) -> None:
    path = await desk.report(8)
    await desk.agent.post_ok(f"{path}/assign", {"team": "mail"})
    await desk.follow()
    outsider = await api.client("Otto")
    assert len((await desk.requester.read(DUE))["items"]) == 1
    assert (await outsider.read(DUE))["items"] == []
    assert (await outsider.read(DUE))["teams"] == []
