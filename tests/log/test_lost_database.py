"""A database that falls silent, or refuses: whoever waits is told, and the writer goes on when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand, LogPosition, Writer
from app.platform import db
from app.platform.db import Connection, Database, DatabaseGone, connect
from app.platform.installation import SERVICE_ROLE
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.log.commands import a_team, client_key
from tests.lossy_proxy import LossyProxy
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.usefixtures("connections_anew")
SOON = 0.3
BUSY = 0.04


@pytest.fixture
async def road(place: DatabaseUrls) -> AsyncIterator[LossyProxy]:
    """A road to the database that loses nothing, but can be blocked."""
    async with LossyProxy(place.url, lambda: False) as opened:
        yield opened


@pytest.fixture
async def far(road: LossyProxy) -> AsyncIterator[Writer]:
    """A writer at the other end of it."""
    opened = Writer(road.url)
    await opened.open()
    yield opened
    road.flows.set()
    await opened.close()


async def teams(eyes: Connection) -> list[str]:
    cursor = await eyes.execute("select key from fold.team order by key")
    return [key for (key,) in await cursor.fetchall()]


async def test_who_hears_nothing_of_a_command_is_told_so_and_repeats_it_with_one_effect(
    road: LossyProxy, far: Writer, eyes: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = uuid7()
    keyed = client_key("k", stream("team", team))
    road.flows.clear()
    with monkeypatch.context() as patched:
        patched.setattr(db, "ANSWER_SECONDS", SOON)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(DatabaseGone, match="in time"):
                await far.write(a_team("told twice", team_id=team, once=keyed))
    road.flows.set()
    (outcome,) = await asyncio.gather(
        far.write(a_team("told twice", team_id=team, once=keyed)), return_exceptions=True
    )
    assert isinstance(outcome, LogPosition | DuplicateCommand), "the first one may only have been on its way"
    assert isinstance(await far.write(a_team("after")), LogPosition)
    assert await teams(eyes) == ["after", "told twice"]


@in_test_all
async def test_a_silence_while_each_is_tried_by_itself_is_not_waited_for_either(
    place: DatabaseUrls, log: Writer, eyes: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.write(a_team("taken"))
    answers, proxies = 0, list[LossyProxy]()

    def blocks_the_third() -> bool:
        # The refusal of the batch comes in one piece or in two.
        nonlocal answers
        answers += 1
        if answers == 3:
            proxies[0].flows.clear()
        return False

    async with LossyProxy(place.url, blocks_the_third) as proxy:
        proxies.append(proxy)
        far = Writer(proxy.url)
        await far.open()
        answers = 0
        with monkeypatch.context() as patched:
            patched.setattr(db, "ANSWER_SECONDS", SOON)
            async with asyncio.timeout(PATIENCE_SECONDS):
                outcomes = await asyncio.gather(
                    far.write(a_team("taken")), far.write(a_team("free")), return_exceptions=True
                )
        assert [type(outcome) for outcome in outcomes] == [DatabaseGone, DatabaseGone]
        proxy.flows.set()
        assert isinstance(await far.write(a_team("after")), LogPosition)
        await far.close()
    assert {"taken", "after"} <= set(await teams(eyes))


async def test_reading_ends_in_time_and_the_next_has_another_connection(
    road: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(road.url, 1)
    await database.open()
    assert await database.value("select 1") == 1
    road.flows.clear()
    monkeypatch.setattr(db, "ANSWER_SECONDS", PATIENCE_SECONDS * 10)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(DatabaseGone, match="in time"):
            await database.value("select 2", seconds=SOON)
    road.flows.set()
    assert await database.value("select 3") == 3

    lost = asyncio.Event()
    async with database.connection(SOON) as connection:
        asyncio.get_running_loop().call_later(SOON * 2, lost.set)
        await lost.wait()
        assert not connection.closed
    assert await database.value("select 4") == 4, "what has been hung up on is given to nobody"
    await database.close()


async def test_a_ping_whose_answer_a_busy_process_reads_late_fails_no_request(
    place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(db, "PING_SECONDS", BUSY / 2)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(place.url, 1)
        await database.open()
        stack.push_async_callback(database.close)
        for steps in range(12):
            reading = asyncio.create_task(database.value("select 1"))
            for _ in range(steps):
                await asyncio.sleep(0)
            time.sleep(BUSY)  # noqa: ASYNC251  # the process is busy with something else
            assert await reading == 1, steps


async def test_a_connection_notices_by_itself_that_the_other_end_has_gone(place: DatabaseUrls) -> None:
    database = Database(place.url, 1)
    await database.open()
    own = await connect(place.url)
    async with database.connection() as pooled:
        for connection in (pooled, own):
            options = connection.info.get_parameters()
            assert {name: options.get(name) for name in db.ALIVE} == {n: str(v) for n, v in db.ALIVE.items()}
    await own.close()
    await database.close()


async def _set_read_only(server: Server, place: DatabaseUrls, read_only: bool) -> None:
    name = sql.Identifier(urlsplit(place.url).path.removeprefix("/"))
    statement = sql.SQL("alter database {} set default_transaction_read_only = {}")
    async with await psycopg.AsyncConnection.connect(server.administrator, autocommit=True) as administrator:
        await administrator.execute(statement.format(name, sql.Literal(read_only)))


async def test_a_database_that_has_become_read_only_is_gone_until_it_is_written_to_again(
    server: Server, place: DatabaseUrls, eyes: Connection
) -> None:
    await _set_read_only(server, place, True)
    log, database = Writer(place.url), Database(place.url, 1)
    await log.open()
    await database.open()
    statement = "update plumbing.number_block set next = 1 returning next"
    with pytest.raises(DatabaseGone, match="25006"):
        await log.write(a_team("refused"))
    with pytest.raises(DatabaseGone, match="25006"):
        await database.value(statement)
    assert await database.value("select 1") == 1
    await _set_read_only(server, place, False)
    assert isinstance(await log.write(a_team("after")), LogPosition)

    async def writes() -> bool:
        try:
            await database.value(statement)
        except DatabaseGone:  # a connection that the pool had made before
            return False
        return True

    assert await until(writes)
    assert await teams(eyes) == ["after"]
    await log.close()
    await database.close()


async def test_a_database_that_withholds_its_privileges_is_gone_until_it_grants_them_again(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    if place.one_role:
        pytest.skip("needs a server where owner and service are two roles")
    service = sql.Identifier(SERVICE_ROLE)
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute(sql.SQL("revoke execute on function log.append from {}").format(service))
        outcomes = await asyncio.gather(
            log.write(a_team("one")), log.write(a_team("other")), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [DatabaseGone, DatabaseGone]
        assert "42501" in str(outcomes[0])
        await owner.execute(sql.SQL("grant execute on function log.append to {}").format(service))
    await log.write(a_team("after"))
    assert await teams(eyes) == ["after"]


async def test_a_connection_that_cannot_even_be_closed_does_not_end_the_writer(
    administrator_url: str, log: Writer, eyes: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = psycopg.AsyncConnection.close

    async def fails(connection: Connection) -> None:
        await closed(connection)
        raise OSError("the line is down")

    await log.write(a_team("before"))
    async with await psycopg.AsyncConnection.connect(administrator_url, autocommit=True) as administrator:
        await administrator.execute(
            "select pg_terminate_backend(pid, 20000) from pg_stat_activity "
            "where datname = current_database() and query like 'select * from log.append%'"
        )
    with monkeypatch.context() as patched:
        patched.setattr(psycopg.AsyncConnection, "close", fails)
        with pytest.raises(DatabaseGone):
            await log.write(a_team("lost"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await log.write(a_team("after"))
    assert await teams(eyes) == ["after", "before"]
