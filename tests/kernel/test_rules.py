"""Rules: what follows from an event is done once, wherever the worker is killed, and refused for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.common.people import Caller, Role
from app.foundation.people.persons import AddPerson
from app.kernel.access.reads import load
from app.kernel.actions.payloads import Payload, Reason
from app.kernel.actions.refusals import RetriesExhausted
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.writer import AppendRequest, LogPosition
from app.platform.db import Connection, DatabaseGone, connect
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import EditIncident, ResolveIncident
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import a_case, a_file, import_file
from tests.kernel.incidents import report
from tests.people import act, add_caller, add_team

NOW = datetime.now(UTC).replace(microsecond=0)


class Killed(BaseException):
    """A process ends here, and says nothing to anybody."""


async def give_to_the_desk(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """What was reported is the desk's."""
    yield RuleConsequence("incident", "assign", id_of(event.stream), AssignTicket(team="desk"))


GIVES = Rule("gives_to_the_desk", ("incident.reported",), give_to_the_desk)


@pytest.fixture
async def agent(ledger: Ledger) -> Caller:
    await add_team(ledger, "desk")
    return await add_caller(ledger, "Agent", Role.agent, Role.incident_manager)


@pytest.fixture
async def line(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A worker's connection."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def follow(line: Connection, ledger: Ledger, rule: Rule = GIVES) -> None:
    await catch_up(line, rule.consumer(ledger, lambda: NOW))


async def done(ledger: Ledger) -> list[Recorded]:
    """What rules have done."""
    return [
        e
        for e in await read.events_after(ledger.db, 0, 1000)
        if e.actor == "rule:gives_to_the_desk" and e.source == "rule"
    ]


async def refusals(ledger: Ledger) -> list[tuple[str, str, str]]:
    rows = await ledger.db.rows("select record, action, code from plumbing.refused_consequence")
    return [(row["record"], row["action"], row["code"]) for row in rows]


async def test_what_a_rule_does_names_the_rule_the_event_and_its_request(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await report(ledger, agent)
    await follow(line, ledger)
    (event,) = await done(ledger)
    (reported, _) = await read.stream_events(ledger.db, incident.row_key)
    assert (event.type, event.stream, event.causation_id) == (
        "incident.assigned",
        incident.row_key,
        reported.id,
    )
    assert event.correlation_id == reported.correlation_id
    assert event.source_ref == f"{reported.position}:{incident.id}"


async def test_other_events_and_what_another_system_tells_have_no_consequences(
    ledger: Ledger, agent: Caller, line: Connection, tmp_path: Path
) -> None:
    await import_file(ledger, a_file(tmp_path, a_case("INC0001", "New", "Active")))
    await follow(line, ledger)
    assert await done(ledger) == []


async def test_an_event_taken_again_from_the_beginning_has_no_further_effect(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    await report(ledger, agent)
    await follow(line, ledger)
    await line.execute("update log.checkpoint set position = 0")
    await follow(line, ledger)
    assert len(await done(ledger)) == 1
    assert await refusals(ledger) == []


async def test_what_was_done_before_a_kill_is_not_taken_for_refused_after_it(
    ledger: Ledger, agent: Caller, line: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule takes what is in one state to another: done, it is refused."""
    incident = await report(ledger, agent)

    async def resolve(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
        yield RuleConsequence("incident", "resolve", id_of(event.stream), a_resolution())

    rule = Rule("gives_to_the_desk", ("incident.reported",), resolve)
    write = ledger.writer.write

    async def dies_after(command: AppendRequest) -> LogPosition:
        await write(command)
        raise Killed()

    with monkeypatch.context() as patched:
        patched.setattr(ledger.writer, "write", dies_after)
        with pytest.raises(Killed):
            await follow(line, ledger, rule)
    await follow(line, ledger, rule)
    assert [event.stream for event in await done(ledger)] == [incident.row_key]
    assert await refusals(ledger) == []


def a_resolution() -> Payload:
    return ResolveIncident.model_validate({"resolution_code": "external", "done": "It went away."})


async def test_what_is_refused_is_kept_once_and_the_rule_goes_on(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    first, second = await report(ledger, agent), await report(ledger, agent)
    await act(ledger, agent, "incident", "cancel", first.id, Reason(reason="Reported twice."))
    for _ in range(2):
        await follow(line, ledger)
        await line.execute("update log.checkpoint set position = 0")
    assert await refusals(ledger) == [(first.row_key, "assign", "not_in_this_state")]
    assert [event.stream for event in await done(ledger)] == [second.row_key]


async def test_a_rule_whose_record_has_moved_since_it_looked_looks_again(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await report(ledger, agent)
    looks: list[int] = []

    async def give(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
        loaded = await load(ledger.db, LIFECYCLE, str(incident.id))
        assert loaded is not None
        version = loaded.record.version
        looks.append(version)
        if len(looks) < 3:  # somebody is faster
            edit = EditIncident.model_validate({"title": f"The printer burns, {len(looks)}"})
            await act(ledger, agent, "incident", "edit", incident.id, edit)
        yield RuleConsequence("incident", "assign", incident.id, AssignTicket(team="desk"), if_match=version)

    await follow(line, ledger, Rule("gives_to_the_desk", ("incident.reported",), give))
    assert looks == [1, 2, 3]
    assert [event.type for event in await done(ledger)] == ["incident.assigned"]
    assert await refusals(ledger) == []


async def test_a_record_that_keeps_moving_is_busy_and_the_checkpoint_has_not_moved(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await report(ledger, agent)

    async def late(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
        yield RuleConsequence("incident", "assign", incident.id, AssignTicket(team="desk"), if_match=7)

    with pytest.raises(RetriesExhausted):
        await follow(line, ledger, Rule("gives_to_the_desk", ("incident.reported",), late))
    await follow(line, ledger)
    assert len(await done(ledger)) == 1


async def test_what_gets_no_answer_is_tried_again_and_the_checkpoint_has_not_moved(
    ledger: Ledger, agent: Caller, line: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report(ledger, agent)

    async def gone(command: AppendRequest) -> LogPosition:
        raise DatabaseGone("It has not answered in time.")

    with monkeypatch.context() as patched:
        patched.setattr(ledger.writer, "write", gone)
        with pytest.raises(DatabaseGone):
            await follow(line, ledger)
    assert await done(ledger) == []
    await follow(line, ledger)
    assert len(await done(ledger)) == 1


async def test_a_rule_that_opens_a_record_opens_one_however_often_it_is_killed(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    async def add_somebody(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
        yield RuleConsequence("person", "add", None, AddPerson(name="Somebody"))

    rule = Rule("gives_to_the_desk", ("incident.reported",), add_somebody)
    await report(ledger, agent)
    for _ in range(3):
        await follow(line, ledger, rule)
        await line.execute("update log.checkpoint set position = 0")
    assert [event.type for event in await done(ledger)] == ["person.added"]
    assert await refusals(ledger) == []


async def test_what_comes_to_be_between_two_takings_is_done_too_and_nothing_else_again(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    """A rule looks at what there is by now. The keys are the records' own, whatever stands between them."""
    first = await report(ledger, agent)

    async def give_all(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
        rows = await ledger.db.rows("select id from fold.incident order by opened_at desc, id desc")
        for row in rows:
            yield RuleConsequence("incident", "assign", row["id"], AssignTicket(team="desk"))

    rule = Rule("gives_to_the_desk", ("incident.acknowledged",), give_all)
    await act(ledger, agent, "incident", "acknowledge", first.id)
    await follow(line, ledger, rule)
    second = await report(ledger, agent)
    await line.execute("update log.checkpoint set position = 0")
    await follow(line, ledger, rule)
    assert [event.stream for event in await done(ledger)] == [first.row_key, second.row_key]


async def test_two_workers_without_a_lease_do_each_once(
    place: DatabaseUrls, ledger: Ledger, other: Ledger, agent: Caller, line: Connection
) -> None:
    incidents: list[Incident] = [await report(ledger, agent) for _ in range(20)]
    another = await connect(place.url, FOLLOW_LIMITS)
    await asyncio.gather(follow(line, ledger), follow(another, other))
    await another.close()
    assert sorted(event.stream for event in await done(ledger)) == sorted(i.row_key for i in incidents)
