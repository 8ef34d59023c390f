"""What is said of releases, and those who have to do with them."""

from __future__ import annotations

from typing import Any

from app.common.people import Role
from tests.client import Api, Client, Json

AHEAD = "2199-01-01T00:00:00Z"


def a_release(**changes: object) -> Json:
    """What is said to plan a release through two stages, of which nobody is named."""
    return {
        "title": "Mail relay 4.2",
        "service": "mail",
        "changes": [],
        "plan": "Build in March, try in April.",
        "team": "network",
        "stages": [{"key": "build"}, {"key": "test"}],
        **changes,
    }


class Makers:
    """Those who make a release, and a team."""

    def __init__(self, manager: Client, developer: Client, tester: Client, head: Client, change: Client):
        self.manager, self.developer, self.tester = manager, developer, tester
        self.head, self.change = head, change

    async def planned(self, **changes: Any) -> str:
        """The address of a new release."""
        made = await self.manager.post_ok("/v1/releases", a_release(**changes))
        return f"/v1/releases/{made['id']}"

    async def ready(self, **changes: Any) -> str:
        """The address of one whose gates are passed."""
        at = await self.planned(**changes)
        for author in (self.developer, self.tester):
            passed = {"external_numbers": ["TE2026001"], "author": author.id}
            found = await self.manager.post_ok(f"{at}/pass_gate", passed)
        assert found["state"] == "ready"
        return at

    async def asked_for_go(self, at: str, *voters: Client, **more: Any) -> str:
        """The decision that is put to the voters: its id."""
        question: Json = {
            "question": "Do we go?",
            "persons": [voter.id for voter in voters or (self.head,)],
            "rule": "unanimous",
            "due_at": AHEAD,
            **more,
        }
        decision: str = (await self.manager.post_ok(f"{at}/request_go", question))["go_decision_id"]
        return decision

    async def with_go(self, **changes: Any) -> str:
        """The address of one that goes."""
        at = await self.ready(**changes)
        decision = await self.asked_for_go(at)
        await self.head.post_ok(f"{at}/vote", {"decision": decision, "verdict": "approve"})
        return at


async def makers_of(api: Api) -> Makers:
    """Those who make releases in this application."""
    await api.team("network")
    return Makers(
        await api.client("Mei", Role.project_manager),
        await api.client("Tomasz", Role.engineer, teams=("network",)),
        await api.client("Sara", Role.engineer, teams=("network",)),
        await api.client("Head", Role.department_head),
        await api.client("Olga", Role.change_manager),
    )


def errors(problem: Json) -> list[tuple[str, str]]:
    """Which values are wrong, and why."""
    return [(error["pointer"], error["code"]) for error in problem["errors"]]
