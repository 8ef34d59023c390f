"""Benchmark of scheduling: a change takes its window among very many bookings, or is refused for another
change.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.common.priorities.risk_level import RiskLevel
from app.foundation.cis.payloads import CiAlteration, PlanCi, RelateCi
from app.foundation.cis.records import CiClass, RelationKind
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import AddTeam
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import ActionUnavailable
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from app.processes.changes.payloads import DraftChange, EditChange, ScheduleChange
from app.processes.changes.policies.payloads import DraftChangeTemplate
from app.processes.changes.records import ChangeType
from bench.cases import ledger_of
from bench.figures import Figure, Run, latency_ratio
from bench.site import made_token, site

TEAM = "network"
NAMES = ("schedule", "schedule_refused")
EDIT = "an edit of a change"
BOOKINGS, QUICK_BOOKINGS = 100_000, 10_000
ITEMS, NEEDED, CHANGES, QUICK_CHANGES = 200, 5, 300, 50
NIGHT = datetime(2190, 1, 1, tzinfo=UTC)
# Bookings of changes of before, on the items, one after the other: each item has many.
MAKE_BOOKINGS = """
insert into schedule.booking (change_id, ci_id, ci_no, role, during, overridden)
select gen_random_uuid(), c.id, schedule.number_of('ci/' || c.id), int8range(null, null),
  tstzrange(timestamptz '2100-01-01' + n * interval '2 hours',
            timestamptz '2100-01-01' + n * interval '2 hours' + interval '1 hour'), false
from fold.ci c cross join generate_series(1, %(each)s) as n"""


async def measure(run: Run) -> list[Figure]:
    """Measures scheduling with and without a conflict, as ratios to an edit of a change."""
    bookings, changes = (QUICK_BOOKINGS, QUICK_CHANGES) if run.quick else (BOOKINGS, CHANGES)
    run.announce("Making an installation with many bookings")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        try:
            async with ledger_of(installation) as ledger:
                board = _Board(ledger)
                await board.set_up()
                await owner.execute(MAKE_BOOKINGS.encode(), {"each": bookings // ITEMS})
                await owner.execute(b"vacuum analyze schedule.booking, fold.ci_relation, fold.ci")
                return await board.figures(bookings, changes)
        finally:
            await owner.close()


class _Board:
    """A change manager who schedules changes of items that need others."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        roles = tuple(map(RoleGrant, (Role.change_manager, Role.configuration_manager, Role.admin)))
        self.caller, self.other = (Caller(f"person:{id_}", id_, roles) for id_ in (uuid7(), uuid7()))
        self.items: list[UUID] = []

    async def act(
        self, kind: str, action: str, name: UUID | None, body: Payload, caller: Caller | None = None
    ) -> Any:
        lifecycle: Any = self.ledger.lifecycles[kind]
        metadata = CommandMetadata(caller or self.caller, datetime.now(UTC), "bench", "bench")
        named = None if name is None else str(name)
        command = Command(lifecycle, lifecycle[action], named, body, metadata)
        return (await perform(self.ledger, command)).record

    async def set_up(self) -> None:
        """Makes the items, each of which needs some of the next, a template, and who implements it."""
        await self.act("team", "add", None, AddTeam(key=TEAM, name="Network", kind=TeamKind.internal))
        for n in range(ITEMS):
            body = PlanCi(key=f"srv-{n}", name=f"Item {n}", ci_class=CiClass.server)
            made = await self.act("ci", "plan", None, body)
            await self.act("ci", "go_live", made.id, CiAlteration())
            self.items.append(made.id)
        for n, item in enumerate(self.items[:-NEEDED]):
            if n % (NEEDED + 1):
                needed = str(self.items[n + 1])
                await self.act("ci", "relate", item, RelateCi(kind=RelationKind.uses, other=needed))
        template = DraftChangeTemplate(
            key="restart",
            title="Restart",
            description="A restart.",
            plan="Restart it.",
            test_plan="See that it runs.",
            back_out_plan="Restart it again.",
            risk_level=RiskLevel.low,
            ci_classes=(CiClass.server,),
        )
        made = await self.act("change_template", "draft", None, template)
        await self.act("change_template", "approve", made.id, EmptyPayload(), self.other)

    async def figures(self, bookings: int, changes: int) -> list[Figure]:
        """Measures an edit, a window that is free, and one that is taken."""
        drafts = [await self._draft(n % changes) for n in range(2 * changes)]
        edit = EditChange(title="Restart at night")
        plain = await _p99(drafts, lambda n, id_: self.act("change", "edit", id_, edit))
        free = await _p99(drafts[:changes], self._schedule)
        taken = await _p99(drafts[changes:], self._refused)
        many = f"p99 among {bookings:,} bookings"
        return [
            latency_ratio(NAMES[0], f"a change is scheduled, {many}", free, plain, EDIT),
            latency_ratio(
                NAMES[1], f"a window is refused that another change holds, {many}", taken, plain, EDIT
            ),
        ]

    async def _draft(self, n: int) -> UUID:
        item = str(self.items[n % (ITEMS - NEEDED)])
        body = DraftChange(
            type=ChangeType.standard, title=f"Restart {n}", template="restart", cis=(item,), team=TEAM
        )
        made: UUID = (await self.act("change", "draft", None, body)).id
        return made

    async def _schedule(self, n: int, change: UUID) -> None:
        begin = NIGHT + timedelta(hours=n)
        body = ScheduleChange(from_at=begin, until_at=begin + timedelta(hours=1))
        await self.act("change", "schedule", change, body)

    async def _refused(self, n: int, change: UUID) -> None:
        body = ScheduleChange(from_at=NIGHT, until_at=NIGHT + timedelta(days=90))
        with contextlib.suppress(ActionUnavailable):
            await self.act("change", "schedule", change, body)
            raise AssertionError("the window is taken")


async def _p99(drafts: list[UUID], act: Callable[[int, UUID], Awaitable[Any]]) -> float:
    """Returns the 99th percentile of the milliseconds that the act takes, one after the other."""
    taken = []
    for n, change in enumerate(drafts):
        began = time.perf_counter()
        await act(n, change)
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[len(taken) * 99 // 100]
