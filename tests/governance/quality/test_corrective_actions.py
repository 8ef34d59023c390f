"""A corrective action's story: planned, put off, done, sent back, done again, verified by somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.client import an_incident
from tests.extent import in_test_all
from tests.governance.quality.conftest import NOW, House, at, errors, kinds_of


async def test_it_is_planned_moved_done_sent_back_and_verified_by_somebody_else(house: House) -> None:
    incident = await house.agent.post_ok("/v1/incidents", an_incident())
    action = await house.correct(source=incident["number"], occasion="complaint")
    assert (action["number"][:4], action["state"], action["moves"]) == ("COA-", "planned", 0)
    assert (action["source"], action["source_number"]) == (f"incident/{incident['id']}", incident["number"])
    path = f"/v1/corrective_actions/{action['number']}"

    moved = await house.first.post_ok(f"{path}/move", {"due_at": at(days=20), "reason": "No server yet."})
    assert (moved["moves"], moved["first_due_at"], moved["due_at"] > action["due_at"]) == (
        1,
        action["due_at"],
        True,
    )
    [move] = (await house.agent.read(f"{path}/moves"))["items"]
    assert (move["before_at"], move["due_at"], move["reason"], move["moved_by"]["id"]) == (
        action["due_at"],
        moved["due_at"],
        "No server yet.",
        house.first.id,
    )

    assert (
        await house.second.post(f"{path}/complete", json={"evidence": "It is in place."})
    ).status_code == 403
    await house.first.post_ok(f"{path}/complete", {"evidence": "The log of the restore."})
    returned = await house.agent.post_ok(f"{path}/return", {"reason": "It took a day."})
    assert (returned["state"], returned["returns"], returned["done_at"]) == ("planned", 1, None)
    await house.first.post_ok(f"{path}/complete", {"evidence": "An hour now."})
    verified = await house.agent.post_ok(f"{path}/verify", {"verification": "I have watched it."})
    assert (verified["state"], verified["verified_by"]["id"]) == ("verified", house.agent.id)
    assert await kinds_of(house.agent, path) == [
        f"corrective_action.{name}"
        for name in ("planned", "moved", "completed", "returned", "completed", "verified")
    ]
    await house.pass_time(minutes=5)
    assert await house.told(house.first) == ["in_charge", "correction_returned"]
    assert await house.told(house.agent) == ["to_verify", "to_verify"]


async def test_nobody_verifies_or_drops_their_own(house: House) -> None:
    action = await house.correct(owner=house.agent.id)
    path = f"/v1/corrective_actions/{action['number']}"
    assert (await house.agent.post(f"{path}/drop", json={"reason": "Too much work."})).status_code == 403
    await house.agent.post_ok(f"{path}/complete", {"evidence": "It is in place."})
    refused = await house.agent.post(f"{path}/verify", json={"verification": "It works."})
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    # Nor does whoever has done it in the owner's place.
    other = f"/v1/corrective_actions/{(await house.correct())['number']}"
    await house.quality.post_ok(f"{other}/complete", {"evidence": "I have done it for them."})
    assert (await house.quality.post(f"{other}/verify", json={"verification": "Fine."})).status_code == 403
    assert (await house.agent.post_ok(f"{other}/verify", {"verification": "Fine."}))["state"] == "verified"


async def test_what_is_not_verified_by_its_due_date_is_overdue_at_that_instant_and_told(house: House) -> None:
    action = await house.correct()
    path = f"/v1/corrective_actions/{action['number']}"
    await house.pass_time(days=9, hours=23)
    assert (await house.agent.read(path))["overdue_at"] is None
    await house.pass_time(days=12)
    await house.pass_time(days=13)
    overdue = await house.agent.read(path)
    assert datetime.fromisoformat(overdue["overdue_at"]) == NOW + timedelta(days=10)
    assert await kinds_of(house.agent, path) == [
        "corrective_action.planned",
        "corrective_action.fell_overdue",
    ]
    for client in (house.first, house.agent, house.quality):
        assert (await house.told(client)).count("correction_overdue") == 1
    moved = await house.agent.post_ok(f"{path}/move", {"due_at": at(days=30), "reason": "It is bought now."})
    assert (moved["overdue_at"], moved["first_due_at"]) == (None, action["due_at"])
    await house.pass_time(days=31)
    assert (await house.agent.read(path))["overdue_at"] is not None


@in_test_all
async def test_it_is_handed_over_to_another_owner_who_is_told(house: House) -> None:
    action = await house.correct()
    path = f"/v1/corrective_actions/{action['number']}"
    await house.first.post_ok(f"{path}/hand_over", {"owner": house.second.id})
    await house.second.post_ok(f"{path}/complete", {"evidence": "It is in place."})
    await house.pass_time(minutes=5)
    assert await house.told(house.second) == ["in_charge"]


async def test_what_cannot_be_is_refused(house: House) -> None:
    fields = await house.correction()
    refused = await house.agent.post("/v1/corrective_actions", json={**fields, "due_at": at(days=-1)})
    assert errors(refused) == [("/due_at", "not_ahead")]
    refused = await house.agent.post("/v1/corrective_actions", json={**fields, "source": "CHG-2026-000001"})
    assert errors(refused) == [("/source", "unknown_reference")]
