"""Effects on other figures of durations, and the smallest effect on a KPI."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult, WarningCode
from app.kpis.effects.measuring import measure
from app.kpis.effects.sentences import sentence_of
from app.kpis.effects.smallest_effect import smallest_effect
from tests.kpis.conftest import Books
from tests.kpis.effects.test_measuring import NOW, asked

DURATION = KPIS["incident_resolution_seconds"]


@pytest.mark.parametrize(
    ("figure", "method", "name"),
    [
        ({"figure": "p90"}, "p90_by_day", "90th percentile"),
        ({"figure": "share_longer", "longer_than": 86_400}, "share_by_day", "share longer than 1 d"),
    ],
)
async def test_long_cases_can_be_compared(books: Books, figure: Any, method: str, name: str) -> None:
    body, question = asked(DURATION, **figure)
    result = EffectResult.model_validate((await measure(books.db, question, body, NOW)).result)
    assert (result.method.value, result.method_version) == (method, 4)
    assert result.before.value == result.before.compared
    assert name in sentence_of(DURATION, result, "en")
    assert WarningCode.no_control in {warning.code for warning in result.warnings}


@pytest.mark.parametrize(
    ("key", "figure", "code"),
    [
        ("reopen_rate", {"figure": "p90"}, "figure_of_durations"),
        (DURATION.key, {"figure": "share_longer"}, "longer_than_what"),
        (DURATION.key, {"longer_than": 60}, "longer_than_what"),
    ],
)
def test_figures_of_durations_need_durations_and_a_limit(key: str, figure: Any, code: str) -> None:
    with pytest.raises(WrongValue) as refused:
        asked(KPIS[key], **figure)
    assert refused.value.because == code


async def test_what_could_be_seen_is_known_before_measuring(books: Books) -> None:
    _, question = asked(DURATION)
    smallest = await smallest_effect(books.db, question.before)
    assert (smallest.kpi, smallest.cases > 10) == (DURATION.key, True)
    assert smallest.change is None or -1 < smallest.change < 0
