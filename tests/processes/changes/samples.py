"""What is said of changes, and those who have to do with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from app.common.people import Caller, Grade, Role, RoleGrant, rule_caller
from app.foundation.services.services import ProposeService
from app.kernel.ledger import Ledger
from app.processes.changes.payloads import StartChange
from app.processes.changes.policies.risk import DEFAULT_QUESTIONNAIRE
from tests.boards import put_to_vote
from tests.client import Api, Client, Json
from tests.people import act, add_person

#: A night after the tests, at whose hours windows are taken: so soon that emergencies are wanted there.
NIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=3)


def at_hour(hour: float) -> str:
    """That hour of the night."""
    return (NIGHT + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def span(begin: float, end: float) -> Json:
    """The time from the one hour to the other."""
    return {"from_at": at_hour(begin), "until_at": at_hour(end)}


def window(begin: float, end: float, **more: Any) -> Json:
    """What is said to schedule from the one hour to the other, also if the board approved another time."""
    return {**span(begin, end), "other_window_reason": "The night is long.", **more}


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


async def put_into_use(ledger: Ledger, services: list[str]) -> None:
    """Services of these keys are in use, of which one that a test does not make has no owner any more."""
    query = "select id, key, state from fold.service where key = any(%s)"
    rows = await ledger.db.rows(query, (services,))
    for row in rows:
        if row["state"] == "proposed":
            await act(ledger, rule_caller("tests"), "service", "go_live", row["id"])
    missing = sorted({*services} - {row["key"] for row in rows})
    if not missing:
        return
    former_owner, caller = await add_person(ledger, "Gone"), rule_caller("tests")
    for key in missing:
        names = {
            "key": key,
            "name_en": key,
            "name_zh": key,
            "criticality": "low",
            "owner": str(former_owner.id),
        }
        record = await act(ledger, caller, "service", "propose", None, ProposeService.model_validate(names))
        await act(ledger, caller, "service", "go_live", record.record.id)
    await act(ledger, caller, "person", "deactivate", former_owner.id)


#: The answers to the usual questionnaire are its first ones.
ASSESSMENT: Json = {
    "risk_answers": {question.key: question.answers[0].key for question in DEFAULT_QUESTIONNAIRE.questions},
    "effects": "No mail for ten minutes.",
    "resources": "One engineer.",
}
#: How many of the questions are answered with the most risky answer, by the level that it comes to.
_RISKY_ANSWERS = {"low": 0, "medium": 2, "high": 7}


def assessment(level: str) -> Json:
    """What is said to assess a change of that risk."""
    risky = _RISKY_ANSWERS[level]
    answers = {
        question.key: question.answers[-1 if n < risky else 0].key
        for n, question in enumerate(DEFAULT_QUESTIONNAIRE.questions)
    }
    return {**ASSESSMENT, "risk_answers": answers}


REVIEWED: Json = {
    "outcome": "successful",
    "first_pass": True,
    "goals_met": "Mails arrive.",
    "lessons": "Nothing new.",
}
DONE: Json = {"work_done": "The relay runs version 4.", "tests_run": "A mail each way."}
EARLY: Json = {"out_of_window_reason": "The night is quiet."}


def a_freeze(begin: float, end: float, **more: Any) -> Json:
    """What is said to freeze everything from the one hour to the other."""
    body = {"freeze_kind": "freeze", "title": "Closing of the year", "reason": "The books are closed."}
    scope = {} if more else {"everything": True}
    return {**body, "from_at": at_hour(begin), "until_at": at_hour(end), **scope, **more}


@dataclass
class Board:
    """Those who have to do with changes. The manager assesses them, and so the approver, who manages changes
    as well, votes on those of low risk; on the others, and on emergencies, the member does. `further` are
    more who vote.
    """

    api: Api
    agent: Client
    manager: Client
    approver: Client
    engineer: Client
    member: Client
    keeper: Client
    further: list[Client] = field(default_factory=list)
    keeper_of_rules: Client | None = None

    async def ci(self, key: str, **more: Any) -> Json:
        """A new item in use."""
        body = {"key": key, "name": key, "ci_class": "server", **more}
        record = await self.keeper.post_ok("/v1/cis", body)
        return await self.keeper.post_ok(f"/v1/cis/{record['id']}/go_live")

    async def relate(self, item: str, kind: str, other: str) -> None:
        """The one item is that to the other."""
        await self.keeper.post_ok(f"/v1/cis/{item}/relate", {"kind": kind, "other": other})

    async def template(self, key: str, **more: Any) -> None:
        """A new template of standard changes: its author is a process owner, one manager asks, and the other
        approves it.
        """
        author = await self.api.client(f"Author of {key}", Role.process_owner)
        body = {"key": key, "title": "Restart a relay", "description": "A relay is restarted."}
        plans = {
            "plan": "Restart it.",
            "test_plan": "See that it runs.",
            "back_out_plan": "Restart it again.",
        }
        scope = {"ci_classes": ["server"], "risk_level": "low", **more}
        record = await author.post_ok("/v1/change_templates", {**body, **plans, **scope})
        await put_to_vote(
            self.manager, f"/v1/change_templates/{record['id']}", "approve", board=[self.approver]
        )

    async def standard(self, template: str, ci: str) -> str:
        """The path of a standard change of the item."""
        body = {"type": "standard", "template": template, "cis": [ci], "team": "network"}
        return f"/v1/changes/{(await self.agent.post_ok('/v1/changes', body))['id']}"

    async def drafted(self, **changes: Any) -> Json:
        """A draft of the agent's."""
        return await self.agent.post_ok("/v1/changes", a_change(**{"team": "network", **changes}))

    async def submitted(self, **changes: Any) -> str:
        """The path of a change that was submitted."""
        draft = await self.drafted(**changes)
        await put_into_use(self.api.ledger, draft["services"])
        path = f"/v1/changes/{draft['id']}"
        await self.agent.post_ok(f"{path}/submit")
        return path

    async def assessed(self, level: str = "low", **changes: Any) -> str:
        """The path of a change that was assessed: its risk is of that level."""
        path = await self.submitted(**changes)
        record = await self.manager.post_ok(f"{path}/assess", assessment(level))
        assert record["risk_level"] == level
        return path

    async def approved(self, **changes: Any) -> str:
        """The path of a change that the board has approved."""
        path = await self.assessed(**changes)
        await self.manager.post_ok(f"{path}/request_approval", self.question())
        await self.vote(path, "approve")
        return path

    def question(self, **more: Any) -> Json:
        """What is said to ask those who decide."""
        return {"question": "Shall it be made?", **more}

    async def rule(self, key: str, **definition: Any) -> Json:
        """A rule of who votes on changes, set by somebody who asks nothing."""
        if self.keeper_of_rules is None:
            self.keeper_of_rules = await self.api.client("Quirin", Role.quality_manager)
        body = {"rule": "majority", **definition}
        named = {"key": key, "decision": "change", "name": "Changes of ours"}
        rule = await self.keeper_of_rules.post_ok("/v1/approval_rules", {**named, "definition": body})
        second_person = await self.api.client("Quentin", Role.quality_manager)
        return await second_person.post_ok(f"/v1/approval_rules/{rule['id']}/agree")

    async def vote(self, path: str, verdict: str) -> None:
        """Those who are asked say so, one after the other, until it is decided."""
        decision = await self._asked_last(path)
        body = {"decision": decision["id"], "verdict": verdict, "comment": "As it stands."}
        for voter in await self._voters(path, decision):
            await voter.post_ok(f"{path}/vote", body)
            if (await self._asked_last(path))["state"] == "taken":
                return
        raise AssertionError("the votes of those who are there decide nothing")

    async def voters(self, path: str) -> list[Client]:
        """Those of them who have been asked last about the record at that address."""
        return await self._voters(path, await self._asked_last(path))

    async def _asked_last(self, path: str) -> Json:
        decision: Json = (await self.manager.read(f"{path}/decisions"))["items"][-1]
        return decision

    async def _voters(self, path: str, decision: Json) -> list[Client]:
        ballots = (await self.manager.read(f"{path}/votes", limit=200))["items"]
        persons = {ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == decision["id"]}
        people = (self.approver, self.member, *self.further, self.manager)
        return [person for person in people if person.id in persons]

    async def scheduled(self, begin: float, end: float, **changes: Any) -> str:
        """The path of a change that is scheduled from the one hour to the other."""
        path = await self.approved(**changes)
        await self.manager.post_ok(f"{path}/schedule", window(begin, end))
        return path

    async def try_schedule(self, path: str, begin: float, end: float, **more: Any) -> httpx.Response:
        """What the answer is when the manager schedules it."""
        return await self.manager.post(f"{path}/schedule", json=window(begin, end, **more))

    async def start_at(self, path: str, hour: float, **fields: Any) -> None:
        """The engineer starts it at that hour of the night."""
        team = (await self.manager.read(path))["team"]["id"]
        roles = (RoleGrant(Role.engineer),)
        caller = Caller(f"person:{self.engineer.id}", UUID(self.engineer.id), roles, frozenset({UUID(team)}))
        now, body = NIGHT + timedelta(hours=hour), StartChange(**fields)
        await act(self.api.ledger, caller, "change", "start", path.rpartition("/")[2], body, now=now)


async def a_board(api: Api) -> Board:
    """A new one, whose engineer belongs to the team `network`."""
    await api.team("network")
    return Board(
        api,
        await api.client("Lin", Role.agent),
        await api.client("Olga", Role.change_manager),
        await api.client("Adele", Role.change_manager),
        await api.client("Tomasz", Role.engineer, teams=("network",)),
        await api.client("Mei", Role.cab_member, grade=Grade.senior),
        await api.client("Konrad", Role.configuration_manager),
    )
