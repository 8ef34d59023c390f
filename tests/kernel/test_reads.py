"""Finding a record: by its id, its number, its key, or the name that another system has for it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.common.children import ExternalReference
from app.common.people import Person, Role
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext, ids_of, load
from app.kernel.ledger import Ledger
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.platform.db import Database, Row
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.comments import CommentTicket
from app.ticketing.records import Comment
from tests.cases import each_case
from tests.kernel.incidents import report
from tests.log.commands import an_event
from tests.people import act, add_caller, add_person, add_team

INCIDENTS = LIFECYCLES_BY_KIND["incident"]


@pytest.fixture
async def incident(ledger: Ledger) -> Incident:
    return await report(ledger, await add_caller(ledger, "Wang Wei", Role.agent))


async def found(ledger: Ledger, name: str, kind: str = "incident") -> UUID | None:
    loaded = await load(ledger.db, LIFECYCLES_BY_KIND[kind], name)
    return None if loaded is None else loaded.record.id


async def refer(ledger: Ledger, incident: Incident, source: str, key: str) -> None:
    """Gives the incident a name in another system."""
    loaded = await load(ledger.db, INCIDENTS, str(incident.id))
    assert loaded is not None
    reference = uuid7()
    row = {
        "id": str(reference),
        "version": loaded.stream_version + 1,
        "changed_at": "2026-11-20T08:00:00.000000Z",
        "record": incident.row_key,
        "kind": "incident",
        "source": source,
        "key": key,
    }
    fields = {name: row[name] for name in ("record", "kind", "source", "key")}
    event = an_event(
        incident.row_key,
        loaded.stream_version + 1,
        data={"given": {}, "set": {stream("external_reference", reference): fields}},
    )
    await ledger.writer.write(
        AppendRequest(
            reads={incident.row_key: loaded.stream_version},
            events=(event,),
            rows=(("fold.external_reference", row),),
        )
    )


async def test_a_ticket_is_found_by_its_id_in_every_way_of_writing_it(
    ledger: Ledger, incident: Incident
) -> None:
    for name in (str(incident.id), incident.id.hex, str(incident.id).upper(), f"{{{incident.id}}}"):
        assert await found(ledger, name) == incident.id
    assert await found(ledger, str(uuid7())) is None


async def test_a_ticket_is_found_by_its_number(ledger: Ledger, incident: Incident) -> None:
    assert await found(ledger, incident.number) == incident.id
    assert await found(ledger, "INC-2026-999999") is None
    assert await found(ledger, incident.number.replace("INC", "PRB")) is None


async def test_a_ticket_is_found_by_the_name_that_another_system_has_for_it(
    ledger: Ledger, incident: Incident
) -> None:
    await refer(ledger, incident, "servicenow", "INC0000045")
    assert await found(ledger, "INC0000045") == incident.id
    assert await found(ledger, "servicenow:INC0000045") == incident.id
    assert await found(ledger, "jira:INC0000045") is None
    assert await found(ledger, "servicenow:INC0000046") is None
    assert await found(ledger, "servicenow:") is None


async def test_a_name_that_two_systems_use_is_nobodys_unless_the_system_is_said(
    ledger: Ledger, incident: Incident
) -> None:
    another = await report(ledger, await add_caller(ledger, "Another", Role.agent))
    await refer(ledger, incident, "jira", "OPS-1")
    await refer(ledger, another, "zendesk", "OPS-1")
    assert await found(ledger, "OPS-1") is None
    assert await found(ledger, "jira:OPS-1") == incident.id
    assert await found(ledger, "zendesk:OPS-1") == another.id


async def test_two_names_of_one_system_for_one_ticket_both_find_it(
    ledger: Ledger, incident: Incident
) -> None:
    await refer(ledger, incident, "jira", "OPS-1")
    await refer(ledger, incident, "jira", "OPS-2")
    await refer(ledger, incident, "zendesk", "OPS-1")
    for name in ("OPS-1", "OPS-2", "jira:OPS-2", "zendesk:OPS-1"):
        assert await found(ledger, name) == incident.id


@pytest.mark.parametrize("key", ["a:b", "http://zabbix/1", ":", "x:"])
async def test_a_name_with_a_colon_in_it_is_found_alone_and_with_its_system(
    ledger: Ledger, incident: Incident, key: str
) -> None:
    await refer(ledger, incident, "zabbix", key)
    assert await found(ledger, f"zabbix:{key}") == incident.id
    assert await found(ledger, key) == incident.id


async def test_a_team_is_found_by_its_key(ledger: Ledger) -> None:
    team = await add_team(ledger, "mail")
    assert await found(ledger, "mail", "team") == team.id == await found(ledger, str(team.id), "team")
    assert await found(ledger, "Mail", "team") is None


async def test_a_person_has_no_name_but_the_id(ledger: Ledger) -> None:
    person = await add_person(ledger, "Wang Wei")
    assert await found(ledger, str(person.id), "person") == person.id
    assert await found(ledger, "Wang Wei", "person") is None
    assert await found(ledger, "wang@example.org", "person") is None


@each_case("name", ["", " ", "\x00", "a\x00b", "'; drop table fold.incident; --", "%", "汉😀", "x" * 5000])
async def test_a_name_that_nothing_has_finds_nothing(ledger: Ledger, name: str) -> None:
    for kind in ("incident", "team", "person", "key"):
        assert await found(ledger, name, kind) is None, kind


async def test_what_was_looked_at_is_remembered_with_its_version(ledger: Ledger, incident: Incident) -> None:
    team = await add_team(ledger, "mail")
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    loaded = await reads.record("incident", incident.number)
    await reads.record("team", "mail")
    await reads.record("team", "there is no such team")
    assert loaded is not None
    assert reads.versions == {incident.row_key: 1, team.row_key: 1}
    assert (loaded.record, loaded.stream_version) == (incident, 1)
    assert sorted(loaded.audience) == sorted({f"person:{incident.requester_id}", "desk"})


async def test_what_is_looked_at_twice_is_remembered_as_it_was_first(
    ledger: Ledger, incident: Incident
) -> None:
    """Something may have been decided on it: that it has moved must not go unnoticed."""
    caller = await add_caller(ledger, "Agent", Role.agent)
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    await reads.record("incident", incident.number)
    await act(ledger, caller, "incident", "comment", incident.id, CommentTicket(text="x"))
    again = await reads.record("incident", incident.number)
    assert again is not None
    assert (again.stream_version, reads.versions[incident.row_key]) == (2, 1)


async def test_a_comment_moves_the_streams_version_and_not_the_records(
    ledger: Ledger, incident: Incident
) -> None:
    caller = await add_caller(ledger, "Agent", Role.agent)
    await act(ledger, caller, "incident", "comment", incident.id, CommentTicket(text="x"))
    loaded = await load(ledger.db, INCIDENTS, str(incident.id))
    assert loaded is not None
    assert (loaded.record.version, loaded.stream_version) == (1, 2)


async def test_a_records_own_children_are_seen_and_nobody_elses(ledger: Ledger, incident: Incident) -> None:
    caller = await add_caller(ledger, "Agent", Role.agent)
    another = await report(ledger, caller)
    for ticket, text in ((incident, "one"), (incident, "two"), (another, "not this")):
        await act(ledger, caller, "incident", "comment", ticket.id, CommentTicket(text=text))
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    comments = await reads.children(Comment, incident)
    assert {comment.record for comment in comments} == {incident.row_key}
    assert len(comments) == 2
    assert await reads.children(ExternalReference, incident) == []


async def test_whether_somebody_belongs_to_a_team_can_be_looked_up(ledger: Ledger) -> None:
    mail, net = await add_team(ledger, "mail"), await add_team(ledger, "net")
    person = await add_person(ledger, "Wang Wei", "mail")
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    assert await membership(reads, person, mail)
    assert not await membership(reads, person, net)
    assert isinstance(person, Person)
    assert isinstance(mail, Team)


async def test_those_who_ask_at_once_each_get_their_own_record_and_strangers_none(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Wang Wei", Role.agent)
    ids = [(await report(ledger, agent)).id for _ in range(3)]
    requested = [*ids, uuid7(), *ids]
    assert await asyncio.gather(*(found(ledger, str(record_id)) for record_id in requested)) == [
        *ids,
        None,
        *ids,
    ]


async def test_who_goes_away_while_asking_takes_nobody_along(ledger: Ledger, incident: Incident) -> None:
    asking = [asyncio.create_task(found(ledger, str(incident.id))) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    assert await asyncio.gather(*asking[1:]) == [incident.id, incident.id]
    assert await found(ledger, str(incident.id)) == incident.id


async def test_what_is_written_is_seen_by_who_asks_afterwards(ledger: Ledger) -> None:
    """Also while others are asking all the time."""
    agent = await add_caller(ledger, "Wang Wei", Role.agent)
    first = await report(ledger, agent)
    done = asyncio.Event()

    async def ask() -> None:
        while not done.is_set():
            assert await found(ledger, str(first.id)) == first.id

    other_tasks = [asyncio.create_task(ask()) for _ in range(3)]
    for _ in range(10):
        written = await report(ledger, agent)
        assert await found(ledger, str(written.id)) == written.id
    done.set()
    await asyncio.gather(*other_tasks)


async def test_a_statement_that_fails_is_told_to_all_who_asked_and_the_next_one_works(ledger: Ledger) -> None:
    wrong = "select id, 1 / 0 from unnest(%s) as ids (id)"
    failed = await asyncio.gather(
        *(ledger.db.by_id(wrong, uuid7()) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [psycopg.errors.DivisionByZero] * 3
    right, record_id = "select id from unnest(%s) as ids (id)", uuid7()
    assert await ledger.db.by_id(right, record_id) == {"id": record_id}


class Counting(Database):
    """A database that counts what it is asked."""

    statements = 0

    async def rows(self, *arguments: Any, **more: Any) -> list[Row]:
        self.statements += 1
        return await super().rows(*arguments, **more)


async def test_the_ids_of_many_are_found_at_once_as_they_would_be_one_by_one(
    ledger: Ledger, incident: Incident
) -> None:
    caller = await add_caller(ledger, "Agent", Role.agent)
    other_incidents = [await report(ledger, caller) for _ in range(20)]
    await refer(ledger, incident, "jira", "OPS-7")
    await refer(ledger, other_incidents[0], "zabbix", "OPS-7")
    await refer(ledger, other_incidents[1], "jira", "a:b")
    numbers = [str(ticket.number) for ticket in (incident, *other_incidents)]
    foreign = [
        "OPS-7",
        "jira:OPS-7",
        "zabbix:OPS-7",
        "a:b",
        "jira:a:b",
        "jira:",
        ":OPS-7",
        "nothing",
        "x\x00y",
    ]
    names = [*numbers, *foreign, str(incident.id), str(other_incidents[0].id).upper(), "INC-2001-000001"]
    counting = Counting(ledger.db.url, 1)
    await counting.open()
    at_once = await ids_of(counting, INCIDENTS, names)
    await counting.close()
    assert {name: at_once.get(name) for name in names} == {name: await found(ledger, name) for name in names}
    assert counting.statements == 2, "one for numbers, one for names in other systems"
