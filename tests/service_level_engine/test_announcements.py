"""What the streams of clocks ought to have said: the same, whenever somebody asks."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.cli.conformance.sla_case_file import Calendars, case_events, instant, target_of
from app.common.times.business_time import BusinessTime, CalendarDefinition
from app.service_level_engine.announcements import (
    Announcement,
    AnnouncementCause,
    AnnouncementKind,
    announcements,
)
from app.service_level_engine.case_events import ActorKind, CaseEvent, EventKind
from app.service_level_engine.clock import ClockState, read_clocks, read_party_clock
from app.service_level_engine.targets import Metric, Target, Targeting
from tests.common.test_business_time import OFFICE
from tests.extent import examples
from tests.service_level_engine.generated import case as generated_case

PARTS = 4
Ask = Callable[[datetime], tuple[Announcement, ...]]
Kind = AnnouncementKind


def random_case(chance: random.Random) -> dict[str, Any]:
    """A case at random as the functions of the engine take it."""
    case, definitions = generated_case(chance)
    while "agreements" in case or not case["events"]:
        case, definitions = generated_case(chance)
    metric = Metric(case["metric"])
    thresholds = case.get("targets_seconds") or {}

    def targeting(attributes: Any) -> Target | None:
        seconds = thresholds.get(attributes.get("priority"), case.get("target_seconds"))
        return target_of({**case, "threshold_seconds": seconds}, metric, case["calendar"])

    versions = [instant(version["published_at"]) for version in case.get("calendar_versions", ())]
    return {
        "events": case_events(case["events"]),
        "metric": metric,
        "targeting": targeting,
        "calendars": Calendars(definitions).versions_of(case),
        "publications": versions,
        "party": chance.choice((None, None, "team:desk", "supplier:acme")),
    }


def asking(case: dict[str, Any]) -> Ask:
    """What is said of the case by an instant."""
    values = {
        name: value
        for name, value in case.items()
        if name not in ("events", "metric", "targeting", "calendars")
    }
    return lambda now: announcements(
        case["events"],
        case["metric"],
        case["targeting"],
        case["calendars"],
        now,
        percents=(80, 150),
        **values,
    )


def readings(case: dict[str, Any], now: datetime) -> dict[int, Any]:
    """What the clocks say, from what is known by now."""
    parameters = (case["events"], case["metric"], case["targeting"], case["calendars"], now)
    if case["party"] is None:
        return {
            reading.round: reading for reading in read_clocks(*parameters, known_at=now, percents=(80, 150))
        }
    events, *rest = parameters
    own = read_party_clock(events, case["party"], *rest, known_at=now, percents=(80, 150))
    return {} if own is None else {1: own}


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_said_does_not_depend_on_when_a_worker_asks(part: int) -> None:
    for n in range(examples(60)):
        chance = random.Random(f"said/{part}/{n}")
        case = random_case(chance)
        ask = asking(case)
        moments = {event.recorded_at for event in case["events"]} | {e.occurred_at for e in case["events"]}
        first, last = min(moments), max(moments)
        moments |= {first + (last - first) * chance.random() for _ in range(3)}
        moments.add(last + timedelta(hours=9))
        earlier_announcements: tuple[Announcement, ...] = ()
        for now in sorted(moments):
            more = ask(now)
            assert more[: len(earlier_announcements)] == earlier_announcements, (part, n, now)
            earlier_announcements = more


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_said_is_what_the_clocks_say(part: int) -> None:
    for n in range(examples(60)):
        chance = random.Random(f"stands/{part}/{n}")
        case = random_case(chance)
        now = max(e.recorded_at for e in case["events"]) + timedelta(hours=chance.choice((0, 3)))
        standing: dict[int, datetime | None] = {}
        announced: set[tuple[int, Kind, int]] = set()
        for item in asking(case)(now):
            if item.kind is Kind.breached:
                assert standing.get(item.round) is None, (part, n)
                standing[item.round] = item.occurred_at
            elif item.kind is Kind.breach_withdrawn:
                assert standing.pop(item.round) is not None, (part, n)
                assert item.because is not None
            elif item.percent is not None:
                assert (item.round, item.kind, item.percent) not in announced, (part, n)
                announced.add((item.round, item.kind, item.percent))
        for number, reading in readings(case, now).items():
            assert standing.get(number) == reading.breached_at, (part, n)
            assert {(number, Kind.warned, percent) for percent, _ in reading.warned} <= announced, (part, n)
            assert {(number, Kind.reached, percent) for percent, _ in reading.reached} <= announced, (part, n)


UTC_OFFICE = BusinessTime(CalendarDefinition("UTC", OFFICE))
TARGETS = {
    priority: Target(
        id=priority,
        metric=Metric.resolution,
        threshold_seconds=seconds,
        calendar="office",
        warning_percents=(50,),
    )
    for priority, seconds in (("P1", 7200), ("P4", 28800))
}


def by_priority(attributes: Any) -> Target | None:
    """The target of the priority."""
    return TARGETS.get(attributes["priority"])


def at(text: str) -> datetime:
    """An instant of the week from Monday, 16 November 2026, on."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-11-{day}T{time}+00:00")


def event(kind: EventKind, occurred: str, recorded: str | None = None, **more: Any) -> CaseEvent:
    """An event; they are recorded in the order in which they are written down here."""
    recorded_at = at(recorded or occurred)
    position = int(recorded_at.timestamp())
    return CaseEvent(kind=kind, occurred_at=at(occurred), recorded_at=recorded_at, position=position, **more)


