"""The proof that follows a kill: it finds nothing where all is well, and every kind of fault."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.api.commands.performing import perform_idempotently
from app.common.people import Caller, Role
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import connect
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import ReportIncident
from app.ticketing.comments import CommentTicket
from bench.kill import REPORT, CommandAnswer, prove, prove_facts
from bench.soak import FAULT_WEIGHTS, KILLS, faults
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all
from tests.people import add_caller


async def said(
    ledger: Ledger, caller: Caller, key: str, action: str, name: str | None, body: Payload
) -> CommandAnswer:
    """A command that was done, as its client remembers it."""
    context = CommandMetadata(caller, datetime.now(UTC), correlation_id=key, source="api")
    once = IdempotencyKey(action, key, "00")
    answer = await perform_idempotently(
        ledger, Command(LIFECYCLE, LIFECYCLE[action], name, body, context, None, once)
    )
    return CommandAnswer(key, action, answer.status, str(answer.record.id))


@pytest.fixture
async def answered(ledger: Ledger) -> list[CommandAnswer]:
    """A report, a comment on it, an acknowledgement, and one that was refused."""
    agent = await add_caller(ledger, "Agent", Role.agent)
    report = ReportIncident.model_validate({"title": "load-1", **REPORT})
    first = await said(ledger, agent, "load-1", "report", None, report)
    comment = await said(ledger, agent, "load-2", "comment", first.record, CommentTicket(text="x"))
    acknowledged = await said(ledger, agent, "load-3", "acknowledge", first.record, EmptyPayload())
    return [first, comment, acknowledged, CommandAnswer("load-4", "acknowledge", 409, None)]


async def test_where_all_is_well_the_proof_holds(place: DatabaseUrls, answered: list[CommandAnswer]) -> None:
    proof = await prove(place.url, answered)
    assert proof.is_clean, proof
    assert (proof.done, proof.refused, proof.events) == (3, 1, 4)


WRONG: dict[str, Callable[[list[CommandAnswer]], list[CommandAnswer]]] = {
    "answered and lost": lambda all_of: [*all_of, CommandAnswer("load-5", "comment", 200, all_of[0].record)],
    "answered with another record": lambda all_of: [
        CommandAnswer("load-1", "report", 201, "another"),
        *all_of[1:],
    ],
    "refused and yet written": lambda all_of: [
        *all_of[:2],
        CommandAnswer("load-3", "acknowledge", 409, None),
    ],
    "written and never answered": lambda all_of: all_of[:2],
}


@in_test_all
@pytest.mark.parametrize("fault", first_of([*WRONG], 1))
async def test_what_clients_remember_otherwise_is_found(
    place: DatabaseUrls, answered: list[CommandAnswer], fault: str
) -> None:
    proof = await prove(place.url, WRONG[fault](answered))
    assert not proof.is_clean
    assert proof.faults()[fault] == 1


LATEST_AGAIN = """
insert into log.event
  select position + 1, recorded_at, occurred_at, gen_random_uuid(), causation_id, version + 1, schema_version,
         staff_only, stream, type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data
from log.event order by position desc limit 1;
update log.head set position = position + 1
"""
BROKEN = {
    "answered and lost": "delete from log.idempotency where key = 'load-2'",
    "answered once and done twice": LATEST_AGAIN,
    "gaps in the order of the log": "update log.head set position = position + 3",
    "rows that are not the fold of their events": "delete from fold.comment",
}


@pytest.mark.parametrize("fault", first_of([*BROKEN], 1))
async def test_what_is_wrong_in_the_database_is_found(
    place: DatabaseUrls, answered: list[CommandAnswer], fault: str
) -> None:
    owner = await connect(place.owner_url)
    await owner.execute(BROKEN[fault].encode())
    await owner.close()
    proof = await prove(place.url, answered)
    assert not proof.is_clean
    assert proof.faults()[fault] > 0


@in_test_all
async def test_facts_that_are_not_as_defined_are_found(
    place: DatabaseUrls, answered: list[CommandAnswer]
) -> None:
    follower = await connect(place.url)
    await catch_up(follower, FACTS)
    await follower.close()
    assert (await prove_facts(place.url)).difference_count == 0
    owner = await connect(place.owner_url)
    await owner.execute("update kpi.incident_responded set seconds = seconds + 60")
    await owner.close()
    assert (await prove_facts(place.url)).difference_count > 0


def test_a_soak_kills_as_often_as_it_is_told_and_breaks_other_things_besides() -> None:
    done = list(faults(50, random.Random(1)))
    assert sum(fault in KILLS for fault in done) == 50
    assert set(done) == FAULT_WEIGHTS.keys()
