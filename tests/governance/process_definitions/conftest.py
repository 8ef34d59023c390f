"""People who define processes, one role each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.common.people import Grade, Role, rule_caller
from app.foundation.people.memberships import JoinPerson
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import AddTeam
from app.governance.process_definitions.payloads import CONTENTS
from app.kernel.access.reads import ReadContext
from tests.client import Api, Client, Json
from tests.people import act

#: What the definition says that it does not have.
NOT_NEEDED = ("decision_points", "interfaces", "templates", "checklists")
#: What an application says that follows from no record.
NO_ORIGIN: Json = {"no_origin_reason": "The law has changed."}
PUBLISHED: Json = {"changes": "It is written down for the first time."}


@dataclass
class Registry:
    """A process owner, a designer, a quality manager, and those who own and execute what is defined."""

    api: Api
    owner: Client
    designer: Client
    quality: Client
    senior: Client
    executor: Client
    heads: dict[str, Client] = field(default_factory=dict)

    def contents(self, **more: object) -> Json:
        """What is said to draft a definition."""
        return {
            "process": "billing",
            "title": "Billing 计费",
            "level": 2,
            "department": "IT",
            "owner": self.senior.id,
            "executor": self.executor.id,
            "purpose": "Services are paid for.",
            "begins_with": "A month is over",
            "ends_with": "The bill is paid",
            "activities": [
                {"title": "Count", "role": "agent", "time_limit_seconds": 3600},
                {"title": "Send the bill", "role": "agent", "inputs": ["Hours"], "outputs": ["The bill"]},
            ],
            "inputs": ["The log"],
            "outputs": ["The bill"],
            "none_because": [
                {"name": name, "reason": "The tool does it."} for name in NOT_NEEDED if not more.get(name)
            ],
            "raci": [{"role": "process_owner", "part": "accountable"}],
            **more,
        }

    async def drafted(self, **more: object) -> str:
        """The address of a draft of the designer."""
        draft = await self.designer.post_ok("/v1/process_definitions", self.contents(**more))
        return f"/v1/process_definitions/{draft['number']}"

    async def submitted(self, **more: object) -> str:
        """The address of a definition in review."""
        path = await self.drafted(**more)
        await self.owner.post_ok(f"{path}/submit", {"heard": [self.executor.id]})
        return path

    async def published(self, **more: object) -> Json:
        """A published definition."""
        path = await self.submitted(**more)
        return await self.quality.post_ok(f"{path}/publish", await self.publication(path))

    async def publication(self, path: str, **more: object) -> Json:
        """The body that publishes the edition and confirms how it differs from the one before."""
        edition = await self.quality.read(path)
        listed = (await self.quality.read(f"/v1/process_definitions?process={edition['process']}"))["items"]
        numbers = {item["edition"] or 0: item["number"] for item in listed}
        if not max(numbers):
            return {**PUBLISHED, **more}
        previous = await self.quality.read(f"/v1/process_definitions/{numbers[max(numbers)]}")
        fields = [name for name in CONTENTS.values() if (edition[name] or None) != (previous[name] or None)]
        return {**PUBLISHED, "differs_in": fields, **more}

    async def approved_change(
        self, process: str = "billing", *, retires: bool = False, applicant: Client | None = None
    ) -> str:
        """The number of an application to change or retire that process, which the heads concerned have
        approved. Without another applicant, the executor of the process applies.
        """
        head = await self.api.client("Head of one")
        self.heads[head.id] = head
        key = f"changing-{process}-{uuid4().hex[:8]}"
        team = AddTeam(key=key, name="The team", kind=TeamKind.internal, lead=head.id)
        await act(self.api.ledger, rule_caller("tests"), "team", "add", body=team)
        await self.joins(key)
        words = {"title": "Faster", "description": "One step less.", "reason": "It is enough."} | NO_ORIGIN
        change = await (applicant or self.executor).post_ok(
            "/v1/process_changes", {**words, "process": process, "teams": [key], "retires": retires}
        )
        path = f"/v1/process_changes/{change['number']}"
        question = {"question": "Shall we?", "opinion": "It saves a day."}
        reviewed = await self.quality.post_ok(f"{path}/review", question)
        for ballot in (await self.quality.read(f"{path}/votes"))["items"]:
            body = {"decision": reviewed["decision_id"], "verdict": "approve"}
            await self.heads[ballot["person"]["id"]].post_ok(f"{path}/vote", body)
        return str(change["number"])

    async def joins(self, key: str) -> None:
        """Whoever executes the process belongs to that team, which its changes concern."""
        body = JoinPerson(team=key)
        await act(self.api.ledger, rule_caller("tests"), "person", "join", self.executor.id, body)

    async def edit(self, writer: Client, path: str, **changes: object) -> None:
        """Somebody edits the draft."""
        version = (await writer.read(path))["version"]
        answer = await writer.patch(path, json=changes, headers={"If-Match": str(version)})
        assert answer.status_code == 200, answer.text

    def reads(self) -> ReadContext:
        """The reads of a command."""
        return ReadContext(self.api.ledger.db, self.api.ledger.lifecycles, self.api.ledger.directory)


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


@pytest.fixture
async def registry(api: Api) -> Registry:
    return await a_registry(api)


async def a_registry(api: Api) -> Registry:
    """The people who define processes."""
    return Registry(
        api,
        await api.client("Owner", Role.process_owner),
        await api.client("Designer", Role.process_designer),
        await api.client("Quality", Role.quality_manager),
        await api.client("Senior", grade=Grade.senior),
        await api.client("Executor", Role.agent),
    )
