"""Outages told by hand: what begins and ends one, what is open, and what the surfaces say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.files.csv_text import dump_csv
from app.kpis import tabular
from app.kpis.answers.answer import answer
from app.kpis.answers.charts import behaviour
from app.kpis.answers.forecast import forecast
from app.kpis.answers.series import KpiPoint, KpiStatus
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, Scripted, write, write_more

NOW = BEGIN + timedelta(days=20)
HOUR, DAY = 3_600, 86_400
KEYS = [kpi.key for kpi in KPIS.values() if kpi.is_of_outages]


def _question(key: str, *by: str, now: datetime = NOW, **parameters: Any) -> KpiQuestion:
    time = {"grain": "all", "begin": instant(BEGIN), "end": instant(NOW)} | parameters
    return parse_question(KPIS[key], QuestionParameters(by=by, **time), now=now, organisation_zone="UTC")


async def _points(db: Database, key: str, *by: str, now: datetime = NOW, **parameters: Any) -> list[KpiPoint]:
    """What both paths say; in `make test` the facts."""
    question = _question(key, *by, now=now, **parameters)
    kpi_answer = await answer(db, question, now)
    if WHOLE:
        assert kpi_answer.points == (await answer(db, question, now, position=kpi_answer.position)).points
    return kpi_answer.points


async def _seconds(db: Database) -> float:
    (point,) = await _points(db, "outage_seconds")
    assert point.value is not None
    return point.value


async def _live(follower: Connection, *keys: str) -> Hours:
    hours = Hours(follower)
    for key in keys or ("mail",):
        await hours.service(key, None)
    return hours


def _down(after: float, **fields: Any) -> Scripted:
    """An incident by which mail was down, reported so many hours after BEGIN."""
    return Scripted.begin(BEGIN + timedelta(hours=after), service="mail", effect="down", **fields)


async def _told(follower: Connection, *incidents: Scripted) -> None:
    await write(follower, [event for case in incidents for event in case.events])
    await catch_up(follower, FACTS)


@in_test_all
async def test_an_outage_ends_with_the_service_and_else_with_the_resolution(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    restored = _down(1).then("resolved", minutes=90, service_restored_at=instant(BEGIN + timedelta(hours=2)))
    resolved = _down(10).then("resolved", minutes=30)
    closed = _down(20).then("closed", minutes=15)
    contained = _down(30).then(
        "contained", minutes=20, service_restored_at=instant(BEGIN + timedelta(hours=31))
    )
    await _told(follower, restored, resolved, closed, contained)
    assert await _seconds(db) == HOUR + HOUR / 2 + HOUR / 4 + HOUR
    assert (await _points(db, "outage_count"))[0].value == 4


async def test_a_reopening_begins_a_new_stretch_and_takes_nothing_back(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    fields = {"service_restored_at": instant(BEGIN + timedelta(hours=3))}
    case = (
        _down(1)
        .then("resolved", minutes=180, **fields)
        .then("reopened", minutes=120, service_restored_at=None)
    )
    await _told(follower, case)
    assert await _seconds(db) == 2 * HOUR + (NOW - BEGIN).total_seconds() - 6 * HOUR, "open: up to now"
    (count,) = await _points(db, "outage_count")
    assert count.value == 2
    listed_cases = (await cases(db, _question("outage_count"), NOW)).cases
    assert [
        (listed_case.id, listed_case.decided_at, listed_case.measure) for listed_case in listed_cases
    ] == [
        (case.id, BEGIN + timedelta(hours=1), 1),
        (case.id, BEGIN + timedelta(hours=6), 1),
    ]
    kinds = {event.type for event in listed_cases[0].events}
    assert kinds == {"incident.reported", "incident.resolved", "incident.reopened"}


async def test_a_beginning_that_is_told_days_later_moves_the_past_but_not_what_was_known(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    case = _down(30).then("resolved", minutes=60)
    await _told(follower, case)
    assert await _seconds(db) == HOUR
    before = (await answer(db, _question("outage_seconds"), NOW)).position
    late = case.then("edited", minutes=5_000, began_at=instant(BEGIN + timedelta(hours=20)))
    await write_more(follower, [late.events[-1]])
    await catch_up(follower, FACTS)
    assert await _seconds(db) == 11 * HOUR
    kpi_answer = await answer(db, _question("outage_seconds"), NOW, position=before)
    assert kpi_answer.points[0].value == HOUR
    listed_cases = (await cases(db, _question("outage_seconds"), NOW)).cases
    assert [(listed_case.measure, listed_case.inferred) for listed_case in listed_cases] == [
        (11 * HOUR, False)
    ]


async def test_what_was_no_incident_was_no_outage(follower: Connection, db: Database) -> None:
    await _live(follower)
    void = [_down(1).then("cancelled", minutes=60), _down(2).then("marked_duplicate", minutes=60)]
    harmless = Scripted.begin(BEGIN, service="mail", effect="none").then("resolved", minutes=9)
    nowhere = Scripted.begin(BEGIN, effect="down").then("resolved", minutes=9)
    unknown = Scripted.begin(BEGIN, service="a service that nobody has", effect="down")
    await _told(follower, *void, harmless, nowhere, unknown)
    for key in ("outage_count", "outage_seconds"):
        (point,) = await _points(db, key)
        assert (point.value, point.cases) == (0, 0)
    (mtbf,) = await _points(db, "mtbf")
    assert (mtbf.value, mtbf.no_value) == (None, "no_outage")
    assert mtbf.exposure is not None
    assert mtbf.exposure.at_least == 20 * DAY, "as long as it was looked at"


async def test_what_users_only_report_is_an_outage_once_it_is_confirmed(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    reported = _down(1, effect_reported_at=instant(BEGIN + timedelta(hours=1)))
    acknowledged = reported.then("acknowledged", minutes=30)
    await _told(follower, acknowledged)
    assert await _seconds(db) == 0
    confirmed = acknowledged.then("effect_confirmed", minutes=60, effect_reported_at=None)
    await write_more(follower, [confirmed.events[-1]])
    await catch_up(follower, FACTS)
    assert await _seconds(db) == (NOW - BEGIN).total_seconds() - HOUR, "from its beginning"
    kpi_answer = await answer(db, _question("outage_seconds"), NOW)
    by_the_log = await answer(db, _question("outage_seconds"), NOW, position=kpi_answer.position)
    assert by_the_log.points == kpi_answer.points


@in_test_all
async def test_what_overlaps_is_one_outage_and_its_category_that_of_the_first(
    follower: Connection, db: Database
) -> None:
    await _live(follower, "mail", "erp")
    first = _down(1, category="network").then("resolved", minutes=120)
    second = _down(2, category="disk").then("resolved", minutes=120)
    touching = _down(4, category="power").then("resolved", minutes=60)
    elsewhere = replace(
        first,
        events=Scripted.begin(BEGIN, service="erp", effect="down", category="disk")
        .then("resolved", minutes=60)
        .events,
    )
    await _told(follower, second, first, touching, elsewhere)
    count = {point.by["category"]: point.value for point in await _points(db, "outage_count", "category")}
    assert count == {"network": 1, "disk": 1}
    seconds = {point.by["category"]: point.value for point in await _points(db, "outage_seconds", "category")}
    assert seconds == {"network": 2 * HOUR, "disk": 2 * HOUR, "power": HOUR}
    (only,) = await _points(db, "outage_seconds", filters={"category": ["disk"], "service": ["mail"]})
    assert only.value == HOUR, "the hour that the first had not taken"
    assert only.exposure is not None
    assert only.exposure.agreed_seconds is None


@in_test_all
async def test_an_effect_that_is_said_again_leaves_each_second_to_whom_it_was(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    first = _down(0, category="access").then("prioritised", minutes=60, effect="down")
    second = _down(0.5, category="hardware").then("resolved", minutes=90)
    await _told(follower, first.then("resolved", minutes=60), second)
    points = await _points(db, "outage_seconds", "category")
    assert [(point.by["category"], point.value) for point in points] == [("access", 2 * HOUR)]


@in_test_all
async def test_a_month_has_what_lies_in_it_and_the_outages_that_began_in_it(
    follower: Connection, db: Database
) -> None:
    await _live(follower)
    over_the_edge = _down(7 * 24 - 10, began_at=instant(BEGIN + timedelta(days=6, hours=12))).then(
        "resolved", minutes=1_200
    )
    await _told(follower, over_the_edge)
    months: dict[str, Any] = {"grain": "month", "begin": "2026-01-01", "end": "2026-04-01"}
    january, february, march = await _points(db, "outage_seconds", **months)
    edge = datetime(2026, 2, 1, tzinfo=UTC) - BEGIN
    assert january.value == edge.total_seconds() - 6.5 * DAY
    assert january.value + (february.value or 0) == 12 * HOUR + 10 * HOUR + 0 * DAY
    assert (march.value, march.no_value) == (None, "not_begun")
    assert [point.value for point in await _points(db, "outage_count", **months)] == [1, 0, None]
    ((_, present, _),) = (
        await overview(db, [KPIS["outage_seconds"]], this_month(ZoneInfo("UTC"), NOW, 7))
    ).kpis
    assert (present.value, present.previous.value) == (february.value, 0), "as many days of January had none"


async def test_where_nothing_was_agreed_there_is_no_availability(follower: Connection, db: Database) -> None:
    hours = await _live(follower)
    await hours.retire("mail", BEGIN + timedelta(days=2))
    await _told(follower, _down(1).then("resolved", minutes=60), _down(72).then("resolved", minutes=60))
    days = ("2026-01-01", "2026-01-25", "2026-01-27", "2026-02-10")
    before, while_live, after = [
        (await _points(db, "service_availability", begin=begin, end=end))[0] for begin, end in pairwise(days)
    ]
    assert (before.value, before.no_value, before.status) == (None, "no_agreed_time", "no_data")
    assert (while_live.value, while_live.status) == (round(1 - HOUR / (2 * DAY), 9), KpiStatus.missed)
    assert (after.value, after.exposure and after.exposure.agreed_seconds) == (None, 0)
    assert (await _points(db, "outage_count"))[0].value == 1, "of what was retired nothing goes out"


async def test_the_budget_of_a_year_is_what_its_promises_leave(follower: Connection, db: Database) -> None:
    hours = await _live(follower)
    target = {"metric": "availability", "threshold": "0.99", "calendar": None}
    await hours.sla("SLA-2026-001", BEGIN + timedelta(days=10), None, services=["mail"], targets=[target])
    await _told(follower, _down(24).then("resolved", minutes=60))
    (point,) = await _points(db, "availability_budget_used")
    rest = (datetime(2027, 1, 1, tzinfo=UTC) - BEGIN).total_seconds() - 10 * DAY
    allowed = 10 * DAY * 0.001 + rest * 0.01
    assert point.value == pytest.approx(HOUR / allowed, abs=1e-9)
    assert point.exposure is not None
    assert point.exposure.expected == pytest.approx((10 * DAY * 0.001 + 10 * DAY * 0.01) / allowed, abs=1e-9)
    parts = {
        agreement_point.by["agreement"]: agreement_point
        for agreement_point in await _points(db, "availability_budget_used", "agreement")
    }
    assert parts.keys() == {None, "SLA-2026-001"}
    assert parts[None].value == round(HOUR / (10 * DAY * 0.001), 9)
    assert parts["SLA-2026-001"].value == 0


@in_test_all
async def test_an_agreement_that_nobody_has_is_said_to_be_unknown(follower: Connection, db: Database) -> None:
    await _live(follower)
    await _told(follower, _down(1))
    with pytest.raises(CannotAnswer) as refused:
        await answer(db, _question("service_availability", filters={"agreement": ["SLA-1999-001"]}), NOW)
    assert (refused.value.field, refused.value.code) == ("agreement", "unknown_value")


@in_test_all
async def test_charts_tables_and_forecasts_cope_with_time(follower: Connection, db: Database) -> None:
    await _live(follower)
    await _told(follower, *(_down(24 * n).then("resolved", minutes=n) for n in range(1, 15)))
    for key in KEYS:
        days = _question(key, grain="day", end="2026-03-01")
        kpi_answer = await answer(db, days, NOW)
        chart = behaviour(days.kpi, kpi_answer, NOW)
        assert chart.limits is not None or key == "mtbf", "a day without an outage has no time between any"
        if chart.limits is not None and key == "service_availability":
            assert chart.limits.high <= 1
            assert 0.99 < chart.limits.centre < 1, "not rounded away"
        text = dump_csv(*tabular.series_table(kpi_answer, ()))
        assert "exposure_agreed_seconds" in text.splitlines()[0]
        assert len(text.splitlines()) == len(kpi_answer.points) + 1
        ahead = await forecast(db, _question(key, grain="month", begin="2026-02-01", end="2026-03-01"), None)
        assert ahead.outlook is None, "how long the next outage is nobody knows"


@pytest.mark.parametrize("key", first_of(KEYS, 1))
async def test_a_stretch_that_is_wrong_is_found_to_the_incident(
    follower: Connection, db: Database, database_url: str, key: str
) -> None:
    await _live(follower)
    wrong = _down(30).then("resolved", minutes=60)
    await _told(follower, _down(1).then("resolved", minutes=60), wrong)
    zone = ZoneInfo("Europe/Berlin")
    report = await reconcile(database_url, zone=zone, now=NOW, keys=[key])
    assert (report.differences, report.compared > 10) == ([], True)
    await follower.execute(b"delete from kpi.incident_outage where case_id = %s", (wrong.id,))
    report = await reconcile(database_url, zone=zone, now=NOW, keys=[key])
    assert report.difference_count > 0
    assert {difference.cases for difference in report.differences} == {(wrong.id,)}


async def test_the_worst_three_services_stand_beside_the_pooled_value(
    follower: Connection, db: Database
) -> None:
    minutes = {"mail": 30, "erp": 300, "shop": 90, "wiki": 60, "chat": 0}
    await _live(follower, *minutes)
    outages = [
        Scripted.begin(BEGIN + timedelta(hours=n), service=service, effect="down").then(
            "resolved", minutes=down
        )
        for n, (service, down) in enumerate(minutes.items())
        if down
    ]
    again = Scripted.begin(BEGIN + timedelta(days=3), service="wiki", effect="down")
    await _told(follower, *outages, again.then("resolved", minutes=1))
    expected = {"service_availability": ["erp", "shop", "wiki"], "mtbf": ["wiki", "erp", "shop"]}
    for key, worst in expected.items():
        (pooled,) = await _points(db, key)
        alone = {point.by["service"]: point.value for point in await _points(db, key, "service")}
        assert pooled.worst_services is not None
        worst_values = {each.service: each.value for each in pooled.worst_services}
        assert list(worst_values) == worst
        assert worst_values.items() <= alone.items()
        assert pooled.value is not None
        assert min(worst_values.values()) < pooled.value
    (count,) = await _points(db, "outage_count")
    assert count.worst_services is None
