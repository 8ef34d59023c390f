"""A change is approved as it was assessed: an edit of what was assessed has it assessed again."""

from __future__ import annotations

from typing import Any

from app.processes.changes.payloads import EditChange
from tests.client import Client, Json
from tests.processes.changes.samples import Board, assessment, at_hour, span

#: Fields of an edit that an assessment looks at, each with another value.
JUDGED: Json = {
    "title": "Move the plant to the new site",
    "reason": "The site is sold.",
    "description": "All services stop.",
    "plan": "Stop everything.",
    "test_plan": "Somebody looks at it.",
    "back_out_plan": "The old site is used again.",
    "services": ["mail", "plant"],
    "cis": ["plc-1"],
    "no_cis_reason": "The list is old.",
    "wanted_from_at": at_hour(1),
    "wanted_until_at": at_hour(9),
}


async def edited(client: Client, path: str, **fields: Any) -> Json:
    """The change after an edit."""
    answer = await client.patch(path, json=fields, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    record: Json = answer.json()
    return record


async def test_a_window_that_was_not_approved_needs_a_reason_of_which_the_board_is_told(board: Board) -> None:
    path = await board.approved(wanted_from_at=at_hour(1), wanted_until_at=at_hour(3))
    for begin, end in ((0, 2), (2, 4)):
        refused = await board.manager.post(f"{path}/schedule", json=span(begin, end))
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/other_window_reason", "outside_approved_window")
    await board.manager.post_ok(f"{path}/schedule", span(1, 3))
    moved = await board.manager.post_ok(f"{path}/reschedule", {**span(4, 5), "reason": "It is ill."})
    assert moved["window_from_at"][:16] == at_hour(4)[:16]
    reason = {"other_window_reason": "The supplier comes earlier."}
    earlier = await board.manager.post_ok(f"{path}/reschedule", {**span(0, 1), "reason": "Back.", **reason})
    assert earlier["other_window_reason"] == reason["other_window_reason"]


async def test_an_edit_of_what_was_assessed_leads_back_to_the_assessment(board: Board) -> None:
    await board.ci("plc-1")
    assert set(EditChange.model_fields) - {"category", "custom", "occurred_at"} == set(JUDGED)
    path = await board.assessed()
    for name, value in JUDGED.items():
        record = await edited(board.agent, path, **{name: value})
        assert (record["state"], record["risk_level"]) == ("submitted", None), name
        await board.manager.post_ok(f"{path}/assess", assessment("low"))
    record = await edited(board.agent, path, title="Renew it")
    refused = await board.manager.post(f"{path}/request_approval", json=board.question())
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")
