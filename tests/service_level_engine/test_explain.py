"""The segments of a clock: whoever adds them up gets what the clock says."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from app.common.times.business_time import BusinessTime, CalendarDefinition
from app.service_level_engine.case_events import CaseEvent, EventKind
from app.service_level_engine.clock import ClockReading, ClockState, read_clocks
from app.service_level_engine.explain import SegmentReason, explain, spans_to_come
from app.service_level_engine.targets import Metric, Target
from tests.common.test_business_time import OFFICE
from tests.extent import examples
from tests.service_level_engine.test_announcements import random_case, readings

HOURS = BusinessTime(CalendarDefinition("UTC", OFFICE))


@pytest.mark.parametrize("part", range(4))
def test_segments_follow_one_another_and_add_up_to_what_the_clock_says(part: int) -> None:
    for n in range(examples(100)):
        case = random_case(random.Random(f"explain/{part}/{n}"))
        parameters = max(event.recorded_at for event in case["events"]) + timedelta(hours=5)
        for reading in readings(case, parameters).values():
            hours = case["calendars"](reading.target.calendar, reading.calendar_as_of)
            segments = explain(
                case["events"], reading, hours, parameters, known_at=parameters, party=case["party"]
            )
            assert sum(segment.seconds for segment in segments) == reading.elapsed_seconds, (part, n)
            assert all(item.ends_at == other.begins_at for item, other in pairwise(segments)), (part, n)
            assert all(segment.begins_at < segment.ends_at for segment in segments), (part, n)
            if segments:
                end = reading.stopped_at or parameters.replace(microsecond=0)
                assert (segments[0].begins_at, segments[-1].ends_at) == (reading.started_at, end), (part, n)


def at(text: str) -> datetime:
    """An instant of the week from Monday, 16 November 2026, on."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-11-{day}T{time}+00:00")


def read(
    *happened: tuple[EventKind, str, str | None], parameters: str
) -> tuple[list[CaseEvent], ClockReading]:
    """A resolution within eight hours of office time that waits for the requester, and its clock."""
    events = [
        CaseEvent(
            kind=kind, occurred_at=at(when), recorded_at=at(when), position=n, hold_reason=why, state=None
        )
        for n, (kind, when, why) in enumerate(happened)
    ]
    target = Target(
        id="t1",
        metric=Metric.resolution,
        threshold_seconds=8 * 3600,
        calendar="office",
        pause_reasons=frozenset({"awaiting_requester"}),
    )
    (reading,) = read_clocks(
        events, Metric.resolution, lambda _: target, lambda key, expected: HOURS, at(parameters)
    )
    return events, reading


def test_each_segment_says_why_it_counts_or_not() -> None:
    events, reading = read(
        (EventKind.opened, "16 08:00", None),
        (EventKind.held, "16 10:00", "awaiting_requester"),
        (EventKind.resumed, "16 11:00", None),
        (EventKind.resolved, "16 12:00", None),
        (EventKind.reopened, "16 17:00", None),
        parameters="17 10:00",
    )
    explained = [
        (s.begins_at, s.ends_at, s.reason, s.detail, s.seconds)
        for s in explain(events, reading, HOURS, at("17 10:00"))
    ]
    assert explained == [
        (at("16 08:00"), at("16 09:00"), SegmentReason.outside_hours, None, 0),
        (at("16 09:00"), at("16 10:00"), SegmentReason.counted, None, 3600),
        (at("16 10:00"), at("16 11:00"), SegmentReason.held, "awaiting_requester", 0),
        (at("16 11:00"), at("16 12:00"), SegmentReason.counted, None, 3600),
        (at("16 12:00"), at("16 17:00"), SegmentReason.stopped, None, 0),
        (at("16 17:00"), at("16 18:00"), SegmentReason.counted, None, 3600),
        (at("16 18:00"), at("17 09:00"), SegmentReason.outside_hours, None, 0),
        (at("17 09:00"), at("17 10:00"), SegmentReason.counted, None, 3600),
    ]


def test_a_countdown_is_given_the_hours_to_come_until_due() -> None:
    _, reading = read((EventKind.opened, "16 15:00", None), parameters="16 16:00")
    assert reading.due_at == at("17 14:00")
    assert spans_to_come(reading, HOURS, at("16 16:00")) == [
        (at("16 16:00"), at("16 18:00")),
        (at("17 09:00"), at("17 14:00")),
    ]
    _, paused = read(
        (EventKind.opened, "16 15:00", None),
        (EventKind.held, "16 15:30", "awaiting_requester"),
        parameters="16 16:00",
    )
    assert paused.state is ClockState.paused
    assert spans_to_come(paused, HOURS, at("16 16:00")) == []
