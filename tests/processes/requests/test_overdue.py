"""Whether a report of progress is overdue, as of when it is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from app.common.people import Role
from tests.client import Api
from tests.conftest import DatabaseUrls

ASKED = {"title": "请假系统", "description": "目前以纸质方式请假。", "channel": "portal", "urgency": "3"}
DUE = "update fold.request set next_report_due_at = now() + %s::interval"


async def test_a_request_says_whether_its_report_is_overdue_now(api: Api, place: DatabaseUrls) -> None:
    agent = await api.client("Ada", Role.agent)
    request = await agent.post_ok("/v1/requests", ASKED)
    assert request["report_overdue"] is False
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        for due, overdue in (("-1 second", True), ("1 hour", False), (None, False)):
            owner.execute(DUE, (due,))
            assert (await agent.read(f"/v1/requests/{request['id']}"))["report_overdue"] is overdue
            (listed,) = (await agent.read("/v1/requests"))["items"]
            assert listed["report_overdue"] is overdue
    past = await agent.read(f"/v1/requests/{request['id']}", as_of=datetime.now(UTC).isoformat())
    assert past["report_overdue"] is None
