"""How KPIs are answered where there are many facts: what is asked of one team costs what that team has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from rich.progress import Progress

from app.kernel import ledger as ledgers
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate
from app.kpis.facts import fetching
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Database, connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from bench.cases import DAYS, TEAMS, LargeSite, add_organisation, team_key
from bench.figures import Run
from bench.requests_and_problems import make_facts
from bench.site import Site
from tests.cases import each_case
from tests.conftest import Server, fresh
from tests.connections import CONNECTIONS
from tests.extent import ALL_EXAMPLES, in_test_all

pytestmark = in_test_all

#: In all; by `make test` a tenth of it.
MANY = 100_000 if ALL_EXAMPLES else 10_000
#: So many that some are open in each team.
PROBLEMS = 5_000 if ALL_EXAMPLES else 2_000
#: A team with cases that stay open. Those of others take a day: whether one is open when a period ends
#: depends on the hour at which the test runs.
NEVER_DONE = 10
#: How many of them one team has in two years.
OF_A_TEAM = MANY // TEAMS
#: Clocks are found by their instants, whatever the team: that takes rows of all teams, and `make bench`
#: measures how long. Agreed time and agreements are of no team, and services and suggestions are few.
OF_TEAMS = [
    key
    for key, kpi in KPIS.items()
    if Dimension.team in kpi.dimensions
    and not kpi.is_of_clocks
    and kpi.process not in {"service", "improvement_suggestion", "maintenance", "audit", "finding"}
]
#: What is measured in seconds where there are many cases, from the beginning to an end or up to now. What was
#: recorded late, or complained about, and is told by a view, are few.
TIMES = [
    key
    for key, kpi in KPIS.items()
    if kpi.aggregate in {Aggregate.mean, Aggregate.kaplan_meier}
    and kpi.process in {"incident", "request"}
    and kpi.fact not in {"recorded", "complained"}
]
#: Those of them that more than one finds together; projects are too few for that.
IN_HALVES = [key for key in TIMES if KPIS[key].fact is not None and KPIS[key].path != "project"]
#: With these several processes share a tenth of the cases, too, as they share all of them without.
AS_OF_MANY = {
    "parallel_setup_cost": "0",
    "min_parallel_index_scan_size": "8kB",
    "min_parallel_table_scan_size": "8kB",
}
#: By table: rows read by going through all of them, and rows fetched one by one. A total of a day and what
#: links a case to a problem are few beside cases.
ROWS_READ = """
select relname, coalesce(seq_tup_read, 0)::bigint, coalesce(idx_tup_fetch, 0)::bigint
from pg_stat_user_tables where schemaname = 'kpi' and relname not in ('agent_day', 'problem_incident')"""
# Those planned for: whether one is free depends on who else works.
PARALLEL_WORKERS = """
select parallel_workers_to_launch from pg_stat_database where datname = current_database()"""
#: Whoever has nothing to do tells the statistics only after ten seconds what it has read before.
OTHER_SESSIONS = """
select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Counted:
    """A database full of facts, and an administrator's connection to it."""

    url: str
    owner: psycopg.Connection[tuple[Any, ...]]
    now: datetime

    async def read_for(self, key: str, parameters: QuestionParameters) -> tuple[dict[str, int], int]:
        """Return how many rows the answer takes of each table that it goes through as a whole, and how many
        it fetches one by one. What stands in the index that it is found by is not taken from a table.
        """
        before = self._counters()
        await self.answer(key, parameters)
        after = self._counters()
        scanned = {table: rows - before[table][0] for table, (rows, _) in after.items()}
        fetched = sum(rows - before[table][1] for table, (_, rows) in after.items())
        return {table: rows for table, rows in scanned.items() if rows}, fetched

    async def answer(self, key: str, parameters: QuestionParameters) -> KpiAnswer:
        """Return the answer, which is about at least one case."""
        db = Database(self.url, 1)
        await db.open()
        try:
            question = parse_question(KPIS[key], parameters, now=self.now, organisation_zone="UTC")
            figures = await answer(db, question, self.now)
            await db.value("select pg_stat_force_next_flush()")
        finally:
            await db.close()
        assert sum(point.cases for point in figures.points) > 0, key
        return figures

    def parallel_workers(self) -> int:
        """Return how many parallel workers PostgreSQL has planned for so far."""
        return int(self._statistics(PARALLEL_WORKERS)[0][0])

    def end_other_sessions(self) -> None:
        """End all other sessions of the database, so that what they have read is counted before, and not
        while an answer is measured.
        """
        self.owner.execute(f"select pg_terminate_backend(pid) from ({OTHER_SESSIONS}) other".encode())
        while self._statistics(OTHER_SESSIONS):
            pass

    def _counters(self) -> dict[str, tuple[int, int]]:
        return {table: (scanned, fetched) for table, scanned, fetched in self._statistics(ROWS_READ)}

    def _statistics(self, query: str) -> list[tuple[Any, ...]]:
        self.owner.execute("select pg_stat_clear_snapshot()")
        return self.owner.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
