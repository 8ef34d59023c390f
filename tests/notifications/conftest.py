"""Somebody who asks, somebody who works, and somebody who follows; and a worker who tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.payloads import Payload
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from app.ticketing.comments import CommentTicket
from app.ticketing.followers import FollowTicket
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import Worker
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, add_team


@dataclass
class Office:
    """People with a ticket, on a clock of their own."""

    ledger: Ledger
    requester: Caller
    agent: Caller
    engineer: Caller
    follower: Caller
    worker: Worker
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    async def perform(
        self, caller: Caller, action: str, incident: Incident, body: Payload | None = None
    ) -> Incident:
        """Somebody does something to the incident. Gives it as it is then."""
        done = await act(self.ledger, caller, "incident", action, incident.id, body, now=self.now)
        after: Incident = done.record
        return after

    async def reported(self) -> Incident:
        """An incident that the agent reports for the requester, and the follower follows."""
        body = a_report(requester=str(self.requester.person_id))
        done = await act(self.ledger, self.agent, "incident", "report", body=body, now=self.now)
        incident: Incident = done.record
        follow = FollowTicket(person=str(self.follower.person_id))
        return await self.perform(self.agent, "follow", incident, follow)

    async def assigned(self) -> Incident:
        """One that is the engineer's."""
        return await self.assign(await self.reported(), self.engineer)

    async def assign(self, incident: Incident, to: Caller) -> Incident:
        """The agent gives it to somebody."""
        body = AssignTicket(team="mail", person=str(to.person_id))
        return await self.perform(self.agent, "assign", incident, body)

    async def comment(self, caller: Caller, incident: Incident, visibility: str = "public") -> Incident:
        """Somebody says something."""
        body = CommentTicket.model_validate({"text": "The words.", "visibility": visibility})
        return await self.perform(caller, "comment", incident, body)

    async def pass_time(self, **parts: float) -> None:
        """So much time passes, and the worker does what follows."""
        self.now += timedelta(**parts)
        await self.worker.work(self.now)
        assert self.worker.failures == []

    async def deliver_all(self) -> None:
        """What has happened is heard of, and waits no longer."""
        await self.pass_time(seconds=0)
        await self.pass_time(seconds=61)

    async def notices(self, caller: Caller) -> list[dict[str, Any]]:
        """What somebody was told, in order."""
        query = "select * from fold.notice where person_id = %s order by id"
        return await self.ledger.db.rows(query, (caller.person_id,))

    async def told_steps(self, caller: Caller) -> list[str]:
        """The steps that somebody was told, in order."""
        return [step for notice in await self.notices(caller) for step in notice["steps"]]


@pytest.fixture
async def office(ledger: Ledger) -> Office:
    await add_team(ledger, "mail")
    return Office(
        ledger,
        requester=await add_caller(ledger, "Requester"),
        agent=await add_caller(ledger, "Agent", Role.agent, Role.engineer, teams=("mail",)),
        engineer=await add_caller(ledger, "Engineer", Role.engineer, teams=("mail",)),
        follower=await add_caller(ledger, "Follower"),
        worker=Worker(ledger),
    )
