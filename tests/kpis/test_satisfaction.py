"""What satisfaction and complaints come to, worked out by hand; and how far chance may have moved them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import comb
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.series import KpiPoint, KpiStatus, NoValueReason
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.periods import Grain, year_earlier
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.kpis.statistics import intervals
from app.log.canonical import instant
from app.log.events import Event
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import Scripted, write

NOW = datetime(2026, 9, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)
LAST_MAY = datetime(2025, 5, 10, 12, tzinfo=UTC)
DAY = 24 * 60
KEYS = [
    key
    for key, kpi in KPIS.items()
    if kpi.fact in {"rated", "rating_asked", "complained", "complaint_answered"}
]
#: May, from and to.
OF_MAY = {"begin": "2026-05-01", "end": "2026-06-01"}


def question(key: str, now: datetime = NOW, **query: Any) -> KpiQuestion:
    parameters = QuestionParameters(**{"grain": "month", **OF_MAY, **query})
    return parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")


async def answered(db: Database, key: str, now: datetime = NOW, **parameters: Any) -> KpiAnswer:
    return await answer(db, question(key, now, **parameters), now)


async def point(db: Database, key: str, now: datetime = NOW, **parameters: Any) -> KpiPoint:
    (kpi_point,) = (await answered(db, key, now, **parameters)).points
    return kpi_point


def beside(case: Scripted, kind: str, minutes: float, name: str, **fields: Any) -> Scripted:
    """The case, and so many minutes later an event that sets these fields of the row beside it."""
    after = case.then(kind, minutes=minutes)
    after.events[-1].data["set"] = {name: fields}
    return after


class Told:
    """A resolved incident, and what its requester says of it: each so many days after what was before."""

    def __init__(self, opened_at: datetime, **fields: Any) -> None:
        self.case = Scripted.begin(opened_at, **fields).then("resolved", minutes=0)
        self.rating, self.complaint = f"rating/{uuid7()}", f"complaint/{uuid7()}"

    def _say(self, kind: str, days: float, name: str, **fields: Any) -> Told:
        self.case = beside(self.case, kind, days * DAY, name, **fields)
        return self

    def asked(self, days: float = 0) -> Told:
        return self._say("rating_asked", days, f"rating_request/{uuid7()}", asked_at="x")

    def rated(self, score: int, days: float = 0, **fields: Any) -> Told:
        return self._say("rated", days, self.rating, score=score, **fields)

    def complained(self, days: float = 0, due: float = 5, name: str = "", **fields: Any) -> Told:
        occurred_at = self.case.events[-1].occurred_at + timedelta(days=days)
        event_fields = {"subject": "speed", "due_at": instant(occurred_at + timedelta(days=due)), **fields}
        return self._say("complained", days, name or self.complaint, **event_fields)

    def complaint_answered(self, days: float) -> Told:
        return self._say("complaint_answered", days, self.complaint, answered_at="2026-05-20T00:00:00Z")

    def merged(self, name: str) -> Told:
        return self._say("complaint_merged", 0, name, merged_at="2026-05-20T00:00:00Z")

    def cancelled(self) -> Told:
        self.case = self.case.then("reopened", minutes=1).then("cancelled", minutes=1)
        return self


async def write_all(connection: Connection, *tellings: Told) -> None:
    events: list[Event] = [event for telling in tellings for event in telling.case.events]
    await write(connection, events)
    await catch_up(connection, FACTS)


async def agree(url: str) -> None:
    """Both paths say the same of all of it, which `make test-all` looks at."""
    if not WHOLE:
        return
    report = await reconcile(url, zone=ZoneInfo("UTC"), now=NOW, keys=KEYS)
    assert report.differences == []
    assert report.compared > 0


async def test_the_first_rating_decides_the_month_and_the_last_within_30_days_what_it_is(
    follower: Connection, db: Database, database_url: str
) -> None:
    await write_all(
        follower,
        Told(MAY).rated(2).rated(4, days=29),  # in June: it counts in May, as 4
        Told(MAY).rated(5).rated(1, days=31),  # too late to change it
        Told(MAY).rated(3),
        Told(MAY).rated(1, by_staff=True),
        Told(MAY).rated(5).cancelled(),
        Told(MAY),
    )
    kpi_point = await point(db, "csat")
    assert (kpi_point.value, kpi_point.numerator, kpi_point.denominator, kpi_point.cases) == (4.0, 12, 3, 3)
    assert kpi_point.excluded == {"cancelled": 1, "duplicate": 0, "rejected": 0, "staff": 1, "unknown": 0}
    assert (kpi_point.status, kpi_point.small) == (KpiStatus.missed, True), "the target is above 4.0"
    assert kpi_point.beside["csat_satisfied_share"].value == 0.666667
    assert kpi_point.final_after == datetime(2026, 7, 1, tzinfo=UTC), "30 days after the period"
    assert (await point(db, "csat", begin="2026-06-01", end="2026-07-01")).no_value is NoValueReason.no_cases
    counted = (await cases(db, question("csat"), NOW)).cases
    assert sorted(case.measure for case in counted) == [3, 4, 5]
    assert {event.type for case in counted for event in case.events} == {
        "incident.reported",
        "incident.rated",
    }
    await agree(database_url)


@in_test_all
async def test_the_response_and_the_sampling_stand_beside(
    follower: Connection, db: Database, database_url: str
) -> None:
    await write_all(
        follower,
        Told(MAY).asked().rated(5, days=30),
        Told(MAY).asked().rated(5, days=30.1),
        Told(MAY).asked().rated(4).asked(days=40),  # it was asked for once
        Told(MAY).asked(),
        *(Told(MAY) for _ in range(4)),
    )
    response = await point(db, "csat_response_rate")
    assert (response.value, response.numerator, response.denominator) == (0.5, 2, 4)
    sampling = await point(db, "csat_sampling_rate")
    assert (sampling.value, sampling.numerator, sampling.denominator) == (0.5, 4, 8)
    beside_it = (await point(db, "csat")).beside
    assert (beside_it["csat_response_rate"].value, beside_it["csat_sampling_rate"].value) == (0.5, 0.5)
    await agree(database_url)


@in_test_all
async def test_complaints_are_compared_with_the_year_before(
    follower: Connection, db: Database, database_url: str
) -> None:
    both = f"complaint/{uuid7()}"
    await write_all(
        follower,
        Told(LAST_MAY - timedelta(days=9)),  # since when there are records: 1 May
        *(Told(LAST_MAY).complained() for _ in range(10)),
        *(Told(MAY).complained(subject="conduct") for _ in range(5)),
        Told(MAY).complained().complained(name=both).merged(both),
        Told(MAY).complained().cancelled(),
        *(Told(MAY) for _ in range(3)),
    )
    kpi_point = await point(db, "complaints_yoy")
    assert (kpi_point.value, kpi_point.numerator, kpi_point.denominator) == (-0.3, 7, 10)
    assert kpi_point.excluded["duplicate"] == 1, "it was merged; what becomes of the incident does not matter"
    assert kpi_point.status is KpiStatus.met
    low, high = intervals.poisson_ratio(7, 10)
    assert kpi_point.interval is not None
    assert (kpi_point.interval.low, kpi_point.interval.high) == (round(low - 1, 6), round(high - 1, 6))
    # Nine incidents were resolved for good in May: the one that was cancelled was not.
    per_thousand = await point(db, "complaints_per_thousand")
    assert (per_thousand.value, per_thousand.numerator, per_thousand.denominator) == (777.777778, 7, 9)
    assert per_thousand.last_year is not None
    assert per_thousand.last_year.value == 909.090909, "10 of 11"
    assert kpi_point.beside["complaints_per_thousand"].value == 777.777778
    cut = {
        shown_point.by["subject"]: shown_point
        for shown_point in (await answered(db, "complaints_yoy", by=("subject",))).points
    }
    assert (cut["conduct"].value, cut["conduct"].no_value, cut["conduct"].denominator) == (
        None,
        NoValueReason.too_few,
        0,
    )
    assert (cut["speed"].value, cut["speed"].numerator) == (-0.8, 2)
    counted = (await cases(db, question("complaints_yoy"), NOW)).cases
    assert len(counted) == kpi_point.cases == 7
    await agree(database_url)


async def test_there_is_no_comparison_with_too_few_or_with_what_was_not_loaded(
    follower: Connection, db: Database, database_url: str
) -> None:
    await write_all(
        follower,
        Told(datetime(2025, 5, 4, tzinfo=UTC)),
        *(Told(LAST_MAY).complained() for _ in range(9)),
        Told(LAST_MAY + timedelta(days=31)).complained(),
        *(Told(MAY).complained() for _ in range(8)),
    )
    kpi_point = await point(db, "complaints_yoy")
    assert (kpi_point.value, kpi_point.no_value, kpi_point.denominator) == (None, NoValueReason.too_few, 9)
    assert (kpi_point.status, kpi_point.interval) == (KpiStatus.no_data, None)
    quarter = await point(db, "complaints_yoy", grain="all", begin="2026-04-01", end="2026-07-01")
    assert (quarter.value, quarter.no_value) == (None, NoValueReason.not_loaded), "April has no records"
    both = await point(db, "complaints_yoy", grain="all", begin="2026-05-01", end="2026-07-01")
    assert (both.value, both.denominator) == (-0.2, 10)
    await agree(database_url)


async def test_a_running_period_is_compared_with_as_much_of_the_year_before(
    follower: Connection, db: Database
) -> None:
    await write_all(
        follower,
        Told(datetime(2025, 5, 1, tzinfo=UTC)),
        *(Told(LAST_MAY).complained() for _ in range(10)),
        *(Told(LAST_MAY + timedelta(days=5)).complained() for _ in range(10)),
        *(Told(MAY).complained() for _ in range(5)),
    )
    kpi_point = await point(db, "complaints_yoy", now=MAY + timedelta(hours=1))
    assert (kpi_point.value, kpi_point.denominator) == (-0.5, 10), "up to the 10th of each"
    assert (await point(db, "complaints_yoy")).value == -0.75
    csat = await point(db, "csat", now=MAY + timedelta(hours=1))
    assert csat.last_year is not None
    opened = question("incidents_opened", now=MAY + timedelta(hours=1))
    assert (await answer(db, opened, opened.now)).points[0].last_year is None, "nobody has asked for it"


async def test_how_long_complaints_wait_and_how_many_still_do(
    follower: Connection, db: Database, database_url: str
) -> None:
    both = f"complaint/{uuid7()}"
    await write_all(
        follower,
        Told(MAY).complained().complaint_answered(2),
        Told(MAY).complained().complaint_answered(4),
        Told(MAY).complained().complaint_answered(9),
        Told(MAY).complained(),
        Told(MAY).complained().complained(name=both).merged(both),
    )
    kpi_point = await point(db, "complaint_answer_seconds")
    assert (kpi_point.value, kpi_point.cases, kpi_point.open_cases) == (4 * 86_400, 3, 2)
    assert kpi_point.elapsed is not None
    assert kpi_point.elapsed.max == 9 * 86_400
    assert kpi_point.beside["complaint_answered_in_time"].value == 0.666667
    # Of five that were made three are answered: half of them within nine days.
    waits = await point(db, "complaint_answer_km")
    assert (waits.value, waits.cases) == (9 * 86_400, 5)
    assert waits.survival is not None
    assert (waits.survival.ended, waits.survival.open) == (3, 2)
    assert waits.excluded["duplicate"] == 1
    assert kpi_point.beside["complaint_answer_km"].value == waits.value
    await agree(database_url)


@in_test_all
async def test_the_made_histories_have_all_of_it(books: Books) -> None:
    """What both paths are compared on is not equal only because there is nothing."""
    for key in KEYS:
        kpi_points = (await answered(books.db, key, begin="2026-02-01", end="2026-04-01")).points
        # Whether half of the complaints of a month are answered yet depends on the month.
        values_told = [
            shown_point.value if shown_point.survival is None else shown_point.survival.ended or None
            for shown_point in kpi_points
        ]
        assert None not in values_told, key
        assert len(values_told) == 2
        assert sum(shown_point.cases for shown_point in kpi_points) > 5, key


@pytest.mark.parametrize(("count", "other"), [(0, 10), (1, 10), (10, 30), (30, 10), (250, 400)])
def test_the_interval_of_a_ratio_is_that_of_the_binomial_share(count: int, other: int) -> None:
    """Where the ratio is one of its bounds, what was seen or further away comes to 2.5 %."""
    low, high = intervals.poisson_ratio(count, other)
    both = count + other

    def chance(ratio: float, counts: range) -> float:
        share = ratio / (1 + ratio)
        return sum(comb(both, n) * share**n * (1 - share) ** (both - n) for n in counts)

    assert low < count / other < high or count == low == 0
    assert chance(high, range(count + 1)) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert chance(low, range(count, both + 1)) == pytest.approx(0.025, rel=1e-6)


def test_the_interval_of_a_mean_score_holds_whatever_the_scores_are() -> None:
    assert intervals.score(5 * 20, 20)[1] == 5
    assert intervals.score(20, 20)[0] == 1
    low, high = intervals.score(80, 20)
    assert 1 < low < 4 < high < 5
    # As if 15 of 20 had said 5, and the others 1.
    share = intervals.wilson(15, 20)
    assert (low, high) == pytest.approx((1 + 4 * share[0], 1 + 4 * share[1]))


@pytest.mark.parametrize(
    ("grain", "then", "zone", "before"),
    [
        (Grain.month, "2026-05-01T00:00+08:00", "Asia/Shanghai", "2025-05-01T00:00+08:00"),
        (Grain.month, "2026-03-29T12:00+02:00", "Europe/Berlin", "2025-03-29T12:00+01:00"),
        (Grain.day, "2024-02-29T00:00+00:00", "UTC", "2023-03-01T00:00+00:00"),
        (Grain.day, "2024-02-28T00:00+00:00", "UTC", "2023-02-28T00:00+00:00"),
        (Grain.day, "2025-02-28T00:00+00:00", "UTC", "2024-02-28T00:00+00:00"),
        (Grain.week, "2026-05-04T00:00+00:00", "UTC", "2025-05-05T00:00+00:00"),
    ],
)
def test_a_year_earlier_is_the_same_date_by_the_clocks(
    grain: Grain, then: str, zone: str, before: str
) -> None:
    earlier = year_earlier(grain, datetime.fromisoformat(then), ZoneInfo(zone))
    assert earlier == datetime.fromisoformat(before)
