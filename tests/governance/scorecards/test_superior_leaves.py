"""The superior who rates a card leaves: neither whose card it is nor a peer who rates it takes over."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Client, Json
from tests.governance.audits.conftest import TEAM
from tests.governance.scorecards.conftest import ALL, ScoredOffice, office, scored

__all__ = ["office", "scored"]


async def test_nobody_rates_a_scorecard_twice_after_the_superior_has_left(scored: ScoredOffice) -> None:
    office = scored.office
    admin = await office.api.client("Ada", Role.admin)
    other = await office.api.client("Olive", Role.engineer)
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    (card,) = (await office.quality.read("/v1/scorecards", person=office.agent.id))["items"]
    path = f"/v1/scorecards/{card['number']}"
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    for successor, code in (
        (office.agent, "own_superior"),
        (scored.peers[0], "rates_already"),
        (other, None),
    ):
        body = {"person": office.head.id, "new_holder": successor.id}
        answer = await office.quality.post(f"{path}/hand_over_duties", json=body)
        assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code


async def test_nobody_but_the_present_superior_takes_the_place_of_one_who_has_left(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    admin = await office.api.client("Ada", Role.admin)
    manager = await office.api.client("Mia", Role.engineer)
    other = await office.api.client("Olive", Role.engineer)
    await edit(admin, f"/v1/persons/{office.agent.id}", {"manager": manager.id})
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    await scored.publish()
    card = await card_of(scored, person=office.agent.id)
    await admin.post_ok(f"/v1/persons/{manager.id}/deactivate")
    for successor, code in ((other, "not_the_superior"), (office.head, None)):
        body = {"person": manager.id, "new_holder": successor.id}
        path = f"/v1/scorecards/{card['number']}/hand_over_duties"
        answer = await office.quality.post(path, json=body)
        assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code


async def test_the_new_lead_takes_over_the_open_scorecards_of_the_team_and_its_members(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    admin = await office.api.client("Ada", Role.admin)
    manager = await office.api.client("Mia", Role.engineer)
    lead = await office.api.client("Lena", Role.engineer, teams=(TEAM,))
    await edit(admin, f"/v1/persons/{office.head.id}", {"manager": manager.id})
    await edit(admin, f"/v1/persons/{lead.id}", {"manager": manager.id})
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    await edit(admin, f"/v1/teams/{TEAM}", {"lead": lead.id})
    await office.follow()
    of_team = await card_of(scored, team=TEAM)
    of_agent = await card_of(scored, person=office.agent.id)
    assert (of_team["concerned"]["id"], of_team["superior"]["id"]) == (lead.id, manager.id)
    assert (of_agent["concerned"]["id"], of_agent["superior"]["id"]) == (office.agent.id, lead.id)
    # The new lead rates the team as its own, and the agent as the superior.
    for filters in ({"team": TEAM}, {"person": office.agent.id}):
        (rating,) = (await lead.read("/v1/scorecard_ratings", **filters, state="requested"))["items"]
        await lead.post_ok(f"/v1/scorecard_ratings/{rating['id']}/rate", dict.fromkeys(ALL, 1))
    await scored.publish()
    assert (await card_of(scored, team=TEAM))["state"] == "talk"

    # The superior changes while the talk is due: the new one holds it, and is told.
    other = await office.api.client("Olive", Role.engineer)
    await edit(admin, f"/v1/persons/{lead.id}", {"manager": other.id})
    await office.tell()
    assert (await card_of(scored, team=TEAM))["talker"]["id"] == other.id
    assert "settle" in [entry["action"] for entry in (await other.read("/v1/me/work"))["asked"]]
    talked = {"outcome": "training", "agreed": "A case a week together."}
    await other.post_ok(f"/v1/scorecards/{of_team['number']}/settle", talked)
    newest = await office.api.client("Nora", Role.engineer, teams=(TEAM,))
    await edit(admin, f"/v1/teams/{TEAM}", {"lead": newest.id})
    await office.follow()
    await newest.post_ok(f"/v1/scorecards/{of_team['number']}/confirm_outcome")
    await edit(admin, f"/v1/teams/{TEAM}", {"lead": lead.id})
    await office.follow()
    assert (await card_of(scored, team=TEAM))["concerned"]["id"] == newest.id, "nothing is left to do"


async def card_of(scored: ScoredOffice, **filters: str) -> Json:
    """The scorecard as the quality manager sees it."""
    return await scored.card(scored.office.quality, **filters)


async def edit(admin: Client, path: str, changes: Json) -> None:
    """The administrator edits a person or a team."""
    answer = await admin.patch(path, json=changes, headers={"If-Match": "*"})
    assert answer.is_success, answer.text
