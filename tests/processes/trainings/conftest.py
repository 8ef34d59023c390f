"""People who plan trainings, learn and examine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json

TOPICS = ("what_is_new", "what_differs", "own_duty", "how_to_do_it")


#: What is said of a training that is held.
HELD = {"contents": "What is new."}


@dataclass
class School:
    """A quality manager, a project manager, and a team of two engineers with a requester among them."""

    api: Api
    quality: Client
    project: Client
    first: Client
    second: Client
    guest: Client

    async def plan(self, **more: object) -> Json:
        """A training that the quality manager plans for the team."""
        return await self.quality.post_ok("/v1/trainings", said(**more))

    async def held(self, *attendees: Client, **more: object) -> str:
        """The address of a training which these attended."""
        path = f"/v1/trainings/{(await self.plan(**more))['number']}"
        attended = [client.id for client in attendees]
        await self.quality.post_ok(f"{path}/hold", {"attended": attended, **HELD})
        return path

    async def licensed(self, *attendees: Client, **more: object) -> str:
        """The address of a training by which these got licences."""
        path = await self.held(*attendees, **more)
        await self.quality.post_ok(
            f"{path}/examine", {"results": [marked(client, 90) for client in attendees]}
        )
        await self.quality.post_ok(f"{path}/license")
        return path


def said(**more: object) -> Json:
    """What is said to plan a training."""
    return {
        "title": "The new way of incidents",
        "year": 2027,
        "kind": "executor",
        "method": "classroom",
        "process": "incident",
        "skills": ["triage", "handling"],
        "material": "The slides.",
        "teams": ["network"],
        "planned_at": datetime.now(UTC).isoformat(),
        **more,
    }


def marked(client: Client, mark: int, **marks_by_topic: int) -> Json:
    """The marks of a participant: this one for each topic but the others."""
    return {"person": client.id, "marks": dict.fromkeys(TOPICS, mark) | marks_by_topic}


@pytest.fixture
async def school(api: Api) -> School:
    await api.team("network")
    return School(
        api,
        await api.client("Quality", Role.quality_manager),
        await api.client("Project", Role.project_manager),
        await api.client("First", Role.engineer, teams=("network",)),
        await api.client("Second", Role.engineer, teams=("network",)),
        await api.client("Guest", teams=("network",)),
    )