def said_of(
    events: list[CaseEvent], now: str, targeting: Targeting = by_priority
) -> list[tuple[object, ...]]:
    """What is said of a resolution: kind, instant, cause or percentage."""
    result = announcements(events, Metric.resolution, targeting, lambda key, expected: UTC_OFFICE, at(now))
    return [(item.kind, item.occurred_at, item.because or item.percent) for item in result]


OPENED = event(EventKind.opened, "16 10:00", changes={"priority": "P1"})
WARNED = [(Kind.started, at("16 10:00"), None), (Kind.warned, at("16 11:00"), 50)]
BREACHED = [*WARNED, (Kind.breached, at("16 12:00"), None)]


def test_a_resolution_entered_late_withdraws_the_breach_that_was_said() -> None:
    late = event(EventKind.resolved, "16 11:50", "16 15:00")
    assert said_of([OPENED, late], "16 14:00") == BREACHED
    withdrawn = (Kind.breach_withdrawn, at("16 15:00"), AnnouncementCause.late_event)
    assert said_of([OPENED, late], "17 09:00") == [
        *BREACHED,
        withdrawn,
        (Kind.stopped, at("16 11:50"), None),
    ]


def test_a_lower_priority_withdraws_the_breach_and_a_higher_one_makes_it_at_its_own_instant() -> None:
    lower = event(EventKind.other, "16 13:00", changes={"priority": "P4"})
    higher = event(EventKind.other, "16 14:00", changes={"priority": "P1"})
    assert said_of([OPENED, lower, higher], "16 15:00") == [
        *BREACHED,
        (Kind.retargeted, at("16 13:00"), AnnouncementCause.reprioritised),
        (Kind.breach_withdrawn, at("16 13:00"), AnnouncementCause.reprioritised),
        (Kind.retargeted, at("16 14:00"), AnnouncementCause.reprioritised),
        (Kind.breached, at("16 14:00"), AnnouncementCause.reprioritised),
    ]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ("priority", AnnouncementCause.reprioritised),
        *((name, AnnouncementCause.moved_service) for name in ("service", "customer", "catalogue_item")),
        ("category", AnnouncementCause.recategorised),
        ("anything_else", AnnouncementCause.late_event),
    ],
)
def test_another_target_is_said_with_the_change_that_brought_it(
    changed: str, cause: AnnouncementCause
) -> None:
    def targeting(attributes: Any) -> Target | None:
        return TARGETS["P4" if attributes.get(changed) == "new" else "P1"]

    change = event(EventKind.other, "16 13:00", changes={changed: "new"})
    assert said_of([OPENED, change], "16 13:30", targeting) == [
        *BREACHED,
        (Kind.retargeted, at("16 13:00"), cause),
        (Kind.breach_withdrawn, at("16 13:00"), cause),
    ]


def test_a_duplicate_takes_the_breach_back_and_ends_the_clock() -> None:
    duplicate = event(EventKind.excluded, "16 13:00", by=ActorKind.staff)
    result = announcements(
        [OPENED, duplicate], Metric.resolution, by_priority, lambda key, expected: UTC_OFFICE, at("16 15:00")
    )
    assert [item.kind for item in result[-2:]] == [Kind.breach_withdrawn, Kind.stopped]
    assert result[-2].because is AnnouncementCause.excluded
    assert result[-2].by_position == duplicate.position
    assert result[-1].state is ClockState.excluded


def test_a_breach_that_a_late_event_moves_is_withdrawn_and_said_at_its_new_instant() -> None:
    late = [
        event(EventKind.opened, "16 10:00", changes={"priority": "P1"}),
        event(EventKind.opened, "16 10:30", "16 10:31"),
        event(EventKind.held, "16 10:30", "16 14:00", hold_reason="awaiting_requester"),
        event(EventKind.resumed, "16 11:00", "16 14:01"),
    ]
    pausing = TARGETS["P1"].__class__(
        id="P1",
        metric=Metric.resolution,
        threshold_seconds=7200,
        calendar="office",
        pause_reasons=frozenset({"awaiting_requester"}),
    )
    result = announcements(
        late, Metric.resolution, lambda _: pausing, lambda key, expected: UTC_OFFICE, at("16 15:00")
    )
    assert [(item.kind, item.occurred_at) for item in result] == [
        (Kind.started, at("16 10:00")),
        (Kind.breached, at("16 12:00")),
        (Kind.breach_withdrawn, at("16 14:00")),
        (Kind.breached, at("16 12:30")),
    ]


def test_a_closing_day_published_late_takes_a_breach_back() -> None:
    closed = BusinessTime(CalendarDefinition("UTC", OFFICE, holidays=frozenset({at("16 00:00").date()})))
    published = at("16 14:00")
    result = announcements(
        [OPENED],
        Metric.resolution,
        by_priority,
        lambda key, expected: closed if expected >= published else UTC_OFFICE,
        at("17 12:00"),
        publications=[published],
    )
    assert [(item.kind, item.occurred_at, item.because) for item in result[2:]] == [
        (Kind.breached, at("16 12:00"), None),
        (Kind.breach_withdrawn, at("16 14:00"), AnnouncementCause.calendar),
        (Kind.breached, at("17 11:00"), None),
    ]


def test_after_downtime_warnings_and_breach_come_in_order_with_their_true_instants() -> None:
    assert said_of([OPENED], "20 09:00") == BREACHED


def test_a_party_whose_turn_never_came_says_nothing() -> None:
    result = announcements(
        [OPENED],
        Metric.resolution,
        by_priority,
        lambda key, expected: UTC_OFFICE,
        at("17 12:00"),
        party="team:net",
    )
    assert result == ()
