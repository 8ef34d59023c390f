"""Deliveries that are processed together: their tickets and persons are read by few statements, and each
still finds what the one before it has left.
"""

from __future__ import annotations

import pytest

from app.exchange.people import SELECT_PERSONS
from app.webhooks.effects.known_tickets import REFERENCES
from app.webhooks.effects.processing import BATCH
from tests.api.statements import counted
from tests.client import Api, Json
from tests.extent import first_of
from tests.webhooks.test_edited_comments import TEXTS, comments, told
from tests.webhooks.test_receiving import an_admin, an_issue
from tests.webhooks.tools import Tool, a_source, process_all

CASES = first_of(range(9_100, 9_100 + BATCH // 2), 5)
OF_ALL = "from log.event where stream = any("


async def post(tool: Tool, name: str, body: Json, event: str) -> None:
    answer = await tool.post(body, x_github_delivery=name, x_github_event=event)
    assert answer.status_code == 202, answer.text


async def failures(tool: Tool) -> list[Json]:
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    return list((await tool.admin.read(path, state="failed"))["items"])


async def test_the_tickets_and_persons_of_a_batch_are_read_together(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    for case in CASES:
        await post(tool, f"{case}-opened", an_issue(id=case, number=case), "issues")
    await process_all(api.ledger)
    for case in CASES:
        await post(tool, f"{case}-told", told(0, TEXTS[0], case), "issue_comment")
        await post(tool, f"{case}-closed", an_issue("closed", id=case, state="closed"), "issues")
    statements = counted(monkeypatch)
    await process_all(api.ledger)
    assert await failures(tool) == []
    assert {ticket["state"] for ticket in await tool.tickets()} == {"closed"}
    assert statements.with_text(OF_ALL) == 1
    assert statements.with_text(SELECT_PERSONS) <= 2, "the source's account, and all that are named"
    # The second thing that a batch tells of a ticket finds what the first has written.
    assert statements.with_text(REFERENCES) <= 1 + len(CASES)


async def test_in_one_batch_a_comment_its_edits_and_news_of_its_ticket_all_count(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    await post(tool, "opened", an_issue(id=CASES[0]), "issues")
    await process_all(api.ledger)
    for n in (0, 2, 1):
        await post(tool, f"told-{n}", told(n, TEXTS[n], CASES[0]), "issue_comment")
        titled = an_issue("edited", id=CASES[0], title=f"Title {n}")
        await post(tool, f"titled-{n}", titled, "issues")
    await process_all(api.ledger)
    assert await failures(tool) == []
    (ticket,) = await tool.tickets()
    (comment,) = await comments(tool, ticket["number"])
    assert comment["text"] == TEXTS[2]
