"""Timers: made from the log, taken by one worker, and without effect when they go off for what is no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.common.people import Caller, Role
from app.kernel.actions.payloads import Payload
from app.kernel.consumers import timers
from app.kernel.consumers.timers import Overdue, TimedRule, fire_due, overdue
from app.kernel.ledger import Ledger
from app.log import consumer_group as group
from app.log import follow
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.log.writer import AppendRequest, LogPosition
from app.platform.db import Connection, DatabaseGone, connect
from app.platform.settings import Settings
from app.platform.shared_connections import SharedConnections
from app.processes.incidents.payloads import EditIncident
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.conftest import DatabaseUrls, Server
from tests.exchange.servicenow_files import a_file, a_row, import_file
from tests.extent import WHOLE, in_test_all
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, add_staffed_team
from tests.waiting import PATIENCE_SECONDS, Blocked, until

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
Failures = list[tuple[str, Exception]]


def due(incident: Incident, settings: Settings) -> datetime | None:
    """An hour after it was opened, if no team has it by then."""
    assert incident.opened_at is not None
    return None if incident.team_id else incident.opened_at + HOUR


async def give_to_the_desk(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Payload]:
    return "assign", AssignTicket(team="desk")


def a_rule(**changed: Any) -> TimedRule[Incident]:
    """Gives what nobody has taken to the desk."""
    parts: dict[str, Any] = {
        "name": "gives_to_the_desk",
        "kind": "incident",
        "states": frozenset({IncidentState.new}),
        "due": due,
        "act": give_to_the_desk,
    }
    return TimedRule(**(parts | changed))


@pytest.fixture
async def agent(ledger: Ledger) -> Caller:
    await add_staffed_team(ledger, "desk")
    return await add_caller(ledger, "Agent", Role.agent, Role.incident_manager)


@pytest.fixture
async def line(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A worker's connection."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def opened(ledger: Ledger, agent: Caller, instant: datetime = NOW) -> Incident:
    incident: Incident = (await act(ledger, agent, "incident", "report", body=a_report(), now=instant)).record
    return incident


async def told(ledger: Ledger) -> dict[str, datetime]:
    """The timers that are set, by stream."""
    rows = await ledger.db.rows("select stream, due_at from plumbing.timer where rule = 'gives_to_the_desk'")
    return {row["stream"]: row["due_at"] for row in rows}


async def done(ledger: Ledger) -> list[str]:
    """The streams that the rule has done something to, each as often as it has."""
    rows = await ledger.db.rows(
        "select stream from log.event where actor = 'rule:gives_to_the_desk' order by position"
    )
    return [row["stream"] for row in rows]


async def done_at(ledger: Ledger) -> list[datetime]:
    """When the rule says that it has done something."""
    rows = await ledger.db.rows(
        "select occurred_at from log.event where actor = 'rule:gives_to_the_desk' order by position"
    )
    return [row["occurred_at"] for row in rows]


async def refusals(ledger: Ledger) -> list[tuple[str, str, str]]:
    rows = await ledger.db.rows("select record, action, code from plumbing.refused_consequence")
    return [(row["record"], row["action"], row["code"]) for row in rows]


async def fire(
    line: Connection, ledger: Ledger, now: datetime, rule: TimedRule[Incident] | None = None
) -> Failures:
    """Lets all that is due go off."""
    failures: Failures = []
    while await fire_due(
        line, ledger, rule or a_rule(), now, failed=lambda name, error: failures.append((name, error))
    ):
        pass
    return failures


async def test_timers_thrown_away_and_made_again_in_spans_of_any_length_are_the_same(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incidents = [await opened(ledger, agent, NOW + n * HOUR) for n in range(5)]
    await act(ledger, agent, "incident", "acknowledge", incidents[0].id, now=NOW)
    await act(ledger, agent, "incident", "assign", incidents[1].id, AssignTicket(team="desk"), now=NOW + HOUR)
    expected = {incident.row_key: NOW + (n + 3) * HOUR for n, incident in enumerate(incidents[2:])}
    for batch in (1, 7, 1000):
        made = a_rule().consumer(ledger)
        consumer = follow.Consumer(made.name, made.handle_batch, batch)
        await reset(line, consumer)
        await line.execute(
            "insert into plumbing.timer values ('gives_to_the_desk', 'incident/left-over', now())"
        )
        await catch_up(line, consumer)
        assert await told(ledger) == expected


async def test_a_timer_goes_off_when_it_is_due_and_not_before(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    early, late = await opened(ledger, agent), await opened(ledger, agent, NOW + HOUR)
    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + HOUR - timedelta(microseconds=1))
    assert await done(ledger) == []
    await fire(line, ledger, NOW + HOUR)
    assert await done(ledger) == [early.row_key]
    assert await told(ledger) == {late.row_key: NOW + 2 * HOUR}
    assert await overdue(ledger.db, NOW + HOUR) == Overdue(0, 0)
    assert await overdue(ledger.db, NOW + 3 * HOUR) == Overdue(1, 3600)


async def test_several_workers_at_once_do_each_once(
    place: DatabaseUrls, ledger: Ledger, other: Ledger, agent: Caller, line: Connection
) -> None:
    incidents = [await opened(ledger, agent) for _ in range(150 if WHOLE else 40)]
    await catch_up(line, a_rule().consumer(ledger))
    another = await connect(place.url, FOLLOW_LIMITS)
    failures = await asyncio.gather(fire(line, ledger, NOW + HOUR), fire(another, other, NOW + HOUR))
    await another.close()
    assert not any(failures)
    assert sorted(await done(ledger)) == sorted(incident.row_key for incident in incidents)
    assert await told(ledger) == {}


async def test_one_that_goes_off_again_after_its_worker_was_killed_does_nothing(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)
    await catch_up(line, a_rule().consumer(ledger))
    for _ in range(2):  # what the worker had deleted is there again, what it had done stays
        await line.execute(
            "insert into plumbing.timer values ('gives_to_the_desk', %s, %s) on conflict do nothing",
            (incident.row_key, NOW + HOUR),
        )
        await fire(line, ledger, NOW + HOUR)
        assert await done(ledger) == [incident.row_key]
    assert await told(ledger) == {}
    assert await refusals(ledger) == []


async def test_if_its_command_gets_no_answer_the_timer_is_still_there(
    ledger: Ledger, agent: Caller, line: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await opened(ledger, agent)
    await catch_up(line, a_rule().consumer(ledger))
    write = ledger.writer.write

    async def unanswered(command: AppendRequest) -> LogPosition:
        await write(command)
        raise DatabaseGone("It has not answered in time.")

    with monkeypatch.context() as patched:
        patched.setattr(ledger.writer, "write", unanswered)
        with pytest.raises(DatabaseGone):
            await fire(line, ledger, NOW + HOUR)
    assert await told(ledger) == {incident.row_key: NOW + HOUR}
    await fire(line, ledger, NOW + HOUR)
    assert await done(ledger) == [incident.row_key]
    assert await told(ledger) == {}


async def test_what_has_changed_since_the_rule_looked_is_left_alone_and_its_timer_set_anew(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def overtaken(ledger: Ledger, incident_read: Incident, now: datetime) -> tuple[str, Payload]:
        await act(
            ledger, agent, "incident", "assign", incident_read.id, AssignTicket(person="me"), now=NOW + HOUR
        )
        return await give_to_the_desk(ledger, incident_read, now)

    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + HOUR, a_rule(act=overtaken))
    assert (await done(ledger), await refusals(ledger), await told(ledger)) == ([], [], {})
    await catch_up(line, a_rule().consumer(ledger))
    assert await told(ledger) == {incident.row_key: NOW + HOUR}, "still nobody's team"


async def test_a_comment_in_between_is_in_nobodys_way(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def overtaken(ledger: Ledger, incident_read: Incident, now: datetime) -> tuple[str, Payload]:
        await act(
            ledger,
            agent,
            "incident",
            "comment",
            incident_read.id,
            CommentTicket(text="Mine."),
            now=NOW + HOUR,
        )
        return await give_to_the_desk(ledger, incident_read, now)

    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + HOUR, a_rule(act=overtaken))
    assert await done(ledger) == [incident.row_key]


async def test_what_is_refused_is_kept_as_what_came_of_it_and_not_tried_again(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def to_nobody(ledger: Ledger, incident_read: Incident, now: datetime) -> tuple[str, Payload]:
        return "assign", AssignTicket(team="there is none")

    rule = a_rule(act=to_nobody)
    await catch_up(line, rule.consumer(ledger))
    assert await fire(line, ledger, NOW + HOUR, rule) == []
    assert await refusals(ledger) == [(incident.row_key, "assign", "wrong_value")]
    assert (await told(ledger), await done(ledger)) == ({}, [])


async def test_what_is_refused_can_have_something_else_done_instead_once(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def to_nobody(ledger: Ledger, incident_read: Incident, now: datetime) -> tuple[str, Payload]:
        return "assign", AssignTicket(team="there is none")

    rule = a_rule(act=to_nobody, otherwise=("assign", AssignTicket(team="desk")))
    await catch_up(line, rule.consumer(ledger))
    for _ in range(2):  # as if its worker was killed before it had deleted the timer
        await line.execute(
            "insert into plumbing.timer values ('gives_to_the_desk', %s, %s) on conflict do nothing",
            (incident.row_key, NOW + HOUR),
        )
        assert await fire(line, ledger, NOW + HOUR, rule) == []
        assert await done(ledger) == [incident.row_key]
    assert await refusals(ledger) == [(incident.row_key, "assign", "wrong_value")]
    assert await told(ledger) == {}


async def test_a_record_that_a_rule_fails_on_is_told_of_tried_later_and_stops_no_other(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incidents = [await opened(ledger, agent) for _ in range(3)]

    async def fails_on_one(ledger: Ledger, incident_read: Incident, now: datetime) -> tuple[str, Payload]:
        if incident_read.id == incidents[1].id:
            raise LookupError(incident_read.number)
        return await give_to_the_desk(ledger, incident_read, now)

    rule = a_rule(act=fails_on_one)
    await catch_up(line, rule.consumer(ledger))
    failures = await fire(line, ledger, NOW + HOUR, rule)
    assert [(name, type(error)) for name, error in failures] == [("gives_to_the_desk", LookupError)]
    assert set(await done(ledger)) == {incidents[0].row_key, incidents[2].row_key}
    assert await told(ledger) == {incidents[1].row_key: NOW + HOUR + timers.RETRY_DELAY}
    await fire(line, ledger, NOW + HOUR + timers.RETRY_DELAY)
    assert len(await done(ledger)) == 3


async def test_one_that_goes_off_for_what_has_left_the_state_does_nothing(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    """A consumer that was overtaken sets a timer of how the record stood before."""
    incident = await opened(ledger, agent)
    await act(ledger, agent, "incident", "acknowledge", incident.id, now=NOW)
    await line.execute(
        "insert into plumbing.timer values ('gives_to_the_desk', %s, %s)", (incident.row_key, NOW + HOUR)
    )
    await fire(line, ledger, NOW + HOUR)
    assert (await done(ledger), await refusals(ledger), await told(ledger)) == ([], [], {})


async def test_what_cannot_be_done_now_is_looked_at_again_in_a_minute(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def nobody_is_there(ledger: Ledger, incident_read: Incident, now: datetime) -> None:
        return None

    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + HOUR, a_rule(act=nobody_is_there))
    assert await done(ledger) == []
    await fire(line, ledger, NOW + HOUR + timers.RETRY_DELAY)
    assert await done(ledger) == [incident.row_key]


async def test_what_is_done_late_carries_the_instant_at_which_it_was_due_also_if_it_was_tried_before(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)

    async def nobody_is_there(ledger: Ledger, incident_read: Incident, now: datetime) -> None:
        return None

    await catch_up(line, a_rule().consumer(ledger))
    for hours in (2, 3):
        await fire(line, ledger, NOW + hours * HOUR, a_rule(act=nobody_is_there))
    await fire(line, ledger, NOW + 4 * HOUR)
    assert await done(ledger) == [incident.row_key]
    assert await done_at(ledger) == [NOW + HOUR]


async def test_what_a_setting_has_moved_into_the_past_is_done_as_of_now(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    await opened(ledger, agent)

    def due_at_once(incident: Incident, settings: Settings) -> datetime | None:
        return incident.opened_at

    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + 2 * HOUR, a_rule(due=due_at_once))
    assert await done_at(ledger) == [NOW + 2 * HOUR]


async def test_nothing_is_done_as_of_before_the_last_change(
    ledger: Ledger, agent: Caller, line: Connection
) -> None:
    incident = await opened(ledger, agent)
    changed = EditIncident.model_validate({"title": "Changed"})
    await act(ledger, agent, "incident", "edit", incident.id, changed, now=NOW + 2 * HOUR)
    await catch_up(line, a_rule().consumer(ledger))
    await fire(line, ledger, NOW + 3 * HOUR)
    assert await done_at(ledger) == [NOW + 2 * HOUR]


async def test_a_history_from_elsewhere_has_no_timers_until_somebody_acts_here(
    ledger: Ledger, agent: Caller, line: Connection, tmp_path: Path
) -> None:
    await import_file(ledger, a_file(tmp_path, [a_row(assignment_group="")]))
    await catch_up(line, a_rule().consumer(ledger))
    assert await told(ledger) == {}
    row = await ledger.db.row("select id, opened_at from fold.incident")
    assert row is not None
    await act(ledger, agent, "incident", "comment", row["id"], CommentTicket(text="Ours now."))
    await catch_up(line, a_rule().consumer(ledger))
    assert await told(ledger) == {f"incident/{row['id']}": row["opened_at"] + HOUR}


async def test_a_worker_whose_connection_is_cut_says_so_and_goes_on(
    server: Server,
    place: DatabaseUrls,
    ledger: Ledger,
    agent: Caller,
    line: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timers, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(follow, "RETRY_SECONDS", 0.01)
    failures: Failures = []

    async def has_done(count: int) -> bool:
        return len(await done(ledger)) == count

    async def the_next_goes_off(count: int) -> None:
        await opened(ledger, agent)
        await catch_up(line, a_rule().consumer(ledger))
        await until(lambda: has_done(count))

    lines = SharedConnections(place.url, group.POOL_LIMITS)
    working = asyncio.create_task(
        timers.run(
            lines,
            ledger,
            [a_rule()],
            lambda: NOW + HOUR,
            failed=lambda name, error: failures.append((name, error)),
        )
    )
    try:
        await the_next_goes_off(1)
        async with Blocked(place.owner_url, "lock table plumbing.timer") as blocked:
            cut = await blocked.waiting()
            with psycopg.connect(server.administrator, autocommit=True) as administrator:
                administrator.execute("select pg_terminate_backend(%s, 20000)", (cut,))
        await the_next_goes_off(2)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await lines.close()
    assert {name for name, _ in failures} == {timers.NAME}


MANY = 6_000
# As a worker finds it that was away: nobody has looked at the size of the tables since they were empty.
GROWN = """
create temporary table told as
  select gen_random_uuid() as id, row_number() over () as n from generate_series(1, %(many)s);
