"""The rows of `sla.clock` and `sla.case`: the readings of a case's clocks as of its last event. Pure.

A row does not depend on the present: a running clock goes on from `counted_at`, and instants ahead hold if
nothing else happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.common.times.clocks import AgreementType
from app.log.canonical import instant
from app.service_level_engine.case_events import instant_of, seconds_of
from app.service_level_engine.clock import ClockReading, ClockState
from app.service_level_engine.targets import Target
from app.service_levels.clocks.case_clocks import CaseClocks, ClockName, clock_id
from app.service_levels.clocks.timeline import Timeline

#: The consumer that writes them, with the facts of KPIs.
CONSUMER = "kpi"
#: KPIs count the first warning at this percentage or above.
WARNED = 75
#: The dimensions of facts of breaches, as of just before the breach; the same ones of openings.
BREACH_DIMENSIONS = (
    *("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id"),
)
#: Facts of problems have neither.
NOT_OF_PROBLEMS = ("channel", "customer_id")
Row = dict[str, Any]


def rows_of(clocks: CaseClocks) -> tuple[Row | None, list[Row]]:
    """Return the case's row, None if no SLA applies to it, and those of its clocks."""
    asked_at = clocks.timeline.last_event_at
    shared = _shared(clocks.timeline)
    rows = [_clock_row(clocks, shared, asked_at, *reading) for reading in clocks.readings(asked_at)]
    _mark_urgent(rows)
    return _case_row(clocks), rows


def _shared(timeline: Timeline) -> Row:
    return {
        "case_id": timeline.case_id,
        "kind": timeline.kind,
        "living": timeline.lived_since is not None,
        "opened_at": instant(timeline.opened_at),
        "opened_position": timeline.opened_position,
        "excluded": timeline.excluded,
        "irregular": timeline.irregular,
        **_opened_dimensions(timeline),
    }


def _case_row(clocks: CaseClocks) -> Row | None:
    agreement = clocks.applying.choose(AgreementType.sla, clocks.attributes)
    if agreement is None:
        return None
    scope = agreement.scope
    assert scope is not None, "what has no scope fits nothing"
    timeline = clocks.timeline
    return {
        "case_id": timeline.case_id,
        "kind": timeline.kind,
        "agreement_id": agreement.key,
        "why": scope.value,
        "reopen_days": clocks.history.reopen_days[agreement.key],
        "opened_at": instant(timeline.opened_at),
        "position": timeline.position,
    }


