"""How the demo is made: by commands with a clock of their own, each known again by its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from app.common.people import Caller, rule
from app.common.records import Beside, Record
from app.kernel.bodies import Body
from app.kernel.ledger import Ledger
from app.kernel.look import Look, load
from app.kernel.moment import Context
from app.kernel.perform import Act, IdempotencyKey, perform
from app.log import read
from app.log.events import id_of

R = TypeVar("R", bound=Beside)

# Rules and notices take what is older for another system's history, and leave it alone.
TOLD, LIVED = "import:demo", "demo"
LIVED_SINCE = timedelta(days=10)
MAKER = rule("demo")
#: Under which its commands are known again.
ROUTE = "demo"
#: A body, or how it is made of what is there by then.
Said = Body | Callable[[], Awaitable[Body]]


def source_of(opened: datetime, end: datetime) -> str:
    """Whether what was opened then is told as history, or as what happens now."""
    return LIVED if opened > end - LIVED_SINCE else TOLD


@dataclass(frozen=True)
class Maker:
    """What makes it: the ledger, and by actor and key the streams of the commands that are done already."""

    ledger: Ledger
    done: dict[tuple[str, str], str]

    @classmethod
    async def begun(cls, ledger: Ledger) -> Maker:
        """With all that an earlier start has done."""
        return cls(ledger, await read.once_by_route(ledger.db, ROUTE))


@dataclass
class Script:
    """The making of one thing: a clock of its own, and the keys of its commands."""

    maker: Maker
    name: str
    now: datetime
    source: str
    step: int = 0

    async def act(self, caller: Caller, kind: str, action: str, record: UUID | None, said: Said) -> UUID:
        """Carries it out, unless that was done before. Gives the record's id."""
        self.step += 1
        key = f"{self.name}-{self.step}"
        if (stream := self.maker.done.get((caller.actor, key))) is not None:
            return id_of(stream)
        ledger = self.maker.ledger
        lifecycle = ledger.lifecycles[kind]
        context = Context(caller, self.now, correlation_id=f"demo-{self.name}", source=self.source)
        name = None if record is None else str(record)
        once = IdempotencyKey(ROUTE, key, "00")
        body = said if isinstance(said, Body) else await said()
        done = await perform(ledger, Act(lifecycle, lifecycle[action], name, body, context, key=once))
        return id_of(done.event.stream)

    async def as_it_stands(self, kind: str, record: UUID) -> Record:
        """The record."""
        ledger = self.maker.ledger
        loaded = await load(ledger.db, ledger.lifecycles[kind], str(record))
        assert loaded is not None
        record_there: Record = loaded.record
        return record_there

    async def beside(self, kind: str, record: UUID, child: type[R], **fields: Any) -> Sequence[R]:
        """The rows of that sort beside the record, as they stand."""
        ledger = self.maker.ledger
        look = Look(ledger.db, ledger.lifecycles, ledger.directory)
        return await look.children(child, await self.as_it_stands(kind, record), **fields)
