"""Rows of clocks are what the engine says of every case."""

from __future__ import annotations

from app.processes.incidents.payloads import HoldIncident, ResolveIncident
from tests.service_levels.clocks.agreements import add_calendar, sign, target
from tests.service_levels.clocks.world import Desk, at

SOLVED = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})


async def test_a_pause_moves_the_due_time_of_a_running_clock(desk: Desk) -> None:
    await add_calendar(desk.ledger, "office")
    await sign(
        desk.ledger,
        target("answer", "response", 1800),
        target("mend", "resolution", 4 * 3600, pause_reasons=["awaiting_requester"]),
    )
    case = await desk.report(at(9))
    result = await desk.clocks(case)
    assert result["response"]["due_at"] == at(9.5)
    assert result["resolution"]["due_at"] == at(13)
    assert result["response"]["urgent"]
    await desk.do(case, "acknowledge", None, at(9.25))
    await desk.do(case, "hold", HoldIncident.model_validate({"reason": "awaiting_requester"}), at(10))
    result = await desk.clocks(case)
    assert (result["response"]["state"], result["response"]["elapsed_seconds"]) == ("met", 900)
    assert (result["resolution"]["state"], result["resolution"]["due_at"]) == ("paused", None)
    assert result["resolution"]["urgent"]
    await desk.do(case, "resume", None, at(12))
    result = await desk.clocks(case)
    assert result["resolution"]["due_at"] == at(15)
    assert result["resolution"]["breaches_at"] == at(15)
    assert result["resolution"]["first_warned_75_at"] == at(14)
    await desk.do(case, "resolve", SOLVED, at(17))
    result = await desk.clocks(case)
    assert result["resolution"]["state"] == "missed"
    assert result["resolution"]["breached_at"] == at(15)
    assert result["resolution"]["elapsed_seconds"] == 6 * 3600
    assert not result["resolution"]["urgent"]
