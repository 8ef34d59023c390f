"""What is said of changes, and those who have to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from app.common.people import Caller, Role, RoleGrant
from app.processes.changes.implementation import StartChange
from app.processes.changes.risk import DEFAULT_QUESTIONNAIRE
from tests.client import Api, Client, Json
from tests.people import act

#: A night long after every test, at whose hours windows are taken.
NIGHT = datetime(2199, 3, 4, tzinfo=UTC)


def at_hour(hour: float) -> str:
    """That hour of the night."""
    return (NIGHT + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def window(begin: float, end: float, **more: Any) -> Json:
    """What is said to schedule from the one hour to the other."""
    return {"from_at": at_hour(begin), "until_at": at_hour(end), **more}


def a_change(**changes: Any) -> Json:
    """What is said to draft a change that can be submitted."""
    return {
        "type": "normal",
        "title": "Renew the mail relay",
        "reason": "Version 3 is no longer kept.",
        "description": "The relay gets version 4.",
        "services": ["mail"],
        "plan": "Stop, install, start.",
        "test_plan": "Send a mail each way.",
        "back_out_plan": "Start the old version.",
        "wanted_from_at": at_hour(0),
        "wanted_until_at": at_hour(2),
        **({} if "cis" in changes else {"no_cis_reason": "The relay is rented."}),
        **changes,
    }


#: The answers to the usual questionnaire are its first ones.
ASSESSMENT: Json = {
    "risk_answers": {one.key: one.answers[0].key for one in DEFAULT_QUESTIONNAIRE.questions},
    "effects": "No mail for ten minutes.",
    "resources": "One engineer.",
}
REVIEWED: Json = {
    "outcome": "successful",
    "first_pass": True,
    "goals_met": "Mails arrive.",
    "lessons": "Nothing new.",
}
DONE: Json = {"work_done": "The relay runs version 4.", "tests_run": "A mail each way."}


def a_freeze(begin: float, end: float, **more: Any) -> Json:
    """What is said to freeze everything from the one hour to the other."""
    said = {"freeze_kind": "freeze", "title": "Closing of the year", "reason": "The books are closed."}
    scope = {} if more else {"everything": True}
    return {**said, "from_at": at_hour(begin), "until_at": at_hour(end), **scope, **more}


@dataclass
class Board:
    """Those who have to do with changes."""

    api: Api
    agent: Client
    manager: Client
    engineer: Client
    member: Client
    keeper: Client

    async def ci(self, key: str, **more: Any) -> Json:
        """A new item in use."""
        said = {"key": key, "name": key, "ci_class": "server", **more}
        made = await self.keeper.post_ok("/v1/cis", said)
        return await self.keeper.post_ok(f"/v1/cis/{made['id']}/go_live")

    async def relate(self, one: str, kind: str, other: str) -> None:
        """The one item is that to the other."""
        await self.keeper.post_ok(f"/v1/cis/{one}/relate", {"kind": kind, "other": other})

    async def template(self, key: str) -> None:
        """A new template of standard changes, approved by another manager than its author."""
        said = {"key": key, "title": "Restart a relay", "description": "A relay is restarted."}
        plans = {
            "plan": "Restart it.",
            "test_plan": "See that it runs.",
            "back_out_plan": "Restart it again.",
        }
        made = await self.manager.post_ok("/v1/change_templates", {**said, **plans, "risk_level": "low"})
        other = await self.api.client("Ada", Role.change_manager)
        await other.post_ok(f"/v1/change_templates/{made['id']}/approve")

    async def standard(self, template: str, ci: str) -> str:
        """The path of a standard change of the item."""
        said = {"type": "standard", "template": template, "cis": [ci], "team": "network"}
        return f"/v1/changes/{(await self.agent.post_ok('/v1/changes', said))['id']}"

    async def drafted(self, **changes: Any) -> Json:
        """A draft of the agent's."""
        return await self.agent.post_ok("/v1/changes", a_change(team="network", **changes))

    async def assessed(self, **changes: Any) -> str:
        """The path of a change that was assessed."""
        at = f"/v1/changes/{(await self.drafted(**changes))['id']}"
        await self.agent.post_ok(f"{at}/submit")
        await self.manager.post_ok(f"{at}/assess", ASSESSMENT)
        return at

    async def approved(self, **changes: Any) -> str:
        """The path of a change that the board has approved."""
        at = await self.assessed(**changes)
        await self.manager.post_ok(f"{at}/request_approval", self.question())
        await self.vote(at, "approve")
        return at

    def question(self, **more: Any) -> Json:
        """What is said to ask the one member of the board."""
        asked = {"question": "Shall it be made?", "persons": [self.member.id], "rule": "majority"}
        return {**asked, "due_at": "2199-01-01T00:00:00Z", **more}

    async def vote(self, at: str, verdict: str) -> None:
        """The member of the board says so."""
        asked = (await self.member.read(f"{at}/decisions"))["items"][-1]["id"]
        said = {"decision": asked, "verdict": verdict, "comment": "As it stands."}
        await self.member.post_ok(f"{at}/vote", said)

    async def scheduled(self, begin: float, end: float, **changes: Any) -> str:
        """The path of a change that is scheduled from the one hour to the other."""
        at = await self.approved(**changes)
        await self.manager.post_ok(f"{at}/schedule", window(begin, end))
        return at

    async def try_schedule(self, at: str, begin: float, end: float, **more: Any) -> httpx.Response:
        """What the answer is when the manager schedules it."""
        return await self.manager.post(f"{at}/schedule", json=window(begin, end, **more))

    async def start_at(self, at: str, hour: float, **said: Any) -> None:
        """The engineer starts it at that hour of the night."""
        team = (await self.manager.read(at))["team"]["id"]
        roles = (RoleGrant(Role.engineer),)
        caller = Caller(f"person:{self.engineer.id}", UUID(self.engineer.id), roles, frozenset({UUID(team)}))
        now, body = NIGHT + timedelta(hours=hour), StartChange(**said)
        await act(self.api.ledger, caller, "change", "start", at.rpartition("/")[2], body, now=now)


async def a_board(api: Api) -> Board:
    """A new one, whose engineer belongs to the team `network`."""
    await api.team("network")
    return Board(
        api,
        await api.client("Lin", Role.agent),
        await api.client("Olga", Role.change_manager),
        await api.client("Tomasz", Role.engineer, teams=("network",)),
        await api.client("Mei", Role.cab_member),
        await api.client("Konrad", Role.configuration_manager),
    )
