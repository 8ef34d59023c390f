"""Numbers people can say: unique whoever takes them, of the year that it is where the organisation is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.kernel.ledger import Ledger
from app.kernel.numbers import BLOCK, Numbers
from app.platform.db import Database, connect
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import report
from tests.people import add_caller
from tests.waiting import Blocked

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def of(db: Database, zone: str = "UTC") -> Numbers:
    """The numbers of another process."""
    return Numbers(db, ZoneInfo(zone))


async def test_numbers_run_from_one_in_a_process_of_its_own(ledger: Ledger) -> None:
    numbers = of(ledger.db)
    drawn = [await numbers.next_number("INC", NOW) for _ in range(BLOCK * 2 + 1)]
    assert drawn == [f"INC-2026-{n:06d}" for n in range(1, BLOCK * 2 + 2)]


async def test_no_number_is_given_twice_however_many_take_them_at_once(ledger: Ledger) -> None:
    processes = [of(ledger.db) for _ in range(4)]
    drawn = await asyncio.gather(*(processes[n % 4].next_number("INC", NOW) for n in range(400)))
    assert len(set(drawn)) == 400


async def test_those_who_take_numbers_at_once_in_one_process_lose_none(ledger: Ledger) -> None:
    numbers = of(ledger.db)
    drawn = await asyncio.gather(*(numbers.next_number("INC", NOW) for _ in range(100)))
    assert sorted(drawn) == [f"INC-2026-{n:06d}" for n in range(1, 101)]


async def test_each_code_and_each_year_counts_for_itself(ledger: Ledger) -> None:
    numbers = of(ledger.db)
    assert await numbers.next_number("INC", NOW) == "INC-2026-000001"
    assert await numbers.next_number("PRB", NOW) == "PRB-2026-000001"
    assert await numbers.next_number("INC", NOW.replace(year=2027)) == "INC-2027-000001"
    assert await numbers.next_number("INC", NOW) == "INC-2026-000002"


@pytest.mark.parametrize(
    ("zone", "moment", "year"),
    [
        ("UTC", "2026-12-31T23:59:59.999999+00:00", 2026),
        ("UTC", "2027-01-01T00:00:00+00:00", 2027),
        ("Asia/Shanghai", "2026-12-31T15:59:59.999999+00:00", 2026),
        ("Asia/Shanghai", "2026-12-31T16:00:00+00:00", 2027),
        ("America/New_York", "2027-01-01T04:59:59+00:00", 2026),
        ("America/New_York", "2027-01-01T05:00:00+00:00", 2027),
        ("Pacific/Kiritimati", "2026-12-31T10:00:00+00:00", 2027),
        ("UTC", "2027-01-01T08:00:00+14:00", 2026),
    ],
)
async def test_the_year_is_that_of_the_organisations_zone(
    ledger: Ledger, zone: str, moment: str, year: int
) -> None:
    number = await of(ledger.db, zone).next_number("INC", datetime.fromisoformat(moment))
    assert number == f"INC-{year}-000001"


async def test_what_a_process_had_left_is_lost_and_never_reused(ledger: Ledger) -> None:
    assert await of(ledger.db).next_number("INC", NOW) == "INC-2026-000001"
    assert await of(ledger.db).next_number("INC", NOW) == f"INC-2026-{BLOCK + 1:06d}"


async def test_who_has_taken_many_takes_more_at_a_time_and_loses_no_more_than_a_fifth(ledger: Ledger) -> None:
    numbers, used = of(ledger.db), BLOCK * 20
    drawn = [await numbers.next_number("INC", NOW) for _ in range(used)]
    assert drawn == [f"INC-2026-{n:06d}" for n in range(1, used + 1)]
    following = int((await of(ledger.db).next_number("INC", NOW)).rpartition("-")[2])
    assert used + BLOCK < following <= used * 5 / 4 + 1


async def test_numbers_grow_longer_when_six_digits_do_not_do(ledger: Ledger) -> None:
    numbers = of(ledger.db)
    assert await numbers.next_number("INC", NOW, block=999_999) == "INC-2026-000001"
    assert await of(ledger.db).next_number("INC", NOW) == "INC-2026-1000000"


async def test_the_database_keeps_a_number_from_standing_on_two_records(ledger: Ledger) -> None:
    caller = await add_caller(ledger, "Wang Wei")
    incident = await report(ledger, caller)
    owner = await psycopg.AsyncConnection.connect(ledger.db.url, autocommit=True)
    await owner.execute("update plumbing.number_block set next = 1")
    await owner.close()
    ledger.numbers = of(ledger.db)
    with pytest.raises(Exception, match="number"):
        await report(ledger, caller)
    assert await ledger.db.rows("select number from fold.incident") == [{"number": incident.number}]


async def test_when_there_are_none_to_be_had_all_who_wait_are_told_at_once_and_later_ones_get_some(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    numbers = of(ledger.db)
    owner = await connect(place.owner_url)
    await owner.execute("alter table plumbing.number_block rename to gone")
    results = await asyncio.gather(
        *(numbers.next_number("INC", NOW) for _ in range(50)), return_exceptions=True
    )
    assert {type(result) for result in results} == {psycopg.errors.UndefinedTable}
    await owner.execute("alter table plumbing.gone rename to number_block")
    await owner.close()
    assert await numbers.next_number("INC", NOW) == "INC-2026-000001"


async def test_who_goes_away_while_numbers_are_fetched_takes_nobody_elses(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    numbers = of(ledger.db)
    async with Blocked(place.owner_url, "lock table plumbing.number_block") as blocked:
        task = asyncio.create_task(numbers.next_number("INC", NOW))
        await blocked.waiting()
        stays = asyncio.create_task(numbers.next_number("INC", NOW))
        await asyncio.sleep(0)
        task.cancel()
    assert await stays == "INC-2026-000001"
