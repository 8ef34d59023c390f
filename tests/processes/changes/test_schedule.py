"""The schedule of changes: for all staff, and for customers in words, of their own services."""

from __future__ import annotations

import pytest

from app.common.people import STAFF_ROLES, Role
from tests.client import Api, Client, Json
from tests.extent import first_of, in_test_all
from tests.processes.changes.samples import DONE, NIGHT, Board, at_hour

PATH = "/v1/changes/schedule"
TITLE = "The relay of the head office"


@pytest.fixture
async def services(api: Api, board: Board) -> None:
    """Mail is for sales, the web for the factory, and the phone for everybody."""
    keeper = await api.client("Ada", Role.service_level_manager)
    for key, customer in (("mail", "sales"), ("web", "factory"), ("phone", None)):
        if customer is not None:
            await api.team(customer)
        names = {"key": key, "name_en": key.capitalize(), "name_zh": "服务", "criticality": "high"}
        body = {**names, "owner": "me", "customers": [customer] if customer else []}
        record = await keeper.post_ok("/v1/services", body)
        await keeper.post_ok(f"/v1/services/{record['id']}/go_live")


async def schedule(client: Client, **query: object) -> list[Json]:
    """What the reader is shown."""
    items: list[Json] = (await client.read(PATH, **query))["items"]
    return items


async def test_all_staff_see_when_which_change_touches_what_though_they_do_not_see_the_change(
    board: Board, services: None
) -> None:
    await board.ci("srv-1", services=["web"])
    path = await board.scheduled(2, 4, title=TITLE, cis=["srv-1"])
    change = await board.manager.read(path)
    for role in first_of(sorted(STAFF_ROLES), 3):
        reader = await board.api.client("Sofia", role)
        (entry,) = await schedule(reader)
        assert (entry["id"], entry["number"], entry["title"]) == (change["id"], change["number"], TITLE), role
        assert (entry["type"], entry["risk_level"], entry["state"]) == ("normal", "low", "scheduled")
        assert (entry["services"], entry["cis"], entry["team"]["key"]) == (
            ["mail", "web"],
            ["srv-1"],
            "network",
        )
        assert [team["key"] for team in entry["customers"]] == ["factory", "sales"]
        assert (entry["from_at"], entry["until_at"]) == (at_hour(2), at_hour(4))
    editor = await board.api.client("Mina", Role.knowledge_editor)
    assert (await editor.get(path)).status_code == 404


async def test_customers_are_told_in_words_what_touches_their_services_and_nothing_else(
    board: Board, services: None
) -> None:
    await board.scheduled(2, 4, title=TITLE, services=["mail", "web"])
    await board.scheduled(5, 6, title=TITLE, services=["web"])
    await board.scheduled(7, 8, title=TITLE, services=["phone"])
    customer = await board.api.client("Rosa", Role.requester, teams=("sales",))
    answer = await customer.get(PATH, headers={"Accept-Language": "zh"})
    assert answer.headers["content-language"] == "zh"
    first, second = answer.json()["items"]
    assert (first["services"], second["services"]) == (["mail"], ["phone"])
    assert [team["key"] for team in first["customers"]] == ["sales"]
    assert (first["from_at"], first["until_at"]) == (at_hour(2), at_hour(4))
    assert first["message"].startswith(f"计划于 {NIGHT.date()} ")
    hidden = ("id", "number", "title", "type", "risk_level", "team")
    assert [first[name] for name in hidden] == [None] * len(hidden)
    assert "CHG" not in answer.text
    assert TITLE not in answer.text
    (english, _) = await schedule(customer)
    assert english["message"].startswith(f"Maintenance is planned from {NIGHT.date()} ")
    for query in ({"team": "network"}, {"type": "normal"}, {"risk_level": "low"}):
        assert (await customer.get(PATH, params=query)).status_code == 403, query
    assert await schedule(customer, service="web") == [], "nor what else the first one touches"


@in_test_all
async def test_what_is_not_approved_is_not_planned_and_what_is_done_is_shown_to_staff_who_ask(
    board: Board, services: None
) -> None:
    await board.drafted()
    await board.approved()
    path = await board.scheduled(2, 4)
    customer = await board.api.client("Rosa", Role.requester, teams=("sales",))
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed."})
    for reader in (board.engineer, customer):
        (running,) = await schedule(reader)
        assert (running["state"], running["message"][:40]) == (
            "implementing",
            "The service has been under maintenance s",
        )
    await board.engineer.post_ok(f"{path}/complete", DONE)
    assert await schedule(board.engineer) == await schedule(customer) == []
    (done,) = await schedule(board.engineer, state="implemented,closed")
    assert (done["state"], done["message"]) == ("implemented", None)
    assert await schedule(customer, state="implemented,closed") == []


@in_test_all
async def test_it_is_chosen_from_and_comes_page_by_page(board: Board, services: None) -> None:
    await board.ci("srv-1", services=["web"])
    first = await board.scheduled(2, 4)
    second = await board.scheduled(5, 6, services=["web"])
    third = await board.scheduled(7, 8, cis=["srv-1"])
    numbers = [(await board.manager.read(path))["number"] for path in (first, second, third)]
    reader = await board.api.client("Sofia", Role.knowledge_editor)

    async def found(**query: object) -> list[int]:
        return [numbers.index(entry["number"]) for entry in await schedule(reader, **query)]

    assert await found() == [0, 1, 2]
    assert await found(service="web") == [1, 2]
    assert await found(ci="srv-1") == [2]
    assert await found(team="network", type="normal", risk_level="low") == [0, 1, 2]
    assert (
        await found(team="elsewhere") == await found(type="emergency") == await found(risk_level="high") == []
    )
    assert await found(**{"from": at_hour(4.5), "until": at_hour(6.5)}) == [1]
    page = await reader.read(PATH, limit=2, count="exact")
    assert ([item["number"] for item in page["items"]], page["total"]) == (numbers[:2], 3)
    rest = await reader.read(PATH, limit=2, count="exact", cursor=page["next_cursor"])
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == (numbers[2:], None)
