"""Facts that several connections make at once: the same as by one, and not shown while a part is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import tuple_row

from app.kpis.answers import answer
from app.kpis.facts.consumer import FACTS, process_in_shares, process_span
from app.kpis.facts.tables import TABLES
from app.kpis.reconcile import reconcile
from app.log.batches import Batch, PositionRange
from app.log.follow import catch_up, reset
from app.platform.db import Connection, DatabaseGone, connect
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, Scripted, write, write_more

BATCH = 60
ANN, DAY = UUID(int=11), 24 * 60
REFUSE = """
create function kpi.refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
create trigger refuse before """
#: Refuses to write the openings of a share.
REFUSE_SHARE = f"""{REFUSE} insert on kpi.incident_opened for each row
  when (kpi.share('incident/' || new.case_id, 2) = {{}}) execute function kpi.refuse()"""
#: Refuses to write what is about several cases, wherever that changes.
REFUSE_OTHERS = f"""{REFUSE} update on kpi.incident_opened for each row
  when (old.repeats is distinct from new.repeats) execute function kpi.refuse();
create trigger refuse before insert or update or delete on kpi.agent_day
  for each row execute function kpi.refuse()"""


@asynccontextmanager
async def refusing(url: str, text: str) -> AsyncIterator[None]:
    """Within it PostgreSQL refuses what the text says."""
    owner = await connect(url)
    await owner.execute(text.encode())
    try:
        yield
    finally:
        await owner.execute(b"drop function kpi.refuse cascade")
        await owner.close()


def by(shares: int, batch: int = BATCH) -> Any:
    """The consumer, with so many connections however short the spans are."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        await process_in_shares(connection, batch.span, shares)

    return replace(FACTS, batch=batch, handle_batch=handle_batch)


async def all_of(connection: Connection, text: str) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(text.encode())
        return await cursor.fetchall()


async def facts(connection: Connection) -> dict[str, Any]:
    """Of each table, a hash of all that is in it."""
    text = "select md5(string_agg(t::text, ' ' order by t::text)) from {} t"
    return {table: (await all_of(connection, text.format(table)))[0] for table in TABLES.split(", ")}


async def interrupted(connection: Connection, span: PositionRange) -> None:
    """Leaves of the span what is there if everything ends between the first commit and the last one."""
    async with connection.transaction(force_rollback=True):
        await process_in_shares(connection, span, 2)


@pytest.fixture
async def half(own_books: Books) -> Connection:
    """Facts of a part of the log, and behind it a share of what comes next."""
    await reset(own_books.connection, FACTS)
    await catch_up_to(own_books.connection, 300)
    await interrupted(own_books.connection, PositionRange(301, 600))
    return own_books.connection


async def catch_up_to(connection: Connection, position: int) -> None:
    async with connection.transaction():
        await process_span(connection, PositionRange(1, position))
        await connection.execute(
            "update log.checkpoint set position = %s where consumer = 'kpi'", (position,)
        )


@in_test_all
@pytest.mark.parametrize("shares", [2, 3])
async def test_it_does_not_matter_how_many_connections_make_the_facts(own_books: Books, shares: int) -> None:
    by_one = await facts(own_books.connection)
    await reset(own_books.connection, FACTS)
    await catch_up(own_books.connection, by(shares))
    assert await facts(own_books.connection) == by_one


@in_test_all
@pytest.mark.parametrize(("beside", "writers"), [(False, 2), (True, 1)], ids=["alone", "beside a history"])
async def test_a_long_span_is_shared_unless_a_history_comes_in_meanwhile(
    own_books: Books, monkeypatch: pytest.MonkeyPatch, *, beside: bool, writers: int
) -> None:
    monkeypatch.setattr("app.kpis.facts.consumer.PARALLEL_EVENTS", 10)
    monkeypatch.setattr("app.kpis.facts.consumer.SHARES", 2)
    await reset(own_books.connection, FACTS)
    await catch_up(own_books.connection, FACTS, during_import=beside)
    by = await all_of(own_books.connection, "select count(distinct xmin::text) from kpi.incident_life")
    assert by == [(writers,)]


@pytest.mark.parametrize(("batch", "shares"), first_of([(1000, 2), (1, 1), (7, 1), (100, 2)], 1))
async def test_what_was_left_unfinished_is_made_anew(few_own_books: Books, batch: int, shares: int) -> None:
    connection, events = few_own_books.connection, len(few_own_books.events)
    # One event after the other takes some fifty statements for each.
    parts = (3, 4, 8) if batch > 1 or WHOLE else (8, 8.5, 9)
    first, *lasts = (int(events * part / 10) for part in parts)
    at_once = await facts(connection)
    await connection.execute(b"update kpi.incident_resolved set case_id = gen_random_uuid()")
    await reset(connection, FACTS)  # which forgets those, too
    await catch_up_to(connection, first)
    for last in lasts:  # it may be more than what was tried next
        await interrupted(connection, PositionRange(first + 1, last))
    unfinished = "select distinct position from kpi.unfinished order by 1"
    assert await all_of(connection, unfinished) == [(last,) for last in lasts]
    await catch_up(connection, by(shares, batch))
    assert await facts(connection) == at_once


