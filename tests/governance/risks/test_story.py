"""A risk from its identification to its end, by one key per role, and what is refused on the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.extent import in_test_all
from tests.governance.risks.conftest import House, codes, found, later, reduced

ACCEPTED = {"response": "accept", "accepted_until_at": later(days=300).isoformat()}


async def test_a_risk_is_identified_assessed_treated_and_closed_by_those_whom_the_table_names(
    house: House,
) -> None:
    path = await house.identified()
    rated = {"likelihood": 5, "impact": 4, "controllable": False}
    assert (await house.finder.post(f"{path}/assess", json=rated)).status_code == 403, "the owner assesses"
    risk = await house.owner.post_ok(f"{path}/assess", rated)
    assert (risk["risk_level"], risk["offered_response"], risk["matrix_id"]) == ("high", "avoid", None)
    assert (await house.finder.post(f"{path}/treat", json=reduced(house.helper))).status_code == 403
    risk = await house.owner.post_ok(f"{path}/treat", reduced(house.helper))
    assert (risk["state"], risk["response"]) == ("treated", "reduce")
    happened = {
        "happened_at": "2026-01-02T08:00:00Z",
        "extent": "Half a day.",
        "loss": "1250.00",
        "currency": "CNY",
    }
    await house.finder.post_ok(f"{path}/record_occurrence", happened)
    (occurrence,) = await house.children(path, "occurrences")
    assert (occurrence["loss"], occurrence["currency"]) == ("1250.00", "CNY")
    (planned,) = await house.children(path, "actions")
    done = {"action": planned["id"], "outcome": "It runs."}
    await house.helper.post_ok(f"{path}/complete_action", done)
    assert (await house.helper.post(f"{path}/complete_action", json=done)).json()[
        "code"
    ] == "risk_action_over"
    risk = await house.owner.post_ok(f"{path}/reassess", {"likelihood": 1, "impact": 4})
    assert (risk["state"], risk["risk_level"], risk["move"]) == ("treated", "low", "down")
    over = {"closing_reason": "The second relay stands."}
    assert (await house.owner.post(f"{path}/close", json=over)).status_code == 403
    risk = await house.process_owner.post_ok(f"{path}/close", over)
    assert risk["state"] == "closed"


async def test_nobody_closes_a_risk_that_they_own(house: House) -> None:
    path = await house.reduced()
    await house.quality.post_ok(f"{path}/hand_over", {"owner": house.process_owner.id})
    answer = await house.process_owner.post(f"{path}/close", json={"closing_reason": "It is over."})
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties")


async def test_responses_are_offered_by_rule(house: House) -> None:
    offered = {}
    for likelihood, impact, controllable, dear in (
        *((5, 5, False, False), (5, 5, True, False), (2, 4, True, False)),
        *((1, 1, True, True), (1, 1, True, False)),
    ):
        path = await house.assessed(likelihood, impact, controllable=controllable, dear=dear)
        risk = await house.owner.read(path)
        offered[likelihood, impact, controllable, dear] = (risk["risk_level"], risk["offered_response"])
    assert offered == {
        (5, 5, False, False): ("high", "avoid"),
        (5, 5, True, False): ("high", None),
        (2, 4, True, False): ("medium", "reduce"),
        (1, 1, True, True): ("low", "accept"),
        (1, 1, True, False): ("low", None),
    }


async def test_a_high_risk_is_accepted_by_management_and_by_nobody_else(house: House) -> None:
    path = await house.assessed(4, 4)
    refused = await house.owner.post(f"{path}/treat", json=ACCEPTED)
    assert codes(refused) == [("/response", "high_risk_accepted_by_management")]
    # Nor by one of management who owns it: that is for another.
    await house.quality.post_ok(f"{path}/hand_over", {"owner": house.management.id})
    refused = await house.management.post(f"{path}/treat", json=ACCEPTED)
    assert codes(refused) == [("/response", "high_risk_accepted_by_another")]
    await house.quality.post_ok(f"{path}/hand_over", {"owner": house.owner.id})
    risk = await house.management.post_ok(f"{path}/treat", ACCEPTED)
    assert (risk["response"], risk["accepted_by_management"]) == ("accept", True)
    risk = await house.owner.post_ok(f"{path}/reassess", {"likelihood": 5, "impact": 4})
    assert risk["state"] == "treated", "management has accepted it as a high one"


async def test_an_acceptance_by_its_owner_ends_when_the_risk_becomes_high(house: House) -> None:
    path = await house.assessed(2, 4)
    await house.owner.post_ok(f"{path}/treat", ACCEPTED)
    await house.owner.post_ok(f"{path}/reassess", {"likelihood": 4, "impact": 4})
    risk = await house.owner.read(path)
    assert (risk["state"], risk["response"], risk["accepted_until_at"]) == ("assessed", None, None)
    assert risk["lapsed_at"] is not None


async def test_a_response_says_what_it_needs_and_nothing_else(house: House) -> None:
    path = await house.assessed(2, 4)

    async def refused(**body: object) -> object:
        return codes(await house.owner.post(f"{path}/treat", json=body))

    actions = reduced(house.helper)["actions"]
    assert await refused(response="transfer", actions=actions) == [("/transfer_to", "transfer_names_party")]
    assert await refused(response="accept") == [("/accepted_until_at", "acceptance_names_end")]
    assert await refused(response="reduce") == [("/actions", "response_needs_actions")]
    past = {"response": "accept", "accepted_until_at": "2020-01-01T00:00:00Z"}
    assert await refused(**past) == [("/accepted_until_at", "not_ahead")]
    decade = {"response": "accept", "accepted_until_at": later(days=3650).isoformat()}
    assert await refused(**decade) == [("/accepted_until_at", "accepted_too_long")]
    late = {"likelihood": 2, "impact": 2, "reassess_by_at": later(days=100).isoformat()}
    answer = await house.owner.post(f"{path}/reassess", json=late)
    assert codes(answer) == [("/reassess_by_at", "reassessed_quarterly")]


async def test_another_response_drops_what_is_open_of_the_one_before(house: House) -> None:
    path = await house.reduced()
    await house.owner.post_ok(f"{path}/treat", ACCEPTED)
    (dropped,) = await house.children(path, "actions")
    assert dropped["dropped_at"] is not None


async def test_staff_and_those_with_an_action_see_a_risk_and_nobody_else(house: House) -> None:
    path = await house.reduced()
    for reader in (house.finder, house.owner, house.helper, house.management, house.process_owner):
        assert (await reader.get(path)).status_code == 200
    assert (await house.guest.get(path)).status_code == 404
    assert (await house.guest.get("/v1/risks")).json()["items"] == []
    assert (await house.guest.post("/v1/risks", json=found())).status_code == 403
    (mine,) = (await house.helper.read("/v1/risks"))["items"]
    assert path.endswith(mine["number"])


@in_test_all
async def test_a_reassessment_falls_due_and_overdue_by_itself(house: House) -> None:
    path = await house.reduced(days=400)
    risk = await house.owner.read(path)
    due_at = datetime.fromisoformat(risk["reassess_by_at"])
    await house.worker.work(due_at - timedelta(days=15))
    assert (await house.owner.read(path))["fell_due_at"] is None
    await house.worker.work(due_at - timedelta(days=14))
    assert await house.told(path, "risk_reassessment_due") == [house.owner.id]
    for minutes in (5, 10):  # notices of a minute are told together
        await house.worker.work(due_at + timedelta(minutes=minutes))
    overdue = await house.owner.read(path)
    assert overdue["overdue_at"] == risk["reassess_by_at"], "flagged as of the instant at which it was due"
    assert set(await house.told(path, "risk_reassessment_overdue")) == {house.owner.id, house.quality.id}


@in_test_all
async def test_what_was_accepted_for_a_time_is_to_be_treated_anew_afterwards(house: House) -> None:
    path = await house.assessed(2, 4)
    until_at = later(days=30).isoformat()
    await house.owner.post_ok(f"{path}/treat", {"response": "accept", "accepted_until_at": until_at})
    await house.worker.work(later(days=29))
    assert (await house.owner.read(path))["state"] == "treated"
    await house.worker.work(later(days=31))
    risk = await house.owner.read(path)
    assert (risk["state"], risk["response"]) == ("assessed", None)
    assert await house.told(path, "risk_acceptance_lapsed") == [house.owner.id]


@in_test_all
async def test_an_action_that_is_not_carried_out_in_time_is_flagged_once_and_its_owner_told(
    house: House,
) -> None:
    path = await house.reduced(days=3)
    await house.worker.work(later(days=4))
    await house.worker.work(later(days=5))
    (planned,) = await house.children(path, "actions")
    assert planned["overdue_at"] == planned["due_at"]
    assert await house.told(path, "risk_action_overdue") == [house.helper.id]
