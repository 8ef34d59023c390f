"""Forecasts know the scale: no further case brings more than its most, or less than its least."""

from __future__ import annotations

import pytest

from app.kpis.answers.forecast import requirement_of
from app.kpis.answers.outlook import Outlook
from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Aggregate, Comparator, TargetValue
from app.kpis.declaration.scale import largest_value, smallest_value

COUNTED = (Aggregate.share, Aggregate.score)
BOUNDED = sorted(key for key, kpi in KPIS.items() if kpi.aggregate in COUNTED and not kpi.is_share_of_open)


def outlook_of(key: str, target: TargetValue, *, total: int, cases: int, more: int) -> Outlook | None:
    return requirement_of(KPIS[key], target, Figures(cases=cases, total=total), more, None).outlook


def test_two_customers_cannot_lift_a_rating_of_3_17_above_4() -> None:
    above_four = TargetValue(Comparator.gt, 4)
    assert outlook_of("csat", above_four, total=171, cases=54, more=2) is Outlook.out_of_reach
    assert outlook_of("csat", above_four, total=171, cases=54, more=45) is Outlook.out_of_reach
    assert outlook_of("csat", above_four, total=171, cases=54, more=46) is Outlook.reachable
    assert outlook_of("csat", above_four, total=250, cases=50, more=2) is Outlook.secured, "even with ones"


@pytest.mark.parametrize("key", BOUNDED)
@pytest.mark.parametrize("more", [0, 1, 3])
def test_the_best_and_the_worst_further_cases_decide_the_outlook(key: str, more: int) -> None:
    least, most = round(smallest_value(KPIS[key])), round(largest_value(KPIS[key]) or 0)
    cases, total = 10, 5 * (least + most)
    worst, best = ((total + more * each) / (cases + more) for each in (least, most))
    margin = 0.001
    for aim, outlook in (
        (worst - margin, Outlook.secured),
        (best - margin, Outlook.reachable if more else Outlook.secured),
        (best + margin, Outlook.out_of_reach),
    ):
        assert (
            outlook_of(key, TargetValue(Comparator.ge, aim), total=total, cases=cases, more=more) is outlook
        )


def test_the_number_of_open_cases_is_not_compared_with_a_share_of_them() -> None:
    shares = [kpi for kpi in KPIS.values() if kpi.is_share_of_open]
    assert shares
    for kpi in shares:
        figures = Figures(open_cases=20, total=19)
        target = TargetValue(Comparator.ge, 0.9)
        assert requirement_of(kpi, target, figures, None, None).outlook is None
