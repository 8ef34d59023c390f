"""When the clock of a target runs, and what counts of it (32-sla-engine, 0102)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.business_time import Calendars, Hours, Span
from tests.kpis.brute_force.reading import Json, Record, Step, World

#: What somebody does first, and what another system may report first of a case.
RESPONSES = frozenset({"acknowledged", "assessed", "started"})
FULFILMENTS = frozenset({"fulfilled", "accepted"})
EXCLUSIONS = frozenset({"cancelled", "marked_duplicate", "rejected", "refused"})
ENDINGS = frozenset({"resolved", "closed"}) | FULFILMENTS | EXCLUSIONS
#: A position behind all of the log.
NEWEST = 2**62
MOVES = RESPONSES | FULFILMENTS | {"held", "resumed", "resolved", "closed", "reopened"}


class Running:
    """Whether a clock runs while one goes through the steps of a case."""

    def __init__(self, metric: str, target: Mapping[str, Any]) -> None:
        self._metric = metric
        self._reasons = set(target.get("pause_reasons") or ())
        self._states = set(target.get("pause_states") or ())
        self.excluded = self.is_stopped = self._held = self._waits = self._moved = False
        #: Of a history from elsewhere, the reason of a hold that was told last.
        self._reason: str | None = None

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return not (self.is_stopped or self.excluded or self._held or self._waits)

    def take(self, n: int, step: Step) -> None:
        """What the step does to it."""
        event_type = "opened" if n == 0 else step.what
        self._pause(event_type, step)
        if self._metric == "response" and self._is_reported(event_type, step):
            self.is_stopped = True
        if event_type in EXCLUSIONS:
            self.excluded = True
        elif event_type == "reopened":
            self.excluded = False
            self.is_stopped = self.is_stopped and self._metric == "response"
        elif self._stops(event_type, step):
            self.is_stopped = True
        self._moved = self._moved or (step.observed and event_type in MOVES)

    def _is_reported(self, event_type: str, step: Step) -> bool:
        """Whether another system tells of something for the first time: that is its response."""
        return step.observed and event_type in MOVES and not self._moved

    def _stops(self, event_type: str, step: Step) -> bool:
        if self._metric == "response":
            answered = event_type in RESPONSES and (step.observed or not step.by_rule)
            return answered or event_type in {"resolved", "closed"}
        if self._metric == "fulfilment":
            return event_type in FULFILMENTS or event_type == "closed"
        assert self._metric == "resolution"
        return event_type in {"resolved", "closed"}

    def _pause(self, event_type: str, step: Step) -> None:
        hold_reason = step.told.get("hold_reason")
        self._reason = (
            hold_reason if event_type == "held" and not step.observed else hold_reason or self._reason
        )
        if event_type == "held":
            self._held = self._held or self._reason in self._reasons
            return
        if event_type in ENDINGS or event_type in {"resumed", "reopened"}:
            self._held = False
        if step.told.get("state") not in {None, "on_hold"}:
            self._waits = step.told["state"] in self._states


@dataclass
class Clock:
    """A clock at a step of a case: when it ran, and which step stopped it or left it out, if any."""

    runs: list[Span]
    stopped_by: int | None
    excluded: bool


def clock_of(record: Record, n: int, metric: str, target: Mapping[str, Any]) -> Clock:
    """The clock of the target after the first n + 1 steps."""
    running = Running(metric, target)
    clock = Clock([], None, excluded=False)
    since: datetime | None = None
    for place, step in enumerate(record.steps[: n + 1]):
        occurred_at = max(record.opened_at, step.at)
        if since is not None:
            clock.runs.append((since, occurred_at))
        running.take(place, step)
        since = occurred_at if running.runs else None
        ended = running.is_stopped or running.excluded
        clock.stopped_by = None if not ended else place if clock.stopped_by is None else clock.stopped_by
    clock.excluded = running.excluded
    return clock


class BusinessTime:
    """What counts of the time of cases: by their clock, else by the calendar of the agreement or service."""

    def __init__(self, world: World) -> None:
        self.agreements = Agreements(world)
        self.calendars = Calendars(world)

    def clock(self, record: Record, metric: str) -> Clock | None:
        """The clock of a case as it stands, against the target that it has now; None: it has none."""
        target = self._target(record, metric)
        return None if target is None else clock_of(record, len(record.steps) - 1, metric, target)

    def by_clock(self, record: Record, n: int, metric: str) -> int | None:
        """What the clock of a case had counted by a step; None: it has none, or was left out of account."""
        clock, target = self.clock(record, metric), self._target(record, metric)
        if clock is None or target is None or clock.excluded:
            return None
        # What has stopped keeps the version of then, what runs takes the newest.
        newest = NEWEST if clock.stopped_by is None else record.steps[clock.stopped_by].position
        hours = self.calendars.hours(target["calendar"], newest)
        assert hours is not None
        return hours.seconds_of(clock_of(record, n, metric, target).runs)

    def _target(self, record: Record, metric: str) -> Json | None:
        agreement, last = self.agreements.of(record), len(record.steps) - 1
        target = None if agreement is None else agreement.target(metric, record.kind, record.fields(last))
        if agreement is None or target is None:
            return None
        return {**target, "calendar": target["calendar"] or agreement.terms["calendar"]}

    def hours(self, record: Record, n: int) -> Hours | None:
        """The hours of the agreement, else those of the service that a case has at a step, as they were known
        then; None: all time counts.
        """
        position = record.steps[n].position
        agreement = self.agreements.of(record)
        if agreement is not None:
            return self.calendars.hours(agreement.terms["calendar"], position)
        service = record.fields(n).get("service")
        return self.calendars.hours(self.calendars.of_service(service, position), position)
