"""Whatever people do, however the clock jumps, wherever workers are killed: what is due is done, once."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.log.writer import AppendRequest, LogPosition
from app.platform.db import connect
from app.processes.incidents.records import Incident
from app.worker import acting_consumers
from tests.automation.conftest import Desk
from tests.automation.worker import Worker, timers
from tests.extent import examples
from tests.people import add_person

#: What is due by then, by the plainest reading of the rows. It shares nothing with the rules.
DUE = """
select 'incident/' || id as stream from fold.incident
where state = 'resolved' and resolved_at + interval '7 days' <= %(now)s
   or state = 'on_hold' and wake_up_at <= %(now)s
union all select 'incident/' || id from fold.incident
where priority = 'P1' and acknowledged_at is null and state in ('new', 'on_hold')
  and coalesce(reminded_at, opened_at) + interval '5 minutes' <= %(now)s"""
# Those who are told of it get notices, on streams of their own.
DONE = """
select stream from log.event
where actor like 'rule:%%' and source = 'rule' and stream like 'incident/%%' and position > %s"""
JUMPS = (0, 60, 3600, 86_400, 6 * 86_400, 7 * 86_400, 30 * 86_400, -60, -86_400)


class Killed(BaseException):
    """A process ends here, and says nothing to anybody."""


@dataclass(frozen=True)
class Step:
    """Somebody does something to an incident, or time passes and workers work; one of them may be killed."""

    action: str
    which: int
    seconds: int
    dies: tuple[bool, ...]


def steps() -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        st.sampled_from(
            ["resolve", "hold", "hold for ever", "resume", "reopen", "acknowledge", "comment", *["work"] * 5]
        ),
        st.integers(0, 3),
        st.sampled_from(JUMPS),
        # One entry per time that the worker begins: whether it dies after a command, or before it.
        st.lists(st.booleans(), max_size=3).map(tuple),
    )


@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps(), min_size=5, max_size=25))
async def test_what_is_due_is_done_once_and_nothing_else(
    desk: Desk, other: Ledger, monkeypatch: pytest.MonkeyPatch, history: list[Step]
) -> None:
    await add_person(desk.ledger, "Manager", roles=("incident_manager",))
    incidents = [await desk.perform("acknowledge", await desk.report()) for _ in range(3)]
    incidents.append(await desk.report(impact="1", urgency="1"))
    for step in history:
        if step.action == "work":
            desk.now += timedelta(seconds=step.seconds)
            await all_that_is_due_is_done(desk, Worker(other), step.dies, monkeypatch)
        else:
            with contextlib.suppress(Refusal):
                await lives(desk, incidents[step.which], step)
    await desk.worker.work(desk.now)
    await timers_made_again_are_the_same(desk)
    desk.now += timedelta(days=40)
    await all_that_is_due_is_done(desk, Worker(other), (), monkeypatch)


async def lives(desk: Desk, incident: Incident, step: Step) -> None:
    """What a person does."""
    if step.action.startswith("hold"):
        soon = desk.now + timedelta(seconds=1 + abs(step.seconds))
        await desk.hold(incident, soon if step.action == "hold" else None)
    elif step.action == "resolve":
        await desk.resolve(incident)
    elif step.action == "reopen":
        await desk.reopen(incident)
    elif step.action == "comment":
        await desk.comment(incident)
    else:
        await desk.perform(step.action, incident)


async def all_that_is_due_is_done(
    desk: Desk, mortal: Worker, dies: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two workers at once, of which one is killed so often."""
    desk.worker.is_alone = mortal.is_alone = False
    db = desk.ledger.db
    head = await db.value("select position from log.head")
    due = sorted(row["stream"] for row in await db.rows(DUE, {"now": desk.now}))
    await asyncio.gather(
        desk.worker.work(desk.now), killed_and_started_again(mortal, desk, dies, monkeypatch)
    )
    desk.worker.is_alone = True
    assert sorted(row["stream"] for row in await db.rows(DONE, (head,))) == due
    assert await db.rows(DUE, {"now": desk.now}) == []
    assert desk.worker.failures == mortal.failures == []
    assert await db.rows("select * from plumbing.refused_consequence") == []


async def killed_and_started_again(
    worker: Worker, desk: Desk, dies: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = worker.ledger.writer.write
    for after in dies:

        async def dying(command: AppendRequest, after: bool = after) -> LogPosition:
            if after:
                await write(command)
            raise Killed()

        with monkeypatch.context() as patched, contextlib.suppress(Killed):
            patched.setattr(worker.ledger.writer, "write", dying)
            await worker.work(desk.now)
    await worker.work(desk.now)


async def timers_made_again_are_the_same(desk: Desk) -> None:
    before = await timers(desk.ledger)
    connection = await connect(desk.ledger.db.url, FOLLOW_LIMITS)
    for consumer in acting_consumers(desk.ledger, lambda: desk.now):
        await reset(connection, consumer)
        await catch_up(connection, consumer)
    await connection.close()
    assert await timers(desk.ledger) == before
