"""What a report computes from figures: verdicts, consequences by tiers, money, periods, differences. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.outlook import Outlook
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import Grain
from app.service_levels.agreements.records import Agreement, ReportingPeriod
from app.service_reports.clock_targets import (
    clock_forecast,
    clock_target,
    clock_verdict,
    decimal_text,
)
from app.service_reports.compare import differences
from app.service_reports.content import ReportTarget, TargetVerdict
from app.service_reports.kpi_targets import KpiResult, kpi_target
from app.service_reports.lines import TargetLine
from app.service_reports.money import consequences_of, for_span, money, price_of, tier_of, workload_of
from app.service_reports.pages.texts import ReportTexts
from app.service_reports.periods import (
    Period,
    Span,
    due_at,
    period_named,
    periods_to_report,
    signed_later,
    span_of,
)
from app.service_reports.reading import ClockCount
from tests.service_levels.clocks.agreements import target

ROME = ZoneInfo("Europe/Rome")
MARCH = Period(Grain.month, date(2026, 3, 1), ROME)
WHOLE = Span(MARCH, MARCH.begin, MARCH.end)


def agreement(**fields: Any) -> Agreement:
    """An agreement with these fields, and no others."""
    return Agreement.model_construct(**(dict.fromkeys(Agreement.model_fields) | fields))


def judged(met: int, missed: int, compliance: str | None = "0.95") -> ReportTarget:
    """A target of clocks with so many cases."""
    count = ClockCount(met, missed)
    line = TargetLine(target("t1", "resolution", 3600, compliance=compliance), agreement(edition=1), False)
    return clock_target(line, count, [], [], None)


@pytest.mark.parametrize(
    ("met", "missed", "compliance", "verdict"),
    [
        (19, 1, "0.95", TargetVerdict.met),
        (189, 11, "0.95", TargetVerdict.missed),
        (20, 0, None, TargetVerdict.met),
        (999_999, 1, None, TargetVerdict.missed),
        (0, 0, "0.5", TargetVerdict.no_cases),
        (2, 1, "0.666666667", TargetVerdict.missed),
    ],
)
def test_equal_is_met_and_nothing_is_rounded_to_be(
    met: int, missed: int, compliance: str | None, verdict: TargetVerdict
) -> None:
    assert clock_verdict(ClockCount(met, missed), compliance) is verdict


@pytest.mark.parametrize(
    ("comparator", "met", "agreed"),
    [
        ("lt", {"3.9"}, "below 4"),
        ("le", {"3.9", "4.0"}, "at most 4"),
        ("gt", {"4.1"}, "above 4"),
        ("ge", {"4.0", "4.1"}, "at least 4"),
    ],
)
def test_a_figure_is_below_its_threshold_at_most_that_above_or_at_least(
    comparator: str, met: set[str], agreed: str
) -> None:
    figure = {"threshold_seconds": None, "threshold": "4", "comparator": comparator}
    csat = target("t1", "satisfaction", 0, **figure)
    results = {
        value: kpi_target(KPIS["csat"], csat, [], KpiResult(Fraction(value), value, 5), [], None)
        for value in ("3.9", "4.0", "4.1")
    }
    assert {value for value, result in results.items() if result.verdict is TargetVerdict.met} == met
    assert agreed in ReportTexts("en", ROME).agreed(results["4.0"])
    # Below that, or above it where less is better, comes the consequence.
    worse = {value for value in ("3.9", "4.1") if tier_of([{"below": "4"}], results[value])}
    assert worse == {"3.9", "4.1"} - met


def test_the_harshest_tier_that_applies_is_the_one() -> None:
    tiers = [{"below": "0.95"}, {"below": "0.9"}, {"below": "0.5"}]
    assert tier_of(tiers, judged(19, 1)) is None
    assert tier_of(tiers, judged(92, 8)) == {"below": "0.95"}
    assert tier_of(tiers, judged(9, 1)) == {"below": "0.95"}
    assert tier_of(list(reversed(tiers)), judged(1, 9)) == {"below": "0.5"}
    lower_is_better = judged(0, 0).model_copy(
        update={"met": None, "verdict": TargetVerdict.missed, "result": "2700"}
    )
    assert tier_of([{"below": "1800"}, {"below": "3600"}], lower_is_better) == {"below": "1800"}


def test_a_consequence_is_a_share_of_the_cost_of_the_period_or_an_amount() -> None:
    tiers = [
        {"below": "0.95", "percent": "2.5", "amount": None},
        {"below": "0.5", "percent": None, "amount": "700"},
    ]
    consequence = {"target": "t1", "kind": "penalty", "tiers": tiers}
    signed = agreement(
        consequences=[consequence, {**consequence, "target": "gone"}],
        cost_amount="1000.10",
        cost_currency="EUR",
        cost_period=ReportingPeriod.quarter,
    )
    (mild,) = consequences_of(signed, [], WHOLE, [judged(9, 1)])
    # 1,000.10 a quarter are 333.3666… a month; 2.5 % of it are 8.334…
    assert (mild.percent, mild.cost, mild.amount, mild.below) == ("2.5", "333.37", "8.33", "0.95")
    (harsh,) = consequences_of(signed, [], WHOLE, [judged(1, 9)])
    assert (harsh.percent, harsh.amount) == (None, "700.00")
    (none,) = consequences_of(signed, [], WHOLE, [judged(20, 0)])
    assert (none.due, none.amount) == (False, None)


def test_money_is_rounded_half_up_to_the_digits_of_its_currency() -> None:
    assert money(Fraction("2.345"), "EUR") == "2.35"
    assert money(Fraction("2.345"), "JPY") == "2"
    assert money(Fraction(1, 3), "KWD") == "0.333"
    assert money(Fraction("-0.005"), "EUR") == "-0.01"


def test_what_is_agreed_for_a_part_of_a_period_is_that_part_of_it() -> None:
    half = Span(MARCH, MARCH.begin, MARCH.begin + (MARCH.end - MARCH.begin) / 2)
    signed = agreement(cost_amount="1200", cost_period=ReportingPeriod.year)
    assert price_of(signed, WHOLE) == 100
    assert price_of(signed, half) == 50
    assert price_of(agreement(), WHOLE) is None
    assert for_span(Fraction(10), ReportingPeriod.month, half) == 5


def test_the_volume_stands_against_the_workload_kind_by_kind() -> None:
    signed = agreement(workload=[{"process": "incident", "per": "quarter", "cases": 90}])
    volumes = workload_of(signed, WHOLE, {"incident": 31, "request": 4})
    assert [(volume.process, volume.expected, volume.cases, volume.above) for volume in volumes] == [
        ("incident", "30", 31, True),
        ("request", None, 4, False),
    ]


@pytest.mark.parametrize(
    ("label", "grain", "begin", "end"),
    [
        ("2026-03", Grain.month, "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
        ("2026-Q4", Grain.quarter, "2026-09-30T22:00Z", "2026-12-31T23:00Z"),
        ("2026", Grain.year, "2025-12-31T23:00Z", "2026-12-31T23:00Z"),
    ],
)
def test_a_period_is_whole_days_of_its_zone(label: str, grain: Grain, begin: str, end: str) -> None:
    period = period_named(label, grain, ROME)
    assert period is not None
    assert (period.label, period.begin, period.end) == (
        label,
        datetime.fromisoformat(begin),
        datetime.fromisoformat(end),
    )


@pytest.mark.parametrize("label", ["2026-13", "2026-Q1", "2026", "26-01", "2026-1", "1800-01", ""])
def test_what_is_no_month_is_none(label: str) -> None:
    assert period_named(label, Grain.month, ROME) is None


def test_a_report_is_due_at_the_end_of_the_fifth_working_day() -> None:
    # 31 March 2026 is a Tuesday; 3 April is left out: Wed 1, Thu 2, Mon 6, Tue 7, Wed 8.
    due = due_at(MARCH, lambda day: day.weekday() < 5 and day != date(2026, 4, 3))
    assert due == datetime(2026, 4, 8, 22, tzinfo=UTC)


def test_an_agreement_is_reported_on_from_its_signature_to_its_end() -> None:
    signed = agreement(
        signed_at=datetime(2026, 2, 10, tzinfo=UTC),
        begins_at=datetime(2025, 12, 31, 23, tzinfo=UTC),
        ends_at=datetime(2026, 4, 15, tzinfo=UTC),
        reporting_period=ReportingPeriod.month,
    )
    known_at, now = datetime(2026, 2, 11, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    periods = list(periods_to_report(signed, known_at, ROME, now))
    assert [period.label for period in periods] == ["2026-02", "2026-03", "2026-04"]
    last = span_of(signed, periods[-1])
    assert last is not None
    assert (last.begin, last.end) == (periods[-1].begin, signed.ends_at)
    assert span_of(signed, periods[-1].moved(1)) is None
    assert [
        period.label for period in periods_to_report(signed, datetime(2026, 4, 2, tzinfo=UTC), ROME, now)
    ] == ["2026-04"]
    assert list(periods_to_report(agreement(), known_at, ROME, now)) == []


def test_a_running_period_can_still_meet_its_target_or_not() -> None:
    promised = target("t1", "resolution", 3600, compliance="0.9")
    middle = MARCH.begin + (MARCH.end - MARCH.begin) / 2
    possible = clock_forecast(promised, MARCH, ClockCount(8, 2), ClockCount(), middle)
    assert (possible.result, possible.more_cases, possible.outlook) == ("0.8", 10, Outlook.reachable)
    lost = clock_forecast(promised, MARCH, ClockCount(5, 5), ClockCount(), middle)
    assert lost.outlook is Outlook.out_of_reach
    new = clock_forecast(promised, MARCH, ClockCount(), ClockCount(6, 0), MARCH.begin)
    assert (new.result, new.more_cases, new.outlook) == (None, 6, Outlook.reachable)
    hours_later = MARCH.begin + timedelta(hours=3)
    first = clock_forecast(promised, MARCH, ClockCount(1, 0), ClockCount(6, 0), hours_later)
    assert first.more_cases == 6, "one case in the first hours is no pace"
    assert clock_forecast(promised, MARCH, ClockCount(), ClockCount(), middle).outlook is None


def test_differences_are_named_by_what_people_know_and_the_rest_is_not_compared() -> None:
    case = {"number": "INC-1", "case_id": "x", "round": 1, "target_seconds": 60}
    before = {
        "targets": [{"id": "t1", "met": 3, "breaches": [case], "trend": [{"result": "1"}]}],
        "over": True,
    }
    after = {
        "targets": [
            {
                "id": "t1",
                "met": 2,
                "breaches": [case, {**case, "number": "INC-2", "case_id": "y"}],
                "trend": [],
            }
        ],
        "over": False,
    }
    named_differences = {
        difference.path: (difference.before, difference.after) for difference in differences(before, after)
    }
    assert named_differences["targets/t1/met"] == ("3", "2")
    assert named_differences["targets/t1/breaches/INC-2:1/target_seconds"] == (None, "60")
    assert not [path for path in named_differences if "INC-1" in path or "trend" in path or "over" in path]
    assert differences(before, before) == []


def test_decimal_texts_have_no_more_than_they_need() -> None:
    numbers: list[Fraction | Decimal | float] = [
        Fraction(1, 2),
        Decimal("1.500"),
        Decimal(100),
        0.1,
        Fraction(0),
    ]
    assert [decimal_text(number) for number in numbers] == ["0.5", "1.5", "100", "0.1", "0"]


def test_a_report_says_that_the_agreement_was_signed_after_its_beginning() -> None:
    later = WHOLE.begin + timedelta(hours=1)
    assert signed_later(agreement(signed_at=later), WHOLE) == later
    assert signed_later(agreement(signed_at=WHOLE.begin), WHOLE) is None
