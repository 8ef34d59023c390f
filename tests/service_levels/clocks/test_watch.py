"""What clocks say: once, in order, with the true instant."""

from __future__ import annotations

from datetime import timedelta

from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.payloads import PrioritiseIncident
from tests.extent import in_test_all
from tests.service_levels.clocks.agreements import add_calendar, sign, target
from tests.service_levels.clocks.test_projection import SOLVED
from tests.service_levels.clocks.world import Desk, at, told


async def test_warnings_and_the_breach_are_said_once_with_their_true_instants_after_downtime(
    desk: Desk,
) -> None:
    await add_calendar(desk.ledger, "office")
    await sign(desk.ledger, target("mend", "resolution", 4 * 3600))
    case = await desk.report(at(9))
    await desk.work(at(12.5))
    assert told(await desk.said(case)) == [("started", at(9)), ("warned", at(11)), ("warned", at(12))]
    assert list((await desk.timers()).values()) == [at(12.6)]
    await desk.work(at(10, days=3))  # nobody worked for days
    expected = [
        *[("started", at(9)), ("warned", at(11)), ("warned", at(12)), ("warned", at(12.6))],
        ("breached", at(13)),
    ]
    assert told(await desk.said(case)) == expected
    await desk.work(at(11, days=3))
    assert told(await desk.said(case)) == expected
    assert await desk.timers() == {}
    last = (await desk.said(case))[-1]
    assert last.recorded_at == at(10, days=3)
    assert last.actor == "rule:watch_clocks"
    assert last.data["clock"]["target_seconds"] == 4 * 3600
    await desk.do(case, "acknowledge", None, at(11, days=3))
    await desk.do(
        case,
        "prioritise",
        PrioritiseIncident.model_validate({"impact": "1", "urgency": "1", "reason": "More."}),
        at(11, days=3),
    )
    await desk.do(case, "resolve", SOLVED, at(12, days=3))
    await desk.work()
    assert told(await desk.said(case)) == [*expected, ("stopped", at(12, days=3))]


@in_test_all
async def test_what_is_dated_ahead_is_said_when_its_time_has_come(desk: Desk) -> None:
    await add_calendar(desk.ledger, "office")
    await sign(desk.ledger, target("mend", "resolution", 4 * 3600))
    ahead, begun = at(9) + timedelta(seconds=40), at(9) + timedelta(seconds=20)
    case = await desk.report(at(9), occurred_at=begun)
    await desk.do(case, "acknowledge", EmptyPayload(occurred_at=begun), at(9))
    await desk.do(case, "resolve", SOLVED.model_copy(update={"occurred_at": ahead}), at(9))
    await desk.work()
    assert await desk.said(case) == []
    await desk.work(begun)
    assert told(await desk.said(case)) == [("started", begun)]
    await desk.work(ahead)
    assert told(await desk.said(case)) == [("started", begun), ("stopped", ahead)]
    assert await desk.timers() == {}
