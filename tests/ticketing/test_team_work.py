"""The work of a team by person, to those who see its cases."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident


async def given(by: Client, agent: Client, team: str, person: str | None = None) -> Json:
    """A new incident of the team, and of that person."""
    incident = await by.post_ok("/v1/incidents", an_incident())
    body = {"team": team, **({} if person is None else {"person": person})}
    return await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", body)


async def test_a_teams_work_is_listed_by_person(api: Api) -> None:
    await api.team("mail")
    customer = await api.client("Zhao Min")
    desk = await api.client("Lin", Role.agent)
    busy = await api.client("Wu", Role.engineer, teams=("mail",))
    idle = await api.client("Ida", Role.engineer, teams=("mail",))
    first = await given(customer, desk, "mail", busy.id)
    await given(customer, desk, "mail", busy.id)
    nobodys = await given(customer, desk, "mail")
    manager = await api.client("Ingo", Role.incident_manager)
    for reader in (manager, busy, await api.client("Maja", Role.management)):
        work = await reader.read("/v1/teams/mail/work")
        assert (work["open"], work["overdue"], work["truncated"]) == (3, 0, False)
        assert [member["person"] and member["person"]["id"] for member in work["members"]] == [
            None,
            busy.id,
            idle.id,
        ]
        none, of_busy, of_idle = work["members"]
        assert [case["id"] for case in none["cases"]] == [nobodys["id"]]
        assert of_busy["kinds"] == [{"kind": "incident", "open": 2, "overdue": 0}]
        assert of_busy["cases"][0]["number"] == first["number"], "the oldest of two that are alike"
        assert of_idle == {"person": of_idle["person"], "open": 0, "overdue": 0, "kinds": [], "cases": []}
    assert (await manager.read("/v1/teams/mail/work", kind="change"))["open"] == 0
    short = await manager.read("/v1/teams/mail/work", cases=1)
    assert [len(member["cases"]) for member in short["members"]] == [1, 1, 0]


async def test_nobody_sees_more_of_a_teams_work_than_of_its_cases(api: Api) -> None:
    for key in ("mail", "print"):
        await api.staffed_team(key)
    customer, desk = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    await given(customer, desk, "mail")
    outsider = await api.client("Otto", Role.engineer, teams=("print",))
    assert (await outsider.read("/v1/teams/mail/work"))["open"] == 0
    assert (await customer.get("/v1/teams/mail/work")).status_code == 403
    assert (await outsider.get("/v1/teams/unknown/work")).status_code == 404
