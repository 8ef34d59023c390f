"""A team that runs incidents, and those who audit it, one role each; on a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.api.authentication import auth
from app.automation.governance.open_audits import open_audits
from app.foundation.months import end_of_month, month_of
from app.platform.db import connect
from app.ticketing.routes import work
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident

TEAM = "network"


@dataclass
class Office:
    """Those who run the process and those who audit it, with a worker beside them."""

    api: Api
    worker: Worker
    quality: Client
    second_quality: Client
    supervisor: Client
    administrator: Client
    head: Client
    agent: Client
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's zone."""
        return ZoneInfo(self.api.ledger.settings.time_zone)

    async def move_to(self, instant: datetime) -> None:
        """It is that time, and what follows is done."""
        self.now = instant
        await self.worker.work(instant)
        await self.worker.work(instant + timedelta(seconds=1))
        assert self.worker.failures == []

    async def follow(self) -> None:
        """What follows is done, at the same time."""
        await self.move_to(self.now)

    async def tell(self) -> None:
        """Everybody is told of what has happened: a little later, lest they be told of each thing alone."""
        await self.follow()
        await self.move_to(self.now + timedelta(minutes=2))

    async def solve(self, solver: Client | None = None) -> str:
        """The number of an incident of the team that its agent, or that solver, has resolved."""
        agent = solver or self.agent
        incident = await agent.post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{incident['number']}"
        for action, body in (
            ("assign", {"team": TEAM, "person": "me"}),
            ("acknowledge", {}),
            ("resolve", RESOLVED),
        ):
            await agent.post_ok(f"{path}/{action}", body)
        return str(incident["number"])

    async def solve_by_another(self) -> None:
        """A colleague of the agent resolves an incident: the agent's own would not name the team."""
        await self.solve(await self.api.client("Colleague", "agent", teams=(TEAM,)))

    def day(self, month: str, number: int) -> datetime:
        """Noon of that day of the month that follows."""
        return end_of_month(month, self.zone).replace(day=number, hour=12).astimezone(UTC)

    async def open(self) -> str:
        """What opens audits by itself is done. Gives the month that was over last."""
        async with await connect(self.api.ledger.db.url) as connection:
            assert await open_audits(connection, self.api.ledger, self.now)
        await self.follow()
        return month_of(end_of_month(month_of(self.now, self.zone), self.zone), self.zone)

    async def audit(self) -> Json:
        """The only audit that there is."""
        (audit,) = (await self.quality.read("/v1/audits"))["items"]
        document: Json = audit
        return document

    async def raised(self, **changes: object) -> Json:
        """A finding that the quality manager raises, a minute after the last one."""
        self.now += timedelta(minutes=1)
        return await self.quality.post_ok("/v1/findings", self.finding(**changes))

    async def proposed(self, **more: object) -> Json:
        """A change of the team's process that its agent proposes."""
        body: Json = {
            "title": "One step less",
            "process": "incident",
            "description": "Count once.",
            "reason": "It is enough.",
            "teams": [TEAM],
            **({} if "origin" in more else {"no_origin_reason": "The team found it in its own check."}),
        }
        return await self.agent.post_ok("/v1/process_changes", {**body, **more})

    async def self_found(self) -> Json:
        """A finding that the team had found itself: it had already proposed the change."""
        change = await self.proposed()
        return await self.raised(self_found=True, evidence=[change["number"]])

    def finding(self, **changes: object) -> Json:
        """What is said to raise a finding."""
        return {
            "title": "Closed without a solution",
            "kind": "violation",
            "severity": "major",
            "process": "incident",
            "team": TEAM,
            # Another case each time: the same one again is the same fault.
            "evidence": [f"INC-2026-9{self.now:%d%H%M}"],
            "description": "Nothing says what was done. 未说明处理情况。",
            "person": self.agent.id,
            "supervisor": self.supervisor.id,
            "owner": self.head.id,
            "due_at": (self.now + timedelta(days=14)).isoformat(),
            **changes,
        }

    async def points(self, reader: Client) -> list[tuple[str, str, str, int]]:
        """The points that somebody sees, with whose they are, in which part and for what."""
        pages = await reader.pages("/v1/audit_points", state="valid")
        return sorted(
            (entry["person"]["id"], entry["part"], entry["basis"], entry["points"])
            for page in pages
            for entry in page
        )


@pytest.fixture
async def office(api: Api, monkeypatch: pytest.MonkeyPatch) -> Office:
    team_id = await api.team(TEAM)
    admin = await api.client("Admin", "admin")
    head = await api.client("Head", teams=(TEAM,))
    answer = await admin.patch(f"/v1/teams/{team_id}", json={"lead": head.id}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    staffed = Office(
        api,
        Worker(api.ledger),
        await api.client("Quality", "quality_manager"),
        await api.client("Second", "quality_manager"),
        await api.client("Supervisor", "process_supervisor@process/incident"),
        await api.client("Administrator", "process_administrator@process/incident"),
        head,
        await api.client("Agent", "agent", teams=(TEAM,)),
        datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1),
    )
    for module in (auth, work):
        monkeypatch.setattr(module, "utc_now", lambda: staffed.now)
    return staffed
