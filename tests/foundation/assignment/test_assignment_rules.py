"""Assignment rules: administrators make and move them, staff read and try them."""

from __future__ import annotations

import asyncio
from typing import Any

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.extent import in_test_all

RULES = "/v1/assignment_rules"
WEEKLY = [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}]


def a_rule(position: int, team: str, **more: Any) -> Json:
    """What is said to add a rule."""
    return {"process": "incident", "name": f"To {team}", "position": position, "to_team": team, **more}


async def tried(client: Client, **case: str) -> Json:
    """What would become of an incident."""
    return await client.read(f"{RULES}/try", process="incident", **case)


async def moved(client: Client, rule: Json, position: int) -> int:
    """The status of moving the rule there."""
    answer = await client.patch(
        f"{RULES}/{rule['id']}", json={"position": position}, headers={"If-Match": "*"}
    )
    return answer.status_code


async def test_an_administrator_makes_rules_and_staff_see_them(api: Api) -> None:
    await api.team("network")
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    reporter = await api.client("Zhao")
    for client in (agent, reporter):
        assert (await client.post(RULES, json=a_rule(1, "network"))).status_code == 403
    record = await admin.post_ok(RULES, a_rule(1, "network", priorities=["P2", "P1"], hours="nobody_works"))
    assert (record["priorities"], record["hours"], record["hours_of"]) == (["P1", "P2"], "nobody_works", None)
    assert [row["id"] for row in (await agent.read(RULES))["items"]] == [record["id"]]
    assert (await reporter.read(RULES))["items"] == []
    ended = await admin.post_ok(f"{RULES}/{record['id']}/end")
    assert ended["state"] == "ended"
    assert (await admin.patch(f"{RULES}/{record['id']}", json={"position": 2})).status_code in (409, 428)


async def test_what_cannot_be_followed_is_refused(api: Api) -> None:
    await api.team("network")
    admin = await api.client("Ada", Role.admin)
    wrong: list[tuple[Json, str, str]] = [
        ({"process": "person"}, "/process", "unknown_value"),
        ({"process": "nothing"}, "/process", "unknown_value"),
        ({"priorities": ["P1", "P1"]}, "/priorities", "each_once"),
        ({"to_team": "nobody"}, "/to_team", "unknown_reference"),
    ]
    for change, pointer, code in wrong:
        answer = await admin.post(RULES, json={**a_rule(1, "network"), **change})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    team = (await admin.read("/v1/teams", key="network"))["items"][0]["id"]
    record = await admin.post_ok(RULES, a_rule(1, "network"))
    await admin.post_ok(f"/v1/teams/{team}/retire")
    answer = await admin.post(RULES, json=a_rule(1, "network"))
    assert answer.json()["errors"][0]["code"] == "team_retired"
    (passed,) = (await tried(admin))["passed"]
    assert (passed["rule"]["id"], passed["reason"]) == (record["id"], "team_retired")


async def test_staff_try_the_rules_and_nobody_else(api: Api) -> None:
    for key in ("network", "mail", "finance"):
        await api.team(key)
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    engineer = await api.client("Erik", Role.engineer, teams=("mail",))
    reporter = await api.client("Zhao", teams=("finance",))
    await api.client("Nina", Role.engineer, teams=("network",))
    await admin.post_ok(RULES, a_rule(30, "network"))
    await admin.post_ok(
        RULES, a_rule(10, "mail", for_service="mail", for_customer="finance", choose="in_turn")
    )
    await admin.post_ok(RULES, a_rule(20, "network", priorities=["P1"]))
    await admin.post_ok(RULES, a_rule(5, "mail", hours="somebody_works"))
    assert (await reporter.get(f"{RULES}/try", params={"process": "incident"})).status_code == 403
    trial = await tried(agent, service="mail", customer="finance", priority="P3")
    assert (trial["team"]["key"], trial["person"]["id"]) == ("mail", engineer.id)
    assert [(skip["rule"]["position"], skip["reason"]) for skip in trial["passed"]] == [(5, "nobody_works")]
    trial = await tried(agent, service="print", priority="P3")
    assert (trial["rule"]["position"], trial["person"]) == (30, None)
    reasons = [(skip["rule"]["position"], skip["reason"]) for skip in trial["passed"]]
    assert reasons == [(5, "nobody_works"), (10, "service"), (20, "priority")]
    for wrong in ({"process": "person"}, {"process": "incident", "customer": "nobody"}):
        assert (await agent.get(f"{RULES}/try", params=wrong)).status_code == 422


