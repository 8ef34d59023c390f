"""Mails that were not sent: who is told, what they see, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from app.attention.queries import attention
from app.attention.shapes import AttentionQuery
from app.common.people import Role, rule_caller
from app.notifications.lifecycle import FailNotice
from app.notifications.records import DeliveryFailure
from app.platform.db import Connection
from tests.attention.reading import items_of
from tests.attention.true_conditions import Scene, mails_unsent
from tests.client import ADDRESS, Api
from tests.extent import in_test_all
from tests.people import act


async def test_unsent_mails_are_listed_for_administrators_alone(api: Api, follower: Connection) -> None:
    administrator = (await mails_unsent(Scene(api, follower, api.ledger.db.url))).reader
    (mail,) = (await administrator.read("/v1/unsent_mails"))["items"]
    assert (mail["person"]["name"], mail["attempts"], mail["failure"]) == ("Rae", 1, None)
    assert mail["why"] == "SMTPConnectError"
    assert mail["next_try_at"] > mail["sent_at"]
    agent = await api.client("Agatha", Role.agent, Role.auditor)
    assert (await agent.get("/v1/unsent_mails")).status_code == 403
    headers = {"Accept": "text/html"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url=ADDRESS) as browser:
        for client, status in ((administrator, 200), (agent, 403)):
            key = {"Authorization": f"Bearer {client.token}"}
            page = await browser.get("/dashboard/mails", headers=headers | key)
            assert page.status_code == status
            assert ("Rae" in page.text) == (status == 200)


@in_test_all
async def test_a_mail_that_was_given_up_is_told_of_for_a_week(api: Api, follower: Connection) -> None:
    condition = await mails_unsent(Scene(api, follower, api.ledger.db.url))
    (mail,) = (await condition.reader.read("/v1/unsent_mails"))["items"]
    await condition.undo()
    for failure in (DeliveryFailure.not_for_them, DeliveryFailure.refused):
        body = FailNotice(failure=failure)
        await act(api.ledger, rule_caller("mail"), "notice", "fail", UUID(mail["id"]), body)
        items = await items_of(condition.reader, "mails_unsent")
        assert len(items) == (failure is DeliveryFailure.refused), failure
    (listed,) = (await condition.reader.read("/v1/unsent_mails"))["items"]
    assert (listed["failure"], listed["next_try_at"]) == ("refused", None)
    callers = await api.ledger.directory.callers({UUID(condition.reader.id)})
    later = datetime.now(UTC) + timedelta(days=8)
    query = AttentionQuery.model_validate({})
    answer = await attention(api.ledger, callers[UUID(condition.reader.id)], query, later)
    assert "mails_unsent" not in {item.code for item in answer.conditions}
