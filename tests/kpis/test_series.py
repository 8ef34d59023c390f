"""What a point says of its figures: against target and period before, and how far to trust it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kpis.answers.series import (
    KpiPoint,
    KpiStatus,
    NoValueReason,
    PointContext,
    is_too_small,
    point,
    status,
)
from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Distribution, Figures
from app.kpis.declaration.kpi import Aggregate, Comparator, Kpi, TargetValue, Unit
from app.kpis.questions.question import QuestionParameters, parse_question

MTTR, MTTA = KPIS["incident_resolution_seconds"], KPIS["incident_response_seconds"]
OPENED, BACKLOG, REOPENED = KPIS["incidents_opened"], KPIS["backlog"], KPIS["reopened_share"]
LATER = datetime(2026, 8, 1, tzinfo=UTC)
NOTHING = Figures()


def took(seconds: float, cases: int = 12) -> Figures:
    return Figures(cases=cases, elapsed=Distribution(mean=seconds, median=1, p90=1, max=seconds, zeros=0))


def made(
    kpi: Kpi, figures: Figures, before: Figures = NOTHING, *, now: datetime = LATER, reopen_days: int = 7
) -> KpiPoint:
    """The point of March 2026 in Shanghai."""
    parameters = QuestionParameters(begin="2026-03-01", end="2026-04-01", zone="Asia/Shanghai")
    question = parse_question(kpi, parameters, now=now, organisation_zone="UTC", reopen_days=reopen_days)
    return point(question, (1, ()), figures, {}, PointContext(kpi.target, before, now))


@pytest.mark.parametrize(
    ("comparator", "below", "equal", "above"),
    [
        (Comparator.lt, True, False, False),
        (Comparator.le, True, True, False),
        (Comparator.gt, False, False, True),
        (Comparator.ge, False, True, True),
    ],
)
def test_each_comparator_holds_to_the_last_digit(
    comparator: Comparator, below: bool, equal: bool, above: bool
) -> None:
    target = TargetValue(comparator, 900)
    assert [target.met_by(value) for value in (899.999, 900, 900.001)] == [below, equal, above]


def test_a_period_that_is_over_has_met_its_target_or_missed_it() -> None:
    assert made(MTTA, took(899.999)).status is KpiStatus.met
    assert made(MTTA, took(900)).status is KpiStatus.missed
    assert made(MTTA, NOTHING).status is KpiStatus.no_data
    assert made(REOPENED, Figures(cases=1, total=1)).status is None, "it has no target"


def test_a_running_period_is_at_risk_if_it_misses_its_target_or_meets_it_narrowly() -> None:
    running = datetime(2026, 3, 20, tzinfo=UTC)
    statuses = [made(MTTA, took(seconds), now=running).status for seconds in (809, 811, 901)]
    assert statuses == [KpiStatus.met, KpiStatus.at_risk, KpiStatus.at_risk]
    assert made(MTTA, took(1), now=datetime(2026, 2, 1, tzinfo=UTC)).status is KpiStatus.no_data


def test_a_count_that_is_too_high_does_not_fall_any_more_but_a_backlog_may() -> None:
    most = TargetValue(Comparator.le, 100)
    assert status(OPENED, most, 101, running=True) is KpiStatus.missed
    assert status(BACKLOG, most, 101, running=True) is KpiStatus.at_risk
    assert status(OPENED, TargetValue(Comparator.ge, 100), 99, running=True) is KpiStatus.at_risk


def test_the_room_of_a_ratio_that_is_to_be_high_is_what_it_may_lack() -> None:
    high = TargetValue(Comparator.ge, 0.95)
    statuses = [status(REOPENED, high, value, running=True) for value in (0.956, 0.954, 0.949)]
    assert statuses == [KpiStatus.met, KpiStatus.at_risk, KpiStatus.at_risk]


def test_the_target_of_the_process_documents_stands_in_the_point() -> None:
    target = made(MTTR, took(1)).target
    assert target is not None
    assert (target.comparator, target.value) == (Comparator.lt, 7200)


def test_a_change_is_a_part_of_the_value_before() -> None:
    assert made(MTTR, took(110), took(100)).previous.model_dump() == {"value": 100, "change": 0.1}
    assert made(OPENED, Figures(cases=5), Figures(cases=20)).previous.change == -0.75
    assert made(OPENED, Figures(cases=5)).previous.model_dump() == {"value": 0, "change": None}
    assert made(MTTR, took(110)).previous.model_dump() == {"value": None, "change": None}
    assert made(MTTR, NOTHING, took(100)).previous.model_dump() == {"value": 100, "change": None}


def test_shares_counts_and_numbers_per_case_have_intervals_and_durations_a_distribution() -> None:
    share = made(REOPENED, Figures(cases=263, total=81)).interval
    assert share is not None
    assert (share.low, share.high, share.level) == (0.255289, 0.36621, 0.95)
    count = made(OPENED, Figures(cases=10)).interval
    assert count is not None
    assert (count.low, count.high) == (4.795, 18.39)
    each = made(KPIS["reassignments_per_case"], Figures(cases=5, total=10)).interval
    assert each is not None
    assert (each.low, each.high) == (0.959078, 3.678071)
    assert made(MTTR, took(100)).interval is None
    assert made(REOPENED, NOTHING).interval is None


def test_fewer_incidents_than_before_may_be_chance() -> None:
    """Of two problems 20 before and 5 behind, in three months each: see the interval of a difference."""
    fixed = made(
        KPIS["incidents_prevented"], Figures(cases=2, total=15, secondary=Figures(cases=2, total=20))
    )
    assert fixed.value == 2.5
    assert fixed.interval is not None
    assert (fixed.interval.low, fixed.interval.high) == pytest.approx((0.7919, 4.3999), abs=0.0004)
    assert made(KPIS["incidents_prevented"], NOTHING).interval is None


def test_fewer_than_ten_cases_are_small() -> None:
    assert [made(OPENED, Figures(cases=cases)).small for cases in (0, 9, 10)] == [True, True, False]
    assert [made(BACKLOG, Figures(open_cases=cases)).small for cases in (9, 10)] == [True, False]


def test_why_there_is_no_value_is_said() -> None:
    assert made(MTTR, NOTHING).no_value is NoValueReason.no_cases
    assert made(MTTR, NOTHING, now=datetime(2026, 1, 1, tzinfo=UTC)).no_value is NoValueReason.not_begun
    assert made(OPENED, NOTHING).no_value is None


def test_a_value_is_final_when_its_period_is_over_and_nothing_can_be_reopened_any_more() -> None:
    end = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert made(OPENED, NOTHING).final_after == end
    assert made(MTTR, NOTHING).final_after == end + timedelta(days=7)
    assert made(MTTR, NOTHING, reopen_days=30).final_after == end + timedelta(days=30)


def test_days_of_settling_are_days_on_the_clocks() -> None:
    parameters = QuestionParameters(begin="2026-03-01", end="2026-03-28", grain="all", zone="Europe/Berlin")
    question = parse_question(MTTR, parameters, now=LATER, organisation_zone="UTC", reopen_days=2)
    kpi_point = point(question, (1, ()), NOTHING, {}, PointContext(None, NOTHING, LATER))
    assert kpi_point.final_after == datetime(2026, 3, 29, 22, tzinfo=UTC), "an hour is missing on the 29th"


def test_means_and_shares_of_few_cases_are_too_small_to_be_judged_and_counts_are_not() -> None:
    assert is_too_small(MTTR, made(MTTR, took(100, cases=9)))
    assert not is_too_small(MTTR, made(MTTR, took(100, cases=10)))
    assert not is_too_small(OPENED, made(OPENED, Figures(cases=3)))


@pytest.mark.parametrize("key", sorted(KPIS))
def test_only_figures_of_cases_are_too_small(key: str) -> None:
    kpi = KPIS[key]
    counts = {Aggregate.number, Aggregate.total, Aggregate.per_day, Aggregate.availability}
    assert not (kpi.is_of_single_cases and kpi.aggregate in counts)
    assert kpi.is_of_single_cases or kpi.unit is not Unit.score
