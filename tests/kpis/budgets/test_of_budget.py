"""What incidents cost as a part of what they may cost: by the budget of the time of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.forecast import KpiForecast, forecast
from app.kpis.answers.outlook import Outlook
from app.kpis.answers.series import KpiPoint, KpiStatus, NoValueReason
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.case_budget import CaseBudget
from tests.kpis.histories import Scripted, write

KEY = "incident_unit_cost_of_budget"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def month(number: int, day: int = 1) -> datetime:
    return datetime(2026, number, day, tzinfo=UTC)


def resolved(instant: datetime, amount: str, currency: str = "EUR") -> Scripted:
    """An incident that costs so much: a minute of work at that rate by the hour is a sixtieth of it."""
    case = Scripted.begin(instant - timedelta(minutes=60)).then("work_logged", minutes=30)
    entry = {"minutes": 60, "rate": amount, "currency": currency}
    case.events[-1].data["set"][f"work/{case.id}"] = entry
    return case.then("resolved", minutes=30)


def asked(*, currency: str = "EUR", begin: str = "2026-01-01", now: datetime = NOW) -> KpiQuestion:
    parameters = QuestionParameters(begin=begin, end="2026-06-01")
    return parse_question(KPIS[KEY], parameters, now=now, organisation_zone="UTC", currency=currency)


async def told(follower: Connection, *histories: Scripted) -> None:
    await write(follower, [event for case in histories for event in case.events])


async def points(db: Database, follower: Connection, *, currency: str = "EUR") -> list[KpiPoint]:
    """Of January to May."""
    await catch_up(follower, FACTS)
    kpi_answer: KpiAnswer = await answer(db, asked(currency=currency), NOW)
    return kpi_answer.points


async def agrees(database_url: str, currency: str = "EUR", *, has_values: bool = True) -> None:
    """In `make test-all`, compare each figure and case with the raw definition over the events."""
    if WHOLE:
        report = await reconcile(database_url, zone=UTC_ZONE, now=NOW, currency=currency, keys=[KEY])
        assert report.differences == []
        assert (report.compared > 0) is has_values


async def test_each_case_is_measured_by_the_budget_of_the_time_at_which_it_was_resolved(
    database_url: str, follower: Connection, db: Database
) -> None:
    await told(
        follower,
        resolved(month(1, 20), "99.00"),  # nobody says what it may cost
        resolved(month(2), "30.00"),  # from the first instant on
        resolved(month(2, 15) - timedelta(microseconds=1), "40.00"),
        resolved(month(2, 15), "40.00"),
        resolved(month(3, 10), "90.00"),
        resolved(month(4, 10), "30.00"),
    )
    budget = CaseBudget(follower)
    await budget.set_amount("50.00", month(2))
    await budget.set_amount("80.00", month(2, 15), month(4))
    january, february, march, april, may = await points(db, follower)
    assert (january.value, january.no_value, january.cases) == (None, NoValueReason.no_cases, 0)
    assert (february.numerator, february.denominator, february.cases) == (11_000, 18_000, 3)
    assert february.value == round(11_000 / 18_000, 6)
    assert (february.status, february.interval) == (KpiStatus.met, None)
    assert (march.value, march.status) == (1.125, KpiStatus.missed)
    assert (april.value, april.denominator) == (0.6, 5_000), "what was said before holds again"
    assert (may.value, may.status) == (None, KpiStatus.no_data)
    assert march.previous.value == february.value
    await agrees(database_url)
    listed_cases = (await cases(db, asked(), NOW)).cases
    assert [case.measure for case in listed_cases] == [3_000, 4_000, 4_000, 9_000, 3_000]


async def test_a_budget_in_another_currency_is_none_and_covers_its_time_all_the_same(
    database_url: str, follower: Connection, db: Database
) -> None:
    await told(
        follower,
        resolved(month(2, 10), "30.00"),
        resolved(month(3, 10), "30.00"),
        resolved(month(3, 11), "9000", "JPY"),
    )
    await CaseBudget(follower).set_amount("50.00", month(1))
    other = CaseBudget(follower)
    await other.set_amount("6000", month(3), month(4), currency="JPY")
    of_euros = await points(db, follower)
    assert [point.value for point in of_euros] == [None, 0.6, None, None, None]
    of_yens = await points(db, follower, currency="JPY")
    assert [point.value for point in of_yens] == [None, None, 1.5, None, None]
    for currency in ("EUR", "JPY"):
        await agrees(database_url, currency)
    await other.withdraw()
    assert [point.value for point in await points(db, follower)] == [None, 0.6, 0.6, None, None]
    await agrees(database_url)


@in_test_all
async def test_where_it_is_said_that_there_is_no_budget_there_is_none(
    database_url: str, follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(2, 10), "30.00"), resolved(month(3, 10), "30.00"))
    await CaseBudget(follower).set_amount("50.00", month(1))
    await CaseBudget(follower).set_amount(None, month(3))
    assert [point.value for point in await points(db, follower)] == [None, 0.6, None, None, None]
    await agrees(database_url)


@in_test_all
async def test_less_than_a_hundredth_is_no_budget(
    database_url: str, follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(2, 10), "3.000", "KWD"), resolved(month(3, 10), "3.000", "KWD"))
    budget = CaseBudget(follower)
    await budget.set_amount("0.004", month(2), month(3), currency="KWD")
    await budget.set_amount("0.005", month(3), currency="KWD")
    kpi_points = await points(db, follower, currency="KWD")
    assert [(point.cases, point.denominator) for point in kpi_points[1:3]] == [(0, 0), (1, 1)]
    await agrees(database_url, "KWD")


@in_test_all
async def test_without_any_budget_there_is_no_value(
    database_url: str, follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(2, 10), "30.00"))
    assert {point.no_value for point in await points(db, follower)} == {NoValueReason.no_cases}
    await agrees(database_url, has_values=False)


async def test_a_budget_that_is_set_later_changes_what_is_known_now_and_not_what_was_known(
    follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(2, 10), "30.00"))
    budget = CaseBudget(follower)
    await budget.set_amount("50.00", month(1))
    assert (await points(db, follower))[1].value == 0.6
    then = (await answer(db, asked(), NOW)).position
    await budget.set_amount("40.00", month(1))
    assert (await points(db, follower))[1].value == 0.75
    assert (await answer(db, asked(), NOW, position=then)).points[1].value == 0.6


async def test_the_overview_says_the_same(follower: Connection, db: Database) -> None:
    await told(follower, resolved(month(2, 10), "30.00"), resolved(month(3, 10), "44.00"))
    await CaseBudget(follower).set_amount("50.00", month(1))
    await catch_up(follower, FACTS)
    kpis = [KPIS["incident_unit_cost"], KPIS[KEY], KPIS["incidents_resolved"]]
    overview_shown = await overview(db, kpis, this_month(UTC_ZONE, month(3, 20), 7, "EUR"))
    assert [kpi_value.value for _, kpi_value, _ in overview_shown.kpis] == [4_400, 0.88, 1]
    assert overview_shown.kpis[1][1].previous.value == 0.6


async def expected(db: Database, more_cases: int | None, now: datetime) -> KpiForecast:
    """Of the March that runs."""
    parameters = QuestionParameters(begin="2026-03-01", end="2026-04-01")
    question = parse_question(KPIS[KEY], parameters, now=now, organisation_zone="UTC")
    return await forecast(db, question, more_cases)


@pytest.mark.parametrize(
    ("more", "at_most", "each", "outlook"),
    [
        # 0.9 of 150 less the 30 that were spent, and a hundredth less than that.
        (2, 10_499, 5_249.5, Outlook.reachable),
        pytest.param(0, 1_499, None, Outlook.secured, marks=in_test_all),
    ],
)
async def test_a_forecast_says_what_further_cases_may_cost_by_the_budget_of_now(
    follower: Connection, db: Database, more: int, at_most: int, each: float | None, outlook: Outlook
) -> None:
    await told(follower, resolved(month(3, 10), "30.00"))
    await CaseBudget(follower).set_amount("50.00", month(1))
    await catch_up(follower, FACTS)
    forecast_shown = await expected(db, more, month(3, 20))
    assert (forecast_shown.value, forecast_shown.status, forecast_shown.more_cases) == (
        0.6,
        KpiStatus.met,
        more,
    )
    assert (forecast_shown.at_most, forecast_shown.at_least, forecast_shown.each, forecast_shown.outlook) == (
        at_most,
        None,
        each,
        outlook,
    )


@in_test_all
async def test_where_no_budget_holds_now_a_forecast_is_for_no_further_cases_alone(
    follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(3, 10), "48.00"))
    await CaseBudget(follower).set_amount("50.00", month(1), month(3, 15))
    await catch_up(follower, FACTS)
    assert (await expected(db, 2, month(3, 20))).outlook is None
    forecast_shown = await expected(db, 0, month(3, 20))
    assert (forecast_shown.outlook, forecast_shown.at_most) == (Outlook.out_of_reach, -301)


@in_test_all
async def test_where_nothing_has_come_and_nothing_will_a_forecast_says_nothing(
    follower: Connection, db: Database
) -> None:
    await told(follower, resolved(month(1, 10), "48.00"))
    await CaseBudget(follower).set_amount("50.00", month(1))
    await catch_up(follower, FACTS)
    nothing = await expected(db, 0, month(3, 20))
    assert (nothing.value, nothing.outlook) == (None, None)
    coming = await expected(db, 3, month(3, 20))
    assert (coming.at_most, coming.each) == (13_499, 4_499.667)
