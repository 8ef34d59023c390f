"""Benefits are measured again when they are due, once whatever workers there are, and faded ones told of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from app.kernel.consumers import polling
from app.platform.db import Connection
from app.processes.improvements.effects.benefits import LOCK, measure_due
from tests.client import Api, Json
from tests.extent import in_test_all
from tests.processes.improvements.pilots import event_types
from tests.processes.improvements.planted import Planted, days_ago, planted_of

#: Everything of the improvement lies as far back as managers may date, so that its benefit is due in days.
STEPS_BEGIN, CHANGED, STANDARDISED, DUE_IN = 89.0, 88.0, 85.0, timedelta(days=10)
BASELINE = (140.0, 100.0)
TEAM, HALF = "network", 0.5


@pytest.fixture
async def planted(api: Api, follower: Connection) -> Planted:
    built = await planted_of(api, follower, 3)
    built.baseline, built.steps_begin, built.changed = BASELINE, STEPS_BEGIN, CHANGED
    return built


async def standardised(planted: Planted) -> str:
    """The address of a minor improvement that has halved the time, and is the standard."""
    path = await planted.implemented()
    await planted.cases(BASELINE, {TEAM: 1.0}, each=20)
    await planted.cases((CHANGED, 40.0), {TEAM: HALF}, each=20)
    measured, _ = await planted.measured(path)
    assert measured["verdict"] == "improved"
    quality = planted.project.quality
    reached = dict.fromkeys(("goal_reached", "scope_reached", "benefit_reached", "reached"), True)
    # The project's owner has promised the effect: another one agrees to what became of it.
    agreeing = await planted.api.client("Agreeing owner", Role.process_owner)
    judged = {**reached, "position": measured["position"], "agreed_by": agreeing.id}
    await quality.post_ok(f"{path}/evaluate", judged)
    await agreeing.post_ok(f"{path}/agree_to_evaluation")
    body = {"external_numbers": ["SOP-1"], "teams": [TEAM], "occurred_at": days_ago(STANDARDISED)}
    await quality.post_ok(f"{path}/standardise", body)
    return path


async def due(planted: Planted, after: timedelta) -> int:
    """How many benefits a worker measures that time from now."""
    await planted.follow()
    return await measure_due(planted.follower, planted.api.ledger, datetime.now(UTC) + after)


async def newest(planted: Planted, path: str) -> Json:
    """The newest measurement of the improvement."""
    body: Json = (await planted.project.quality.read(f"{path}/measurements"))["items"][-1]
    return body


async def test_a_benefit_that_stays_is_measured_when_it_is_due_by_one_worker_and_once(
    planted: Planted,
) -> None:
    path = await standardised(planted)
    assert await due(planted, timedelta(0)) == 0, "nothing is due yet"
    ledger, now = planted.api.ledger, datetime.now(UTC) + DUE_IN
    await planted.follow()
    async with ledger.db.connection() as other, polling.locked(other, LOCK) as free:
        assert free
        assert await measure_due(planted.follower, ledger, now) == 0, "another one measures"
    assert await measure_due(planted.follower, ledger, now) == 1
    assert await measure_due(planted.follower, ledger, now) == 0, "it was measured"
    measurement = await newest(planted, path)
    assert (measurement["occasion"], measurement["kept"]) == ("month_3", True)
    answer = await planted.project.quality.read(path)
    assert (answer["benefit_months"], answer["faded_at"]) == (3, None)
    types = await event_types(planted.project.quality, path)
    assert types.count("improvement.effects_measured") == 2
    assert "improvement.benefit_faded" not in types


@in_test_all
async def test_a_benefit_that_has_faded_is_said_so_in_the_same_command(planted: Planted) -> None:
    path = await standardised(planted)
    await planted.cases((40.0, 0.0), {TEAM: 1.2}, each=80)
    assert await due(planted, DUE_IN) == 1
    faded = await newest(planted, path)
    assert (faded["occasion"], faded["kept"]) == ("month_3", False)
    assert (await planted.project.quality.read(path))["faded_at"] is not None
    assert (await event_types(planted.project.quality, path))[-2:] == [
        "improvement.effects_measured",
        "improvement.benefit_faded",
    ]
