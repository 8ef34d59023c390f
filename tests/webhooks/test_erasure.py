"""Whoever is erased is in no stored delivery any more, processed or failed."""

from __future__ import annotations

import pytest

from app.common.people import Role
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


@pytest.mark.parametrize("theirs", ["assign", "comment"])
async def test_deliveries_of_their_tickets_lose_it_whatever_the_tool_calls_them(
    api: Api, theirs: str
) -> None:
    tool = await a_tool(api)
    person = await api.client("Wilhelmina", Role.agent)
    answers = [
        await tool.post(an_issue(id=7001 + n), x_github_event="issues", x_github_delivery=f"d-{n}")
        for n in range(2)
    ]
    await process_all(api.ledger)
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    first, second = [f"{path}/{answer.json()['delivery_id']}" for answer in answers]
    (effect,) = (await tool.admin.read(first))["effects"]
    body = {"assign": {"person": "me"}, "comment": {"text": "I look at it."}}[theirs]
    await person.post_ok(f"/v1/incidents/{effect['number']}/{theirs}", body)
    await tool.admin.post_ok(f"/v1/persons/{person.id}/erase")
    has_content = [(await tool.admin.read(delivery))["has_content"] for delivery in (first, second)]
    assert has_content == [False, True]
