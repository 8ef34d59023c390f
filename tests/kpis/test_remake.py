"""Facts that are made anew beside the living ones: they are the same, and whoever works meanwhile goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psycopg
import pytest

from app.kpis.answers.answer import wait_for_facts
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up, process_next_batch
from app.log.remake import Remade, remake, remake_changed
from app.log.shadow_tables import NotExchanged
from app.platform import schema_dump
from app.platform.db import DatabaseGone, connect, fetch_value
from tests.cuts import contents
from tests.extent import in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import histories, write_more

TABLES = FACTS.tables
POSITION = "select position from log.checkpoint where consumer = 'kpi'"
HEAD = "select position from log.head"
LEFT = "select count(*) from pg_namespace where right(nspname, 5) = '_next'"
END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and pid <> all(%s)"""
DAMAGE = """
delete from kpi.incident_opened where case_id in (select case_id from kpi.incident_opened limit 2);
update kpi.request_delivered set at = at + interval '1 day';
insert into kpi.agent_day select day + 1000, assignee_id, team_id, quarters, ended
  from kpi.agent_day limit 1"""


async def test_facts_that_somebody_damaged_are_made_anew_as_they_were_and_so_are_their_tables(
    few_own_books: Books,
) -> None:
    books = few_own_books
    before, picture = await contents(books.connection, TABLES), schema_dump.dump(books.administrator_url)
    with psycopg.connect(books.administrator_url) as hands:
        hands.execute(DAMAGE)
    remade = await remake(books.administrator_url, FACTS)
    assert set(remade.otherwise or ()) == {"kpi.incident_opened", "kpi.request_delivered", "kpi.agent_day"}
    assert await contents(books.connection, TABLES) == before
    assert schema_dump.dump(books.administrator_url) == picture
    assert await fetch_value(books.connection, LEFT) == 0
    # Who follows goes on with the new ones, by the rights that it had on the old ones.
    await write_more(books.connection, histories(seed=8, cases=3), 2030)
    assert await catch_up(books.connection, FACTS) > 0
    await wait_for_facts(books.db)


@in_test_all
async def test_facts_that_are_behind_are_compared_at_one_position(few_own_books: Books) -> None:
    books = few_own_books
    await write_more(books.connection, histories(seed=9, cases=3), 2030)
    remade = await remake(books.administrator_url, FACTS)
    assert remade == Remade("kpi", await fetch_value(books.connection, HEAD), [])


@in_test_all
async def test_what_comes_meanwhile_is_in_both_and_readers_wait_for_nothing(few_own_books: Books) -> None:
    books, positions = few_own_books, list[int]()

    def meanwhile(name: str, position: int, head: int) -> None:
        positions.append(position)

    small = replace(FACTS, batch=1000)
    making = asyncio.create_task(remake(books.administrator_url, small, progress=meanwhile))
    rounds = 0
    while not making.done():
        await write_more(books.connection, histories(seed=20 + rounds, cases=1), 2031 + rounds)
        await catch_up(books.connection, FACTS)
        assert await books.db.value("select count(*) from kpi.incident_opened") > 0
        rounds += 1
    remade = await making
    assert (remade.otherwise, rounds > 1, len(positions) > 1) == ([], True, True)
    await catch_up(books.connection, FACTS)
    assert await fetch_value(books.connection, POSITION) == await fetch_value(books.connection, HEAD)
    after = await contents(books.connection, TABLES)
    await remake(books.administrator_url, FACTS, compare=False)
    assert await contents(books.connection, TABLES) == after


@in_test_all
async def test_a_kill_leaves_what_was_there_and_the_next_one_begins_anew(
    few_own_books: Books,
) -> None:
    books = few_own_books
    before, position = await contents(books.connection, TABLES), await fetch_value(books.connection, POSITION)

    async with await connect(books.url) as looking:
        pids = await fetch_value(looking, "select array_agg(pid) from pg_stat_activity")

    def killed(name: str, position: int, head: int) -> None:
        with psycopg.connect(books.administrator_url, autocommit=True) as administrator:
            administrator.execute(END_OTHERS, (pids,))

    with pytest.raises((DatabaseGone, psycopg.Error)):
        await remake(books.administrator_url, replace(FACTS, batch=500), progress=killed)
    async with await connect(books.url) as looking:
        assert await fetch_value(looking, LEFT) > 0
        assert await contents(looking, TABLES) == before
        assert await fetch_value(looking, POSITION) == position
        assert (await remake(books.administrator_url, FACTS)).otherwise == []
        assert await fetch_value(looking, LEFT) == 0


async def test_one_at_a_time_makes_tables_anew(few_own_books: Books) -> None:
    async with await connect(few_own_books.administrator_url) as other:
        await other.execute("select pg_advisory_lock(hashtextextended('tables beside', 0))")
        with pytest.raises(NotExchanged, match="Another process"):
            await remake(few_own_books.administrator_url, FACTS)


@in_test_all
async def test_an_earlier_shape_is_made_anew_and_a_later_one_left_alone(
    few_own_books: Books,
) -> None:
    books, newer = few_own_books, replace(FACTS, shape=FACTS.shape + 1)
    head = await fetch_value(books.connection, HEAD)
    assert await remake_changed(books.administrator_url, [FACTS]) == []
    assert await remake_changed(books.administrator_url, [newer]) == [Remade("kpi", head, None)]
    # The older program leaves them to the newer one, whatever comes.
    await write_more(books.connection, histories(seed=9, cases=3), 2030)
    assert await process_next_batch(books.connection, FACTS) is None
    assert await fetch_value(books.connection, POSITION) == head
    assert await catch_up(books.connection, newer) > 0
    # Without `migrate` a worker begins anew by itself.
    newest = replace(FACTS, shape=FACTS.shape + 2)
    after = await contents(books.connection, TABLES)
    span = await process_next_batch(books.connection, newest)
    assert span is not None
    assert span.first == 1
    await catch_up(books.connection, newest)
    assert await contents(books.connection, TABLES) == after