insert into fold.incident
  select new.* from told t, (select * from fold.incident limit 1) i, jsonb_populate_record(
    null::fold.incident, to_jsonb(i) || jsonb_build_object('id', t.id, 'number', 'INC-' || t.n)) new;
insert into log.event (position, recorded_at, occurred_at, id, version, schema_version, staff_only, stream,
    type, actor, correlation_id, source, data)
  select h.position + t.n, e.recorded_at, e.occurred_at, gen_random_uuid(), 1, 1, false,
    'incident/' || t.id, e.type, e.actor, e.correlation_id, e.source, e.data
  from told t, log.head h, (select * from log.event where type = 'incident.reported' limit 1) e;
update log.head set position = position + %(many)s"""


@in_test_all
async def test_timers_of_a_worker_that_was_away_do_not_depend_on_what_is_believed_of_the_tables(
    place: DatabaseUrls, ledger: Ledger, agent: Caller, line: Connection
) -> None:
    await opened(ledger, agent)
    owner = await connect(place.owner_url)
    await owner.execute("analyze fold.incident; analyze log.event; analyze plumbing.timer")
    await psycopg.AsyncClientCursor(owner).execute(GROWN.encode(), {"many": MANY})
    await owner.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await catch_up(line, a_rule().consumer(ledger))
    assert len(await told(ledger)) == MANY + 1
