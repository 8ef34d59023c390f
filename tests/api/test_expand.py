"""What a record names by a key is shown whole to who may see it: services, CIs, categories, the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident, without_actions
from tests.foundation.categories.test_categories import CATEGORIES, a_category
from tests.foundation.services.test_catalogue import ITEMS, SERVICES, a_service, an_item
from tests.processes.problems.samples import a_problem

KEYS = "service,ci,category"
HOURS: Json = {
    "time_zone": "Asia/Shanghai",
    "weekly": [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}],
}
A_REQUEST: Json = {"title": "A mailbox", "description": "For two.", "channel": "portal", "urgency": "3"}


async def the_known(keeper: Client) -> None:
    """A service, a CI, and a category for each process, all of them with one name."""
    await a_service(keeper)
    await keeper.post_ok("/v1/cis", {"key": "mail", "name": "Relay", "ci_class": "server"})
    for process in ("incident", "request", "problem"):
        await keeper.post_ok(CATEGORIES, a_category("mail", process=process))


def said(path: str, named: str) -> Json:
    """What opens a ticket there that names these."""
    if path == "requests":
        return {**A_REQUEST, "service": named, "ci": named}
    ticket = an_incident if path == "incidents" else a_problem
    return ticket(service=named, ci=named, category=named)


@pytest.mark.parametrize("path", ["incidents", "requests", "problems"])
async def test_what_a_ticket_names_by_its_key_is_shown_whole_and_what_nobody_has_is_null(
    api: Api, path: str
) -> None:
    keeper = await api.client("Ada", Role.admin, Role.engineer)
    await the_known(keeper)
    record = await keeper.post_ok(f"/v1/{path}", said(path, "mail"))
    if path == "requests":
        record_path = f"/v1/requests/{record['id']}"
        answer = await keeper.patch(record_path, json={"category": "mail"}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
    await keeper.post_ok(f"/v1/{path}", said(path, "elsewhere"))
    response = await keeper.read(f"/v1/{path}/{record['id']}", expand=f"{KEYS},service")
    assert response["service"] == without_actions(await keeper.read(f"{SERVICES}/mail"))
    assert response["ci"] == without_actions(await keeper.read("/v1/cis/mail"))
    assert (response["category"]["key"], response["category"]["process"]) == ("mail", path.removesuffix("s"))
    unknown, listed = (await keeper.read(f"/v1/{path}", expand=KEYS))["items"]
    assert [listed[name] for name in KEYS.split(",")] == [response[name] for name in KEYS.split(",")]
    assert [unknown[name] for name in KEYS.split(",")] == [None, None, None]
    (ticket, _) = (await keeper.read(f"/v1/{path}"))["items"]
    assert (ticket["service"], ticket["ci"]) == ("elsewhere", "elsewhere"), "its name is there if nobody asks"


async def test_a_service_or_ci_that_the_caller_may_not_see_is_as_one_that_nobody_has(api: Api) -> None:
    keeper, zhao = await api.client("Ada", Role.admin, Role.engineer), await api.client("Zhao")
    await the_known(keeper)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', said('incidents', 'mail')))['id']}"
    answer = await zhao.read(path, expand=KEYS)
    assert (answer["service"]["key"], answer["ci"], answer["category"]["key"]) == ("mail", None, "mail")
    await keeper.post_ok(f"{SERVICES}/{answer['service']['id']}/retire")
    assert (await zhao.read(path, expand=KEYS))["service"] is None
    (listed,) = (await zhao.read("/v1/incidents", expand=KEYS))["items"]
    assert (listed["service"], listed["ci"]) == (None, None)
    assert (await keeper.read(path, expand=KEYS))["service"]["state"] == "retired"


async def test_a_page_asks_once_for_all_services_that_it_names(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await api.client("Ada", Role.admin, Role.engineer)
    for n in range(5):
        await a_service(keeper, f"service-{n}")
        await keeper.post_ok("/v1/incidents", an_incident(service=f"service-{n}"))
    statements: list[str] = []
    rows = api.ledger.db.rows

    async def listening(query: str, *more: Any, **named: Any) -> Any:
        statements.append(query)
        return await rows(query, *more, **named)

    monkeypatch.setattr(api.ledger.db, "rows", listening)
    items = (await keeper.read("/v1/incidents", expand=KEYS))["items"]
    assert {item["service"]["key"] for item in items} == {f"service-{n}" for n in range(5)}
    assert len([query for query in statements if "from fold.service r" in query]) == 1
    assert not [query for query in statements if "from fold.ci r" in query], "nobody names one"


async def test_requests_show_their_item_items_their_service_and_services_their_calendar(api: Api) -> None:
    keeper = await api.client("Ada", Role.admin, Role.agent)
    await keeper.post_ok("/v1/calendars", {"key": "office", "name": "Office", **HOURS})
    await a_service(keeper, calendar="office")
    item = await keeper.post_ok(ITEMS, an_item("mailbox"))
    await keeper.post_ok(f"{ITEMS}/{item['id']}/offer")
    request = await keeper.post_ok("/v1/requests", {**A_REQUEST, "item": "mailbox"})
    answer = await keeper.read(f"/v1/requests/{request['id']}", expand="item,service", fields="item,service")
    assert answer["item"]["title_en"] == "A mailbox"
    assert answer["service"]["key"] == "mail"
    assert (await keeper.read(f"{ITEMS}/{item['id']}", expand="service"))["service"]["key"] == "mail"
    service = await keeper.read(f"{SERVICES}/mail", expand="calendar")
    assert service["calendar"]["newest"]["time_zone"] == "Asia/Shanghai"
