"""What becomes of a request: out of the catalogue in hours or days, as a project in months."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import exp
from uuid import UUID

from app.common.priority import Impact, Urgency
from app.common.tickets import Channel, HoldReason
from app.demo import wishes
from app.demo.estate import DESK
from app.demo.life import CLOSER, PACE, REOPEN_DAYS, Cast, Member
from app.demo.rhythm import HOUR, SEED, Opening, in_hours
from app.demo.script import Maker, Said, Script, source_of
from app.demo.wishes import ITEMS, Item
from app.foundation.decisions.actions import CastVote
from app.foundation.decisions.records import Vote, VoteVerdict
from app.foundation.services.records import FulfilmentPath
from app.kernel.bodies import Nothing, Reason
from app.processes.requests.lifecycle import AssessRequest, FulfilRequest, HoldRequest, SubmitRequest
from app.ticketing.assignment import AssignTicket
from app.ticketing.ratings import RateTicket
from app.ticketing.records import Task
from app.ticketing.tasks import CompleteTask

CHANNELS = (Channel.portal, Channel.portal, Channel.portal, Channel.email, Channel.hotline, Channel.chat)
SPREAD, MOST = 0.7, 5


class Over(Exception):  # not an error: what comes next has not happened yet
    """The history ends here."""


@dataclass
class Story:
    """What happens to one record, up to the end of the history. `name` tells its commands from others'."""

    maker: Maker
    cast: Cast
    end: datetime
    kind: str
    name: str
    opened: datetime
    chance: random.Random = field(init=False)
    script: Script = field(init=False)
    record: UUID | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED}-{self.name}")  # noqa: S311  # a history, not a secret
        self.script = Script(self.maker, self.name, self.opened, source_of(self.opened, self.end))

    @property
    def now(self) -> datetime:
        """When it is."""
        return self.script.now

    @property
    def made(self) -> UUID:
        """The record, once there is one."""
        assert self.record is not None
        return self.record

    async def do(self, who: Member, action: str, said: Said) -> None:
        """Somebody acts, unless the history is over by then."""
        if self.now > self.end:
            raise Over
        self.record = await self.script.act(who.caller, self.kind, action, self.record, said)

    def after(self, minutes: float, who: Member) -> None:
        """So many minutes later, more or less, when they are at work."""
        self.script.now += timedelta(
            minutes=minutes * min(exp(self.chance.gauss(0, SPREAD)), MOST), seconds=7
        )
        while not in_hours(who.site, self.now):
            self.script.now += HOUR

    def days_later(self, days: float, who: Member) -> None:
        """The same in days."""
        self.after(days * 24 * 60, who)

    def of(self, team: str) -> Member:
        """Somebody of the team who is at work."""
        return self.chance.choice(self.cast.on_duty(team, self.now))


