"""Which target holds when."""

from __future__ import annotations

from datetime import UTC, datetime

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Comparator, TargetValue
from app.kpis.questions.effective_dating import Layer
from app.kpis.targets.validity import effective_target

MTTR = KPIS["incident_resolution_seconds"]
FIXED = MTTR.target
STRICT, LAX = TargetValue(Comparator.lt, 3600), TargetValue(Comparator.le, 86_400)


def month(number: int) -> datetime:
    return datetime(2026, number, 1, tzinfo=UTC)


def test_what_the_process_documents_fix_holds_while_nobody_has_said_otherwise() -> None:
    assert effective_target(MTTR, [], month(1)) == TargetValue(Comparator.lt, 7200)
    layers = [Layer(STRICT, month(3), month(5))]
    assert [effective_target(MTTR, layers, month(n)) for n in range(2, 7)] == [
        FIXED,
        FIXED,
        STRICT,
        STRICT,
        FIXED,
    ]


def test_what_was_said_last_of_a_time_counts() -> None:
    layers = [Layer(STRICT, month(2), None), Layer(LAX, month(4), month(6))]
    assert [effective_target(MTTR, layers, month(n)) for n in (2, 3, 4, 5, 6, 7)] == [
        FIXED,
        STRICT,
        STRICT,
        LAX,
        LAX,
        STRICT,
    ]
    layers.append(Layer(None, month(5), None))
    assert [effective_target(MTTR, layers, month(n)) for n in (4, 5, 6, 9)] == [STRICT, LAX, None, None]
