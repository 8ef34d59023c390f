"""Counts of several lists in one statement, and the columns that a person has chosen for a list."""

from __future__ import annotations

from app.common.people import Role
from tests.api.statements import Statements
from tests.client import Api, an_incident

COUNTS = "/v1/list_counts"
COLUMNS = "/v1/me/list_columns/incident"


async def test_several_lists_are_counted_in_one_statement_as_the_caller_sees_them(
    shared: Api, statements: Statements
) -> None:
    await shared.team("mail")
    await shared.team("network")
    lin = await shared.client("Lin", Role.agent, teams=("mail",))
    wu = await shared.client("Wu", Role.engineer, teams=("network",))
    for n in range(5):
        incident = await lin.post_ok("/v1/incidents", an_incident(title=f"Mail {n}", service=f"counted-{n}"))
        await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "mail"})
        if n < 2:
            await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"person": lin.id, "team": "mail"})
    lists = [
        "incident?assignee=me&state=new,acknowledged",
        "incident?team=mail&assignee=none",
        "incident?service=counted-0,counted-1,counted-2,counted-3",
        "problem?service=counted-0",
    ]
    statements.sent.clear()
    counted = await lin.read(COUNTS, selection=lists, most=3)
    assert statements.with_text("count(*)") == 1
    assert counted["items"] == [
        {"selection": lists[0], "total": 2, "total_at_least": None},
        {"selection": lists[1], "total": 3, "total_at_least": None},
        {"selection": lists[2], "total": None, "total_at_least": 3},
        {"selection": lists[3], "total": 0, "total_at_least": None},
    ]
    totals = [item["total"] for item in (await wu.read(COUNTS, selection=lists))["items"]]
    assert totals == [0, 0, 0, 0], "whoever may not see the records does not learn how many there are"


async def test_a_list_that_does_not_exist_is_refused_in_words(shared: Api) -> None:
    lin = await shared.client("Lin", Role.agent)
    for wrong in ("incidents", "incident?colour=red", "incident?state=asleep"):
        refused = await lin.get(COUNTS, params={"selection": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, "selection"), wrong


async def test_columns_are_kept_for_each_person_and_refused_if_they_are_none(shared: Api) -> None:
    lin, wu = await shared.client("Lin", Role.agent), await shared.client("Wu", Role.agent)
    chosen = {"kind": "incident", "columns": ["team", "priority"]}
    for _ in range(2):
        saved = await lin.put(COLUMNS, json={"columns": ["team", "priority", "team"]})
        assert (saved.status_code, saved.json()) == (200, chosen)
    assert await lin.read(COLUMNS) == chosen
    assert (await wu.read(COLUMNS))["columns"] == []
    refused = await lin.put(COLUMNS, json={"columns": ["team", "colour"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/columns/1")
    assert (await lin.get("/v1/me/list_columns/nothing")).status_code == 404
    assert (await lin.put("/v1/me/list_columns/nothing", json={"columns": []})).status_code == 404
    auditor = await shared.client("Vera", Role.auditor)
    assert (await auditor.put(COLUMNS, json={"columns": ["team"]})).status_code == 403
    assert (await lin.put(COLUMNS, json={"columns": []})).json()["columns"] == []
    assert (await lin.read(COLUMNS))["columns"] == [], "the usual columns again"