class Asking(Story):
    """A request out of the catalogue."""

    item: Item
    requester: Member
    worker: Member

    @classmethod
    def begun(cls, maker: Maker, cast: Cast, opening: Opening, end: datetime) -> Asking:
        """What is asked for then."""
        story = cls(maker, cast, end, "request", f"wish-{opening.n}", opening.at)
        chance = story.chance
        story.item = chance.choices(ITEMS, [item.often for item in ITEMS])[0]
        here = [one for one in cast.requesters if one.site == opening.site]
        story.requester = chance.choice(here)
        return story

    async def live(self) -> None:
        """From what is asked to what becomes of it."""
        await self._submit()
        if self.chance.random() < 0.03:
            self.after(90, self.requester)
            words = self.chance.choice(wishes.NOT_WANTED[self.requester.site.language])
            return await self.do(self.requester, "cancel", Reason(reason=words))
        await self._assess()
        if self.item.needs_approval and not await self._approved():
            return None
        await self._work()
        return await self._end()

    async def _submit(self) -> None:
        language = self.requester.site.language
        body = SubmitRequest.model_validate(
            {
                "title": self.item.titles[language == "zh"],
                "description": self.chance.choice(wishes.WISHES[language]),
                "channel": self.chance.choice(CHANNELS),
                "urgency": self.chance.choice((Urgency("2"), Urgency("3"), Urgency("3"))),
                "item": self.item.key,
                "answers": self.item.answers(self.chance, self.opened, language),
            }
        )
        await self.do(self.requester, "submit", body)

    async def _assess(self) -> None:
        self.after(25, self.requester)
        agent = self.of(DESK)
        if self.chance.random() < 0.025:
            return await self._reject(agent)
        body = AssessRequest(
            category=self.item.category,
            impact=Impact("3"),
            urgency=Urgency("3"),
            path=FulfilmentPath.standard,
            approval_due_at=self.now + timedelta(days=14) if self.item.needs_approval else None,
        )
        return await self.do(agent, "assess", body)

    async def _reject(self, agent: Member) -> None:
        await self.do(agent, "reject", Reason(reason=wishes.NOT_DONE))
        raise Over

    async def _approved(self) -> bool:
        """Whether whoever approves it says so, in hours or days."""
        head = self.approver
        self.after(self.chance.choice((60, 240, 1_500)), head)
        refused = self.chance.random() < 0.06
        verdict = VoteVerdict.reject if refused else VoteVerdict.approve

        async def vote() -> CastVote:
            (asked,) = await self.script.beside("request", self.made, Vote, person_id=UUID(head.id))
            assert asked.decision_id is not None
            return CastVote(
                decision=asked.decision_id, verdict=verdict, comment=wishes.REFUSED if refused else None
            )

        await self.do(head, "vote", vote)
        return not refused

    @property
    def approver(self) -> Member:
        """Who approves the item: the one person who is named, or holds the role."""
        named = self.item.approver_persons
        role = self.item.approver_role
        return next(
            member for name, member in self.cast.heads.items() if name in named or role in member.caller.names
        )

    async def _work(self) -> None:
        """Somebody of the team takes it, and does it."""
        chance = self.chance
        self.after(90, self.requester)
        self.worker = self.of(self.item.team)
        self.after(45, self.worker)
        await self.do(self.worker, "assign", AssignTicket(team=self.item.team, person=self.worker.id))
        await self.do(self.worker, "start", Nothing())
        if chance.random() < 0.12:
            reasons = (HoldReason.awaiting_requester, HoldReason.awaiting_vendor)
            self.after(10, self.worker)
            await self.do(self.worker, "hold", HoldRequest(reason=chance.choice(reasons)))
            self.days_later(chance.choice((0.5, 1, 3)), self.worker)
            await self.do(self.worker, "resume", Nothing())
        await self._fulfil()

    async def _fulfil(self) -> None:
        self.script.now += timedelta(
            minutes=self.item.minutes * PACE[self.item.team] * self.chance.uniform(0.5, 1.6)
        )
        for n in range(len(self.item.checklist)):
            await self.do(self.worker, "complete_task", partial(self._task, n))
        words = self.chance.choice(wishes.HANDED_OVER[self.worker.site.language])
        await self.do(self.worker, "fulfil", FulfilRequest(delivered=words))

    async def _task(self, n: int) -> CompleteTask:
        tasks = await self.script.beside("request", self.made, Task, position=n + 1)
        return CompleteTask(task=tasks[0].id, outcome="Done. 已完成。")

    async def _end(self) -> None:
        """Some are not content, many say how content they are, and all come to an end."""
        chance, delivered = self.chance, self.now
        if chance.random() < 0.04:
            self.after(300, self.requester)
            words = chance.choice(wishes.NOT_RIGHT[self.requester.site.language])
            await self.do(self.requester, "reopen", Reason(reason=words))
            self.after(60, self.worker)
            await self.do(self.worker, "fulfil", FulfilRequest(delivered=wishes.HANDED_OVER["en"][0]))
            delivered = self.now
        if chance.random() < 0.3:
            self.after(200, self.requester)
            score = chance.choices((1, 2, 3, 4, 5), (0.2, 0.5, 2, 6, 9))[0]
            await self.do(self.requester, "rate", RateTicket(score=score))
        if chance.random() < 0.5:
            self.after(500, self.requester)
            return await self.do(self.requester, "close", Nothing())
        self.script.now = max(self.now, delivered + timedelta(days=REOPEN_DAYS))
        return await self.do(Member(CLOSER, self.requester.site), "close", Nothing())
