"""What is said of improvement plans, and those who have to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.common.people import Role
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests import boards
from tests.client import Api, Client, Json, an_incident
from tests.meetings.samples import held_meeting
from tests.people import ago

NOW = datetime.now(UTC)
YEAR = NOW.year
#: The window of the baseline, which is over.
BEFORE = {
    "from": f"{NOW - timedelta(days=40):%Y-%m-%dT00:00:00Z}",
    "to": f"{NOW - timedelta(days=10):%Y-%m-%dT00:00:00Z}",
}


def a_target(name: str = "fewer-incidents", **more: Any) -> Json:
    """A target: half as many incidents."""
    return {
        "name": name,
        "title": "Fewer incidents 减少事件",
        "kpi": "incidents_opened",
        "before": BEFORE,
        "goal": "2",
        "due_on": f"{YEAR}-12-31",
        "business_goal": "Branches never wait for mail",
        **more,
    }


def direction() -> Json:
    """The first of the contents."""
    return {"direction": "Fewer steps. 减少环节。", "vision": "Measured, then steered. 先度量，后驾驭。"}


def contents(owner: str, year: int = YEAR) -> Json:
    """The other four."""
    return {
        "present_state": "Nobody hands over at night.",
        "best_practice": "A written hand-over.",
        "targets": [a_target(due_on=f"{year}-12-31")],
        "drivers": "Two branches more.",
        "points": [{"title": "Hand over at night", "refers_to": ["PRB-2026-000012"]}],
        "steps": [{"title": "Pilot it", "owner": owner, "due_on": f"{year}-12-01"}],
    }


@dataclass
class Programme:
    """Those who have to do with improvement plans, and the facts of KPIs beside them: two of the committee
    who are asked agree in all, which decides it.
    """

    api: Api
    follower: Connection
    quality: Client
    owner: Client
    other_owner: Client
    committee: tuple[Client, Client]
    third: Client
    tool: Client

    async def drafted(self, **more: Any) -> str:
        """The address of a plan with all five contents."""
        plan = {"title": f"Improvement in {YEAR}", "year": YEAR, "co_authors": [self.owner.id]}
        plan |= direction() | contents(self.owner.id) | more
        record = await self.quality.post_ok("/v1/improvement_plans", plan)
        return f"/v1/improvement_plans/{record['id']}"

    def question(self, **more: Any) -> Json:
        """What is put to the committee."""
        return {"question": "Is this our plan?", **more}

    async def submitted(self, **more: Any) -> str:
        """The address of a plan on which the committee votes."""
        path = await self.drafted(**more)
        await self.follow()
        await self.quality.post_ok(f"{path}/submit", self.question())
        return path

    async def vote(self, path: str, verdict: str) -> Json:
        """The committee is of one mind. Gives the plan."""
        return await boards.decide((*self.committee, self.third), path, verdict)

    async def approved(self, **more: Any) -> str:
        """The address of a plan that the committee has approved."""
        path = await self.submitted(**more)
        assert (await self.vote(path, "approve"))["state"] == "approved"
        return path

    async def incidents(self, number: int, *, days_ago: float) -> None:
        """So many incidents were reported then."""
        when = f"{ago(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
        for _ in range(number):
            await self.tool.post_ok("/v1/incidents", an_incident(occurred_at=when))

    async def follow(self) -> None:
        """The facts of KPIs are made."""
        await catch_up(self.follower, FACTS)

    async def meeting(self, path: str, meeting_kind: str = "plan_review") -> str:
        """The id of a meeting of that kind about the plan, which one of the committee chaired."""
        attended, about = (self.committee[0], self.owner), path.removeprefix("/v1/").replace("plans", "plan")
        return await held_meeting(self.quality, *attended, meeting_kind=meeting_kind, about=about)


async def the_programme(api: Api, follower: Connection) -> Programme:
    """Those who have to do with improvement plans in this application."""
    return Programme(
        api,
        follower,
        await api.client("Quality", Role.quality_manager),
        await api.client("Owner", Role.process_owner),
        await api.client("Other owner", Role.process_owner),
        (await api.client("Member", Role.committee_member), await api.client("Chair", Role.committee_member)),
        await api.client("Third", Role.committee_member),
        await api.client("Tool", Role.agent, Role.integration),
    )


def errors(problem: Json) -> list[tuple[str, str]]:
    """Which values are wrong, and why."""
    return [(error["pointer"], error["code"]) for error in problem["errors"]]
