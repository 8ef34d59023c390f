"""What is urgent: a sentence comes with its condition, goes with it, and opens exactly its cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from tests.attention.reading import PATH, cases_of, items_of, read_attention
from tests.client import Api, Client, Json, an_incident

STATEMENT = {"commander": "me", "statement": "We work on it."}


@pytest.fixture
async def manager(api: Api) -> Client:
    return await api.client("Mia", Role.incident_manager, Role.agent)


async def a_major(manager: Client) -> Json:
    """A major incident that is open."""
    incident = await manager.post_ok("/v1/incidents", an_incident())
    await manager.post_ok(f"/v1/incidents/{incident['id']}/declare_major", STATEMENT)
    return incident


async def test_nothing_needs_attention_where_nothing_is(manager: Client) -> None:
    answer = await read_attention(manager)
    assert (answer["items"], answer["good"], answer["nothing"]) == ([], [], "Nothing needs attention.")
    assert (await read_attention(manager, "zh"))["nothing"] == "暂无需关注事项。"


async def test_a_major_incident_needs_attention_until_it_is_resolved(manager: Client) -> None:
    incident = await a_major(manager)
    (item,) = await items_of(manager, "major_incident")
    assert [case["id"] for case in await cases_of(manager, item)] == [incident["id"]]
    assert (item["severity"], item["process"], item["owner"]) == ("now", "incident", None)
    assert item["sentence"].startswith(f"{incident['number']} has been a major incident for ")
    assert item["desk"] == f"/desk/incident/{incident['number']}"
    path = f"/v1/incidents/{incident['id']}"
    await manager.post_ok(f"{path}/assign", {"person": "me"})
    await manager.post_ok(f"{path}/acknowledge")
    await manager.post_ok(f"{path}/resolve", {"resolution_code": "fixed", "done": "Mended."})
    assert await items_of(manager, "major_incident") == []


async def test_others_see_neither_the_sentence_nor_its_count(api: Api, manager: Client) -> None:
    incident = await a_major(manager)
    stranger = await api.client("Zhao")
    answer = await stranger.get(PATH)
    assert answer.json()["counts"] == {"total": 0, "now": 0}
    assert incident["number"] not in answer.text
    assert (await api.with_token(None).get(PATH)).status_code == 401


async def test_from_the_third_on_major_incidents_are_one_sentence(manager: Client) -> None:
    numbers = [(await a_major(manager))["number"] for _ in range(2)]
    assert len(await items_of(manager, "major_incident")) == 2
    numbers.append((await a_major(manager))["number"])
    (item,) = await items_of(manager, "major_incident")
    assert item["count"] == 3
    assert {case["number"] for case in await cases_of(manager, item)} == set(numbers)
    assert item["sentence"].startswith("3 major incidents are open; the first, ")


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [("team", "netwrk", "network"), ("service", "mial", "mail"), ("period", "2199-01", "")],
)
async def test_an_unknown_choice_is_refused_with_what_is_near(
    api: Api, manager: Client, name: str, value: str, near: str
) -> None:
    await api.team("network")
    keeper = await api.client("Ada", Role.service_level_manager)
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    await keeper.post_ok("/v1/services", service)
    answer = await manager.get(PATH, params={name: value})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["parameter"], fault["code"]) == (name, "unknown_value_near")
    assert near in fault["message"]


async def test_a_choice_narrows_the_sentences(api: Api, manager: Client) -> None:
    await api.team("network")
    await a_major(manager)
    assert await items_of(manager, "major_incident", team="network") == []
    assert len(await items_of(manager, "major_incident", priority="P1,P2,P3,P4")) == 1


async def test_a_sentence_is_put_aside_until_a_date_for_oneself_alone(api: Api, manager: Client) -> None:
    await a_major(manager)
    (item,) = await items_of(manager, "major_incident")
    path = f"{PATH}/asides/{item['key']}"
    until = datetime.now(UTC) + timedelta(days=2)
    assert (await manager.put(path, json={"until_at": until.isoformat()})).status_code == 200
    answer = await read_attention(manager)
    assert (answer["items"], answer["counts"]["total"]) == ([], 0)
    assert answer["nothing"] is not None
    colleague = await api.client("Mo", Role.incident_manager)
    assert len(await items_of(colleague, "major_incident")) == 1
    with_asides = (await manager.get(PATH, params={"aside": "true"})).json()
    assert [datetime.fromisoformat(item["aside_until"]) for item in with_asides["items"]] == [until]
    assert with_asides["counts"]["total"] == 0
    assert (await manager.delete(path)).status_code == 204
    assert (await manager.delete(path)).status_code == 404
    assert len(await items_of(manager, "major_incident")) == 1


@pytest.mark.parametrize("days", [-1, 400])
async def test_nothing_is_put_aside_for_ever(manager: Client, days: int) -> None:
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    answer = await manager.put(f"{PATH}/asides/figures_lag", json={"until_at": until})
    assert answer.json()["errors"][0]["code"] == "not_within_a_year"
