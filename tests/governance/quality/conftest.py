"""People who set targets, assess, maintain and correct, each by a key of one role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Api, Client, Json

TOLD_WITHIN = timedelta(minutes=2)
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class House:
    """A quality manager, one of management, and a team of two engineers; an agent of no team."""

    api: Api
    worker: Worker
    quality: Client
    management: Client
    first: Client
    second: Client
    agent: Client
    team_id: str

    async def correct(self, **more: object) -> Json:
        """A corrective action that the agent plans, of the first engineer."""
        return await self.agent.post_ok("/v1/corrective_actions", {**await self.correction(), **more})

    async def correction(self) -> Json:
        """What is said to plan a corrective action."""
        return {
            "title": "Test the restore",
            "task": "Restore the newest backup.",
            "occasion": "review",
            "source": f"team/{self.team_id}",
            "owner": self.first.id,
            "due_at": at(days=10),
        }

    async def told(self, client: Client) -> list[str]:
        """What the person was told so far, in its order."""
        query = "select unnest(steps) as step from fold.notice where person_id = %s order by id"
        return [row["step"] for row in await self.api.ledger.db.rows(query, (client.id,))]

    async def pass_time(self, **parts: float) -> None:
        """So much time passes, and the worker does what follows, and tells of it a little later."""
        await self.worker.work(NOW + timedelta(**parts))
        await self.worker.work(NOW + timedelta(**parts) + TOLD_WITHIN)
        assert self.worker.failures == []


def at(**parts: float) -> str:
    """So much later than now."""
    return (NOW + timedelta(**parts)).isoformat()


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    """Where values are wrong, and why."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def kinds_of(client: Client, path: str) -> list[str]:
    """The types of the record's events, in their order."""
    return [event["type"] for page in await client.pages(f"{path}/events") for event in page]


@pytest.fixture
async def house(api: Api) -> House:
    team_id = await api.team("network")
    return House(
        api,
        Worker(api.ledger),
        await api.client("Quality", Role.quality_manager),
        await api.client("Management", Role.management),
        await api.client("First", Role.engineer, teams=("network",)),
        await api.client("Second", Role.engineer, teams=("network",)),
        await api.client("Agent", Role.agent),
        team_id,
    )
