"""Groups: who sits in them for which side, and who sees it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api
from tests.foundation.people.test_roles import edited
from tests.people import fill


async def test_a_group_has_a_chair_and_members_who_stand_for_a_side(api: Api) -> None:
    admin, wei = await api.client("Ada", Role.admin), await api.client("Wang Wei", Role.engineer)
    record = await admin.post_ok(
        "/v1/groups", {"key": "cab", "name": "Change advisory board", "chair": wei.id}
    )
    assert (record["chair"]["id"], record["members"], record["state"]) == (wei.id, [], "active")
    path = "/v1/groups/cab"
    await admin.post_ok(f"{path}/add_member", {"person": wei.id, "side": "operations"})
    both = await admin.post_ok(f"{path}/add_member", {"person": "me", "side": "management"})
    sides = [(member["person"]["name"], member["side"]) for member in both["members"]]
    assert sides == [("Wang Wei", "operations"), ("Ada", "management")]
    left = await admin.post_ok(f"{path}/remove_member", {"person": wei.id})
    assert [member["person"]["id"] for member in left["members"]] == [admin.id]
    assert (await edited(admin, path, {"chair": "me"}))["chair"]["id"] == admin.id
    (listed,) = (await wei.read("/v1/groups", chair=admin.id))["items"]
    assert listed["members"] == left["members"]
    await admin.post_ok(f"{path}/retire")
    refused = await admin.post(f"{path}/add_member", json={"person": wei.id, "side": "operations"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")


async def test_nobody_is_in_a_group_twice_or_removed_who_is_not_in_it(api: Api) -> None:
    admin, wei = await api.client("Ada", Role.admin), await api.client("Wang Wei")
    client = await api.client("Zhao")
    await admin.post_ok(f"/v1/persons/{client.id}/deactivate")
    await admin.post_ok("/v1/groups", {"key": "cab", "name": "CAB", "chair": "me"})
    member = {"person": wei.id, "side": "key_user"}
    both = await asyncio.gather(*(admin.post("/v1/groups/cab/add_member", json=member) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 422]
    cases = (
        ("add_member", member, "there_already"),
        ("add_member", {"person": client.id, "side": "business"}, "person_inactive"),
        ("remove_member", {"person": admin.id}, "not_in_the_group"),
    )
    for action, body, code in cases:
        refused = await admin.post(f"/v1/groups/cab/{action}", json=body)
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/person", code), action


async def test_only_the_business_represents_it_and_its_key_users_in_a_group(api: Api) -> None:
    admin, head = await api.client("Ada", Role.admin), await api.client("Wu", Role.department_head)
    await api.team("clients", TeamKind.customer)
    seconded = await api.client("Wang Wei", Role.engineer, teams=("clients",))
    await admin.post_ok("/v1/groups", {"key": "leave", "name": "Leave", "chair": "me"})
    path = "/v1/groups/leave/add_member"
    for person in (admin, seconded):
        for side in ("business", "key_user"):
            refused = await admin.post(path, json={"person": person.id, "side": side})
            (error,) = refused.json()["errors"]
            assert (error["pointer"], error["code"]) == ("/person", "not_of_the_business"), side
    await admin.post_ok(path, {"person": seconded.id, "side": "development"})
    await fill(api.ledger, "leave", [UUID(admin.id)])
    accepting = {"kind": "group", "duty": "group_acceptance"}
    assert (await admin.read("/v1/lookup", **accepting))["items"] == [], "a kept seat is no voice"
    await admin.post_ok(path, {"person": head.id, "side": "business"})
    assert [group["key"] for group in (await admin.read("/v1/lookup", **accepting))["items"]] == ["leave"]


async def test_a_suppliers_person_has_no_seat_of_it_and_no_chair(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await api.team("cabling", TeamKind.supplier)
    fitter = await api.client("Fitter", teams=("cabling",))
    await admin.post_ok("/v1/groups", {"key": "cab", "name": "Advisers", "chair": "me"})
    sides = {
        "operations": "not_staff",
        "development": "not_staff",
        "management": "not_staff_or_management",
    }
    for side, code in sides.items():
        refused = await admin.post("/v1/groups/cab/add_member", json={"person": fitter.id, "side": side})
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/person", code), side
    chaired = await admin.post("/v1/groups", json={"key": "own", "name": "Own", "chair": fitter.id})
    (error,) = chaired.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/chair", "not_of_the_organisation")


async def test_groups_are_seen_by_staff_and_their_chair(api: Api) -> None:
    admin, chair = await api.client("Ada", Role.admin), await api.client("Li Na")
    other = await api.client("Zhao")
    await admin.post_ok("/v1/groups", {"key": "users", "name": "Key users", "chair": chair.id})
    assert [len((await client.read("/v1/groups"))["items"]) for client in (admin, chair, other)] == [1, 1, 0]
    assert (await other.get("/v1/groups/users")).status_code == 404


async def test_who_belongs_to_a_group_sees_it_as_long_as_they_do_and_nobody_else_of_no_staff(
    api: Api,
) -> None:
    admin, wei, zhao = await api.client("Ada", Role.admin), await api.client("Wei"), await api.client("Zhao")
    for key in ("cab", "board"):
        await admin.post_ok("/v1/groups", {"key": key, "name": key, "chair": "me"})
    await admin.post_ok("/v1/groups/cab/add_member", {"person": wei.id, "side": "key_user"})
    answer = await wei.read("/v1/groups/cab")
    assert [member["person"]["id"] for member in answer["members"]] == [wei.id]
    assert [group["key"] for group in (await wei.read("/v1/groups"))["items"]] == ["cab"]
    assert (await wei.get("/v1/groups/board")).status_code == 404
    assert (await zhao.get("/v1/groups/cab")).status_code == 404
    assert (await zhao.read("/v1/groups"))["items"] == []
    await edited(admin, "/v1/groups/cab", {"name": "Advisers"})
    assert (await wei.read("/v1/groups/cab"))["name"] == "Advisers"
    await admin.post_ok("/v1/groups/cab/remove_member", {"person": wei.id})
    assert (await wei.get("/v1/groups/cab")).status_code == 404
    assert (await wei.read("/v1/groups"))["items"] == []
