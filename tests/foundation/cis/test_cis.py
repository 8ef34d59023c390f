"""Configuration items: what becomes of them, what they are to others, and what is flagged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident
from tests.foundation.people.test_roles import edited


async def a_ci(client: Client, key: str, **more: Any) -> Json:
    """A configuration item that is live."""
    body = {"key": key, "name": f"The {key}", "ci_class": "server", **more}
    await client.post_ok("/v1/cis", body)
    return await client.post_ok(f"/v1/cis/{key}/go_live")


async def refused(client: Client, path: str, body: Json) -> tuple[int, str, str]:
    """The status, and where and why what is said is wrong."""
    answer = await client.post(path, json=body)
    (error,) = answer.json()["errors"]
    return answer.status_code, error["pointer"], error["code"]


@pytest.fixture
async def keeper(api: Api) -> Client:
    """A configuration manager."""
    return await api.client("Karin", Role.configuration_manager)


async def test_one_is_planned_goes_live_is_worked_on_and_retired(keeper: Client) -> None:
    record = await keeper.post_ok("/v1/cis", {"key": "db-1", "name": "Orders", "ci_class": "database"})
    assert (record["state"], record["services"], record["attributes"]) == ("planned", [], {})
    for action, state in (
        ("go_live", "live"),
        ("begin_maintenance", "maintenance"),
        ("end_maintenance", "live"),
        ("retire", "retired"),
    ):
        assert (await keeper.post_ok(f"/v1/cis/db-1/{action}"))["state"] == state
    events = (await keeper.read("/v1/cis/db-1/events"))["items"]
    assert [event["type"] for event in events] == [
        "ci.planned",
        "ci.went_live",
        "ci.maintenance_begun",
        "ci.maintenance_ended",
        "ci.retired",
    ]


async def test_every_alteration_after_go_live_that_no_change_of_ours_authorises_is_flagged(
    keeper: Client,
) -> None:
    planned = {"key": "app-1", "name": "Shop", "ci_class": "application"}
    await keeper.post_ok("/v1/cis", planned)
    await keeper.post_ok("/v1/cis/app-1/change_attributes", {"attributes": {"release": "1.0"}})
    live = await keeper.post_ok("/v1/cis/app-1/go_live")
    assert (live["unauthorised"], live["unauthorised_count"], live["unauthorised_at"]) == (False, 0, None)
    changed = {"attributes": {"release": "1.1", "port": 443}, "change": "RFC-17"}
    after = await keeper.post_ok("/v1/cis/app-1/change_attributes", changed)
    assert (after["unauthorised"], after["unauthorised_count"]) == (True, 1)
    assert after["attributes"] == {"release": "1.1", "port": 443}
    twice = await edited(keeper, "/v1/cis/app-1", {"name": "The shop"})
    assert (twice["unauthorised_count"], twice["name"]) == (2, "The shop")
    last = (await keeper.read("/v1/cis/app-1/events"))["items"][-2]
    assert last["given"]["change"] == "RFC-17"
    assert last["set"][f"ci/{after['id']}"]["unauthorised_count"] == 1
    await a_ci(keeper, "srv-1")
    listed = {
        flag: [ci["key"] for ci in (await keeper.read("/v1/cis", unauthorised=flag))["items"]]
        for flag in ("true", "false")
    }
    assert listed == {"true": ["app-1"], "false": ["srv-1"]}


async def test_an_attribute_is_taken_away_by_null_and_the_rest_stays(keeper: Client) -> None:
    await a_ci(keeper, "srv-1", attributes={"memory_gib": 64, "rack": "B2"})
    changed = {"attributes": {"memory_gib": 128, "rack": None, "site": "Berlin"}}
    after = await keeper.post_ok("/v1/cis/srv-1/change_attributes", changed)
    assert after["attributes"] == {"memory_gib": 128, "site": "Berlin"}
    many = {"attributes": {f"port_{n}": n for n in range(49)}}
    refusal = await refused(keeper, "/v1/cis/srv-1/change_attributes", many)
    assert refusal == (422, "/attributes", "too_long")


async def test_a_relation_is_seen_from_both_ends(keeper: Client) -> None:
    await a_ci(keeper, "app-1")
    await a_ci(keeper, "srv-1")
    await keeper.post_ok("/v1/cis/app-1/relate", {"kind": "runs_on", "other": "srv-1"})
    (out,) = (await keeper.read("/v1/cis/app-1/relations"))["items"]
    assert (out["kind"], out["direction"], out["other"]["key"]) == ("runs_on", "outgoing", "srv-1")
    (back,) = (await keeper.read("/v1/cis/srv-1/relations", direction="incoming"))["items"]
    assert (back["kind"], back["direction"], back["other"]["key"]) == ("runs_on", "incoming", "app-1")
    await keeper.post_ok("/v1/cis/app-1/unrelate", {"kind": "runs_on", "other": "srv-1"})
    assert (await keeper.read("/v1/cis/srv-1/relations", direction="incoming"))["items"] == []


async def test_relations_come_in_pages(keeper: Client) -> None:
    await a_ci(keeper, "app-1")
    for n in range(3):
        await a_ci(keeper, f"srv-{n}")
        await keeper.post_ok("/v1/cis/app-1/relate", {"kind": "uses", "other": f"srv-{n}"})
    pages = await keeper.pages("/v1/cis/app-1/relations", limit=2)
    assert [[relation["other"]["key"] for relation in page] for page in pages] == [
        ["srv-0", "srv-1"],
        ["srv-2"],
    ]


async def test_what_cannot_be_related_is_refused(keeper: Client) -> None:
    await a_ci(keeper, "app-1")
    await a_ci(keeper, "srv-1")
    await a_ci(keeper, "old-1")
    await keeper.post_ok("/v1/cis/old-1/retire")
    await keeper.post_ok("/v1/cis/app-1/relate", {"kind": "uses", "other": "srv-1"})
    path = "/v1/cis/app-1/relate"
    for relation, code in (
        ({"kind": "uses", "other": "app-1"}, "itself"),
        ({"kind": "uses", "other": "srv-1"}, "there_already"),
        ({"kind": "uses", "other": "old-1"}, "ci_retired"),
        ({"kind": "uses", "other": "nothing"}, "unknown_reference"),
    ):
        assert await refused(keeper, path, relation) == (422, "/other", code)
    assert (await keeper.post_ok(path, {"kind": "depends_on", "other": "srv-1"}))["key"] == "app-1"
    unknown = {"kind": "part_of", "other": "srv-1"}
    assert await refused(keeper, "/v1/cis/app-1/unrelate", unknown) == (422, "/other", "not_related")
    assert (await keeper.post("/v1/cis/old-1/relate", json=unknown)).status_code == 409


async def test_of_two_who_relate_the_same_pair_at_once_one_is_told_so(keeper: Client) -> None:
    await a_ci(keeper, "app-1")
    await a_ci(keeper, "srv-1")
    body = {"kind": "runs_on", "other": "srv-1"}
    both = await asyncio.gather(*(keeper.post("/v1/cis/app-1/relate", json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 422]
    assert len((await keeper.read("/v1/cis/app-1/relations"))["items"]) == 1


async def test_a_key_is_given_once(keeper: Client) -> None:
    await a_ci(keeper, "srv-1")
    again = {"key": "srv-1", "name": "Another", "ci_class": "server"}
    assert await refused(keeper, "/v1/cis", again) == (422, "/key", "taken")


async def test_staff_and_the_owner_see_one_and_nobody_else(api: Api, keeper: Client) -> None:
    await api.team("network")
    owner, other = await api.client("Olga", teams=("network",)), await api.client("Zhao")
    engineer, machine = await api.client("Erik", Role.engineer), await api.client("Scan", Role.integration)
    await a_ci(keeper, "srv-1", owner=owner.id)
    for client, status in ((owner, 200), (other, 404), (engineer, 200), (machine, 404)):
        for below in ("", "/impact", "/relations", "/events"):
            assert (await client.get(f"/v1/cis/srv-1{below}")).status_code == status, below
    counts = [len((await client.read("/v1/cis"))["items"]) for client in (owner, other, machine)]
    assert counts == [1, 0, 0]


async def test_an_integration_sees_what_it_has_found_and_nothing_else(api: Api, keeper: Client) -> None:
    await api.team("network")
    scan = await api.client("Scan", Role.integration, teams=("network",))
    other = await api.client("Probe", Role.integration)
    await a_ci(keeper, "srv-1")
    record = await scan.post_ok("/v1/cis", {"key": "srv-2", "name": "Found", "ci_class": "server"})
    assert record["found_by"]["id"] == scan.id
    assert [ci["key"] for ci in (await scan.read("/v1/cis"))["items"]] == ["srv-2"]
    assert (await other.read("/v1/cis"))["items"] == []
    assert [ci["key"] for ci in (await keeper.read("/v1/cis", found_by=scan.id))["items"]] == ["srv-2"]
    await scan.post_ok("/v1/cis/srv-2/change_attributes", {"attributes": {"memory_gib": 64}})
    hidden = {"kind": "runs_on", "other": "srv-1"}
    assert await refused(scan, "/v1/cis/srv-2/relate", hidden) == (422, "/other", "unknown_reference")
    await keeper.post_ok("/v1/cis/srv-2/relate", hidden)
    assert (await scan.read("/v1/cis/srv-2/relations"))["items"] == [], "nor by what it is related to"
    assert (await keeper.read("/v1/cis/srv-1"))["found_by"] is None
    answer = await keeper.patch("/v1/cis/srv-1", json={"owner": scan.id}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    assert len((await scan.read("/v1/cis"))["items"]) == 2, "what is to be looked after, it is given"


async def test_an_integration_that_is_staff_besides_is_known_to_have_found_what_it_plans(api: Api) -> None:
    scan = await api.client("Scan", Role.integration, Role.configuration_manager)
    record = await scan.post_ok("/v1/cis", {"key": "srv-1", "name": "Found", "ci_class": "server"})
    assert record["found_by"]["id"] == scan.id
    elsewhere = await api.client("Mail", "integration@process/incident", Role.configuration_manager)
    planned = await elsewhere.post_ok("/v1/cis", {"key": "srv-2", "name": "Planned", "ci_class": "server"})
    assert planned["found_by"] is None


async def test_those_that_serve_a_service_are_found(keeper: Client) -> None:
    await a_ci(keeper, "srv-1", services=["mail", "web"])
    await a_ci(keeper, "srv-2", services=["web"])
    for service, keys in (("mail", ["srv-1"]), ("web", ["srv-2", "srv-1"])):
        listed = (await keeper.read("/v1/cis", serves=service))["items"]
        assert [ci["key"] for ci in listed] == keys


async def test_no_incident_is_reported_of_one_that_is_retired(keeper: Client) -> None:
    await a_ci(keeper, "srv-1")
    assert (await keeper.post_ok("/v1/incidents", an_incident(ci="srv-1")))["ci"] == "srv-1"
    await keeper.post_ok("/v1/cis/srv-1/retire")
    refusal = await refused(keeper, "/v1/incidents", an_incident(ci="srv-1"))
    assert refusal == (422, "/ci", "ci_retired")
    assert (await keeper.post_ok("/v1/incidents", an_incident(ci="nobody-knows")))["ci"] == "nobody-knows"
