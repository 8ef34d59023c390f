"""All KPIs at once are what each is alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.db import Connection, Database
from app.kpis.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.facts import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.question import Said, ask
from app.log.follow import catch_up
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, BORDERS, Scripted, write

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "now", [BORDERS[2] - timedelta(days=10), BORDERS[2], datetime(2027, 3, 9, tzinfo=UTC)]
)
async def test_each_stands_as_its_own_answer_says(books: Books, now: datetime) -> None:
    found = await overview(books.db, list(KPIS.values()), this_month(BERLIN, now, 7))
    assert (found.position, found.lag_seconds) == (len(books.events), 0)
    assert [kpi.key for kpi, _, _ in found.kpis] == list(KPIS)
    for kpi, present, last_year in found.kpis:
        said: dict[str, Any] = {"now": now, "organisation_zone": "Europe/Berlin", "reopen_days": 7}
        alone = (await answer(books.db, ask(kpi, Said(), **said), now)).points
        assert present == alone[-1], kpi.key
        longer = Said(begin=(now - timedelta(days=500)).isoformat())
        series = (await answer(books.db, ask(kpi, longer, **said), now)).points
        assert last_year.value == series[-13].value, kpi.key


async def test_the_same_month_of_the_year_before_is_compared(follower: Connection, db: Database) -> None:
    cases = [Scripted.begin(BEGIN + timedelta(minutes=n)) for n in range(2)]
    cases += [Scripted.begin(BEGIN + timedelta(days=365, minutes=n)) for n in range(5)]
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    now = BEGIN + timedelta(days=366)
    found = await overview(db, [KPIS["incidents_opened"]], this_month(ZoneInfo("UTC"), now, 7))
    ((_, present, last_year),) = found.kpis
    assert (present.value, last_year.value, last_year.change) == (5, 2, 1.5)
