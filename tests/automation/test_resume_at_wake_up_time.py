"""What was put on hold until a time is resumed when it has come, where it was."""

from __future__ import annotations

from datetime import timedelta

from tests.automation.conftest import Desk
from tests.automation.worker import by_rules, timers


async def test_a_held_incident_is_back_where_it_was_at_its_wake_up_time(desk: Desk) -> None:
    incident = await desk.perform("start", await desk.report())
    await desk.hold(incident, desk.now + timedelta(hours=1))
    await desk.pass_time(minutes=59)
    assert (await desk.row(incident))["state"] == "on_hold"
    await desk.pass_time(minutes=1)
    row = await desk.row(incident)
    assert (row["state"], row["wake_up_at"], row["hold_reason"]) == ("in_progress", None, None)
    (resumed,) = await by_rules(desk.ledger, incident.row_key)
    assert (resumed.type, resumed.actor) == ("incident.resumed", "rule:resume_at_wake_up_time")


async def test_without_a_wake_up_time_it_waits_for_somebody(desk: Desk) -> None:
    incident = await desk.hold(await desk.report(), None)
    await desk.pass_time(days=300)
    assert (await desk.row(incident))["state"] == "on_hold"
    assert await timers(desk.ledger) == {}


async def test_what_was_resumed_and_held_again_wakes_at_the_new_time_only(desk: Desk) -> None:
    incident = await desk.hold(await desk.report(), desk.now + timedelta(hours=1))
    await desk.worker.work(desk.now)
    await desk.perform("resume", incident)
    await desk.hold(incident, desk.now + timedelta(hours=3))
    await desk.pass_time(hours=2)
    assert await by_rules(desk.ledger, incident.row_key) == []
    await desk.pass_time(hours=1)
    assert len(await by_rules(desk.ledger, incident.row_key)) == 1


async def test_a_comment_meanwhile_does_not_keep_it_asleep(desk: Desk) -> None:
    """It moves the stream of the incident, not the incident."""
    incident = await desk.hold(await desk.report(), desk.now + timedelta(hours=1))
    await desk.worker.work(desk.now)
    await desk.comment(incident)
    await desk.pass_time(hours=1)
    assert (await desk.row(incident))["state"] == "new"
