"""Somebody stays, and is no longer eligible for what they hold: it is reported, and handed over."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, an_incident
from tests.clocks import from_now
from tests.foundation.people.test_succession import settle


async def test_what_somebody_is_no_longer_eligible_for_is_reported_and_handed_over_and_nothing_else(
    api: Api,
) -> None:
    admin, manager = await api.client("Ada", Role.admin), await api.client("Mona", Role.incident_manager)
    await api.team("network")
    mover = await api.client("Max", Role.engineer, Role.process_owner)
    agent = await api.client("Agnes", Role.agent, teams=("network",))
    mate = await api.client("Mia", teams=("network",))
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network"})
    declared = {"commander": mover.id, "statement": "All mail is down."}
    await manager.post_ok(f"{path}/declare_major", declared)
    body = {"person": mover.id, "new_holder": agent.id}
    hand_over, transfer = f"{path}/hand_over_duties", f"/v1/persons/{mover.id}/transfer_duties"
    early = await manager.post(hand_over, json=body)
    assert early.json()["errors"][0]["code"] == "person_still_active"
    for role in ("engineer", "process_owner"):
        await admin.post_ok(f"/v1/persons/{mover.id}/revoke_role", {"role": role})
    payload = {"statement": "We look.", "next_update_due_at": from_now(5)}
    update = await mover.post(f"{path}/post_update", json=payload)
    assert (update.status_code, update.json()["code"]) == (403, "no_longer_eligible")
    [action] = [row for row in (await mover.read(path))["actions"] if row["action"] == "post_update"]
    assert (action["open"], "role or the team" in action["reason"]) == (False, True)
    await settle(api)
    [task] = (await manager.read("/v1/me/work"))["asked"]
    assert (task["action"], task["record"]) == ("transfer_duties", mover.id)
    for person in (mate, agent):
        steps = [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
        assert "duties_held" not in steps, "they hand nothing over"
    other = {"person": agent.id, "new_holder": manager.id}
    assert (await manager.post(hand_over, json=other)).status_code in (409, 422)
    await manager.post_ok(transfer, {"new_holder": agent.id})
    await settle(api)
    assert (await manager.read(path))["commander"]["id"] == agent.id
    assert (await manager.read("/v1/me/work"))["asked"] == []