async def test_what_cases_had_before_is_known_after_a_share_was_kept(
    follower: Connection, administrator_url: str
) -> None:
    alike = {"service": "mail", "category": "fault"}
    case = Scripted.begin(BEGIN, assignee_id=str(ANN), **alike).then(
        "started", minutes=5, actor=f"person:{ANN}"
    )
    case = case.then("resolved", minutes=DAY, actor="rule:close")
    await write(follower, list(case.events))
    await write_more(follower, list(Scripted.begin(BEGIN + timedelta(days=2), **alike).events))
    case = case.then("reopened", minutes=3 * DAY).then("resolved", minutes=DAY, actor="rule:close")
    await write_more(follower, list(case.events[3:]))
    await catch_up(follower, FACTS)
    at_once = await facts(follower)
    await reset(follower, FACTS)
    ((head,),) = await all_of(follower, "select position from log.head")
    await catch_up_to(follower, head - 2)
    with_before = await facts(follower)
    assert with_before["kpi.incident_opened"] != at_once["kpi.incident_opened"]
    assert with_before["kpi.agent_day"] != at_once["kpi.agent_day"]
    async with refusing(administrator_url, REFUSE_OTHERS):
        with pytest.raises(psycopg.Error, match="refused"):
            await interrupted(follower, PositionRange(head - 1, head))
    assert await all_of(follower, "select distinct position from kpi.unfinished") == [(head,)]
    await catch_up(follower, FACTS)
    assert await facts(follower) == at_once


@in_test_all
async def test_a_new_beginning_forgets_what_was_left_unfinished(half: Connection) -> None:
    await reset(half, FACTS)
    await catch_up(half, FACTS)
    assert not await all_of(half, "select from kpi.unfinished")


@in_test_all
async def test_nobody_is_shown_facts_of_which_a_part_is_missing(
    half: Connection, own_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "FRESH_SECONDS", 0.0)
    with pytest.raises(DatabaseGone, match="being built"):
        async with answer.snapshot_connection(own_books.db):
            pass
    with pytest.raises(DatabaseGone, match="being built"):
        await reconcile(own_books.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC))
    await catch_up(half, FACTS)
    async with answer.snapshot_connection(own_books.db) as connection:
        assert await answer.facts_position(connection) == (len(own_books.events), 0.0)


@in_test_all
@pytest.mark.parametrize("share", [0, 1])
async def test_where_a_share_fails_none_is_kept(own_books: Books, share: int) -> None:
    await reset(own_books.connection, FACTS)
    await catch_up_to(own_books.connection, 300)
    before = await facts(own_books.connection)
    async with refusing(own_books.administrator_url, REFUSE_SHARE.format(share)):
        with pytest.raises(psycopg.Error, match="refused"):
            await catch_up(own_books.connection, by(2, batch=300))
    assert await facts(own_books.connection) == before


@in_test_all
async def test_facts_that_were_emptied_are_shown_to_nobody_until_they_are_made(
    own_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "FRESH_SECONDS", 0.0)
    by_one = await facts(own_books.connection)
    await reset(own_books.connection, FACTS)
    async with refusing(own_books.administrator_url, REFUSE_SHARE.format(1)):
        with pytest.raises(psycopg.Error, match="refused"):
            await catch_up(own_books.connection, by(2))
    assert not await all_of(own_books.connection, "select from kpi.incident_opened")
    with pytest.raises(DatabaseGone, match="being built"):
        async with answer.snapshot_connection(own_books.db):
            pass
    await catch_up(own_books.connection, by(2))
    assert await facts(own_books.connection) == by_one


@in_test_all
async def test_where_there_is_no_room_for_another_connection_one_makes_the_facts(
    own_books: Books,
) -> None:
    by_one = await facts(own_books.connection)
    await reset(own_books.connection, FACTS)
    owner = await connect(own_books.administrator_url)
    await owner.execute(f"alter database {owner.info.dbname} connection limit 0".encode())
    try:
        await catch_up(own_books.connection, by(2))
    finally:
        await owner.execute(f"alter database {owner.info.dbname} connection limit -1".encode())
        await owner.close()
    assert await facts(own_books.connection) == by_one
