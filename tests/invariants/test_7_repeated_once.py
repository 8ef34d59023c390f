"""Invariant 7: a repeated command has one effect: any number of times, in any order, by any number at once.

(Webhook deliveries and rows of imports have tests of their own.)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.commands.performing import ActionOutcome, perform_idempotently
from app.common.people import Caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import KeyReused, Refusal, StillRunning
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.ledger import Ledger
from app.log import read
from app.processes.incidents.lifecycle import LIFECYCLE
from app.ticketing.comments import CommentTicket
from tests.extent import examples, in_test_all
from tests.kernel.incidents import a_report, report
from tests.random_histories import RandomWorld

#: But for the one that others are said to be like.
REPORTED = "select count(*) from fold.incident where id <> %s"


@dataclass(frozen=True)
class Sending:
    """A command as a client sends it, as often as it likes."""

    caller: Caller
    action: str
    name: UUID | None
    body: Payload
    key: str
    fingerprint: str = "00"

    async def to(self, ledger: Ledger) -> ActionOutcome | Refusal:
        """What this process answers."""
        key = IdempotencyKey(f"{self.action}_incident", self.key, self.fingerprint)
        context = CommandMetadata(self.caller, datetime.now(UTC), correlation_id="a-test", source="api")
        name = None if self.name is None else str(self.name)
        try:
            return await perform_idempotently(
                ledger, Command(LIFECYCLE, LIFECYCLE[self.action], name, self.body, context, None, key)
            )
        except Refusal as refusal:
            return refusal


async def patiently(sending: Sending, ledger: Ledger) -> ActionOutcome | Refusal:
    """As a client does that is told that the command is still running: it asks again."""
    while True:
        answer = await sending.to(ledger)
        if not isinstance(answer, StillRunning):
            return answer
        await asyncio.sleep(0)


def one_effect(answers: list[Any]) -> None:
    """All were answered, alike, and one of them as the first."""
    assert all(isinstance(answer, ActionOutcome) for answer in answers), answers
    assert sum(not answer.replayed for answer in answers) == 1
    assert all(
        answer.record == answers[0].record and answer.status == answers[0].status for answer in answers
    )


async def test_a_report_that_many_send_at_once_through_two_processes_is_made_once(
    world: RandomWorld, other: Ledger
) -> None:
    sending = Sending(world.callers["requester"], "report", None, a_report(), "k")
    answers = await asyncio.gather(*(patiently(sending, (world.ledger, other)[n % 2]) for n in range(60)))
    one_effect(answers)
    assert await world.ledger.db.value(REPORTED, (world.original,)) == 1


@in_test_all
async def test_so_is_an_action_that_could_not_be_done_twice(world: RandomWorld, other: Ledger) -> None:
    """The second acknowledgement would be refused: the first one has closed that way."""
    incident = await report(world.ledger, world.callers["requester"])
    sending = Sending(world.callers["agent"], "acknowledge", incident.id, EmptyPayload(), "k")
    answers = await asyncio.gather(*(patiently(sending, (world.ledger, other)[n % 2]) for n in range(60)))
    one_effect(answers)
    events = await read.stream_events(world.ledger.db, incident.row_key)
    assert [event.type for event in events] == ["incident.reported", "incident.acknowledged"]


@in_test_all
async def test_so_is_an_action_that_could_be_done_any_number_of_times(
    world: RandomWorld, other: Ledger
) -> None:
    incident = await report(world.ledger, world.callers["requester"])
    sending = Sending(world.callers["agent"], "comment", incident.id, CommentTicket(text="once"), "k")
    answers = await asyncio.gather(*(patiently(sending, (world.ledger, other)[n % 2]) for n in range(60)))
    one_effect(answers)
    assert await world.ledger.db.value("select count(*) from fold.comment") == 1


async def test_one_process_says_that_the_first_one_is_still_running(world: RandomWorld) -> None:
    sending = Sending(world.callers["requester"], "report", None, a_report(), "k")
    answers = await asyncio.gather(*(sending.to(world.ledger) for _ in range(20)))
    assert sum(isinstance(answer, ActionOutcome) for answer in answers) == 1
    assert sum(isinstance(answer, StillRunning) for answer in answers) == 19
    assert not world.ledger.running


async def test_the_answer_is_the_record_as_it_was_then_whatever_happened_since(
    world: RandomWorld, other: Ledger
) -> None:
    agent = world.callers["agent"]
    reporting = Sending(agent, "report", None, a_report(), "r")
    first = await reporting.to(world.ledger)
    assert isinstance(first, ActionOutcome)
    acknowledging = Sending(agent, "acknowledge", first.record.id, EmptyPayload(), "a")
    second = await acknowledging.to(other)
    assert isinstance(second, ActionOutcome)
    for ledger in (world.ledger, other):
        for sending, answer in ((reporting, first), (acknowledging, second)):
            again = await sending.to(ledger)
            assert isinstance(again, ActionOutcome)
            assert (again.record, again.status, again.replayed) == (answer.record, answer.status, True)


async def test_a_key_that_was_used_for_something_else_is_refused_everywhere(
    world: RandomWorld, other: Ledger
) -> None:
    sending = Sending(world.callers["requester"], "report", None, a_report(), "k")
    assert isinstance(await sending.to(world.ledger), ActionOutcome)
    another = Sending(world.callers["requester"], "report", None, a_report(title="Another"), "k", "01")
    for ledger in (world.ledger, other):
        assert isinstance(await another.to(ledger), KeyReused)
    assert await world.ledger.db.value(REPORTED, (world.original,)) == 1


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_any_repetitions_in_any_order_come_to_what_once_each_comes_to(
    world: RandomWorld, other: Ledger, data: st.DataObject
) -> None:
    """Some comments and an acknowledgement, each sent several times, in rounds, through either process."""
    incident = await report(world.ledger, world.callers["requester"])
    agent = world.callers["agent"]
    sendings = [
        Sending(agent, "comment", incident.id, CommentTicket(text=f"{n}"), f"{incident.id} {n}")
        for n in range(4)
    ]
    sendings.append(Sending(agent, "acknowledge", incident.id, EmptyPayload(), f"{incident.id} a"))
    each = st.tuples(st.sampled_from(range(5)), st.booleans())
    rounds = data.draw(st.lists(st.lists(each, max_size=10), min_size=1, max_size=4))
    answers: dict[int, list[Any]] = {n: [] for n in range(5)}
    for together in rounds:
        outcomes = await asyncio.gather(
            *(patiently(sendings[n], (world.ledger, other)[elsewhere]) for n, elsewhere in together)
        )
        for (n, _), answer in zip(together, outcomes, strict=True):
            answers[n].append(answer)
    sent = {n for n, given_answers in answers.items() if given_answers}
    for n in sent:
        one_effect(answers[n])
    events = await read.stream_events(world.ledger.db, incident.row_key)
    assert len(events) == 1 + len(sent)
