"""What is said of releases, and those who have to do with them."""

from __future__ import annotations

from itertools import count
from typing import Any

from app.common.people import Role
from tests.client import Api, Client, Json

#: Numbers of builds, since one serves one release.
BUILDS = count(4711)


def a_release(**changes: object) -> Json:
    """What is said to plan a release through two stages, of which nobody is named."""
    return {
        "title": "Mail relay 4.2",
        "service": "mail",
        "changes": [],
        "environment": "staging",
        "plan": "Build in March, try in April.",
        "team": "network",
        "stages": [{"key": "build"}, {"key": "test"}],
        "stages_reason": "The relay is only moved.",
        **changes,
    }


class Makers:
    """Those who make a release, and a team. Its manager asks whether it goes, and both managers of changes
    are asked; the head is asked about changes of its plan.
    """

    def __init__(
        self, makers: tuple[Client, Client, Client], head: Client, change_managers: tuple[Client, Client]
    ):
        self.manager, self.developer, self.tester = makers
        self.head, (self.change, self.other_change) = head, change_managers

    async def planned(self, **changes: Any) -> str:
        """The address of a new release; if it leaves out stages, the head has approved that."""
        record = await self.manager.post_ok("/v1/releases", a_release(**changes))
        path = f"/v1/releases/{record['id']}"
        if record["stages_skipped"]:
            await self.ask_to_leave_out(path)
            await vote(self.head, path, "approve")
        return path

    async def ask_to_leave_out(self, path: str) -> None:
        """The manager asks to leave out the stages that the plan does not have."""
        payload = {
            "reason": "They change nothing.",
            "analyst": self.developer.id,
            "analyst_assessment": "It has no new code.",
            "assessment": "It saves a month.",
            "leave_out_stages": True,
        }
        await self.manager.post_ok(f"{path}/change_plan", payload)

    async def ready(self, **changes: Any) -> str:
        """The address of one whose gates are passed."""
        path = await self.planned(**changes)
        for author in (self.developer, self.tester):
            passed = {"external_numbers": [f"git {next(BUILDS)}a"], "author": author.id}
            record = await self.manager.post_ok(f"{path}/pass_gate", passed)
        assert record["state"] == "ready"
        return path

    async def asked_for_go(self, path: str, **more: Any) -> str:
        """The decision that is put to those who decide: its id."""
        question: Json = {"question": "Do we go?", **more}
        decision: str = (await self.manager.post_ok(f"{path}/request_go", question))["go_decision_id"]
        return decision

    async def with_go(self, **changes: Any) -> str:
        """The address of one that goes."""
        path = await self.ready(**changes)
        await self.asked_for_go(path)
        await self.go(path, "approve")
        return path

    async def go(self, path: str, verdict: str) -> Json:
        """The release after both managers of changes have said so."""
        for voter in (self.change, self.other_change):
            release = await vote(voter, path, verdict)
        return release


async def makers_of(api: Api) -> Makers:
    """Those who make releases in this application, and their team."""
    await api.team("network")
    return await makers_in_team(api)


async def makers_in_team(api: Api) -> Makers:
    """Those who make releases in this application, which has their team."""
    manager = await api.client("Mei", Role.project_manager)
    developer = await api.client("Tomasz", Role.engineer, teams=("network",))
    tester = await api.client("Sara", Role.engineer, teams=("network",))
    head = await api.client("Head", Role.department_head)
    change = await api.client("Olga", Role.change_manager)
    other = await api.client("Adele", Role.change_manager)
    return Makers((manager, developer, tester), head, (change, other))


async def vote(client: Client, path: str, verdict: str) -> Json:
    """The release after the client has voted on its latest decision."""
    decision = (await client.read(f"{path}/decisions"))["items"][-1]["id"]
    body = {"decision": decision, "verdict": verdict, "comment": "So be it."}
    return await client.post_ok(f"{path}/vote", body)


def errors(problem: Json) -> list[tuple[str, str]]:
    """Which values are wrong, and why."""
    return [(error["pointer"], error["code"]) for error in problem["errors"]]
