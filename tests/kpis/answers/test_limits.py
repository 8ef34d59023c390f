"""Natural limits stay on the scale of their KPI."""

from __future__ import annotations

import pytest

from app.kpis.answers.limits import natural_limits
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate, Unit
from app.kpis.declaration.scale import largest_value, smallest_value


@pytest.mark.parametrize("key", sorted(KPIS))
def test_limits_are_no_lower_or_higher_than_a_value_can_be(key: str) -> None:
    kpi = KPIS[key]
    least, most = smallest_value(kpi), largest_value(kpi)
    middle = (least + (1_000.0 if most is None else most)) / 2
    limits = natural_limits(kpi, [middle], middle, 1_000.0)
    assert limits.low == least
    assert most is None or limits.high == most


def test_a_rating_is_from_1_to_5_and_a_share_at_most_all() -> None:
    rating = KPIS["csat"]
    assert rating.unit is Unit.score
    assert (smallest_value(rating), largest_value(rating)) == (1, 5)
    shares = [kpi for kpi in KPIS.values() if kpi.aggregate is Aggregate.share]
    assert shares
    assert {largest_value(kpi) for kpi in shares} == {1}
