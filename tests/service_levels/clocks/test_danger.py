"""Clocks in danger by agreement, to staff who see their cases."""

from __future__ import annotations

import pytest

from app.common.people import Role
from app.platform.db import Connection
from tests.client import RESOLVED, Api
from tests.extent import in_test_all
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.test_reading import EVERY_DAY, Help, follower, help_of

__all__ = ["follower"]
AT = "/v1/clocks/in_danger"


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Help:
    """A desk under an agreement of ten hours."""
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(api.ledger, target("mend", "resolution", 36_000), calendar="always", title="Ten hours")
    return await help_of(api, follower)


async def test_open_clocks_are_counted_by_agreement_the_worst_first(api: Api, desk: Help) -> None:
    await desk.report(1, title="Young")
    await desk.report(8, title="In danger")
    await desk.report(12, title="Late")
    done = await desk.report(9, title="Done")
    await desk.agent.post_ok(f"{done}/acknowledge")
    await desk.agent.post_ok(f"{done}/assign", {"team": "mail", "person": "me"})
    await desk.agent.post_ok(f"{done}/resolve", RESOLVED)
    await desk.follow()
    manager = await api.client("Samira", Role.service_level_manager)
    result = await manager.read(AT)
    (agreement,) = result["items"]
    assert (result["percent"], result["truncated"], agreement["title"]) == (75, False, "Ten hours")
    assert [agreement[name] for name in ("open", "in_danger", "breached")] == [2, 1, 1]
    assert [(item["title"], item["state"], item["percent"]) for item in agreement["worst"]] == [
        ("Late", "breached", 120),
        ("In danger", "running", 80),
    ]
    assert agreement["worst"][0]["remaining_seconds"] <= -7200
    (strict,) = (await manager.read(AT, percent=5, cases=1))["items"]
    assert (strict["in_danger"], len(strict["worst"])) == (2, 1)
    assert (await manager.read(AT, agreement="SLA-unknown"))["items"] == []
    assert len((await manager.read(AT, agreement=agreement["number"]))["items"]) == 1
    assert (await manager.read(AT, agreement_type="OLA"))["items"] == []
    await api.team("other")
    outsider = await api.client("Otto", Role.engineer, teams=("other",))
    assert (await outsider.read(AT))["items"] == []
    assert (await desk.requester.get(AT)).status_code == 403


@in_test_all
async def test_only_staff_see_clocks_in_danger_and_only_of_their_cases(api: Api, desk: Help) -> None:
    path = await desk.report(8)
    await desk.agent.post_ok(f"{path}/assign", {"team": "mail"})
    await desk.follow()
    await api.team("other")
    of_team = await api.client("Wu", Role.engineer, teams=("mail",))
    outsider = await api.client("Otto", Role.engineer, teams=("other",))
    assert [item["in_danger"] for item in (await of_team.read(AT))["items"]] == [1]
    assert (await outsider.read(AT))["items"] == []
    assert (await desk.requester.get(AT)).status_code == 403
