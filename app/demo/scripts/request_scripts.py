"""Scenarios of single records, and of the demo's catalogue requests, which take hours or days."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import exp
from uuid import UUID

from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel, HoldReason
from app.demo.arrivals import HOUR, SEED, Arrival, in_working_hours
from app.demo.data import catalogue_data
from app.demo.data.catalogue_data import ITEMS, Item
from app.demo.data.cmdb_data import DESK
from app.demo.data.organisation import supplier_awaited_by
from app.demo.data.satisfaction_data import ASKER, is_rating_requested, mood_of, rates
from app.demo.script import BodySource, DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import CLOSER, PACE, REOPEN_DAYS, Member, Participants
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import Vote, VoteVerdict
from app.foundation.services.records import FulfilmentPath
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.processes.requests.payloads import AssessRequest, FulfilRequest, HoldRequest, SubmitRequest
from app.ticketing.records import Task
from app.ticketing.satisfaction.ratings import RateTicket
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.tasks import CompleteTask

CHANNELS = (Channel.portal, Channel.portal, Channel.portal, Channel.email, Channel.hotline, Channel.chat)
SPREAD, LARGEST_FACTOR = 0.7, 5
#: How many requests are done as soon as they are begun.
IMMEDIATE_SHARE = 0.2


class HistoryEnded(Exception):  # not an error: the next step lies in the future
    """The history ends before the next step."""


@dataclass
class RecordScenario:
    """The scenario of one record, up to the end of the history. `name` distinguishes its idempotency keys
    from those of other scenarios.
    """

    maker: DemoRun
    cast: Participants
    end: datetime
    kind: str
    name: str
    opened: datetime
    chance: random.Random = field(init=False)
    script: Script = field(init=False)
    record: UUID | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED}-{self.name}")  # noqa: S311  # a history, not a secret
        self.script = Script(self.maker, self.name, self.opened, source_of(self.opened, self.end, self.kind))

    @property
    def now(self) -> datetime:
        """The present time of the scenario's clock."""
        return self.script.now

    @property
    def record_id(self) -> UUID:
        """The id of the record, which must have been opened."""
        assert self.record is not None
        return self.record

    async def act(self, member: Member, action: str, payload: BodySource) -> None:
        """Carry out the action as this member. Raises HistoryEnded if the clock is past the end of the
        history.
        """
        if self.now > self.end:
            raise HistoryEnded
        self.record = await self.script.act(member.caller, self.kind, action, self.record, payload)

    def advance(self, minutes: float, member: Member) -> None:
        """Move the clock on by about so many minutes, to a time at which the member works."""
        self.script.now += timedelta(
            minutes=minutes * min(exp(self.chance.gauss(0, SPREAD)), LARGEST_FACTOR), seconds=7
        )
        while not in_working_hours(member.site, self.now):
            self.script.now += HOUR

    def advance_days(self, days: float, member: Member) -> None:
        """Move the clock on by about so many days, to a time at which the member works."""
        self.advance(days * 24 * 60, member)

    def pick_member(self, team: str) -> Member:
        """Return a member of the team who is on duty, chosen at random."""
        return self.chance.choice(self.cast.on_duty(team, self.now))


