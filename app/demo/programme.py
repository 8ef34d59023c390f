"""Common parts of the scripts of the demo's improvement programme: its people, its clock, and its
committee.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, rule_caller
from app.demo.data.improvement_data import Window
from app.demo.data.organisation import (
    BUSINESS_HEAD,
    COMMITTEE_MEMBERS,
    HEAD_OF_IT,
    PROJECT_MANAGER,
    QUALITY_MANAGER,
    TEAMS,
)
from app.demo.history import FOUNDED_BEFORE
from app.demo.script import BodySource, DemoRun, PreparedSource, Script, source_of
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from app.kpis.effects.lifecycle import EffectWindow
from app.log.canonical import instant

COMMENT = "按提案执行。As it is proposed."


@dataclass(frozen=True)
class Programme:
    """The people of the programme by their names, the end of the history, and a function that brings the
    facts of KPIs up to date.
    """

    maker: DemoRun
    callers: Mapping[str, Caller]
    end: datetime
    follow: Callable[[], Awaitable[None]]

    @classmethod
    async def for_organisation(
        cls, ledger: Ledger, persons: Mapping[str, UUID], follow: Callable[[], Awaitable[None]]
    ) -> Programme:
        """Return the programme of the demo organisation with these persons."""
        maker = await DemoRun.resume(ledger)
        by_person = await ledger.directory.callers(list(persons.values()))
        first, _, _ = TEAMS[0]
        team = await load(ledger.db, ledger.lifecycles["team"], first)
        assert team is not None
        # People who have left cannot call any more; their acts are done already.
        callers = {
            name: by_person.get(person) or Caller(f"person:{person}", person, (), frozenset(), None)
            for name, person in persons.items()
        }
        return cls(maker, callers, team.record.added_at + FOUNDED_BEFORE, follow)

    @property
    def quality(self) -> Caller:
        """The quality manager."""
        return self.callers[QUALITY_MANAGER]

    @property
    def owner(self) -> Caller:
        """The process owner, who is the head of IT."""
        return self.callers[HEAD_OF_IT]

    @property
    def project_manager(self) -> Caller:
        """The project manager."""
        return self.callers[PROJECT_MANAGER]

    @property
    def sponsor(self) -> Caller:
        """The sponsor of the projects."""
        return self.callers[BUSINESS_HEAD]

    def person(self, name: str) -> str:
        """Return a person's id as payloads contain it."""
        return str(self.callers[name].person_id)

    def before_end(self, days_ago: float) -> datetime:
        """Return the time so many days before the end of the history."""
        return self.end - timedelta(days=days_ago)

    def window(self, days: Window) -> EffectWindow:
        """Return the window between two times in days before the end."""
        begin, end = map(self.before_end, days)
        return EffectWindow.model_validate({"from": instant(begin), "to": instant(end)})


@dataclass
class ProgrammeScript:
    """The script of one record of the programme. Steps whose time lies behind the end of the history are left
    out, and so is all that follows.
    """

    programme: Programme
    kind: str
    name: str
    record: UUID | None = None
    script: Script = field(init=False)

    def __post_init__(self) -> None:
        founded = self.programme.before_end(FOUNDED_BEFORE / timedelta(days=1))
        source = source_of(founded, self.programme.end)
        self.script = Script(self.programme.maker, f"{self.kind}-{self.name}", founded, source)

    @property
    def record_id(self) -> UUID:
        """The id of the record, which must have been opened."""
        assert self.record is not None
        return self.record

    async def act(
        self,
        occurred_at: datetime,
        caller: Caller,
        action: str,
        body: BodySource,
        *,
        prepare: PreparedSource | None = None,
    ) -> None:
        """Carry out the action at that time."""
        self.script.now = occurred_at
        self.script.source = source_of(occurred_at, self.programme.end, self.kind)
        self.record = await self.script.act(caller, self.kind, action, self.record, body, prepare=prepare)

    async def current_record(self) -> Any:
        """Return the record as it is now."""
        return await self.script.load_record(self.kind, self.record_id)

    async def vote(self, voted_at: datetime) -> None:
        """Have those of the committee who are asked approve what is put to it, until it is decided."""
        members = [self.programme.callers[name] for name in COMMITTEE_MEMBERS]
        async for decision, voter in self.script.voters(self.kind, self.record_id, members):
            vote = CastVote(decision=decision, verdict=VoteVerdict.approve, comment=COMMENT)
            await self.act(voted_at, voter, "vote", vote)
            voted_at += timedelta(hours=1)

    async def rule(self, occurred_at: datetime, name: str, action: str, body: BodySource) -> None:
        """Carry out the action as the rule does by itself."""
        await self.act(occurred_at, rule_caller(name), action, body)


def question(text: str, put_at: datetime) -> dict[str, Any]:
    """Return the fields of a question to the committee that is put at that time."""
    return {"question": text, "due_at": instant(put_at + timedelta(days=14))}