async def test_rules_that_are_moved_at_once_have_one_order(api: Api) -> None:
    await api.team("network")
    admin = await api.client("Ada", Role.admin)
    rules = [await admin.post_ok(RULES, a_rule(n, "network", for_service=f"s-{n}")) for n in range(1, 5)]
    answers = await asyncio.gather(*(moved(admin, rule, 7) for rule in rules))
    assert answers == [200] * 4
    trial = await tried(admin)
    assert [skip["rule"]["id"] for skip in trial["passed"]] == [rule["id"] for rule in rules]
    assert await moved(admin, rules[3], 1) == 200
    answer = await admin.patch(f"{RULES}/{rules[0]['id']}", json={"to_team": None}, headers={"If-Match": "*"})
    assert answer.json()["errors"][0]["pointer"] == "/to_team"
    assert (await tried(admin))["passed"][0]["rule"]["id"] == rules[3]["id"]


@in_test_all
async def test_a_rule_counts_in_the_hours_of_a_calendar_or_outside_them(api: Api) -> None:
    await api.team("network")
    await api.team("night")
    admin = await api.client("Ada", Role.admin)
    office: Json = {"key": "office", "name": "Office", "time_zone": "Asia/Shanghai", "weekly": WEEKLY}
    await admin.post_ok(
        "/v1/calendars", office | {"holidays": [{"date": "2026-11-18", "name_en": "Move", "name_zh": "搬迁"}]}
    )
    by_day = await admin.post_ok(RULES, a_rule(1, "network", calendar="office", calendar_hours="open"))
    assert (by_day["calendar"], by_day["calendar_hours"]) == ("office", "open")
    await admin.post_ok(RULES, a_rule(2, "night", calendar="office", calendar_hours="closed"))
    for time, team in (
        ("2026-11-20T08:59:59+08:00", "night"),
        ("2026-11-20T09:00:00+08:00", "network"),
        ("2026-11-20T18:00:00+08:00", "night"),
        ("2026-11-21T12:00:00+08:00", "night"),
        ("2026-11-18T12:00:00+08:00", "night"),
    ):
        assert (await tried(admin, at=time))["team"]["key"] == team, time
    (passed,) = (await tried(admin, at="2026-11-20T03:00:00+08:00"))["passed"]
    assert (passed["reason"], passed["label"]) == (
        "calendar_closed",
        "The calendar of the rule is closed then.",
    )
    calendar = (await admin.read("/v1/calendars", key="office"))["items"][0]["id"]
    await admin.post_ok(f"/v1/calendars/{calendar}/retire")
    assert (await tried(admin, at="2026-11-20T12:00:00+08:00"))["team"]["key"] == "network", "it goes on"
    for fields, pointer, code in (
        ({"calendar": "office", "calendar_hours": "open"}, "/calendar", "calendar_retired"),
        ({"calendar": "nobodys", "calendar_hours": "open"}, "/calendar", "unknown_reference"),
        ({"calendar": "office"}, "", "both_of_calendar"),
        ({"calendar_hours": "closed"}, "", "both_of_calendar"),
    ):
        answer = await admin.post(RULES, json=a_rule(3, "network", **fields))
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)


@in_test_all
async def test_a_rule_is_edited_to_go_by_a_calendar_and_by_none(api: Api) -> None:
    await api.team("network")
    admin = await api.client("Ada", Role.admin)
    for key in ("office", "plant"):
        body: Json = {"key": key, "name": key, "time_zone": "Asia/Shanghai", "weekly": WEEKLY}
        await admin.post_ok("/v1/calendars", body)
    path = f"{RULES}/{(await admin.post_ok(RULES, a_rule(1, 'network')))['id']}"
    for change, status in (
        ({"calendar": "office"}, 422),
        ({"calendar": "office", "calendar_hours": "closed"}, 200),
        ({"calendar": "plant"}, 200),
        ({"calendar_hours": None}, 422),
        ({"calendar": None, "calendar_hours": None}, 200),
    ):
        answer = await admin.patch(path, json=change, headers={"If-Match": "*"})
        assert answer.status_code == status, answer.text
    response = await admin.read(path)
    assert (response["calendar"], response["calendar_hours"]) == (None, None)