class RequestScenario(RecordScenario):
    """The scenario of one catalogue request."""

    item: Item
    requester: Member
    worker: Member
    #: How likely they give each score.
    mood: tuple[float, ...]

    @classmethod
    def for_arrival(
        cls, maker: DemoRun, cast: Participants, opening: Arrival, end: datetime
    ) -> RequestScenario:
        """Return the scenario of the request that arrives then, with an item and a requester chosen at
        random.
        """
        story = cls(maker, cast, end, "request", f"wish-{opening.n}", opening.arrived_at)
        chance = story.chance
        story.item = chance.choices(ITEMS, [item.weight for item in ITEMS])[0]
        here = [requester for requester in cast.requesters if requester.site == opening.site]
        story.requester = chance.choice(here)
        story.mood = mood_of(story.requester.place, opening)
        return story

    async def play(self) -> None:
        """Play the request from its submission to its end."""
        await self._submit()
        if self.chance.random() < 0.03:
            self.advance(90, self.requester)
            words = self.chance.choice(catalogue_data.CANCEL_REASONS[self.requester.site.language])
            return await self.act(self.requester, "cancel", Reason(reason=words))
        await self._assess()
        if self.item.needs_approval and not await self._approved():
            return None
        await self._work()
        return await self._finish()

    async def _submit(self) -> None:
        language = self.requester.site.language
        body = SubmitRequest.model_validate(
            {
                "title": self.item.titles[language == "zh"],
                "description": self.chance.choice(catalogue_data.DESCRIPTIONS[language]),
                "channel": self.chance.choice(CHANNELS),
                "urgency": self.chance.choice((Urgency("2"), Urgency("3"), Urgency("3"))),
                "item": self.item.key,
                "answers": self.item.answers(self.chance, self.opened, language),
            }
        )
        await self.act(self.requester, "submit", body)

    async def _assess(self) -> None:
        self.advance(25, self.requester)
        agent = self.pick_member(DESK)
        if self.chance.random() < 0.025:
            return await self._reject(agent)
        body = AssessRequest(
            category=self.item.category,
            impact=Impact("3"),
            urgency=Urgency("3"),
            path=FulfilmentPath.standard,
            approval_due_at=self.now + timedelta(days=14) if self.item.needs_approval else None,
        )
        return await self.act(agent, "assess", body)

    async def _reject(self, agent: Member) -> None:
        await self.act(agent, "reject", Reason(reason=catalogue_data.REJECT_REASON))
        raise HistoryEnded

    async def _approved(self) -> bool:
        """Play the approver's vote, after hours or days. Returns whether they approve."""
        head = self.approver
        self.advance(self.chance.choice((60, 240, 1_500)), head)
        refused = self.chance.random() < 0.06
        verdict = VoteVerdict.reject if refused else VoteVerdict.approve

        async def vote() -> CastVote:
            (vote,) = await self.script.children("request", self.record_id, Vote, person_id=UUID(head.id))
            assert vote.decision_id is not None
            return CastVote(
                decision=vote.decision_id,
                verdict=verdict,
                comment=catalogue_data.REFUSAL_COMMENT if refused else None,
            )

        await self.act(head, "vote", vote)
        return not refused

    @property
    def approver(self) -> Member:
        """The member who approves the item: the person in it, or the holder of the role."""
        named = self.item.approver_persons
        role = self.item.approver_role
        return next(
            member
            for name, member in self.cast.heads.items()
            if name in named or role in member.caller.role_codes
        )

    async def _work(self) -> None:
        """Play the work of a member of the item's team, up to fulfilment."""
        chance = self.chance
        self.advance(90, self.requester)
        self.worker = self.pick_member(self.item.team)
        self.advance(45, self.worker)
        await self.act(self.worker, "assign", AssignTicket(team=self.item.team, person=self.worker.id))
        await self.act(self.worker, "start", EmptyPayload())
        if chance.random() < IMMEDIATE_SHARE:
            return await self._complete()
        if chance.random() < 0.12:
            reasons = (HoldReason.awaiting_requester, HoldReason.awaiting_vendor)
            self.advance(10, self.worker)
            reason = chance.choice(reasons)
            awaited = supplier_awaited_by(self.item.team) if reason is HoldReason.awaiting_vendor else None
            await self.act(self.worker, "hold", HoldRequest(reason=reason, supplier=awaited))
            self.advance_days(chance.choice((0.5, 1, 3)), self.worker)
            await self.act(self.worker, "resume", EmptyPayload())
        return await self._fulfil()

    async def _fulfil(self) -> None:
        self.script.now += timedelta(
            minutes=self.item.minutes * PACE[self.item.team] * self.chance.uniform(0.5, 1.6)
        )
        await self._complete()

    async def _complete(self) -> None:
        for n in range(len(self.item.checklist)):
            await self.act(self.worker, "complete_task", partial(self._task, n))
        words = self.chance.choice(catalogue_data.DELIVERY_NOTES[self.worker.site.language])
        await self.act(self.worker, "fulfil", FulfilRequest(delivered=words))

    async def _task(self, n: int) -> CompleteTask:
        tasks = await self.script.children("request", self.record_id, Task, position=n + 1)
        return CompleteTask(task=tasks[0].id, outcome="Done. 已完成。")

    async def _finish(self) -> None:
        """Play the end of the request: a few are reopened, many are rated, and all are closed."""
        chance, delivered = self.chance, self.now
        if chance.random() < 0.04:
            self.advance(300, self.requester)
            words = chance.choice(catalogue_data.REOPEN_REASONS[self.requester.site.language])
            await self.act(self.requester, "reopen", Reason(reason=words))
            self.advance(60, self.worker)
            await self.act(
                self.worker, "fulfil", FulfilRequest(delivered=catalogue_data.DELIVERY_NOTES["en"][0])
            )
            delivered = self.now
        answered = rates(self.mood, chance)
        if is_rating_requested(self.name, answered=answered):
            await self.act(Member(ASKER, self.requester.site), "ask_rating", EmptyPayload())
        if answered:
            self.advance(200, self.requester)
            score = chance.choices((1, 2, 3, 4, 5), self.mood)[0]
            await self.act(self.requester, "rate", RateTicket(score=score))
        if chance.random() < 0.5:
            self.advance(500, self.requester)
            return await self.act(self.requester, "close", EmptyPayload())
        self.script.now = max(self.now, delivered + timedelta(days=REOPEN_DAYS))
        return await self.act(Member(CLOSER, self.requester.site), "close", EmptyPayload())
