"""The time of incidents and requests by their agreements: calendars, pauses, targets, days of reopening."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import INCIDENT, REQUEST
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up, reset
from app.platform.db import Connection, Database
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.clocks.test_clock_kpis import DAY, LATER, follow, points, question, share
from tests.kpis.histories import BEGIN, Scripted, histories, write, write_more
from tests.kpis.kinds import process_of
from tests.kpis.lives import Life
from tests.kpis.other_histories import REQUEST as REQUESTS
from tests.kpis.other_histories import other_histories, write_others
from tests.selection import selected

HOUR = 60
TIMES = (
    *("incident_response_seconds", "incident_resolution_seconds", "incident_response_attainment"),
    *("incident_resolution_attainment", "reopen_rate", "request_response_seconds", "request_lead_seconds"),
    *("request_handling_seconds", "resolution_rate", "service_accuracy"),
)


@pytest.fixture
async def reconciled(database_url: str, follower: Connection) -> Any:
    """After each test of `make test-all` both paths agree on its events."""
    yield
    if WHOLE:
        report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=LATER, keys=TIMES)
        assert report.differences == []


async def seconds(
    db: Database, key: str, **parameters: Any
) -> tuple[float | None, float | None, float | None]:
    """The value, business time, and elapsed time of the only point."""
    (point,) = await points(db, key, **parameters)
    assert point.business is not None
    assert point.elapsed is not None
    return point.value, point.business.mean, point.elapsed.mean


async def office(connection: Connection) -> Hours:
    """Hours from one to five; BEGIN is a midnight."""
    hours = Hours(connection)
    await hours.calendar("office", (1, 5))
    await hours.calendar("always", (0, 24))
    return hours


async def test_a_resolution_takes_what_the_clock_of_the_agreement_counted(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    waits = {"pause_reasons": ["awaiting_requester"]}
    await hours.sign("all", {"id": "t1", "metric": "resolution", "threshold_seconds": 3600, **waits})
    case = Scripted.begin(BEGIN).then("held", minutes=2 * HOUR, hold_reason="awaiting_requester")
    case = case.then("resumed", minutes=HOUR).then("resolved", minutes=HOUR)
    case = case.then("reopened", minutes=DAY).then("resolved", minutes=30)
    await follow(follower, case)
    # 1–2, 3–4, and half an hour of the next day; what was held, and what was resolved, does not count.
    assert await seconds(db, "incident_resolution_seconds") == (9000, 9000, 28.5 * 3600)


@in_test_all
async def test_without_a_target_the_calendar_counts_that_of_the_agreement_before_the_services(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    await hours.service("mail", "always")
    await hours.service("erp", "office")
    await hours.sign("mail", {"id": "t1", "metric": "update", "threshold_seconds": 3600}, services=["mail"])
    cases_told = [
        Scripted.begin(BEGIN, service=service)
        .then("acknowledged", minutes=2 * HOUR)
        .then("resolved", minutes=HOUR)
        .then("reopened", minutes=HOUR)
        .then("resolved", minutes=DAY)
        for service in ("mail", "erp", None)
    ]
    await follow(follower, *cases_told)
    for service in ("mail", "erp"):
        fields = {"service": [service]}
        assert await seconds(db, "incident_response_seconds", **fields) == (3600, 3600, 7200)
        # 1–3, 4–5, and 1–4 of the next day.
        assert await seconds(db, "incident_resolution_seconds", **fields) == (6 * 3600, 6 * 3600, 28 * 3600)
    none = {"service": ["none"]}
    assert await seconds(db, "incident_response_seconds", **none) == (7200, 7200, 7200)
    assert await seconds(db, "incident_resolution_seconds", **none) == (28 * 3600,) * 3


@in_test_all
async def test_a_p1_is_answered_round_the_clock(follower: Connection, db: Database, reconciled: None) -> None:
    hours = await office(follower)
    await hours.service("mail", "office")
    answered = Scripted.begin(BEGIN, service="mail", priority="P1").then("acknowledged", minutes=70)
    other = Scripted.begin(BEGIN, service="mail", priority="P2").then("acknowledged", minutes=70)
    await follow(follower, answered, other)
    assert await seconds(db, "incident_response_seconds", priority=["P1"]) == (4200, 4200, 4200)
    assert await seconds(db, "incident_response_seconds", priority=["P2"]) == (600, 600, 4200)
    assert await share(db, "incident_response_attainment", priority=["P1"]) == (0, 1)
    assert await share(db, "incident_response_attainment", priority=["P2"]) == (1, 1)


async def test_an_answer_in_time_says_whether_the_incident_came_within_hours(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    await hours.service("mail", "office")
    cases = [
        Scripted.begin(BEGIN + timedelta(hours=hour), service=service, priority=priority)
        for hour, service, priority in (
            *((0.5, "mail", "P2"), (1, "mail", "P2"), (4.99, "mail", "P2"), (5, "mail", "P2")),
            *((0.5, "mail", "P1"), (0.5, None, "P2")),
        )
    ]
    await follow(follower, *(case.then("acknowledged", minutes=2) for case in cases))
    for position in (None, 10_000):
        of_responses = question("incident_response_attainment", LATER)
        (point,) = (await answer(db, of_responses, LATER, position=position)).points
        assert (point.numerator, point.denominator, point.arrived_in_hours) == (6, 6, 4), position


async def test_what_is_in_time_is_so_by_the_targets_of_the_agreement(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    resolution = {"id": "t1", "metric": "resolution", "threshold_seconds": 4 * 3600}
    response = {"id": "t2", "metric": "response", "threshold_seconds": 3600}
    await hours.sign("mail", resolution, response, services=["mail"], calendar="always")
    on_the_dot = Scripted.begin(BEGIN, service="mail").then("acknowledged", minutes=60)
    on_the_dot = on_the_dot.then("resolved", minutes=180)
    late = (
        Scripted.begin(BEGIN, service="mail").then("acknowledged", minutes=61).then("resolved", minutes=180)
    )
    usual = Scripted.begin(BEGIN).then("acknowledged", minutes=15).then("resolved", minutes=104)
    incident = Scripted.begin(BEGIN, service="mail").then("cancelled", minutes=61)
    await follow(follower, on_the_dot, late, usual, incident)
    for key in ("incident_response_attainment", "incident_resolution_attainment"):
        assert await share(db, key, service=["mail"]) == (1, 2), "equal is met"
    assert await share(db, "incident_response_attainment", service=["none"]) == (0, 1)
    assert await share(db, "incident_resolution_attainment", service=["none"]) == (1, 1)
    (point,) = await points(db, "incident_response_attainment")
    assert point.excluded["cancelled"] == 1


@pytest.mark.parametrize(("days", "soon"), first_of([(10, 2), (None, 1), (3, 0)], 1))
async def test_what_is_reopened_soon_is_so_by_the_agreed_days(
    follower: Connection, db: Database, reconciled: None, days: int | None, soon: int
) -> None:
    hours = await office(follower)
    target = {"id": "t1", "metric": "resolution", "threshold_seconds": 4 * 3600}
    await hours.sign("all", target, reopen_days=days)
    cases_told = [
        Scripted.begin(BEGIN).then("resolved", minutes=60).then("reopened", minutes=n * DAY)
        for n in (5, 9, 12)
    ]
    # What was copied to a ticket goes before what its agreement says now.
    own = Scripted.begin(BEGIN, reopen_days=1).then("resolved", minutes=60).then("reopened", minutes=2 * DAY)
    await follow(follower, *cases_told, own)
    assert await share(db, "reopen_rate") == (soon, 4)


async def test_requests_go_by_their_agreement_too(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    await hours.service("mail", "always")
    target = {"id": "t1", "metric": "fulfilment", "threshold_seconds": 4 * 3600}
    await hours.sign("all", target | {"pause_states": ["awaiting_approval"]}, reopen_days=2)
    life = Life(path="standard", service="mail").then(3600, "assessed", "awaiting_approval")
    life.then(2 * 3600, "approved", "assessed").then(3 * 3600, "started", "in_progress")
    life.then(26 * 3600, "fulfilled", "delivered")
    back = Life(path="standard", service="mail").then(3600, "fulfilled", "delivered")
    back.then(3600 + 3 * 86_400, "reopened", "in_progress")
    await write_others(follower, [*life.events, *back.events])
    await catch_up(follower, FACTS)
    # 2–5 and 1–2: of the approval's wait, from one to two, nothing counts.
    assert await seconds(db, "request_lead_seconds") == (26 * 3600, 4 * 3600, 26 * 3600)
    assert await seconds(db, "request_handling_seconds") == (3 * 3600, 3 * 3600, 23 * 3600)
    assert await share(db, "resolution_rate") == (1, 2)


async def content(connection: Connection) -> dict[str, Any]:
    """Of each table of facts, and of clocks, a hash of all that is in it."""
    by_key = {}
    for name in [*(f"kpi.{table.name}" for table in (*INCIDENT, *REQUEST)), "sla.case"]:
        text = f"select md5(string_agg(t::text, ' ' order by t::text)) from {name} t"
        by_key[name] = await (await connection.execute(text.encode())).fetchone()
    return by_key


async def test_facts_are_made_anew_when_an_agreement_or_a_calendar_comes_behind_them(
    database_url: str, follower: Connection, db: Database
) -> None:
    """Of histories, and of what is open: as if all had been known from the beginning."""
    hours = await office(follower)
    await hours.sign(
        "early", {"id": "e1", "metric": "resolution", "threshold_seconds": 3600, "priority": "P1"}
    )
    cases_told = histories(5, cases=60 if WHOLE else 20)
    imported = {event.stream for event in cases_told[::3]}
    cases_told = [
        replace(event, source="import:old_tool") if event.stream in imported else event
        for event in cases_told
    ]
    await write(follower, cases_told)
    await write_others(follower, other_histories(5, 30 if WHOLE else 10, REQUESTS))
    await catch_up(follower, FACTS)
    resolution = {"id": "t1", "metric": "resolution", "threshold_seconds": 40_000}
    response = {"id": "t2", "metric": "response", "threshold_seconds": 4_000}
    await hours.sign("late", resolution, response, services=["mail"], reopen_days=20)
    await catch_up(follower, FACTS)
    await hours.calendar("office", (2, 3))
    await catch_up(follower, FACTS)
    await hours.terminate("late", BEGIN + timedelta(days=40))
    await catch_up(follower, FACTS)
    then = await content(follower)
    keys = selected("facts made again", TIMES, process_of)
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=LATER, keys=keys)
    assert report.differences == []
    await reset(follower, FACTS)
    await catch_up(follower, FACTS)
    assert await content(follower) == then


@in_test_all
async def test_more_of_a_case_makes_its_business_time_anew(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await office(follower)
    await hours.sign("all", {"id": "t1", "metric": "resolution", "threshold_seconds": 3600})
    case = Scripted.begin(BEGIN).then("resolved", minutes=2 * HOUR)
    await follow(follower, case)
    assert await seconds(db, "incident_resolution_seconds") == (3600, 3600, 7200)
    more = case.then("reopened", minutes=HOUR).then("resolved", minutes=HOUR)
    await write_more(follower, list(more.events[2:]))
    await catch_up(follower, FACTS)
    assert await seconds(db, "incident_resolution_seconds") == (7200, 7200, 4 * 3600)
