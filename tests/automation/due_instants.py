"""When what a timer does was due: asked of the rule before it acts, compared with what the log has after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.common.people import rule_caller
from app.kernel.access.reads import load
from app.kernel.consumers.timers import TimedRule, TimerConsumer
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.platform.db import Row

DUE = "select stream, planned_at from plumbing.timer where rule = %s and due_at <= %s"
HEAD = "select position from log.head"
DONE = """
select stream, type, occurred_at from log.event
where position > %s and actor = %s and stream = any(%s) order by position"""


@dataclass(frozen=True)
class DueInstants:
    """Of the records whose timers of one rule are due, when the rule was to act."""

    ledger: Ledger
    rule: TimerConsumer
    now: datetime

    async def of(self, row: Row, planned_at: datetime | None) -> datetime:
        """When it was due; if a setting has moved it into the past since, or a rule that is newer, now; never
        before the record's last change.
        """
        name = row["stream"]
        loaded = await load(self.ledger.db, self.ledger.lifecycles[kind_of(name)], str(id_of(name)))
        assert loaded is not None
        if isinstance(self.rule, TimedRule):
            record = self.rule.record_of(self.ledger, row)
            due = self.rule.due(record, self.ledger.settings) or self.now
            moved = planned_at is not None and due < planned_at
            if self.rule.newest_due is not None and due <= self.now:
                due = self.rule.newest_due(record, self.now)
        else:
            due, moved = row["due_at"], row["due_at"] < row["ruled_at"]
        changed_at: datetime = loaded.record.changed_at
        return max(self.now if moved else min(due, self.now), changed_at)


@asynccontextmanager
async def due_instants_are_told(ledger: Ledger, rule: TimerConsumer, now: datetime) -> AsyncIterator[None]:
    """Within it the due timers of the rule go off: each says when that was due."""
    due = {row["stream"]: row["planned_at"] for row in await ledger.db.rows(DUE, (rule.timers, now))}
    instants: dict[str, set[datetime]] = {name: set() for name in due}
    due_now = DueInstants(ledger, rule, now)
    for row in await rule.load_records(ledger, list(due)):
        instants[row["stream"]].add(await due_now.of(row, due[row["stream"]]))
    head: Any = await ledger.db.value(HEAD, ())
    yield
    done = await ledger.db.rows(DONE, (head, rule_caller(rule.name).actor, list(due)))
    for event in done:
        assert event["occurred_at"] in instants[event["stream"]], (rule.name, event, instants)
