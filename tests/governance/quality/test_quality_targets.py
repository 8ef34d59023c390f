"""Quality targets: set for the organisation, broken down to a team and its people, accepted and followed."""

from __future__ import annotations

from datetime import UTC, datetime

from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.client import Client, Json, an_incident
from tests.extent import in_test_all
from tests.governance.quality.conftest import House, errors, kinds_of

AT = "/v1/quality_targets"
YEAR = datetime.now(UTC).year


def goal(**more: object) -> Json:
    """What is said to set a target."""
    return {"year": YEAR, "kpi": "incidents_opened", "comparator": "le", "value": "120", **more}


async def led(house: House) -> str:
    """The first engineer leads the team; gives the address of an accepted target of the organisation."""
    admin = await house.api.client("Admin", "admin")
    answer = await admin.request(
        "PATCH", f"/v1/teams/{house.team_id}", json={"lead": house.first.id}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    target = await house.quality.post_ok(AT, goal(answerable=house.management.id))
    await house.management.post_ok(f"{AT}/{target['number']}/accept")
    return f"{AT}/{target['number']}"


async def beneath(client: Client, path: str) -> list[Json]:
    """The targets that it was broken down to."""
    parent = (await client.read(path))["id"]
    items: list[Json] = (await client.read(AT, parent_id=parent))["items"]
    return items


async def test_a_target_is_broken_down_to_a_team_and_its_people_who_accept_it(house: House) -> None:
    path = await led(house)
    await house.quality.post_ok(f"{path}/break_down", {"targets": [{"team": "network", "value": "60"}]})
    (of_team,) = await beneath(house.quality, path)
    assert (of_team["level"], of_team["state"], of_team["value"]) == ("team", "proposed", "60")
    assert of_team["answerable"]["id"] == house.first.id
    await house.pass_time(minutes=5)
    assert await house.told(house.first) == ["target_to_accept"]
    assert [entry["action"] for entry in (await house.first.read("/v1/me/work"))["asked"]] == ["accept"]

    team_path = f"{AT}/{of_team['number']}"
    refused = await house.management.post(f"{team_path}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "others_answer")
    returned = await house.first.post_ok(f"{team_path}/return", {"reason": "We are two."})
    assert (returned["state"], returned["reason"]) == ("returned", "We are two.")
    revised = await house.quality.post_ok(f"{team_path}/revise", {"comparator": "le", "value": "80"})
    assert (revised["state"], revised["value"], revised["reason"]) == ("proposed", "80", None)
    version = str((await house.first.read(team_path))["version"])
    assert (await house.first.post_ok(f"{team_path}/accept", if_match=version))["state"] == "accepted"

    parts = {"targets": [{"person": house.second.id, "value": "40"}]}
    await house.first.post_ok(f"{team_path}/break_down", parts)
    (of_person,) = await beneath(house.first, team_path)
    assert (of_person["level"], of_person["person"]["id"]) == ("person", house.second.id)
    assert (await house.second.post_ok(f"{AT}/{of_person['number']}/accept"))["state"] == "accepted"
    sheet = await house.first.get(f"{team_path}/responsibility_sheet?lang=zh")
    words = ("质量责任书", of_team["number"], "80", "已接受", "目标责任人", "First", "Quality")
    assert [word for word in words if word not in sheet.text] == []
    assert "Signature and date" in (await house.quality.get(f"{path}/responsibility_sheet?lang=en")).text
    # Others of the staff do not see what a person is to reach.
    assert (await house.agent.get(f"{AT}/{of_person['number']}")).status_code == 404
    assert of_person["id"] not in {row["id"] for row in (await house.agent.read(AT))["items"]}
    await house.pass_time(minutes=9)
    assert (await house.told(house.quality)).count("target_returned") == 1
    assert await kinds_of(house.first, team_path) == [
        f"quality_target.{name}" for name in ("set", "returned", "revised", "accepted", "broken_down")
    ]


async def test_a_new_owner_accepts_again_and_the_sheet_names_who_accepted(house: House) -> None:
    target = await house.quality.post_ok(AT, goal(answerable=house.first.id))
    path = f"{AT}/{target['number']}"
    await house.management.post_ok(f"{path}/accept")
    management = (await house.management.read("/v1/me"))["person"]["name"]
    signing = (await house.quality.get(f"{path}/responsibility_sheet?lang=en")).text
    signing = signing.partition('class="signatures"')[2]
    assert f"Accepted for the responsible person<td>{management}<td>20" in signing
    first = (await house.first.read("/v1/me"))["person"]["name"]
    assert f"Responsible for the targets<td>{first}<td><td>" in signing
    admin = await house.api.client("Admin", "admin")
    await admin.post_ok(f"/v1/persons/{house.first.id}/deactivate")
    body = {"person": house.first.id, "new_holder": house.second.id}
    handed_over = await house.quality.post_ok(f"{path}/hand_over_duties", body)
    assert handed_over["state"] == "proposed"
    signing = (await house.quality.get(f"{path}/responsibility_sheet?lang=en")).text
    signing = signing.partition('class="signatures"')[2]
    assert "Accepted for" not in signing
    second = (await house.second.read("/v1/me"))["person"]["name"]
    assert f"Responsible for the targets<td>{second}<td><td>" in signing
    assert (await house.second.post_ok(f"{path}/accept"))["state"] == "accepted"


async def test_nobody_accepts_a_goal_that_they_have_set_for_themselves(house: House) -> None:
    target = await house.quality.post_ok(AT, goal(answerable=house.quality.id))
    path = f"{AT}/{target['number']}"
    own = await house.quality.post(f"{path}/accept")
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    assert (await house.management.post_ok(f"{path}/accept"))["state"] == "accepted"
    parts = {"targets": [{"person": house.quality.id, "value": "10"}]}
    await house.quality.post_ok(f"{path}/break_down", parts)
    (own_part,) = await beneath(house.quality, path)
    part_path = f"{AT}/{own_part['number']}"
    assert (await house.quality.post(f"{part_path}/accept")).status_code == 403
    assert (await house.management.post_ok(f"{part_path}/accept"))["state"] == "accepted"


@in_test_all
async def test_its_progress_is_the_kpi_of_its_team_in_its_year_so_far(house: House) -> None:
    path = await led(house)
    await house.quality.post_ok(f"{path}/break_down", {"targets": [{"team": "network", "value": "1"}]})
    (of_team,) = await beneath(house.quality, path)
    for team in ("network", "network", None):
        incident = await house.agent.post_ok("/v1/incidents", an_incident())
        if team is not None:
            await house.agent.post_ok(f"/v1/incidents/{incident['number']}/assign", {"team": team})
    connection = await connect(house.api.ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, FACTS)
    finally:
        await connection.close()
    team_path = f"{AT}/{of_team['number']}"
    progress = await house.first.read(f"{team_path}/progress")
    assert (progress["value"], progress["goal"], progress["met"]) == ("2", "1", False)
    organisation = await house.quality.read(f"{path}/progress")
    assert (organisation["value"], organisation["met"]) == ("3", True)
    answer = await house.quality.get(progress["answer"])
    assert answer.status_code == 200, answer.text
    assert sum(point["value"] for point in answer.json()["points"]) == 2
    # Whoever neither answers for it nor sees the KPI does not see how it stands.
    assert (await house.second.get(f"{team_path}/progress")).status_code == 403


async def test_what_does_not_fit_is_refused_where_it_is_said(house: House) -> None:
    path = await led(house)
    refused = await house.quality.post(AT, json=goal())
    assert errors(refused) == [("/answerable", "missing")]
    refused = await house.quality.post(AT, json=goal(kpi="no_such_kpi", answerable=house.first.id))
    assert errors(refused) == [("/kpi", "unknown_value")]
    refused = await house.quality.post(AT, json=goal(kpi="service_availability", value="0.9", team="network"))
    assert errors(refused) == [("/kpi", "kpi_not_at_this_level")]
    await house.api.team("storage")
    parts = [{"team": "network", "value": "60"}, {"team": "storage", "value": "60"}]
    refused = await house.quality.post(f"{path}/break_down", json={"targets": parts})
    assert errors(refused) == [("/targets/1/team", "lead_missing")]
    assert await beneath(house.quality, path) == []
    parts = [{"team": "network", "value": "60"}, {"team": "network", "value": "61"}]
    refused = await house.quality.post(f"{path}/break_down", json={"targets": parts})
    assert errors(refused) == [("/targets/1", "each_once")]
    await house.quality.post_ok(f"{path}/break_down", {"targets": parts[:1]})
    (of_team,) = await beneath(house.quality, path)
    team_path = f"{AT}/{of_team['number']}"
    await house.first.post_ok(f"{team_path}/accept")
    parts = [{"person": house.agent.id, "value": "9"}]
    refused = await house.quality.post(f"{team_path}/break_down", json={"targets": parts})
    assert errors(refused) == [("/targets/0/person", "not_in_the_team")]
