"""Whatever happens, in whatever order it is told: every KPI, cell and list of cases is what plain loops over
the events come to.

A failure names the seed of the history; LEDGERDESK_TEST_HISTORY=<seed> tries that one alone.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.cases.drill_down import KpiCase, cases
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import start_of
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.platform.db import fetch_tuples
from tests.conftest import Server
from tests.extent import WHOLE, first_of
from tests.kpis.brute_force import compare
from tests.kpis.brute_force.catalogue import DEFINITIONS
from tests.kpis.brute_force.reading import LogEvent, World
from tests.kpis.conftest import Books, KeptBooks, copied_books, made_books
from tests.kpis.histories import TEAMS
from tests.kpis.kinds import kind_of
from tests.selection import selected

#: None: the history that other tests read, too.
SEEDS: Sequence[int | None] = [
    int(seed) for seed in os.environ.get("LEDGERDESK_TEST_HISTORY", "").split()
] or (range(1, 13) if WHOLE else [None])
#: How many incidents, requests and other records a history has.
SIZES = (120, 80, 50)
#: Both days on which clocks change lie within the histories.
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
BEGIN = date(2026, 1, 1)

THE_LOG = """
select position, stream, version, type, actor, source, occurred_at, recorded_at, data
from log.told order by position"""
THE_CLOCKS = "select to_jsonb(clock) from sla.clock clock"
THE_ABOUTS = "select stream, about from log.stream_head where about is not null"
THE_AGREEMENTS = "select id::text, number from fold.sla"


@dataclass(frozen=True)
class History:
    """A made-up history in a database, and the same as plain loops read it."""

    seed: int | None
    books: Books
    world: World
    names: dict[str, str]

    def question(self, key: str, zone: str, grain: str, by: str | None = None) -> KpiQuestion:
        end = self.world.now.date() + timedelta(days=40)
        parameters = QuestionParameters(
            grain=grain,
            begin=BEGIN.isoformat(),
            end=end.isoformat(),
            zone=zone,
            by=[] if by is None else [by],
        )
        return parse_question(
            KPIS[key], parameters, now=self.world.now, organisation_zone="UTC", reopen_days=7
        )


@pytest.fixture(scope="module", params=SEEDS)
async def history(
    request: pytest.FixtureRequest, server: Server, kept_books: KeptBooks
) -> AsyncIterator[History]:
    """A history that the number makes."""
    if request.param is None:
        async with copied_books(server, *kept_books) as books:
            yield await _read(books, None)
    else:
        making = made_books(server, *SIZES, seed=request.param)
        async with making as histories_made, copied_books(server, *histories_made) as books:
            yield await _read(books, request.param)


async def _read(books: Books, seed: int | None) -> History:
    async with books.db.connection() as connection:
        log = [LogEvent(*row) for row in await fetch_tuples(connection, THE_LOG, {})]
        agreements = dict(await fetch_tuples(connection, THE_AGREEMENTS, {}))
        abouts = dict(await fetch_tuples(connection, THE_ABOUTS, {}))
        clocks = [row[0] for row in await fetch_tuples(connection, THE_CLOCKS, {})]
    now = log[-1].recorded_at + timedelta(hours=1)
    names = {str(team): f"team {n}" for n, team in enumerate(TEAMS)} | agreements
    return History(seed, books, World(log, now, clocks, abouts), names)


#: Loops over the seconds of outages take long; those in tests/kpis/outages are quicker.
QUICK = [key for key in sorted(DEFINITIONS) if WHOLE or not KPIS[key].is_of_outages]
TRIED: list[str] = selected("plain loops", QUICK, kind_of)


@pytest.mark.parametrize("key", TRIED)
async def test_plain_loops_come_to_the_same(history: History, key: str) -> None:
    kpi, differences = KPIS[key], []
    expected = compare.Expectation(kpi, DEFINITIONS[key], history.world, history.names)
    for n, by in enumerate(first_of([None, *kpi.dimensions], 2)):
        zone = ZONES[(n + len(key)) % len(ZONES)]
        question = history.question(key, zone, "month", by)
        compared_question = compare.Asked(question.bounds, by, zone)
        points = (await answer(history.books.db, question, history.world.now)).points
        differing = compare.differing_points(
            expected.points(compared_question), compare.told_points(kpi, points, compared_question)
        )
        differences += [f"by {by} in {zone}: {difference}" for difference in differing]
    question = history.question(key, "UTC", "all")
    listed = compare.told_cases(await _all_cases(history, question))
    differences += compare.differing_cases(expected.listed(*question.bounds), listed)
    assert not differences, f"history {history.seed}, {key}:\n" + "\n".join(differences[:20])


async def _all_cases(history: History, question: KpiQuestion) -> list[KpiCase]:
    page = await cases(history.books.db, question, history.world.now, limit=200)
    listed_cases = page.cases
    while page.last is not None:
        page = await cases(history.books.db, question, history.world.now, after=page.last, limit=200)
        listed_cases += page.cases
    return listed_cases


def test_every_kpi_is_written_a_second_time() -> None:
    """Whoever declares a KPI writes it here in plain loops, too, from its words and without its SQL."""
    assert KPIS.keys() == DEFINITIONS.keys()


def test_days_on_which_clocks_change_are_within() -> None:
    for zone in ZONES[1:]:
        place = ZoneInfo(zone)
        lengths = {
            start_of(BEGIN + timedelta(days=n + 1), place) - start_of(BEGIN + timedelta(days=n), place)
            for n in range(330)
        }
        assert lengths == {timedelta(hours=hours) for hours in (23, 24, 25)}
