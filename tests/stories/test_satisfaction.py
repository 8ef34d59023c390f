"""What people think of what was done for them, as people live it: a rating by a link, a complaint answered
late; over HTTP only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from app.common.people import Role
from app.platform.settings import Settings
from app.ticketing.satisfaction.rating_links import RatingLink
from tests.automation.worker import Worker
from tests.client import ADDRESS, RESOLVED, Api, Client, Json, an_incident

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ANSWER: Json = {"findings": "The queue was read by nobody.", "remedy": "It is read twice a day now."}


@pytest.fixture
def settings() -> Settings:
    """Everybody is asked."""
    return Settings(_env_file=None, rating_percent=100)  # type: ignore[call-arg]  # Pydantic's own argument


@dataclass
class People:
    """Those whom the stories are about, and a worker beside them with a clock of its own."""

    api: Api
    zhao: Client
    lin: Client
    wu: Client
    head: Client
    worker: Worker
    now: datetime

    async def pass_time(self, **parts: float) -> None:
        """So much time passes, and what follows is done."""
        self.now += timedelta(**parts)
        await self.worker.work(self.now)
        await self.worker.work(self.now + timedelta(minutes=2))
        assert self.worker.failures == []

    async def resolved(self) -> str:
        """Where an incident of Zhao's is that Lin resolved."""
        path = f"/v1/incidents/{(await self.zhao.post_ok('/v1/incidents', an_incident()))['number']}"
        for action, body in (("assign", {"person": "me"}), ("acknowledge", {}), ("resolve", RESOLVED)):
            await self.lin.post_ok(f"{path}/{action}", body)
        return path


@pytest.fixture
async def people(api: Api) -> People:
    return People(
        api,
        zhao=await api.client("Zhao Min"),
        lin=await api.client("Lin", Role.agent, Role.engineer),
        wu=await api.client("Wu Jing", Role.service_level_manager),
        head=await api.client("Head", Role.department_head),
        worker=Worker(api.ledger),
        now=datetime.now(UTC),
    )


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, and a scanner of mails: both without any credential."""
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client


async def steps(client: Client) -> list[str]:
    """What somebody was told of, oldest first."""
    notices = (await client.read("/v1/notices", sort="sent_at", person="me"))["items"]
    return [step for notice in notices for step in notice["steps"]]


async def events(client: Client, path: str) -> list[Json]:
    items: list[Json] = (await client.read(f"{path}/events", limit=100))["items"]
    return items


async def test_a_rating_by_the_link(people: People, browser: httpx.AsyncClient) -> None:
    record_path = await people.resolved()
    await people.zhao.post_ok(f"{record_path}/close")
    await people.pass_time(minutes=1)
    assert (await steps(people.zhao))[-1] == "rating_asked"
    requests_for_rating = [
        event for event in await events(people.zhao, record_path) if event["type"] == "incident.rating_asked"
    ]
    (row_set,) = [
        row for name, row in requests_for_rating[0]["set"].items() if name.startswith("rating_request/")
    ]
    # The mail is the only place where the link stands; here it is made as the mail makes it.
    link = RatingLink(
        "incident",
        UUID((await people.zhao.read(record_path))["id"]),
        UUID(people.zhao.id),
        datetime.fromisoformat(row_set["until_at"]),
    )
    path = f"/rate/{link.token(people.api.ledger.vault.fingerprint)}"

    head = await people.api.head()
    scanned = [await browser.request(method, path) for method in ("HEAD", "GET")]
    assert [answer.status_code for answer in scanned] == [200, 200]
    assert await people.api.head() == head, "a scanner has opened it, and nothing is written"
    assert (await people.zhao.read(f"{record_path}/ratings"))["items"] == []

    page = await browser.get(path, headers={"Accept-Language": "zh"})
    assert "您满意吗" in page.text
    sent = await browser.post(path, content="score=5&comment=Quick", headers=FORM)
    assert sent.status_code == 200
    (rating,) = (await people.lin.read(f"{record_path}/ratings"))["items"]
    assert (rating["score"], rating["comment"]) == (5, "Quick")
    rated = [event for event in await events(people.lin, record_path) if event["type"] == "incident.rated"]
    assert [(event["actor"], event["source"]) for event in rated] == [(f"person:{people.zhao.id}", "link")]
    await people.pass_time(minutes=5)
    assert (await steps(people.lin))[-1] == "rated"


async def test_a_complaint_that_is_answered_late(people: People) -> None:
    path = await people.resolved()
    body = {"subject": "speed", "about": "Nobody called back for three days.", "about_assignee": True}
    await people.zhao.post_ok(f"{path}/complain", body)
    await people.pass_time(minutes=1)
    assert (await steps(people.wu))[-1] == "complained"
    (listed,) = (await people.wu.read("/v1/complaints", open="true"))["items"]
    assert (listed["owner"], listed["person"]["name"], listed["overdue"]) == (None, "Lin", False)
    (work,) = (await people.wu.read("/v1/me/work"))["complaints"]
    assert (work["id"], work["owned"]) == (listed["id"], False)
    own = {"complaint": listed["id"], "owner": "me"}
    await people.wu.post_ok(f"{path}/assign_complaint", own)
    assert (await people.wu.read("/v1/me/work"))["complaints"][0]["owned"] is True

    people.now = datetime.fromisoformat(listed["due_at"])
    await people.pass_time(minutes=1)
    assert (await steps(people.wu))[-1] == "complaint_overdue"
    assert await steps(people.head) == ["complaint_escalated"]
    (late,) = (await people.wu.read("/v1/complaints", owner="me"))["items"]
    assert late["escalated_at"] is not None
    assert not {"complaint_overdue", "complaint_escalated"} & set(await steps(people.lin))

    refused = await people.lin.post(f"{path}/answer_complaint", json={"complaint": late["id"], **ANSWER})
    assert refused.status_code == 403
    await people.wu.post_ok(f"{path}/answer_complaint", {"complaint": late["id"], **ANSWER})
    await people.pass_time(minutes=5)
    assert (await steps(people.zhao))[-1] == "complaint_answered"
    (answered,) = (await people.zhao.read(f"{path}/complaints"))["items"]
    assert (answered["remedy"], answered["answered_by"]["name"]) == (ANSWER["remedy"], "Wu Jing")
    assert (await people.wu.read("/v1/me/work"))["complaints"] == []
    await people.pass_time(days=30)
    assert (await steps(people.head)).count("complaint_escalated") == 1
