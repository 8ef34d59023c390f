"""A mirrored ticket is found by what people call it over there, and says where that is."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.canaries.erasing import follow
from tests.client import Api, Json
from tests.exchange.servicenow_files import fold_comparison
from tests.extent import first_of
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source


def a_ticket(minute: int, **more: object) -> Json:
    """What a tool tells of a ticket at that minute."""
    fields = {
        "id": "10071",
        "number": "ABC-4",
        "url": "https://tool.example/browse/ABC-4",
        "title": "No mail",
    }
    times = {"created_at": "2019-03-02T08:00:00Z", "updated_at": f"2019-03-02T08:{minute:02}:00Z"}
    return fields | times | {"status": "open"} | more


async def names(tool: Tool) -> list[Json]:
    """What the only ticket is called elsewhere."""
    (ticket,) = await tool.tickets()
    assert ticket["external_references"] is None, "it is shown on request"
    read = await tool.admin.read(f"/v1/incidents/{ticket['id']}", fields="external_references")
    for parameters in ({"include": "external_references"}, {"fields": "external_references"}):
        (listed,) = (await tool.admin.read("/v1/incidents", **parameters))["items"]
        item = await tool.admin.read(f"/v1/incidents/{ticket['id']}", **parameters)
        assert read["external_references"] == listed["external_references"] == item["external_references"], (
            parameters
        )
    result: list[Json] = read["external_references"]
    return result


async def test_it_is_found_by_its_number_and_its_id_and_has_its_link(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic")
    await tool.deliver(a_ticket(0))
    await tool.deliver(a_ticket(0, id="10072", number="ABC-5", url=None))
    await follow(api.ledger)
    link = "https://tool.example/browse/ABC-4"
    for name in ("ABC-4", "10071", "generic-1:ABC-4", "generic-1:10071"):
        ticket = await tool.admin.read(f"/v1/incidents/{name}", fields="external_references")
        fields = {"source": "generic-1", "key": "10071", "number": "ABC-4", "url": link}
        assert ticket["external_references"] == [fields], name
        for parameters in ({"external_reference": name}, {"q": name}):
            (result,) = (await tool.admin.read("/v1/incidents", **parameters))["items"]
            assert result["id"] == ticket["id"], parameters


async def test_a_number_of_two_sources_is_told_to_those_who_see_both(api: Api) -> None:
    admin = await an_admin(api)
    for key in ("shop", "bank"):
        await (await a_source(api, admin, "generic", key=key)).deliver(a_ticket(0))
    for answer in (
        await admin.get("/v1/incidents/ABC-4"),
        await admin.post("/v1/incidents/ABC-4/acknowledge", json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "shared_number")
        assert "bank:ABC-4, shop:ABC-4" in answer.json()["detail"]
    stranger = await api.client("Eve")
    assert (await stranger.get("/v1/incidents/ABC-4")).json()["code"] == "not_found"


async def test_a_ticket_that_moves_over_there_is_called_anew_in_any_order(api: Api) -> None:
    moved = {"number": "NEW-9", "url": "https://tool.example/browse/NEW-9"}
    for key, order in first_of((("a", (0, 5, 9)), ("b", (9, 0, 5)), ("c", (5, 9, 0))), 2):
        tool = await a_source(api, await an_admin(api), "generic", key=key)
        for minute in order:
            await tool.deliver(a_ticket(minute, id=key, **(moved if minute == 9 else {})))
        ticket = await tool.admin.read(f"/v1/incidents/{key}:NEW-9", fields="external_references")
        assert [(ref["number"], ref["url"]) for ref in ticket["external_references"]] == [
            tuple(moved.values())
        ]
    comparison = await fold_comparison(api.ledger)
    assert (comparison.differing, comparison.examples) == ({}, [])


async def test_what_has_no_number_of_its_own_gets_it_when_it_is_told(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic")
    await tool.deliver(a_ticket(5, number=None, url=None))
    assert [(ref["number"], ref["url"]) for ref in await names(tool)] == [(None, None)]
    await tool.deliver(a_ticket(0))
    assert [ref["number"] for ref in await names(tool)] == ["ABC-4"]


async def test_its_own_number_is_of_the_year_in_which_it_is_recorded(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic")
    await tool.deliver(a_ticket(0))
    (ticket,) = await tool.tickets()
    assert ticket["number"].startswith(f"INC-{datetime.now(UTC).year}-")
