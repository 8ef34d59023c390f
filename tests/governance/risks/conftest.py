"""People around risks, each with a key of one role, and a worker that is told what time it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Api, Client, Json


@dataclass
class House:
    """Who finds risks, who owns them, who decides on them, and who has no role at all."""

    api: Api
    finder: Client
    owner: Client
    helper: Client
    quality: Client
    management: Client
    process_owner: Client
    guest: Client
    worker: Worker

    async def identified(self, **more: object) -> str:
        """The address of a risk that was found, and is the owner's."""
        risk = await self.finder.post_ok("/v1/risks", found(owner=self.owner.id, **more))
        return f"/v1/risks/{risk['number']}"

    async def assessed(self, likelihood: int, impact: int, **more: object) -> str:
        """The address of a risk that was assessed so."""
        path = await self.identified()
        await self.owner.post_ok(f"{path}/assess", {"likelihood": likelihood, "impact": impact, **more})
        return path

    async def reduced(self, likelihood: int = 3, impact: int = 4, **due: float) -> str:
        """The address of a risk that is to be reduced, by an action of the helper's."""
        path = await self.assessed(likelihood, impact)
        await self.owner.post_ok(f"{path}/treat", reduced(self.helper, **due))
        return path

    async def children(self, path: str, name: str) -> list[Json]:
        """The risk's rows of that name, as its owner reads them."""
        items: list[Json] = (await self.owner.read(f"{path}/{name}"))["items"]
        return items

    async def told(self, path: str, step: str) -> list[str]:
        """The ids of those who were told of that step of the risk."""
        risk = await self.owner.read(path)
        rows = await self.api.ledger.db.rows(
            "select person_id from fold.notice where about = %s and %s = any(steps)",
            (f"risk/{risk['id']}", step),
        )
        return [str(row["person_id"]) for row in rows]


def found(**more: object) -> Json:
    """What is said of a risk that was found."""
    return {
        "title": "The only mail relay fails",
        "kind": "technical",
        "found_by": "brainstorming",
        "cause": "There is no second relay.",
        "process": "incident",
        **more,
    }


def reduced(owner: Client, **due: float) -> Json:
    """The response by which a risk is reduced."""
    due_at = (datetime.now(UTC) + timedelta(**(due or {"days": 20}))).isoformat()
    return {
        "response": "reduce",
        "actions": [{"title": "Set up a second relay", "owner": owner.id, "due_at": due_at}],
    }


def later(**parts: float) -> datetime:
    """So long after now."""
    return datetime.now(UTC) + timedelta(**parts)


def codes(answer: Any) -> Sequence[tuple[str, str]]:
    """Where a body is wrong, and why."""
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.fixture
async def house(api: Api) -> House:
    await api.team("helpers")
    return House(
        api,
        await api.client("Finder", Role.agent),
        await api.client("Owner", Role.engineer),
        await api.client("Helper", teams=("helpers",)),
        await api.client("Quality", Role.quality_manager),
        await api.client("Management", Role.management),
        await api.client("Process owner", Role.process_owner),
        await api.client("Guest"),
        Worker(api.ledger),
    )
