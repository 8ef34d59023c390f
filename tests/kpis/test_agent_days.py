"""How many cases an agent handles a day: what counts as handled, what as a day, whose, and in which zone."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint, KpiStatus, NoValueReason
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.agent_days import QUARTER, day_parts
from app.kpis.facts.consumer import FACTS, process_span
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.batches import PositionRange
from app.log.follow import catch_up, reset
from app.platform.db import Connection, Database, fetch_tuples
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.brute_force import compare
from tests.kpis.brute_force.agents import DEFINITIONS
from tests.kpis.brute_force.reading import LogEvent, World
from tests.kpis.brute_force.test_random_histories import THE_LOG
from tests.kpis.conftest import Books
from tests.kpis.histories import TEAMS, Scripted, write, write_more

KPI = KPIS["requests_per_agent_day"]
ANN, BEN = UUID(int=11), UUID(int=12)
DESK, SECOND = str(TEAMS[0]), str(TEAMS[1])
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 24 * 60


def asked(begin: str = "2026-01-01", end: str = "2026-06-01", **parameters: Any) -> KpiQuestion:
    parameters = {"grain": "all", "zone": "UTC", **parameters}
    return parse_question(
        KPI,
        QuestionParameters(begin=begin, end=end, **parameters),
        now=NOW,
        organisation_zone="UTC",
        reopen_days=7,
    )


async def divided(
    db: Database, *time: str, **parameters: Any
) -> dict[str | None, tuple[int | None, int | None]]:
    """By the cut, how many cases, and how many days."""
    points = (await answer(db, asked(*time, **parameters), NOW)).points
    return {next(iter(p.by.values()), None): (p.numerator, p.denominator) for p in points}


async def point(db: Database, *time: str, **parameters: Any) -> KpiPoint:
    (kpi_point,) = (await answer(db, asked(*time, **parameters), NOW)).points
    return kpi_point


async def told(connection: Connection, *histories: Scripted) -> None:
    await write(connection, [event for case in histories for event in case.events])
    await catch_up(connection, FACTS)


def held(by: UUID, instant: datetime = MORNING, team: str = DESK) -> Scripted:
    """A case that somebody else reports, who gives it to that person."""
    return Scripted.begin(instant, assignee_id=str(by), team_id=team)


def done(case: Scripted, kind: str, by: UUID, minutes: float = 5, **more: Any) -> Scripted:
    return case.then(kind, minutes=minutes, actor=f"person:{by}", **more)


async def test_a_holder_who_worked_on_a_case_has_the_day_and_at_its_end_the_case(
    follower: Connection, db: Database
) -> None:
    ended = done(done(held(ANN), "started", ANN), "resolved", ANN)
    another = done(held(ANN), "resolved", ANN, 2 * DAY)
    still_open = done(held(BEN), "started", BEN)
    by_a_rule = done(held(BEN, MORNING + timedelta(days=7)), "started", BEN)
    by_a_rule = by_a_rule.then("resolved", minutes=DAY, actor="rule:close")
    await told(follower, ended, another, still_open, by_a_rule)
    kpi_point = await point(db)
    assert (kpi_point.numerator, kpi_point.denominator, kpi_point.value, kpi_point.cases) == (3, 5, 0.6, 3)
    assert kpi_point.target is not None
    assert (kpi_point.target.value, kpi_point.status, kpi_point.small) == (10, KpiStatus.missed, True)
    assert kpi_point.interval is not None
    assert kpi_point.interval.low < 0.6 < kpi_point.interval.high
    assert await divided(db, by=["assignee"]) == {str(ANN): (2, 2), str(BEN): (1, 3)}


@in_test_all
async def test_what_others_do_with_a_case_is_nobodys_day_and_what_nobody_worked_on_is_nobodys_case(
    follower: Connection, db: Database
) -> None:
    helped = done(done(held(ANN), "commented", BEN), "resolved", BEN)
    by_a_tool = held(ANN).then("resolved", minutes=5, actor="integration:5")
    elsewhere = held(ANN).then("resolved", minutes=5, actor="import:x", observed="snapshot")
    unheld = done(Scripted.begin(MORNING), "resolved", ANN)
    handed_on = done(done(held(ANN), "started", ANN), "assigned", BEN, DAY, assignee_id=str(BEN))
    handed_on = handed_on.then("resolved", minutes=DAY, actor=f"person:{ANN}")
    await told(follower, helped, by_a_tool, elsewhere, unheld, handed_on)
    assert await divided(db, by=["assignee"]) == {str(ANN): (0, 1), str(BEN): (1, 2)}


async def test_a_case_that_goes_on_or_comes_to_nothing_is_taken_off_but_not_the_days(
    follower: Connection, db: Database
) -> None:
    reopened = done(held(ANN), "resolved", ANN)
    cancelled = done(done(held(ANN), "started", ANN, DAY), "cancelled", ANN)
    duplicate = done(done(held(ANN), "started", ANN, 2 * DAY), "marked_duplicate", BEN)
    await told(follower, reopened, cancelled, duplicate)
    assert await divided(db) == {None: (1, 3)}
    again = done(reopened, "reopened", BEN, 3 * DAY)
    await write_more(follower, [again.events[-1]])
    await catch_up(follower, FACTS)
    assert await divided(db) == {None: (0, 3)}
    await write_more(follower, [done(again, "resolved", ANN, DAY).events[-1]])
    await catch_up(follower, FACTS)
    assert await divided(db) == {None: (1, 4)}
    assert (await point(db)).final_after == datetime(2026, 6, 8, tzinfo=UTC), "it may be reopened"


@in_test_all
async def test_a_day_that_somebody_worked_for_two_teams_counts_in_both_and_once_in_all(
    follower: Connection, db: Database
) -> None:
    desk, second = (done(held(ANN, team=team), "resolved", ANN) for team in (DESK, SECOND))
    await told(follower, desk, second)
    assert await divided(db, by=["team"]) == {"team 0": (1, 1), "team 1": (1, 1)}
    assert await divided(db) == {None: (2, 1)}
    assert await divided(db, filters={"team": ["team 1"]}) == {None: (1, 1)}


@pytest.mark.parametrize(
    ("zone", "days"),
    first_of([("Asia/Shanghai", 1), ("UTC", 2), ("Asia/Kathmandu", 2), ("America/Sao_Paulo", 1)], 1),
)
async def test_days_begin_where_the_clocks_of_the_zone_say_so(
    follower: Connection, db: Database, zone: str, days: int
) -> None:
    # In Kathmandu midnight is at 18:15, in Shanghai at 16:00.
    case = done(held(ANN, datetime(2026, 3, 2, 18, tzinfo=UTC)), "started", ANN, 14)
    case = done(case, "held", ANN, 2)
    await told(follower, done(case, "resolved", ANN, 7 * 60))
    assert (await point(db, zone=zone)).denominator == days


async def test_nobody_at_work_is_no_value_and_nothing_ended_is_a_value_of_zero(
    follower: Connection, db: Database
) -> None:
    nothing = await point(db)
    assert (nothing.value, nothing.no_value, nothing.denominator) == (None, NoValueReason.no_cases, 0)
    await told(follower, done(held(ANN), "started", ANN))
    assert (await point(db)).value == 0
    # An event counts at the beginning of its quarter of an hour, its case at once.
    odd = done(held(ANN), "resolved", ANN, 7)
    await write_more(follower, list(odd.events))
    await catch_up(follower, FACTS)
    begin, end = (MORNING + timedelta(minutes=minute) for minute in (6, 8))
    slice_of = await point(db, begin.isoformat(), end.isoformat())
    assert (slice_of.cases, slice_of.denominator, slice_of.no_value) == (1, 0, NoValueReason.no_days)


async def test_its_cases_are_requests_and_incidents(books: Books) -> None:
    question = asked(zone="Asia/Shanghai")
    page = await cases(books.db, question, NOW, limit=200)
    kinds = Counter(case.kind for case in page.cases)
    assert kinds["request"] > 0
    assert kinds["incident"] > 0
    for case in page.cases:
        assert case.number.startswith({"request": "REQ-", "incident": "INC-"}[case.kind])
        assert {event.type.partition(".")[0] for event in case.events} == {case.kind}


@in_test_all
async def test_plain_loops_say_the_same_where_midnights_are_odd(books: Books) -> None:
    async with books.db.connection() as connection:
        world = World([LogEvent(*row) for row in await fetch_tuples(connection, THE_LOG, {})], NOW)
    names = {str(team): f"team {n}" for n, team in enumerate(TEAMS)}
    expectation = compare.Expectation(KPI, DEFINITIONS[KPI.key], world, names)
    for zone in ("Asia/Kathmandu", "Australia/Lord_Howe"):
        for by in (None, "team", "assignee"):
            question = asked(zone=zone, grain="month", by=[] if by is None else [by])
            compared_question = compare.Asked(question.bounds, by, zone)
            expected = expectation.points(compared_question)
            actual_points = compare.told_points(
                KPI, (await answer(books.db, question, NOW)).points, compared_question
            )
            assert compare.differing_points(expected, actual_points) == []
            assert sum(point["cases"] for point in actual_points.values()) > 10
            assert sum(point["denominator"] for point in actual_points.values()) > 40


@in_test_all
async def test_a_resolution_that_lasts_longer_than_the_agreed_days_was_handled_and_so_was_the_next(
    follower: Connection, db: Database
) -> None:
    case = done(done(held(ANN), "resolved", ANN), "reopened", BEN, 8 * DAY)
    await told(follower, case)
    assert await divided(db) == {None: (1, 1)}
    await write_more(follower, [done(case, "resolved", ANN, DAY).events[-1]])
    await catch_up(follower, FACTS)
    assert await divided(db) == {None: (2, 2)}


@in_test_all
async def test_taken_in_any_spans_the_days_are_the_same(few_own_books: Books) -> None:
    text = b"select md5(string_agg(t::text, ' ' order by t::text)) from kpi.agent_day t"
    at_once = await (await few_own_books.connection.execute(text)).fetchone()
    await few_own_books.connection.execute(b"update kpi.agent_day set ended = ended + 1")
    for batch in (7, 100, *((3,) if WHOLE else ())):
        await reset(few_own_books.connection, FACTS)
        await catch_up(few_own_books.connection, replace(FACTS, batch=batch))
        assert await (await few_own_books.connection.execute(text)).fetchone() == at_once
    assert at_once != (None,)


MANY_DAYS = b"""
insert into kpi.agent_day (day, assignee_id, quarters, ended)
select date '2020-01-01' + n / 20, md5('person' || n % 20)::uuid, B'1'::bit(96), 1
from generate_series(1, 20000) n"""
READ = b"select seq_tup_read from pg_stat_xact_user_tables where relid = 'kpi.agent_day'::regclass"


@in_test_all
async def test_of_many_days_only_those_that_a_span_touches_are_read(own_books: Books) -> None:
    await own_books.connection.execute(MANY_DAYS)
    await own_books.connection.execute(b"vacuum analyze kpi.agent_day, kpi.agent_work")
    last = max(n for n, event in enumerate(own_books.events, start=1) if event.stream.startswith("incident/"))
    async with own_books.connection.transaction():
        await process_span(own_books.connection, PositionRange(last, last))
        (read,) = await (await own_books.connection.execute(READ)).fetchone() or (None,)
    assert read == 0


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds
    st.timedeltas(timedelta(minutes=1), timedelta(days=90)),
    st.sampled_from(("day", "week", "month", "all")),
    st.sampled_from(("UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo")),
)
def test_every_quarter_of_an_hour_is_in_the_part_that_its_period_and_its_date_say(
    begin: datetime, length: timedelta, grain: str, zone: str
) -> None:
    question = asked(begin.isoformat(), (begin + length).isoformat(), grain=grain, zone=zone)
    first, last = question.bounds[0].date(), question.bounds[-1].date()
    made_of = day_parts(question, first, last)
    kpi_point = {
        datetime.combine(part.day, datetime.min.time(), UTC) + n * QUARTER: part
        for part in made_of
        for n in range(part.first, part.last)
    }
    midnight = datetime.combine(first, datetime.min.time(), UTC)
    every = [midnight + n * QUARTER for n in range(((last - first).days + 1) * 96)]
    assert sorted(kpi_point) == [
        sums_of_step for sums_of_step in every if question.bounds[0] <= sums_of_step < question.bounds[-1]
    ]
    for quarter, other in pairwise(sorted(kpi_point)):
        assert kpi_point[quarter].period == bisect_right(question.bounds, quarter)
        local = [quarter_begin.astimezone(ZoneInfo(zone)).date() for quarter_begin in (quarter, other)]
        assert (kpi_point[quarter].local == kpi_point[other].local) == (local[0] == local[1])
