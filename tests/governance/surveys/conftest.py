"""A quality manager who asks, two teams who answer, and a worker beside them on a clock of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import ADDRESS, Api, Client, Json

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUESTIONS: list[Json] = [
    {"key": "speed", "kind": "rating", "text": "How fast?", "text_zh": "速度如何？", "mandatory": True},
    {
        "key": "way",
        "kind": "choice",
        "text": "Which way?",
        "text_zh": "何种途径？",
        "choices": ["Portal", "Telephone"],
        "choices_zh": ["门户", "电话"],
    },
    {"key": "wish", "kind": "text", "text": "What else?", "text_zh": "其他？"},
]


def now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


@dataclass
class Office:
    """Five engineers of the network, three of the storage, and one of no team."""

    api: Api
    quality: Client
    network: list[Client]
    storage: list[Client]
    alone: Client
    browser: httpx.AsyncClient
    worker: Worker

    @property
    def everybody(self) -> list[Client]:
        """All who are asked."""
        return [*self.network, *self.storage, self.alone]

    async def running(self, **more: Any) -> Json:
        """A survey of all of them that runs."""
        body = {
            "title": "Working with the desk",
            "title_zh": "服务台满意度",
            "questions": QUESTIONS,
            "anonymous": True,
            "persons": [client.id for client in self.everybody],
            "seed": 17,
            "opens_at": (now() - timedelta(minutes=1)).isoformat(),
            "ends_at": (now() + timedelta(days=7)).isoformat(),
            **more,
        }
        survey = await self.quality.post_ok("/v1/surveys", body)
        await self.work()
        return await self.quality.read(f"/v1/surveys/{survey['id']}")

    async def work(self, **later: float) -> None:
        """The worker does what follows, so much later."""
        await self.worker.work(now() + timedelta(**later))
        assert self.worker.failures == []

    async def token(self, client: Client, survey: Json) -> str:
        """The token of their link."""
        return str((await client.read(f"/v1/surveys/{survey['id']}/link"))["token"])

    async def answer(self, client: Client, survey: Json, *answers: Json) -> int:
        """They answer by their link; gives the status."""
        sent = {"token": await self.token(client, survey), "answers": list(answers)}
        return (await client.post("/v1/surveys/answers", json=sent)).status_code

    async def end(self, survey: Json) -> Json:
        """It is closed, and ends; gives the survey after it."""
        await self.quality.post_ok(f"/v1/surveys/{survey['id']}/close")
        await self.work(minutes=3)
        after = await self.quality.read(f"/v1/surveys/{survey['id']}")
        assert after["state"] == "ended"
        return after

    async def collected(self, survey: Json) -> list[Json]:
        """The answers to an anonymous survey that has ended."""
        (result,) = (await self.quality.read("/v1/survey_results", survey_id=survey["id"]))["items"]
        pages = await self.quality.pages(f"/v1/survey_results/{result['id']}/answers", limit=200)
        return [answer for page in pages for answer in page]


def speed(score: int) -> Json:
    """A rating."""
    return {"question": "speed", "score": score}


def wish(text: str) -> Json:
    """A text."""
    return {"question": "wish", "text": text}


@pytest.fixture
async def office(api: Api) -> AsyncIterator[Office]:
    for team in ("network", "storage"):
        await api.team(team)
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as browser:
        yield Office(
            api,
            await api.client("Quality", Role.quality_manager),
            [await api.client(f"Network {n}", Role.engineer, teams=("network",)) for n in range(5)],
            [await api.client(f"Storage {n}", Role.engineer, teams=("storage",)) for n in range(3)],
            await api.client("Alone"),
            browser,
            Worker(api.ledger),
        )
