"""Flags an overdue task of any record, and notifies its assignee, or its leads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.foundation.people.lookups import active_person, leads_or_members
from app.kernel.access.reads import load
from app.kernel.actions.payloads import LONGEST_LIST, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.platform.settings import Settings
from app.ticketing.records import Task
from app.ticketing.work.tasks import FlagTask

#: The fields by which records name who answers for all that is to be done for them, the first that does.
IN_CHARGE = ("assignee_id", "commander_id", "chair_id", "author_id", "owner_id")


def due(task: Task, settings: Settings) -> datetime | None:
    """Return when the task is due; None if it is done, dropped or flagged already."""
    settled = task.completed_at or task.dropped_at or task.overdue_at
    return None if settled is not None else task.due_at


async def flag(ledger: Ledger, task: Task, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the task, and its payload with the people to notify."""
    persons = await _persons_told(ledger, task)
    return "flag_task", FlagTask(task=task.id, persons=tuple(map(str, persons[:LONGEST_LIST])))


async def _persons_told(ledger: Ledger, task: Task) -> list[str]:
    """Return the assignee, if they are active; otherwise the leads or members of the task's team, and the
    person who answers for the record, or the leads or members of its team.
    """
    read = ledger.db.rows
    if assignee := await active_person(read, task.assignee_id):
        return [assignee]
    persons = await leads_or_members(read, task.team_id, LONGEST_LIST)
    loaded = await load(
        ledger.db, ledger.lifecycles[kind_of(task.record or "")], str(id_of(task.record or ""))
    )
    record = None if loaded is None else loaded.record
    named: list[UUID | None] = [getattr(record, name, None) for name in IN_CHARGE]
    active = [person for each in named if (person := await active_person(read, each)) is not None]
    of_record = active[:1] or await leads_or_members(read, getattr(record, "team_id", None), LONGEST_LIST)
    return list(dict.fromkeys(map(str, [*persons, *of_record])))


RULE = TimedRule(
    "flag_overdue_tasks",
    "task",
    frozenset(),
    due,
    flag,
    only="r.due_at is not null and r.completed_at is null and r.dropped_at is null and r.overdue_at is null",
    child_class=Task,
)