async def many(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counted]:
    """The facts of many incidents and requests, and of problems and changes beside them."""
    folder = tmp_path_factory.mktemp("many")
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument
    with fresh(server) as place:
        user = urlsplit(server.administrator).netloc
        administrator_url = urlunsplit(urlsplit(place.owner_url)._replace(netloc=user))
        maker = await connect(administrator_url, "-c timezone=UTC")
        run = Run(frozenset(), seconds=1, rounds=1, quick=True, progress=Progress(disable=True))
        large_site = LargeSite(run, Site(folder), maker, datetime.now(UTC))
        async with ledgers.open_ledger(place.url, folder / "secrets", LIFECYCLES_BY_KIND, settings) as ledger:
            await add_organisation(ledger, maker, words=100)
        follower = await connect(place.url, FOLLOW_LIMITS)
        await catch_up(follower, FACTS)
        await follower.close()
        for process in ("incident", "request"):
            await make_facts(large_site, process, MANY)
        for process in ("problem", "change", "ci", "deployment"):
            await make_facts(large_site, process, PROBLEMS)
        if not ALL_EXAMPLES:
            for name, value in AS_OF_MANY.items():
                database = sql.Identifier(maker.info.dbname).as_string()
                await maker.execute(f"alter database {database} set {name} = '{value}'".encode())
            CONNECTIONS.forget(maker.info.dbname)  # those that were opened before know nothing of it
        await maker.close()
        with psycopg.connect(administrator_url, autocommit=True) as owner:
            counted = Counted(place.url, owner, large_site.now)
            counted.end_other_sessions()
            yield counted


@each_case("key", OF_TEAMS)
async def test_of_one_team_no_more_is_read_than_the_team_has(many: Counted, key: str) -> None:
    of_team = QuestionParameters(filters={"team": (team_key(NEVER_DONE),)})
    scanned, fetched = await many.read_for(key, of_team)
    assert not scanned
    assert fetched < 2 * OF_A_TEAM  # some count openings and resolutions


@each_case("key", TIMES)
async def test_how_long_cases_take_is_read_from_indexes_alone(many: Counted, key: str) -> None:
    """A case that is fetched for it takes ten times as long as one that is not."""
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    assert await many.read_for(key, QuestionParameters(begin=begin, by=("priority",))) == ({}, 0)
    assert await many.read_for(key, QuestionParameters(filters={"team": (team_key(3),)})) == ({}, 0)


@pytest.mark.parametrize("key", IN_HALVES)
async def test_how_long_many_cases_take_is_found_by_several_processes(
    many: Counted, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """And it is what is found in one piece."""
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    before = many.parallel_workers()
    halves = await many.answer(key, QuestionParameters(begin=begin, by=("priority",)))
    assert many.parallel_workers() > before
    monkeypatch.setattr(fetching, "WIDE_SHARE", 2)
    in_one_piece = await many.answer(key, QuestionParameters(begin=begin, by=("priority",)))
    assert in_one_piece.points == halves.points
