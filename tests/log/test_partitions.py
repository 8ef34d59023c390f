"""The log has no end: partitions are made before its positions reach them, by whoever serves it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from app.kernel.consumers.log_partitions import make_partitions
from app.log.writer import Writer
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls
from tests.log.commands import a_team
from tests.log.test_append_only import REFUSED

#: The last position of the partitions that a migration makes.
LAST = 100_000_000
DEFINED = {
    "indexes": "select regexp_replace(pg_get_indexdef(indexrelid), 'event_[0-9_]+', 'event_n', 'g') "
    "from pg_index where indrelid = %s::regclass order by 1",
    "triggers": "select replace(pg_get_triggerdef(oid), %s::text, 'event_n'), tgenabled from pg_trigger "
    "where tgrelid = %s::regclass order by 1",
    "constraints": "select pg_get_constraintdef(oid) from pg_constraint "
    "where conrelid = %s::regclass order by 1",
    "columns": "select attname, atttypid, attnotnull, attcollation, attstorage, attcompression "
    "from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum",
    "the rest": "select relacl, reloptions, relowner from pg_class where oid = %s::regclass",
}


@pytest.fixture
def as_owner(place: DatabaseUrls) -> Any:
    with psycopg.connect(place.owner_url, autocommit=True) as connection:
        yield connection


def stand_at(owner: psycopg.Connection[Any], position: int) -> None:
    """The log has as many events as that: none of them is there, and nobody asks for them."""
    owner.execute("update log.head set position = %s", (position,))


def partitions(owner: psycopg.Connection[Any]) -> list[str]:
    rows = owner.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'log.event'::regclass order by 1"
    )
    return [name for (name,) in rows]


def defined(owner: psycopg.Connection[Any], partition: str) -> dict[str, Any]:
    return {
        aspect: owner.execute(statement.encode(), (partition,) * statement.count("%s")).fetchall()
        for aspect, statement in DEFINED.items()
    }


async def test_events_go_on_past_the_tenth_partition(
    log: Writer, eyes: Connection, as_owner: psycopg.Connection[Any]
) -> None:
    stand_at(as_owner, LAST - 2)
    assert await make_partitions(eyes) == 2
    written = [await log.write(a_team(f"team {n}")) for n in range(4)]
    assert [place.position for place in written] == [LAST - 1, LAST, LAST + 1, LAST + 2]
    rows = as_owner.execute("select position, tableoid::regclass::text from log.event order by position")
    assert rows.fetchall() == [
        (LAST - 1, "log.event_0009"),
        (LAST, "log.event_0009"),
        (LAST + 1, "log.event_0010"),
        (LAST + 2, "log.event_0010"),
    ]


async def test_those_that_are_needed_next_are_made_once(
    eyes: Connection, as_owner: psycopg.Connection[Any]
) -> None:
    assert await make_partitions(eyes) == 0
    assert len(partitions(as_owner)) == 10
    stand_at(as_owner, 7 * 10_000_000 + 1)
    assert await make_partitions(eyes) == 0
    stand_at(as_owner, 8 * 10_000_000 + 1)
    assert [await make_partitions(eyes), await make_partitions(eyes)] == [1, 0]
    assert partitions(as_owner)[-1] == "log.event_0010"
    # Somebody was away for long: an import on a machine without a worker.
    stand_at(as_owner, LAST)
    assert await make_partitions(eyes) == 2
    assert partitions(as_owner)[-1] == "log.event_0012"


async def test_a_new_one_is_as_those_before_in_all_that_guards_and_finds_events(
    log: Writer, eyes: Connection, as_owner: psycopg.Connection[Any]
) -> None:
    stand_at(as_owner, LAST)
    await make_partitions(eyes)
    await log.write(a_team("one"))
    for partition in ("log.event_0010", "log.event_0011"):
        assert defined(as_owner, partition) == defined(as_owner, "log.event_0000")
        for change in ("update {} set actor = actor", "delete from {}", "truncate {}"):
            with pytest.raises(psycopg.Error) as refused:
                as_owner.execute(change.format(partition).encode())
            assert refused.value.sqlstate == REFUSED


async def test_it_is_made_while_others_write_and_read(
    place: DatabaseUrls, log: Writer, eyes: Connection, as_owner: psycopg.Connection[Any]
) -> None:
    await log.write(a_team("one"))
    stand_at(as_owner, LAST - 1)
    other = await connect(place.owner_url)
    try:
        async with other.transaction():
            # What a batch under way holds, and what whoever reads for long does.
            await other.execute("select count(*) from log.event")
            await other.execute("lock table log.event in row exclusive mode")
            await eyes.execute("set lock_timeout = '20s'")
            assert await make_partitions(eyes) == 2
    finally:
        await other.close()
    assert (await log.write(a_team("two"))).position == LAST
