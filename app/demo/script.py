"""How the demo is made: by commands with a clock of their own, each known again by its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from app.common.people import Caller, rule_caller
from app.common.records import ChildRecord, Record
from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.perform import Command, IdempotencyKey, perform
from app.kernel.reads import ReadContext, load
from app.log import read
from app.log.events import id_of

R = TypeVar("R", bound=ChildRecord)

# Rules and notices take what is older for another system's history, and leave it alone.
IMPORTED_SOURCE, LIVE_SOURCE = "import:demo", "demo"
LIVE_PERIOD = timedelta(days=10)
DEMO_RULE = rule_caller("demo")
#: Under which its commands are known again.
ROUTE = "demo"
#: A body, or how it is made of what is there by then.
BodySource = Payload | Callable[[], Awaitable[Payload]]


def source_of(opened: datetime, end: datetime) -> str:
    """Whether what was opened then is told as history, or as what happens now."""
    return LIVE_SOURCE if opened > end - LIVE_PERIOD else IMPORTED_SOURCE


@dataclass(frozen=True)
class DemoRun:
    """What makes it: the ledger, and by actor and key the streams of the commands that are done already."""

    ledger: Ledger
    done: dict[tuple[str, str], str]

    @classmethod
    async def resume(cls, ledger: Ledger) -> DemoRun:
        """With all that an earlier start has done."""
        return cls(ledger, await read.keys_by_route(ledger.db, ROUTE))


@dataclass
class Script:
    """The making of one thing: a clock of its own, and the keys of its commands."""

    maker: DemoRun
    name: str
    now: datetime
    source: str
    step: int = 0

    async def act(
        self, caller: Caller, kind: str, action: str, record: UUID | None, payload: BodySource
    ) -> UUID:
        """Carries it out, unless that was done before. Gives the record's id."""
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
        done = await perform(ledger, Command(lifecycle, lifecycle[action], name, body, context, key=once))
        return id_of(done.event.stream)

    async def load_record(self, kind: str, record: UUID) -> Record:
        """The record."""
        ledger = self.maker.ledger
        loaded = await load(ledger.db, ledger.lifecycles[kind], str(record))
        assert loaded is not None
        record_there: Record = loaded.record
        return record_there

    async def children(self, kind: str, record: UUID, child: type[R], **fields: Any) -> Sequence[R]:
        """The rows of that sort beside the record, as they stand."""
        ledger = self.maker.ledger
        reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
        return await reads.children(child, await self.load_record(kind, record), **fields)
