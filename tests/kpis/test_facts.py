"""The fact tables: what the oracle says, in whatever spans the log was taken."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.rows import dict_row

from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import INCIDENT
from app.log.events import Event
from app.log.follow import catch_up, reset
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis import oracle
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, BORDERS, Scripted, histories, write

LIFE = "incident_life"
#: These have an oracle of their own, in tests/kpis/outages.
OUTAGE = "incident_outage"


async def rows(connection: Connection, text: str) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(text.encode())
        return await cursor.fetchall()


async def hashes(connection: Connection) -> dict[str, Any]:
    """Of each table, a hash of all that is in it."""
    by_key = {}
    for table in INCIDENT:
        text = f"select md5(string_agg(t::text, ' ' order by t::text)) as hash from kpi.{table.name} t"
        by_key[table.name] = (await rows(connection, text))[0]["hash"]
    return by_key


@pytest.mark.parametrize("seed", first_of(range(4), 1))
async def test_the_facts_are_those_of_a_fold_event_by_event(follower: Connection, seed: int) -> None:
    events = await write(follower, histories(seed, cases=150))
    await catch_up(follower, FACTS)
    fact_rows = await rows(follower, "select position, recorded_at from log.event")
    expected = oracle.facts(events, {row["position"]: row["recorded_at"] for row in fact_rows})
    for table in INCIDENT:
        if table.name not in {LIFE, OUTAGE}:
            facts_by_key = {_key(row): row for row in await rows(follower, f"select * from kpi.{table.name}")}
            assert facts_by_key == expected[table.name], table.name


def _key(row: dict[str, Any]) -> Any:
    return (row["case_id"], row["n"]) if "n" in row else row["case_id"]


@pytest.mark.parametrize("seed", first_of(range(2), 1))
async def test_the_stretches_say_how_every_case_stood_at_any_instant(follower: Connection, seed: int) -> None:
    events = await write(follower, histories(seed, cases=60))
    await catch_up(follower, FACTS)
    cases = oracle.case_histories(events)
    # Python knows no infinity; nothing in the histories is as late as this.
    columns = ", ".join(column for column in INCIDENT[-1].columns if column != "until")
    text = f"select {columns}, least(until, '2200-01-01Z') as until from kpi.incident_life"
    stretches = await rows(follower, text)
    tick = timedelta(microseconds=1)
    for instant in _instants(events, random.Random(seed)):
        for moment in (instant - tick, instant, instant + tick):
            alive = {s["case_id"]: s for s in stretches if s["since"] < moment <= s["until"]}
            expected = [stood for case in cases if (stood := case.at(moment)) is not None]
            assert alive.keys() == {stood["case_id"] for stood in expected}, moment
            for stood in expected:
                alive_case = alive[stood["case_id"]]
                assert {name: alive_case[name] for name in stood} == stood, moment


def _instants(events: list[Event], chance: random.Random) -> list[datetime]:
    return [*BORDERS, *chance.sample([event.occurred_at for event in events], 25)]


@in_test_all
@pytest.mark.parametrize("batch", [1, 7, 1000])
async def test_it_does_not_matter_in_which_spans_the_log_is_taken(follower: Connection, batch: int) -> None:
    await write(follower, histories(seed=3, cases=45 if WHOLE else 15))
    await catch_up(follower, FACTS)
    at_once = await hashes(follower)
    await reset(follower, FACTS)
    await catch_up(follower, replace(FACTS, batch=batch))
    assert await hashes(follower) == at_once


async def test_a_resolution_that_comes_later_is_seen_over_one_from_before_its_own_opening(
    follower: Connection,
) -> None:
    kind = {"service": "mail", "category": "access"}
    odd = Scripted.begin(BEGIN + timedelta(days=10), **kind).then("resolved", minutes=-5 * 24 * 60)
    other = Scripted.begin(BEGIN, **kind).then("resolved", minutes=60)
    await write(follower, [*odd.events, *other.events])
    await catch_up(follower, replace(FACTS, batch=1))
    fact_rows = await rows(follower, "select case_id, repeats from kpi.incident_opened")
    assert {row["case_id"]: row["repeats"] for row in fact_rows} == {odd.id: True, other.id: False}


@in_test_all
async def test_a_new_beginning_leaves_nothing_of_what_was_there(own_books: Books) -> None:
    before = await hashes(own_books.connection)
    await own_books.connection.execute(b"update kpi.incident_resolved set case_id = gen_random_uuid()")
    await reset(own_books.connection, FACTS)
    await catch_up(own_books.connection, FACTS)
    assert await hashes(own_books.connection) == before


async def test_a_row_that_stays_as_it_is_is_not_written_again(follower: Connection) -> None:
    case = Scripted.begin(BEGIN, priority="P1").then("resolved", minutes=5)
    events = await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    place = "select ctid::text as place from kpi.incident_resolved"
    before = await rows(follower, place)
    comment = replace(events[-1], version=3, type="incident.commented", data={"given": {}, "set": {}})
    await _append(follower, comment)
    await catch_up(follower, FACTS)
    assert await rows(follower, place) == before


async def test_a_fact_goes_when_the_case_leaves_it(follower: Connection) -> None:
    case = Scripted.begin(BEGIN).then("resolved", minutes=5)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    assert len(await rows(follower, "select from kpi.incident_resolved")) == 1
    await _append(follower, case.then("reopened", minutes=1).events[-1])
    await catch_up(follower, FACTS)
    assert not await rows(follower, "select from kpi.incident_resolved where final")
    assert len(await rows(follower, "select from kpi.incident_first_resolved")) == 1


async def test_a_response_is_not_given_by_a_rule_and_inferred_where_another_system_tells(
    follower: Connection,
) -> None:
    by_rule = Scripted.begin(BEGIN).then("acknowledged", minutes=1, actor="rule:answer")
    by_person = by_rule.then("started", minutes=2)
    straight = Scripted.begin(BEGIN).then("resolved", minutes=1, actor="integration:5")
    incident = Scripted.begin(BEGIN).then("held", minutes=4, actor="import:x", observed="snapshot")
    early = Scripted.begin(BEGIN).then("started", minutes=-4, actor="import:x", observed="snapshot")
    log = [event for case in (by_person, straight, incident, early) for event in case.events]
    await write(follower, log)
    await catch_up(follower, FACTS)
    fact_rows = await rows(follower, "select case_id, seconds, inferred, skewed from kpi.incident_responded")
    assert {row.pop("case_id"): tuple(row.values()) for row in fact_rows} == {
        by_person.id: (180, False, False),
        incident.id: (240, True, False),
        early.id: (0, True, True),
    }


@in_test_all
async def test_times_of_centuries_ago_stop_nobody(follower: Connection) -> None:
    case = Scripted.begin(datetime(1900, 1, 1, tzinfo=BEGIN.tzinfo)).then("resolved", minutes=150 * 525_960)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    assert (await rows(follower, "select seconds from kpi.incident_resolved"))[0]["seconds"] > 2**32


async def _append(connection: Connection, event: Event) -> None:
    fresh = replace(event, id=uuid7())
    command = AppendRequest(reads={fresh.stream: fresh.version - 1}, events=(fresh,))
    await append(connection, [encode(command)])
