"""Whoever is erased is in no stored delivery any more, processed or failed."""

from __future__ import annotations

from tests.client import Api
from tests.people import add_person
from tests.webhooks.test_receiving import a_tool, an_issue
from tests.webhooks.tools import process_all


async def test_deliveries_that_name_an_erased_person_lose_their_content(api: Api) -> None:
    tool = await a_tool(api)
    person = await add_person(api.ledger, "Wilhelmina")
    named = an_issue(body="Please call Wilhelmina (wilhelmina@example.org).")
    failed = {"nobody maps": "this of Wilhelmina's"}
    ids = []
    for n, body in enumerate((named, failed, an_issue(id=7002))):
        answer = await tool.post(body, x_github_event="issues", x_github_delivery=f"d-{n}")
        ids.append(answer.json()["delivery_id"])
    await process_all(api.ledger)
    await tool.admin.post_ok(f"/v1/persons/{person.id}/erase")
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    deliveries = [await tool.admin.read(f"{path}/{delivery}") for delivery in ids]
    assert [delivery["has_content"] for delivery in deliveries] == [False, False, True]
    assert [delivery["body"] for delivery in deliveries[:2]] == [None, None]
    again = await tool.post(named, x_github_event="issues", x_github_delivery="d-0")
    assert again.json()["delivery_id"] == ids[0]
