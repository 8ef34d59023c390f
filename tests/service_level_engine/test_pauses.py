"""The events that end a pause, in orders that only imported histories have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.service_level_engine.case_events import CaseEvent, EventKind
from app.service_level_engine.counting import pauses
from app.service_level_engine.targets import Metric, Target

TARGET = Target(
    id="t",
    metric=Metric.resolution,
    threshold_seconds=60,
    calendar="always",
    pause_reasons=frozenset({"awaiting_vendor"}),
)
INSTANT = datetime(2026, 11, 29, tzinfo=UTC)


def _event(position: int, kind: EventKind) -> CaseEvent:
    reason = "awaiting_vendor" if kind is EventKind.held else None
    return CaseEvent(
        kind=kind, occurred_at=INSTANT, recorded_at=INSTANT, position=position, hold_reason=reason
    )


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (EventKind.resumed, 9),
        (EventKind.reopened, 9),
        (EventKind.resolved, 9),
        (EventKind.closed, 9),
        (EventKind.message, None),
        (EventKind.held, None),
    ],
)
def test_a_hold_lasts_until_the_case_is_resumed_reopened_or_ended(kind: EventKind, end: int | None) -> None:
    events = [_event(n, each) for n, each in enumerate((EventKind.opened, EventKind.held, kind))]
    assert pauses(events, [0, 5, 9], TARGET) == [(5, end)]
