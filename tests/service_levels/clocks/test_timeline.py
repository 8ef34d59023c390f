"""What a clock is told of a case that another system reports by its states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.log.canonical import instant
from app.service_level_engine.case_events import EventKind
from app.service_levels.clocks.agreement_history import AgreementHistory
from app.service_levels.clocks.calendar_history import CalendarHistory
from app.service_levels.clocks.case_clocks import CaseClocks
from app.service_levels.clocks.timeline import LogEvent, timeline_of
from tests.service_levels.clocks.world import at

CASE = "incident/1"
OPENED = {"state": "new", "opened_at": instant(at(9))}
HELD: tuple[str, dict[str, Any]] = ("held", {"state": "on_hold", "hold_reason": "awaiting_requester"})


def told(*steps: tuple[str, dict[str, Any]], source: str = "import:tests", **more: Any) -> list[LogEvent]:
    """An hour apart from nine o'clock on: the types of events, and what each told of the case."""
    return [
        LogEvent(
            n,
            n,
            f"incident.{name}",
            at(8 + n),
            at(8 + n),
            "integration:5",
            None,
            source,
            {"set": {CASE: fields}, **more},
        )
        for n, (name, fields) in enumerate(steps, 1)
    ]


def heard(events: list[LogEvent]) -> list[tuple[EventKind, datetime, str | None]]:
    """What a clock is told of holds: what, when, and what is waited for."""
    return [
        (event.kind, event.occurred_at, event.hold_reason)
        for event in timeline_of(CASE, events).events
        if event.kind in (EventKind.held, EventKind.resumed)
    ]


def test_a_hold_that_waits_for_something_else_now_waits_no_longer_for_what_it_was() -> None:
    other = ("observed", {"hold_reason": "awaiting_problem"})
    result = heard(told(("reported", OPENED), HELD, other, observed="snapshot"))
    assert result == [
        (EventKind.held, at(10), "awaiting_requester"),
        (EventKind.resumed, at(11), None),
        (EventKind.held, at(11), "awaiting_problem"),
    ]


@pytest.mark.parametrize("more", [{"supplier_id": "7"}, {"hold_reason": "awaiting_requester"}])
def test_a_hold_whose_reason_stays_goes_on(more: dict[str, Any]) -> None:
    result = heard(told(("reported", OPENED), HELD, ("observed", more), observed="snapshot"))
    assert [kind for kind, *_ in result] == [EventKind.held, EventKind.held]


def test_the_reason_of_a_hold_may_have_been_told_with_the_opening() -> None:
    opened = ("reported", OPENED | {"hold_reason": "awaiting_vendor"})
    result = heard(told(opened, ("held", {"state": "on_hold"}), observed="snapshot"))
    assert result == [(EventKind.held, at(10), "awaiting_vendor")]


def test_a_hold_of_people_here_has_the_reason_that_they_give() -> None:
    again = ("held", {"state": "on_hold", "hold_reason": "awaiting_change"})
    resumed = ("resumed", {"state": "in_progress", "hold_reason": None})
    result = heard(told(("reported", OPENED), HELD, resumed, again, source="api"))
    assert result == [
        (EventKind.held, at(10), "awaiting_requester"),
        (EventKind.resumed, at(11), None),
        (EventKind.held, at(11) + timedelta(hours=1), "awaiting_change"),
    ]


def test_what_is_told_late_of_a_mirrored_case_is_not_its_newest_attribute() -> None:
    events = told(("reported", OPENED), ("edited", {"service": "erp"}), source="api", observed="snapshot")
    late = events[-1]._replace(
        position=3,
        version=3,
        occurred_at=at(9.5),
        recorded_at=at(12),
        data={"set": {CASE: {"service": "mail"}}},
    )
    clocks = CaseClocks(timeline_of(CASE, [*events, late]), AgreementHistory(), CalendarHistory({}), 3)
    assert clocks.attributes["service"] == "erp"


def test_what_is_understood_later_was_recorded_when_it_was() -> None:
    events = told(("reported", OPENED), ("held", {"state": "on_hold"}), source="api", observed="snapshot")
    reason = events[-1]._replace(
        position=3,
        version=3,
        type="incident.observed",
        occurred_at=at(9.5),
        recorded_at=at(12),
        data={"set": {CASE: {}}, "late": {CASE: {"hold_reason": "awaiting_vendor"}}, "observed": "snapshot"},
    )
    held = [item for item in timeline_of(CASE, [*events, reason]).history if item.kind is EventKind.held]
    assert [
        (item.hold_reason, item.recorded_at, item.understood_since, item.replaced_at) for item in held
    ] == [
        (None, at(10), at(10), at(12)),
        ("awaiting_vendor", at(10), at(12), None),
    ]


def test_what_happened_last_need_not_matter_to_clocks() -> None:
    events = told(("reported", OPENED), ("breach_cause_stated", {}), source="api")
    assert timeline_of(CASE, events).last_event_at == at(10)
