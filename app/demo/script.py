"""Scripts of the demo: commands with a clock of their own, each with an idempotency key by which it is done
once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.common.people import Caller, rule_caller
from app.common.records import ChildRecord, Record
from app.demo.languages import texts_in_language
from app.foundation.decisions.records import Decision, Vote
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import id_of

R = TypeVar("R", bound=ChildRecord)
T = TypeVar("T", bound="Voter")

# Rules and notices leave events of an import alone, so older records of the demo are recorded as imported.
IMPORTED_SOURCE, LIVE_SOURCE = "import:demo", "demo"
LIVE_PERIOD = timedelta(days=10)
# A ticket that is recorded live days after it happened counts as recorded late, and its clocks report
# breaches and withdraw them. So only tickets that arrive while the demo is made are live.
LIVE_PERIOD_OF_TICKETS = timedelta(minutes=20)
#: Maintenance opens incidents.
KINDS_OF_TICKETS = ("incident", "request", "maintenance")
DEMO_RULE = rule_caller("demo")
#: Kinds of records whose names are in both languages, since people of both sites use them daily.
NAMED_IN_BOTH = frozenset({"team", "group", "calendar", "person"})
#: The language of what rules write.
RULES_LANGUAGE = "en"
#: Route under which the commands' idempotency keys are recorded.
ROUTE = "demo"
#: A payload, or a function that makes it from the records as they are by then.
BodySource = Payload | Callable[[], Awaitable[Payload]]
PreparedSource = Callable[[], Awaitable[tuple[object, ...]]]


def source_of(opened: datetime, end: datetime, kind: str = "") -> str:
    """Return the source of the events of a record of that kind: live if it was opened shortly before the end,
    imported if earlier.
    """
    live = LIVE_PERIOD_OF_TICKETS if kind in KINDS_OF_TICKETS else LIVE_PERIOD
    return LIVE_SOURCE if opened > end - live else IMPORTED_SOURCE


class Voter(Protocol):
    """A person of the demo who can vote."""

    @property
    def person_id(self) -> UUID | None:
        """The person's id."""


@dataclass(frozen=True, slots=True)
class RefusedStep:
    """A step of a scenario that was refused, which ended the scenario."""

    scenario: str
    action: str
    because: str


@dataclass(frozen=True)
class DemoRun:
    """One run of the demo: the ledger, the streams of the commands already done, by actor and key, and the
    steps that were refused.
    """

    ledger: Ledger
    done: dict[tuple[str, str], str]
    refused: list[RefusedStep] = field(default_factory=list)

    @classmethod
    async def resume(cls, ledger: Ledger) -> DemoRun:
        """Return a run that knows all commands which earlier runs have done."""
        return cls(ledger, await read.keys_by_route(ledger.db, ROUTE))


@dataclass
class Script:
    """The commands of one scenario, with a clock, a source of its events, and a counter for idempotency
    keys.
    """

    maker: DemoRun
    name: str
    now: datetime
    source: str
    step: int = 0
    votes: int = 0

    async def act(
        self,
        caller: Caller,
        kind: str,
        action: str,
        record: UUID | None,
        payload: BodySource,
        *,
        prepare: PreparedSource | None = None,
    ) -> UUID:
        """Carry out the action, unless that was done before. Return the record's id.

        `prepare` returns what is computed before the command and goes with it.
        """
        self.step += 1
        key = f"{self.name}-{self.step}"
        if (stream := self.maker.done.get((caller.actor, key))) is not None:
            return id_of(stream)
        ledger = self.maker.ledger
        lifecycle = ledger.lifecycles[kind]
        context = CommandMetadata(caller, self.now, correlation_id=f"demo-{self.name}", source=self.source)
        name = None if record is None else str(record)
        once = IdempotencyKey(ROUTE, key, "00")
        body = payload if isinstance(payload, Payload) else await payload()
        if kind not in NAMED_IN_BOTH:
            body = texts_in_language(caller.locale or RULES_LANGUAGE, body)
        prepared = () if prepare is None else await prepare()
        command = Command(lifecycle, lifecycle[action], name, body, context, key=once, prepared=prepared)
        try:
            done = await perform(ledger, command)
        except Refusal as refusal:
            self.maker.refused.append(RefusedStep(self.name, f"{kind}.{action}", str(refusal)))
            raise
        return id_of(done.event.stream)

    async def load_record(self, kind: str, record: UUID) -> Record:
        """Return the record of that kind and id in its present state."""
        ledger = self.maker.ledger
        loaded = await load(ledger.db, ledger.lifecycles[kind], str(record))
        assert loaded is not None
        stored: Record = loaded.record
        return stored

    async def voters(self, kind: str, record: UUID, candidates: Iterable[T]) -> AsyncIterator[tuple[UUID, T]]:
        """Yield the id of the next decision that this script has put, with each of the candidates who votes
        on it, until it is decided; those who have voted in an earlier run are among them.
        """
        self.votes += 1
        decisions = await self.children(kind, record, Decision)
        decision = sorted(decisions, key=lambda question: (question.asked_at, question.id))[self.votes - 1]
        for voter in candidates:
            ballots = await self.children(
                kind, record, Vote, decision_id=decision.id, person_id=voter.person_id
            )
            if any(vote.verdict is not None or vote.closed_at is None for vote in ballots):
                yield decision.id, voter

    async def children(self, kind: str, record: UUID, child: type[R], **fields: Any) -> Sequence[R]:
        """Return the record's child records of that class, as they are now, filtered by fields."""
        ledger = self.maker.ledger
        reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
        return await reads.children(child, await self.load_record(kind, record), **fields)