def _clock_row(
    clocks: CaseClocks, shared: Row, asked_at: datetime, name: ClockName, reading: ClockReading
) -> Row:
    origin = clocks.origin(reading)
    target, version = (
        reading.target,
        clocks.calendars.version(reading.target.calendar, reading.calendar_as_of),
    )
    is_open = not reading.is_stopped
    running = is_open and bool(reading.runs) and reading.runs[-1][1] is None
    warning = _first_warning(reading.target)
    ahead = _ahead(clocks, reading, asked_at) if running else {}
    breaches_at = reading.breached_at or ahead.get("breaches_at")
    return {
        **shared,
        "id": str(clock_id(clocks.timeline.case_id, name, reading.round)),
        "agreement_type": origin.agreement_type.value,
        "agreement_id": str(origin.agreement_id),
        "target_id": target.id,
        "why": origin.why,
        "metric": reading.metric.value,
        "party": name.party,
        "round": reading.round,
        "target_seconds": target.threshold_seconds,
        "calendar": target.calendar,
        "calendar_version": str(version.id),
        "started_at": instant(reading.started_at),
        "stopped_at": _text(reading.stopped_at),
        "state": (ClockState.running if running else ClockState.paused).value
        if is_open
        else reading.state.value,
        "runs": [second for run in reading.runs for second in run if second is not None],
        "elapsed_seconds": reading.elapsed_seconds,
        "counted_at": instant(asked_at),
        "due_at": _text(reading.due_at),
        "breaches_at": _text(breaches_at),
        "breached_at": _text(reading.breached_at),
        "first_warned_75_at": _text(_warned_at(reading) or ahead.get("warned_at")),
        "warning_seconds": None if warning is None else _of_percent(target.threshold_seconds, warning),
        "marks": _marks(clocks, name, reading) if is_open else [],
        "retargeted": is_open and _is_retargeted(clocks, name),
        "urgent": False,
        **_dimensions(clocks.timeline, reading.stopped_by),
        **_breach_dimensions(clocks.timeline, breaches_at),
        "breach_cause": clocks.timeline.cause_of_breach(origin.agreement_type.value, reading.metric.value),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _ahead(clocks: CaseClocks, reading: ClockReading, asked_at: datetime) -> Mapping[str, datetime]:
    """Return when a running clock will be breached and warn, if it has not and nothing else happens."""
    hours = clocks.calendars(reading.target.calendar, reading.calendar_as_of)
    seconds, asked_second = reading.target_seconds, seconds_of(asked_at)
    instants: dict[str, datetime] = {}
    if reading.breached_at is None:
        reached_at = hours.advance(asked_second, seconds + 1 - reading.elapsed_seconds)
        if reached_at is not None:
            instants["breaches_at"] = instant_of(reached_at - 1)
    warning = _first_warning(reading.target)
    if warning is not None and _warned_at(reading) is None:
        reached_at = hours.advance(
            asked_second, max(_of_percent(seconds, warning) - reading.elapsed_seconds, 0)
        )
        if reached_at is not None:
            instants["warned_at"] = instant_of(reached_at)
    return instants


def _warned_at(reading: ClockReading) -> datetime | None:
    """Return when the clock warned first at WARNED or above."""
    return min((passed_at for percent, passed_at in reading.warned if percent >= WARNED), default=None)


def _first_warning(target: Target) -> int | None:
    return min((percent for percent in target.warning_percents if percent >= WARNED), default=None)


def _of_percent(seconds: int, percent: int) -> int:
    return -(-seconds * percent // 100)


def _marks(clocks: CaseClocks, name: ClockName, reading: ClockReading) -> list[int]:
    """Return the elapsed seconds at which the clock announces something."""
    percents = {*reading.target.warning_percents, *clocks.further_percents(name)}
    seconds = reading.target_seconds
    return sorted({*(_of_percent(seconds, percent) for percent in percents), seconds + 1})


def _is_retargeted(clocks: CaseClocks, name: ClockName) -> bool:
    """Return whether the clock has had more than one target."""
    targeting, attributes = clocks.targeting(name), dict[str, str | None]()
    first, previous = True, None
    for event in clocks.timeline.events:
        if event.changes or first:
            attributes.update(event.changes)
            target = targeting(attributes)
            if not first and target != previous:
                return True
            first, previous = False, target
    return False


def _dimensions(timeline: Timeline, decided: int | None) -> Row:
    """Return the dimensions of facts, as of the event of that position; None: as of the last."""
    values = timeline.dimensions_at(decided)
    return {
        "position": timeline.dimension_changes[-1][0] if decided is None else decided,
        "priority": values.get("priority"),
        "team_id": values.get("team_id"),
        "service": values.get("service"),
        "channel": values.get("channel"),
        "category": values.get("category"),
        "assignee_id": values.get("assignee_id"),
        "customer_id": values.get("customer_id"),
        "catalogue_item": values.get("item"),
    }


def _opened_dimensions(timeline: Timeline) -> Row:
    """Return the dimensions of the fact of the case's opening, and that the row knows them."""
    values = timeline.dimensions_of_opening()
    if timeline.kind == "problem":
        values |= dict.fromkeys(NOT_OF_PROBLEMS)
    return {"knows_opening": True, **{f"opened_{name}": values.get(name) for name in BREACH_DIMENSIONS}}


def _breach_dimensions(timeline: Timeline, breaches_at: datetime | None) -> Row:
    """Return the dimensions of facts of a breach, as of just before it."""
    values = {} if breaches_at is None else timeline.dimensions_before(breaches_at)
    return {f"breach_{name}": values.get(name) for name in BREACH_DIMENSIONS}


def _mark_urgent(rows: Sequence[Row]) -> None:
    """Mark the open SLA clock that is due first; paused ones, which are not due, come last."""
    mine = [
        row
        for row in rows
        if row["agreement_type"] == AgreementType.sla.value and row["state"] in ("running", "paused")
    ]
    if mine:
        min(mine, key=lambda row: (row["due_at"] is None, row["due_at"] or "", row["id"]))["urgent"] = True
