"""A connection is used again by the next test, with what is prepared on it."""

from __future__ import annotations

from app.platform.db import connect
from tests.conftest import DatabaseUrls

PREPARED = b"select statement from pg_prepared_statements"


async def test_the_next_who_connects_has_the_statements_that_are_prepared(place: DatabaseUrls) -> None:
    pids = []
    for uses_before in range(3):
        connection = await connect(place.url)
        pids.append(connection.info.backend_pid)
        rows = await (await connection.execute(PREPARED, prepare=False)).fetchall()
        assert [statement for (statement,) in rows].count("select 77") == (1 if uses_before else 0)
        await connection.execute(b"select 77", prepare=True)
        await connection.close()
    assert len(set(pids)) == 1


async def test_nothing_else_stays_of_what_was_set(place: DatabaseUrls) -> None:
    connection = await connect(place.url)
    await connection.execute("set work_mem = '77MB'")
    await connection.execute("create temp table left_behind (a int)")
    pid = connection.info.backend_pid
    await connection.close()
    again = await connect(place.url)
    assert again.info.backend_pid == pid
    work_mem, table = await (
        await again.execute("select current_setting('work_mem'), to_regclass('left_behind')")
    ).fetchone() or (None, None)
    await again.close()
    assert (work_mem, table) == ("4MB", None)
