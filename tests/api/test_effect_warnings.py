"""What is warned of beside an effect, over HTTP: each warning where it means something, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.common.people import Role
from app.log.ids import uuid7
from app.platform.db import connect
from tests.api.desk import Desk
from tests.api.test_effects import AFTER, BEFORE, EFFECT, WINDOWS
from tests.api.test_expand import HOURS
from tests.client import RESOLVED, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.foundation.services.test_catalogue import a_service

DAYS = 14


async def _cases(tool: Client, begin: datetime, minutes: int, days: int = DAYS) -> None:
    """A case on each of the days from there on, which takes so many minutes; none where it is 0."""
    for day in range(days):
        opened_at = begin + timedelta(days=day)
        record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=opened_at.isoformat()))
        ended = (opened_at + timedelta(minutes=minutes)).isoformat()
        await tool.post_ok(f"/v1/incidents/{record['id']}/resolve", {**RESOLVED, "occurred_at": ended})


async def _both(desk: Desk) -> tuple[Client, Client]:
    """A tool that tells of cases, and who measures."""
    return await desk.api.client("T", Role.integration), await desk.api.client("Q", Role.quality_manager)


async def _warned(client: Client, **question: Any) -> dict[str, Json]:
    record = await client.post_ok(EFFECT, WINDOWS | question)
    return {warning["code"]: warning for warning in record["result"]["warnings"]}


async def test_what_is_measured_again_says_how_often_it_was_before(desk: Desk) -> None:
    tool, quality = (
        await desk.api.client("T", Role.integration),
        await desk.api.client("Q", Role.quality_manager),
    )
    await _cases(tool, BEFORE, 60, days=2)
    await _cases(tool, AFTER, 30, days=2)
    await desk.follow()
    assert "measured_before" not in await _warned(quality)
    await desk.follow()
    assert (await _warned(quality))["measured_before"]["times"] == 1
    await desk.follow()
    # Windows that overlap, or another change, make the same look; another scope does not.
    longer = {"after": {"from": "2026-04-01", "to": "2026-04-20"}}
    assert (await _warned(quality, **longer))["measured_before"]["times"] == 2
    assert "measured_before" not in await _warned(quality, scope={"priority": ["P3"]})
    assert (await _warned(quality, change="CHG-2026-000001"))["measured_before"]["times"] == 3


async def test_few_days_no_cases_and_zeros_are_told(desk: Desk) -> None:
    tool, quality = (
        await desk.api.client("T", Role.integration),
        await desk.api.client("Q", Role.quality_manager),
    )
    assert set(await _warned(quality)) == {"no_cases", "no_control", "short_history"}
    await _cases(tool, BEFORE, 0)
    await _cases(tool, AFTER, 0, days=5)
    await desk.follow()
    warnings = await _warned(quality)
    assert warnings["few_days"]["days"] == 5
    assert (warnings["many_ties"]["before"], warnings["many_ties"]["after"]) == (1, 1)
    assert "different_zeros" not in warnings
    await _cases(tool, AFTER + timedelta(hours=2), 30)
    await desk.follow()
    warnings = await _warned(quality)
    assert "few_days" not in warnings
    assert warnings["different_zeros"]["before"] == 1
    assert round(warnings["different_zeros"]["after"], 2) == 0.26


async def test_windows_with_other_closed_days_are_told(desk: Desk) -> None:
    """Five workdays and the weekend after; of whole weeks nothing is told."""
    keeper = await desk.api.client("K", Role.configuration_manager, Role.service_level_manager, Role.admin)
    quality = await desk.api.client("Q", Role.quality_manager)
    await keeper.post_ok("/v1/calendars", {"key": "office", "name": "Office", **HOURS})
    await a_service(keeper, calendar="office")
    week = {
        "before": {"from": "2026-03-02", "to": "2026-03-07"},
        "after": {"from": "2026-03-07", "to": "2026-03-09"},
    }
    different_closed_days = (await _warned(quality, **week))["different_closed_days"]
    assert (different_closed_days["before"], different_closed_days["after"]) == (0, 1)
    assert "different_closed_days" not in await _warned(quality)


#: Improvements as they stand: of one team, of another team, and of another time.
IMPROVED = """
with improved as (
  insert into fold.improvement (id, version, changed_at, number, state, state_since, opened_at, process)
  values (%s, 1, now(), %s, 'piloting', now(), now(), 'incident') returning id
)
insert into fold.improvement_pilot (id, version, changed_at, record, pilot_started_at, pilot_scope)
select id, 1, now(), 'improvement/' || id, %s, %s::jsonb from improved"""
IMPROVEMENTS = (
    ("IMP-2026-000001", AFTER, '{"team": ["network"]}'),
    ("IMP-2026-000002", AFTER, '{"team": ["storage"], "priority": ["P3"]}'),
    ("IMP-2026-000003", AFTER - timedelta(days=100), "{}"),
)


async def test_other_changes_are_those_of_the_same_scope_in_the_same_time(
    desk: Desk, place: DatabaseUrls
) -> None:
    """What is done every day is no reason to doubt, nor what another team tries."""
    tool, quality = (
        await desk.api.client("T", Role.integration),
        await desk.api.client("Q", Role.quality_manager),
    )
    await desk.api.team("storage")
    await _cases(tool, BEFORE, 60, days=2)
    await _cases(tool, AFTER, 30, days=2)
    await desk.follow()
    async with await connect(place.owner_url) as owner:
        for number, begun, scope in IMPROVEMENTS:
            await owner.execute(IMPROVED, (uuid7(), number, begun, scope))
    warnings = await _warned(quality)
    assert warnings["other_changes"]["changes"] == ["IMP-2026-000001", "IMP-2026-000002"]
    warnings = await _warned(quality, scope={"team": ["storage"]})
    assert warnings["other_changes"]["changes"] == ["IMP-2026-000002"]
    assert "other_changes" not in await _warned(
        quality, scope={"team": ["storage"]}, change="IMP-2026-000002"
    )


async def test_an_effect_promises_something_and_for_the_better(desk: Desk) -> None:
    quality = await desk.api.client("Q", Role.quality_manager)
    for change, code in ((0, "promise_of_nothing"), (0.5, "promise_to_worsen")):
        answer = await quality.post(EFFECT, json=WINDOWS | {"promised": {"change": change}})
        assert answer.status_code == 422
        (wrong,) = answer.json()["errors"]
        assert (wrong["pointer"], wrong["code"]) == ("/promised/change", code)
