"""All KPIs at once are what each is alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer, position_reached
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import YEAR_BEFORE, Overview, last_month, overview, this_month
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.shared_overviews import SharedOverviews
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import first_of, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, BORDERS, Scripted, write, write_more
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

BERLIN = ZoneInfo("Europe/Berlin")
CHOSEN = selected("overview", KPIS, aggregate_of)
#: And their companions.
TRIED = [KPIS[key] for key in KPIS if any(key in (chosen, *KPIS[chosen].companions) for chosen in CHOSEN)]


@pytest.mark.parametrize(
    "now", first_of([BORDERS[2], BORDERS[2] - timedelta(days=10), datetime(2027, 3, 9, tzinfo=UTC)], 1)
)
async def test_each_stands_as_its_own_answer_says(books: Books, now: datetime) -> None:
    month = this_month(BERLIN, now, 7)
    begin, end = (span.isoformat() for span in month.spans[YEAR_BEFORE])
    overview_shown = await overview(books.db, TRIED, month)
    assert (overview_shown.position, overview_shown.lag_seconds) == (len(books.events), 0)
    assert [kpi for kpi, _, _ in overview_shown.kpis] == TRIED
    for kpi, present, last_year in overview_shown.kpis:
        fields: dict[str, Any] = {"now": now, "organisation_zone": "Europe/Berlin", "reopen_days": 7}
        alone = (await answer(books.db, parse_question(kpi, QuestionParameters(), **fields), now)).points
        assert present == alone[-1], kpi.key
        (then,) = (
            await answer(
                books.db,
                parse_question(kpi, QuestionParameters(grain="all", begin=begin, end=end), **fields),
                now,
            )
        ).points
        assert last_year.value == then.value, kpi.key


async def test_the_last_month_stands_as_the_point_before_the_running_one(books: Books) -> None:
    now = BORDERS[2] + timedelta(days=10)
    overview_shown = await overview(books.db, TRIED, last_month(BERLIN, now, 7))
    for kpi, last, _ in overview_shown.kpis:
        fields: dict[str, Any] = {"now": now, "organisation_zone": "Europe/Berlin", "reopen_days": 7}
        *_, alone, _ = (
            await answer(books.db, parse_question(kpi, QuestionParameters(), **fields), now)
        ).points
        assert last == alone, kpi.key


async def test_a_running_month_is_compared_with_the_same_days_only(
    follower: Connection, db: Database
) -> None:
    """Of January two of seven were opened by the fifth at noon; of the January before one of three."""
    utc = ZoneInfo("UTC")
    opened = [
        "2025-12-31T11",
        "2026-01-05T11",
        "2026-01-05T13",
        "2026-01-20T00",
        "2026-12-02T00",
        "2026-12-05T11",
    ]
    opened += [*["2026-12-20T00"] * 5, "2027-01-01T01", "2027-01-03T00", "2027-01-04T00"]
    cases = [Scripted.begin(datetime.fromisoformat(f"{opened_hour}:00:00Z")) for opened_hour in opened]
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    now, kpi = datetime(2027, 1, 5, 12, tzinfo=UTC), KPIS["incidents_opened"]
    ((_, present, last_year),) = (await overview(db, [kpi], this_month(utc, now, 7))).kpis
    assert (present.value, present.previous.value, present.previous.change) == (3, 2, 0.5)
    assert (last_year.value, last_year.change) == (1, 2)
    fields: dict[str, Any] = {"now": now, "organisation_zone": "UTC", "reopen_days": 7}
    points = (await answer(db, parse_question(kpi, QuestionParameters(), **fields), now)).points
    assert points[-1].previous == present.previous
    assert points[-1].begin.month == 1
    assert points[-2].value == 7, "what is over counts whole"
    (alone,) = (
        await answer(
            db, parse_question(kpi, QuestionParameters(begin="2027-01-01", end="2027-02-01"), **fields), now
        )
    ).points
    assert alone.previous == present.previous, "also where the period before is not asked for"
    over = datetime(2027, 2, 1, tzinfo=UTC)
    (later,) = (
        await answer(
            db, parse_question(kpi, QuestionParameters(begin="2027-01-01", end="2027-02-01"), **fields), over
        )
    ).points
    assert later.previous.value == 7


@in_test_all
async def test_the_same_month_of_the_year_before_is_compared(follower: Connection, db: Database) -> None:
    cases = [Scripted.begin(BEGIN + timedelta(minutes=n)) for n in range(2)]
    cases += [Scripted.begin(BEGIN + timedelta(days=365, minutes=n)) for n in range(5)]
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    now = BEGIN + timedelta(days=366)
    overview_shown = await overview(db, [KPIS["incidents_opened"]], this_month(ZoneInfo("UTC"), now, 7))
    ((_, present, last_year),) = overview_shown.kpis
    assert (present.value, last_year.value, last_year.change) == (5, 2, 1.5)


async def test_readers_share_an_overview_until_the_facts_go_on(follower: Connection, db: Database) -> None:
    async def asked(zone: str = "UTC") -> Overview:
        month = this_month(ZoneInfo(zone), BEGIN + timedelta(days=1), 7)
        return await shared.overview(db, [KPIS["incidents_opened"]], month)

    shared = SharedOverviews()
    await write(follower, [*Scripted.begin(BEGIN).events])
    await catch_up(follower, FACTS)
    first, second = await asyncio.gather(asked(), asked())
    assert (await asked()).kpis is first.kpis is second.kpis
    assert (await asked("Asia/Shanghai")).kpis is not first.kpis
    await write_more(follower, [*Scripted.begin(BEGIN).events])
    await catch_up(follower, FACTS)
    before, (_, after, _) = first.kpis[0][1], (await asked()).kpis[0]
    assert (before.value, after.value) == (1, 2)
    waiting = asyncio.create_task(asked("Europe/Berlin"))
    await asyncio.sleep(0)
    waiting.cancel()
    assert (await asked("Europe/Berlin")).kpis, "whoever waits for the same gets it, though another one goes"


async def test_what_takes_long_is_given_again_says_what_it_lacks_and_is_renewed_beside(
    follower: Connection, db: Database
) -> None:
    async def asked(at_least: int = 0) -> Overview:
        month = this_month(ZoneInfo("UTC"), BEGIN + timedelta(days=1), 7)
        return await shared.overview(db, [KPIS["incidents_opened"]], month, at_least)

    # Each look at the clock takes a second, so a computation does: it is given again for 7.5 seconds.
    shared = SharedOverviews(clock=count().__next__)
    await write(follower, [*Scripted.begin(BEGIN).events])
    await catch_up(follower, FACTS)
    first = await asked()
    await write_more(follower, [*Scripted.begin(BEGIN).events])
    await catch_up(follower, FACTS)
    position, _ = await position_reached(db)
    for is_renewed in (False, False, True):
        again = await asked()
        assert (again.kpis is first.kpis, again.position) == (True, first.position)
        assert again.lag_seconds > 0, "the age of what is missing"
        tasks = [task for task in asyncio.all_tasks() if task.get_name() == "an overview of KPIs"]
        assert bool(tasks) == is_renewed
    newest = await asked(position)
    assert (newest.position, newest.kpis[0][1].value) == (position, 2), "whoever has written sees it"
    assert (await asked()).kpis is newest.kpis
