"""Reading the log: one stream, or all of it in order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.log import read
from app.log.events import Recorded, id_of, kind_of, stream
from app.log.ids import uuid7
from app.log.writer import Writer
from app.platform.db import Database
from tests.conftest import DatabaseUrls
from tests.log.commands import NOW, event_only

ONE, OTHER = stream("team", uuid7()), stream("team", uuid7())


@pytest.fixture
async def db(place: DatabaseUrls, log: Writer) -> AsyncIterator[Database]:
    """A log of two streams: of one the positions 1, 2, 4 and 5, of the other 3; the fourth is for staff."""
    for name, expected, staff_only in (
        (ONE, 0, False),
        (ONE, 1, False),
        (OTHER, 0, False),
        (ONE, 2, True),
        (ONE, 3, False),
    ):
        await log.write(
            event_only(name, expected, staff_only=staff_only, data={"given": {"seen": expected}, "set": {}})
        )
    opened = Database(place.url, 1)
    await opened.open()
    yield opened
    await opened.close()


def places(events: list[Recorded]) -> list[int]:
    return [event.position for event in events]


async def test_the_head_is_the_newest_position(db: Database) -> None:
    assert await read.head(db) == 5


async def test_the_head_of_an_empty_log_is_nothing(place: DatabaseUrls) -> None:
    empty = Database(place.url, 1)
    await empty.open()
    assert await read.head(empty) == 0
    assert await read.events_after(empty, 0, 10) == []
    await empty.close()


async def test_a_stream_is_read_in_the_order_of_its_versions(db: Database) -> None:
    events = await read.stream_events(db, ONE)
    assert [event.version for event in events] == [1, 2, 3, 4]
    assert places(events) == [1, 2, 4, 5]
    assert places(await read.stream_events(db, OTHER)) == [3]
    assert await read.stream_events(db, stream("team", uuid7())) == []


async def test_a_part_of_a_stream_can_be_read(db: Database) -> None:
    assert places(await read.stream_events(db, ONE, after_version=1)) == [2, 4, 5]
    assert places(await read.stream_events(db, ONE, up_to_version=2)) == [1, 2]
    assert places(await read.stream_events(db, ONE, after_version=1, up_to_version=3)) == [2, 4]
    assert places(await read.stream_events(db, ONE, after_version=1, limit=1)) == [2]
    assert places(await read.stream_events(db, ONE, limit=0)) == []
    assert places(await read.stream_events(db, ONE, for_staff=False)) == [1, 2, 5]


async def test_the_log_is_read_on_from_a_position(db: Database) -> None:
    assert places(await read.events_after(db, 0, 100)) == [1, 2, 3, 4, 5]
    assert places(await read.events_after(db, 2, 2)) == [3, 4]
    assert await read.events_after(db, 5, 100) == []


async def test_an_event_comes_back_as_it_was_written(db: Database) -> None:
    (event,) = await read.stream_events(db, OTHER)
    assert (event.stream, event.version, event.type, event.actor) == (OTHER, 1, "team.told", "rule:tests")
    assert (event.occurred_at, event.data, event.staff_only) == (
        NOW,
        {"given": {"seen": 0}, "set": {}},
        False,
    )
    assert (event.credential, event.on_behalf_of, event.causation_id, event.source_ref) == (None,) * 4


def test_a_streams_name_says_kind_and_id() -> None:
    record = uuid7()
    assert stream("incident", record) == f"incident/{record}"
    assert kind_of(stream("incident", record)) == "incident"
    assert id_of(stream("incident", record)) == record
