"""Benefits of improvements that were judged by effects of version 1: of durations the shift."""

from __future__ import annotations

import pytest

from app.kpis.declaration.kpi import Direction
from app.kpis.effects.content import EffectResult
from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod
from app.processes.improvements.effects.measuring import benefit_is_kept
from tests.processes.improvements.pilots import a_result


def judged(**values: float) -> EffectResult:
    """An effect of version 1 whose shift is half an hour; the mean fell from two hours to one."""
    result = EffectResult.model_validate(a_result())
    after = result.after.model_copy(update={"value": values.get("after", 3_600.0)})
    return result.model_copy(update={"method": EffectMethod.duration, "method_version": 1, "after": after})


def measured(effect: float) -> EffectResult:
    """An effect of now, on the mean."""
    changes = {"method": EffectMethod.mean_by_day, "method_version": 2, "interval_by": IntervalMethod.days}
    return EffectResult.model_validate(a_result()).model_copy(update={**changes, "effect": effect})


@pytest.mark.parametrize(("effect", "is_kept"), [(-3_600.0, True), (-2_880.0, True), (-1_800.0, False)])
def test_a_benefit_is_held_to_what_the_mean_was_less(effect: float, is_kept: bool) -> None:
    assert benefit_is_kept(Direction.down, judged(), measured(effect)) is is_kept


def test_a_mean_that_had_become_worse_was_no_benefit() -> None:
    assert benefit_is_kept(Direction.down, judged(after=9_000.0), measured(-1_800.0)) is None
