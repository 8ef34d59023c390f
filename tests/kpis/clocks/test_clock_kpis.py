"""KPIs of clocks: met, breached, saved and withdrawn, each clock in one period, down to its events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.events import Event, stream
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection, Database
from tests.contract.logged import MADE_UP
from tests.extent import WHOLE, in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write, write_more

LATER = datetime(2026, 9, 1, tzinfo=UTC)
DAY = 24 * 60
OF_CLOCKS = (
    *("sla_attainment", "sla_attainment_opened", "sla_breaches_by_cause", "sla_warned_saved"),
    "sla_breaches_withdrawn",
)


def question(
    key: str, now: datetime = LATER, grain: str = "all", by: tuple[str, ...] = (), **filters: list[str]
) -> KpiQuestion:
    parameters = QuestionParameters(grain=grain, begin="2025-12-01", end="2026-09-01", by=by, filters=filters)
    return parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")


async def points(db: Database, key: str, now: datetime = LATER, **parameters: Any) -> list[KpiPoint]:
    kpi_points = (await answer(db, question(key, now, **parameters), now)).points
    return [point for point in kpi_points if point.cases]


async def share(
    db: Database, key: str, now: datetime = LATER, **parameters: Any
) -> tuple[int | None, int | None]:
    """Numerator and denominator of the only point."""
    kpi_points = (await answer(db, question(key, now, **parameters), now)).points
    (point,) = kpi_points
    return point.numerator, point.denominator


async def agree(connection: Connection, *targets: dict[str, Any], **more: Any) -> Hours:
    """An agreement for everything, round the clock."""
    hours = Hours(connection)
    await hours.calendar("always", (0, 24))
    await hours.sign("all", *targets, calendar="always", **more)
    return hours


def four_hours(**more: Any) -> dict[str, Any]:
    return {"id": "t1", "metric": "resolution", "threshold_seconds": 14_400, **more}


async def follow(connection: Connection, *event_types: Scripted) -> None:
    await write(connection, [event for case in event_types for event in case.events])
    await catch_up(connection, FACTS)


@pytest.fixture
async def reconciled(database_url: str, follower: Connection) -> Any:
    """After each test of `make test-all` both paths agree on its events."""
    yield
    if WHOLE:
        report = await reconcile(database_url, zone=ZoneInfo("Asia/Shanghai"), now=LATER, keys=OF_CLOCKS)
        assert report.differences == []


async def test_a_clock_that_is_breached_in_may_and_stops_in_june_is_of_may_and_not_again(
    follower: Connection, db: Database, reconciled: None
) -> None:
    await agree(follower, four_hours())
    begun = datetime(2026, 5, 31, 18, tzinfo=UTC)
    case = Scripted.begin(begun).then("resolved", minutes=10 * 60)
    open_still = Scripted.begin(begun)
    await follow(follower, case, open_still)
    (point,) = await points(db, "sla_attainment", grain="month")
    assert (point.begin.month, point.numerator, point.denominator) == (5, 0, 2)
    # Before it is breached it is in no figure, however certain it may be that it will be.
    assert await share(db, "sla_attainment", begun + timedelta(hours=4)) == (0, 0)


async def test_each_clock_counts_once_in_whatever_periods_one_asks(
    follower: Connection, db: Database, reconciled: None
) -> None:
    targets = (four_hours(), {"id": "t2", "metric": "response", "threshold_seconds": 900})
    await agree(follower, *targets)
    event_types = [
        Scripted.begin(BEGIN + timedelta(days=n))
        .then("acknowledged", minutes=n)
        .then("resolved", minutes=60 * n)
        for n in range(40)
    ]
    await follow(follower, *event_types)
    assert (await share(db, "sla_attainment"))[1] == 80
    for grain in ("day", "week", "month"):
        kpi_points = await points(db, "sla_attainment", grain=grain)
        assert sum(point.denominator or 0 for point in kpi_points) == 80
    by_metric = await points(db, "sla_attainment", by=("metric",))
    assert {point.by["metric"]: (point.numerator, point.denominator) for point in by_metric} == {
        "resolution": (4, 40),  # of three hours and so many minutes at most
        "response": (16, 40),
    }


@in_test_all
async def test_reopening_takes_a_met_clock_back_until_it_stops_again(
    follower: Connection, db: Database, reconciled: None
) -> None:
    await agree(follower, four_hours())
    case = Scripted.begin(BEGIN).then("resolved", minutes=60)
    await follow(follower, case)
    (point,) = await points(db, "sla_attainment")
    assert (point.numerator, point.denominator) == (1, 1)
    again = case.then("reopened", minutes=DAY)
    await write_more(follower, list(again.events[2:]))
    await catch_up(follower, FACTS)
    soon = BEGIN + timedelta(days=1, hours=2)
    assert await share(db, "sla_attainment", soon) == (0, 0)
    # It goes on where it stood, without the day in which it was resolved.
    assert await share(db, "sla_attainment", soon + timedelta(hours=3)) == (0, 1)


async def test_of_what_was_opened_some_is_undecided(
    follower: Connection, db: Database, reconciled: None
) -> None:
    await agree(follower, four_hours())
    met = Scripted.begin(BEGIN, team_id=str(TEAMS[0])).then("resolved", minutes=60)
    breached, open_ = Scripted.begin(BEGIN), Scripted.begin(BEGIN + timedelta(hours=2))
    cancelled = Scripted.begin(BEGIN).then("cancelled", minutes=5)
    await follow(follower, met, breached, open_, cancelled)
    now = BEGIN + timedelta(hours=5)
    (point,) = await points(db, "sla_attainment_opened", now)
    assert (point.numerator, point.denominator, point.undecided) == (1, 2, 1)
    assert (point.cases, point.value) == (3, 0.5)
    assert point.excluded["cancelled"] == 1
    assert point.interval is not None
    by_team = await points(db, "sla_attainment_opened", now, by=("team",))
    assert {point.by["team"]: point.undecided for point in by_team} == {"team 0": 0, None: 1}
    early = await answer(db, question("sla_attainment_opened", BEGIN), BEGIN)
    assert early.points[0].value == 1, "met, whenever that is"


@in_test_all
async def test_a_breach_is_whose_the_case_was_then(
    follower: Connection, db: Database, reconciled: None
) -> None:
    first, two = str(TEAMS[0]), str(TEAMS[1])
    await agree(follower, four_hours())
    case = Scripted.begin(BEGIN, team_id=first).then("assigned", minutes=241, team_id=two)
    await follow(follower, case.then("resolved", minutes=60))
    kpi_points = await points(db, "sla_breaches_by_cause", by=("team",))
    assert [(point.by["team"], point.value) for point in kpi_points] == [("team 0", 1)]


def stated(case: Scripted, cause: str, minutes: float, row: UUID | None = None, **about: Any) -> Scripted:
    """Somebody says why a target was missed."""
    stated_case = case.then("breach_cause_stated", minutes=minutes)
    fields = {"cause": cause, **about}
    event = replace(
        stated_case.events[-1], data={"given": {}, "set": {f"breach_cause/{row or uuid7()}": fields}}
    )
    return Scripted((*stated_case.events[:-1], event))


@in_test_all
async def test_breaches_are_told_apart_by_the_cause_that_was_stated_last(
    follower: Connection, db: Database, reconciled: None
) -> None:
    await agree(follower, four_hours(), {"id": "t2", "metric": "response", "threshold_seconds": 900})
    row = uuid7()
    silent = Scripted.begin(BEGIN)
    of_all = stated(Scripted.begin(BEGIN), "workload", 300)
    of_one = stated(of_all_but_own := stated(Scripted.begin(BEGIN), "vendor", 300), "requester", 1,
                    agreement_type="SLA", metric="response")  # fmt: skip
    changed = stated(stated(Scripted.begin(BEGIN), "unknown", 300, row), "technical", 9, row)
    by_rule = stated(of_all_but_own, "unknown", 5, agreement_type="SLA", metric="resolution")
    by_rule = Scripted(tuple(_moved(by_rule)))
    await follow(follower, silent, of_all, of_one, changed, by_rule)
    kpi_points = await points(db, "sla_breaches_by_cause", by=("cause", "metric"))
    assert {(p.by["cause"], p.by["metric"]): p.value for p in kpi_points} == {
        ("unknown", "resolution"): 1,
        ("unknown", "response"): 1,
        ("workload", "resolution"): 1,
        ("workload", "response"): 1,
        ("vendor", "resolution"): 2,
        ("vendor", "response"): 1,
        ("requester", "response"): 1,
        ("technical", "resolution"): 1,
        ("technical", "response"): 1,
    }
    (all_,) = await points(db, "sla_breaches_by_cause")
    assert all_.value == 10


def _moved(case: Scripted) -> list[Event]:
    """The same events, of another case."""
    name, before = stream("incident", uuid7()), case.events[0].stream
    return [
        replace(
            event,
            id=uuid7(),
            stream=name,
            data={
                "given": {},
                "set": {
                    name if key == before else f"{key[:13]}{uuid7()}": row
                    for key, row in event.data["set"].items()
                },
            },
        )
        for event in case.events
    ]


@in_test_all
async def test_what_was_warned_of_may_be_saved(follower: Connection, db: Database, reconciled: None) -> None:
    await agree(follower, four_hours(warning_percents=[50, 80]))
    quick = Scripted.begin(BEGIN).then("resolved", minutes=0.8 * 240 - 1)
    saved = Scripted.begin(BEGIN).then("resolved", minutes=0.8 * 240)
    missed = Scripted.begin(BEGIN).then("resolved", minutes=241)
    open_, cancelled = Scripted.begin(BEGIN), Scripted.begin(BEGIN).then("cancelled", minutes=230)
    await follow(follower, quick, saved, missed, open_, cancelled)
    (point,) = await points(db, "sla_warned_saved")
    assert (point.numerator, point.denominator) == (1, 2)
    assert point.excluded["cancelled"] == 1


async def withdraw(connection: Connection, ticket: str, instant: datetime, because: str, metric: str) -> str:
    """A recorded breach of the ticket's clock is said to be none. Returns the clock's stream."""
    clock = stream("clock", uuid5(UUID(ticket.partition("/")[2]), f"SLA:{metric}::1"))
    fields = {
        "agreement": str(uuid7()),
        "agreement_type": "SLA",
        "metric": metric,
        "round": 1,
        "because": because,
    }
    event = Event(
        id=uuid7(),
        stream=clock,
        version=1,
        type="clock.breach_withdrawn",
        occurred_at=instant,
        actor="rule:watch_clocks",
        correlation_id=MADE_UP,
        source="rule",
        data={"given": {}, "set": {}, "clock": fields},
    )
    command = AppendRequest(reads={clock: 0}, events=(event,), abouts={clock: ticket})
    await append(connection, [encode(command)])
    return clock


async def test_a_breach_that_is_taken_back_is_seen(
    follower: Connection, db: Database, reconciled: None
) -> None:
    await agree(follower, four_hours(priority="P1"))
    case = Scripted.begin(BEGIN, priority="P1", service="mail").then(
        "prioritised", minutes=300, priority="P4"
    )
    await write(follower, list(case.events))
    instant = BEGIN + timedelta(minutes=300)
    clock = await withdraw(follower, case.events[0].stream, instant, "reprioritised", "resolution")
    # What is told later of the case changes nothing of it.
    await write_more(follower, list(case.then("edited", minutes=1, service="erp").events[2:]))
    await catch_up(follower, FACTS)
    (point,) = await points(db, "sla_breaches_withdrawn", by=("cause", "priority", "service", "metric"))
    assert (point.by, point.value) == (
        {"cause": "reprioritised", "priority": "P4", "service": "mail", "metric": "resolution"},
        1,
    )
    assert await points(db, "sla_attainment") == [], "no target fits any more"
    (counted,) = (await cases(db, question("sla_breaches_withdrawn"), LATER)).cases
    assert (counted.id, str(counted.clock)) == (case.id, clock.partition("/")[2])
    event_types = [event.type for event in counted.events]
    assert event_types == [
        *("incident.reported", "incident.prioritised", "clock.breach_withdrawn", "incident.edited")
    ]


@in_test_all
async def test_a_breach_is_taken_back_of_the_case_without_what_was_told_instead_of(
    follower: Connection, db: Database, reconciled: None
) -> None:
    """Decision 0084: whoever counts leaves out what another event was told instead of, as the log had it
    then.
    """
    case = Scripted.begin(BEGIN, priority="P4", service="mail").then("edited", minutes=5, priority="P1")
    case = case.then("edited", minutes=0, category="access")
    case.events[2].data["instead"] = 2
    again = case.then("edited", minutes=-5, service="erp")
    again.events[3].data["instead"] = 1
    await write(follower, list(again.events))
    await withdraw(follower, case.events[0].stream, BEGIN, "late_event", "resolution")
    await catch_up(follower, FACTS)
    (point,) = await points(db, "sla_breaches_withdrawn", by=("priority", "service", "category"))
    assert point.by == {"priority": "P4", "service": "erp", "category": "access"}


async def test_a_figure_can_be_opened_down_to_its_clocks_and_what_gave_them(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await agree(follower, four_hours(), {"id": "t2", "metric": "response", "threshold_seconds": 900})
    case = Scripted.begin(BEGIN).then("acknowledged", minutes=5).then("assigned", minutes=5)
    case = case.then("resolved", minutes=300)
    await follow(follower, case, Scripted.begin(BEGIN))
    (point,) = await points(db, "sla_attainment")
    page = await cases(db, question("sla_attainment"), LATER)
    assert len(page.cases) == point.cases == 4
    assert sum(listed_case.measure for listed_case in page.cases) == point.numerator == 1
    assert len({listed_case.clock for listed_case in page.cases}) == 4
    assert {str(listed_case.agreement) for listed_case in page.cases} == {hours.id("all")}
    (met,) = [listed_case for listed_case in page.cases if listed_case.measure]
    assert met.metric == "response"
    event_types = [event.type for event in met.events]
    assert event_types == ["incident.reported", "incident.acknowledged", "incident.resolved"]
    first = await cases(db, question("sla_attainment"), LATER, limit=3)
    rest = await cases(db, question("sla_attainment"), LATER, after=first.last, limit=3)
    assert [listed_case.clock for listed_case in (*first.cases, *rest.cases)] == [
        listed_case.clock for listed_case in page.cases
    ]


@in_test_all
async def test_figures_are_cut_and_filtered_by_agreements(
    follower: Connection, db: Database, reconciled: None
) -> None:
    hours = await agree(follower, four_hours())
    await hours.sign("mail", four_hours(threshold_seconds=60), calendar="always", services=["mail"])
    mail = Scripted.begin(BEGIN, service="mail").then("resolved", minutes=60)
    await follow(follower, mail, Scripted.begin(BEGIN).then("resolved", minutes=60))
    kpi_points = await points(db, "sla_attainment", by=("agreement",))
    assert {point.by["agreement"]: point.value for point in kpi_points} == {"SLA-all": 1, "SLA-mail": 0}
    for named in ("SLA-mail", hours.id("mail")):
        assert await share(db, "sla_attainment", agreement=[named]) == (0, 1)
    with pytest.raises(CannotAnswer):
        await share(db, "sla_attainment", agreement=["SLA-none"])


async def test_a_history_has_the_agreements_that_are_known_and_as_of_keeps_what_was(
    follower: Connection, db: Database, reconciled: None
) -> None:
    case = Scripted.begin(BEGIN).then("resolved", minutes=300)
    imported = [replace(event, source="import:old_tool") for event in case.events]
    living = Scripted.begin(BEGIN).then("resolved", minutes=300)
    await write(follower, [*imported, *living.events])
    await catch_up(follower, FACTS)
    assert await share(db, "sla_attainment") == (0, 0)
    head = await (await follower.execute(b"select position from log.head")).fetchone()
    assert head is not None
    await agree(follower, four_hours())
    await catch_up(follower, FACTS)
    assert await share(db, "sla_attainment") == (0, 1), "a signature does not reach back to what lives here"
    then = await answer(db, question("sla_attainment"), LATER, position=head[0])
    assert [point.cases for point in then.points] == [0]
