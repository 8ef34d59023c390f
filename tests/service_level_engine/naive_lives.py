"""What the oracle of clocks knows of a case: its events in order, when each clock lives, and by which target,
calendar and pauses it counts. By code of its own, on cases as their files have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

from tests.service_level_engine.naive_calendar import NaiveCalendar, seconds
from tests.service_level_engine.naive_choice import chosen_agreement, chosen_target

Json = Mapping[str, Any]


ENDS = ("resolved", "fulfilled", "accepted", "closed", "cancelled", "marked_duplicate", "rejected", "refused")


class Mistake(Enum):
    """What a wrong engine does."""

    UTC_INSTEAD_OF_LOCAL_TIME = auto()
    WALL_CLOCK_DIFFERENCES = auto()
    WALL_CLOCK_PAUSES = auto()
    WHOLE_MINUTES = auto()
    FILE_ORDER = auto()
    RECORDED_INSTEAD_OF_OCCURRED = auto()
    WHATEVER_IS_RECORDED_LATER = auto()
    DUE_AT_THE_NEXT_OPENING = auto()
    EQUAL_IS_BREACHED = auto()
    REOPENING_STARTS_ANEW = auto()
    RESPONSE_BEGINS_ANEW = auto()
    TIME_WHILE_RESOLVED_COUNTS = auto()
    ANY_HOLD_PAUSES = auto()
    HOLD_ENDS_A_STATE = auto()
    PAUSES_COUNT_TWICE = auto()
    TARGET_FROM_ITS_CHANGE_ON = auto()
    BREACH_DATED_AT_THE_DUE_TIME = auto()
    FIRST_BREACH_STAYS = auto()
    HOLIDAYS_SPARE_NIGHT_SHIFTS = auto()
    STOP_AT_CLOSED_ONLY = auto()
    RULES_RESPOND = auto()
    RESTORED_WHEN_WRITTEN_DOWN = auto()
    ANY_COMMENT_ANSWERS = auto()
    NEWEST_CALENDAR_FOR_STOPPED = auto()
    CALENDAR_OF_THE_OPENING = auto()
    WARNINGS_BY_THE_WALL_CLOCK = auto()
    TEAM_CHANGES_WHILE_SUPPLIER_IS_AWAITED = auto()


NONE: frozenset[Mistake] = frozenset()


@dataclass(frozen=True)
class Event:
    """An event of the case."""

    what: str
    at: int
    recorded: int
    by: str
    data: Json


@dataclass
class Life:
    """When a clock is not stopped, as stretches; the last has no end while that is so."""

    begin: int
    stretches: list[list[int | None]] = field(default_factory=list)
    recorded: int | None = None  # of what ended the last stretch

    def start(self, second: int) -> None:
        if not self.stretches or self.stretches[-1][1] is not None:
            self.stretches.append([second, None])
            self.recorded = None

    def stop(self, second: int, recorded: int) -> None:
        if self.stretches and self.stretches[-1][1] is None:
            self.stretches[-1][1] = second
            self.recorded = recorded

    def active(self, second: int) -> bool:
        return any(
            begin is not None and begin <= second and (end is None or second < end)
            for begin, end in self.stretches
        )


class Walk:
    """A case, of which every second can be asked."""

    def __init__(self, case: Json, calendars: Json, wrong: frozenset[Mistake] = NONE) -> None:
        self.case, self.calendars, self.wrong = case, calendars, wrong
        self.asked = seconds(case["asked_at"])
        self.known = seconds(case["known_at"]) if case.get("known_at") else None
        self._versioned = case.get("versioned", case.get("calendar"))
        self.events = self._events()
        self.excluded = False
        for event in self.events:
            if event.what in ("cancelled", "marked_duplicate", "rejected", "refused"):
                self.excluded = True
            if event.what == "reopened":
                self.excluded = False

    def _events(self) -> list[Event]:
        parameters = datetime.fromisoformat(self.case["asked_at"])
        expected = datetime.fromisoformat(self.case["known_at"]) if self.case.get("known_at") else None
        results = []
        for n, stated_event in enumerate(self.case["events"]):
            recorded = datetime.fromisoformat(stated_event["recorded_at"])
            occurred = datetime.fromisoformat(stated_event["occurred_at"])
            if Mistake.RECORDED_INSTEAD_OF_OCCURRED in self.wrong:
                occurred = recorded
            if occurred > parameters or (expected is not None and recorded > expected):
                continue
            if Mistake.WHATEVER_IS_RECORDED_LATER in self.wrong and recorded > parameters:
                continue
            problem = stated_event["type"].split(".")[1]
            opening = problem in ("reported", "submitted", "raised")
            order = (not opening, occurred, recorded, n)
            event = Event(
                "opened" if opening else problem,
                int(occurred.timestamp()),
                int(recorded.timestamp()),
                stated_event.get("by", "staff"),
                stated_event.get("data", {}),
            )
            results.append((order, event))
        if Mistake.FILE_ORDER not in self.wrong:
            results.sort(key=lambda each: each[0])
        if not results or results[0][1].what != "opened":
            return []
        begin = results[0][1].at
        return [Event(e.what, max(begin, e.at), e.recorded, e.by, e.data) for _, e in results]

    # When it is not stopped.

    def lives(self, metric: str) -> list[Life]:
        if metric == "update":
            return self._rounds()
        if metric == "restore":
            return [self._restoration()]
        life = Life(self.events[0].at)
        life.start(life.begin)
        for_good = False
        for event in self.events:
            if event.what in ("cancelled", "marked_duplicate", "rejected", "refused"):
                life.stop(event.at, event.recorded)
            elif event.what == "reopened":
                if not for_good:
                    life.start(event.at)
            elif not for_good and self._stops(metric, event):
                life.stop(event.at, event.recorded)
                for_good = metric == "response" and Mistake.RESPONSE_BEGINS_ANEW not in self.wrong
        return [life]

    def _stops(self, metric: str, event: Event) -> bool:
        if event.what == "closed":
            return True
        if Mistake.STOP_AT_CLOSED_ONLY in self.wrong:
            return False
        if metric == "response":
            people = event.by in ("staff", "tool") or Mistake.RULES_RESPOND in self.wrong
            return event.what == "resolved" or (event.what in ("acknowledged", "started") and people)
        return event.what in {"resolution": ["resolved"], "fulfilment": ["fulfilled", "accepted"]}[metric]

    def _restoration(self) -> Life:
        life = Life(self.events[0].at)
        begins = [n for n, e in enumerate(self.events) if n == 0 or e.what == "reopened"]
        for begin, end in zip(begins, [*begins[1:], len(self.events)], strict=True):
            episode = self.events[begin:end]
            instant = episode[0].at
            life.start(instant)
            stop = None
            for event in episode:
                if event.what in ("contained", "resolved") and event.data.get("service_restored_at"):
                    values = max(instant, seconds(event.data["service_restored_at"]))
                    if Mistake.RESTORED_WHEN_WRITTEN_DOWN in self.wrong:
                        values = event.at
                    stop = (values, event.recorded)
            for problem in ("resolved", "closed"):
                for event in episode:
                    if stop is None and event.what == problem:
                        stop = (event.at, event.recorded)
            for event in episode:
                removed = event.what in ("cancelled", "marked_duplicate", "rejected", "refused")
                if removed and (stop is None or event.at < stop[0]):
                    stop = (event.at, event.recorded)
            until = self.events[end].at if end < len(self.events) else self.asked + 1
            if stop is not None and stop[0] < until:
                life.stop(max(stop[0], life.stretches[-1][0] or 0), stop[1])
        return life

    def _rounds(self) -> list[Life]:
        rounds: list[Life] = []
        open_ = removed = False
        for event in self.events:
            public = event.what == "commented" and event.data.get("visibility") == "public"
            if event.what in ("cancelled", "marked_duplicate", "rejected", "refused"):
                removed = True
                if open_:
                    rounds[-1].stop(event.at, event.recorded)
                continue
            if event.what == "reopened":
                removed = False
                if open_:
                    rounds[-1].start(event.at)
            ours = event.by in ("staff", "tool")
            ends = event.what in ("resolved", "fulfilled", "accepted", "closed")
            ends = ends or ((public or event.what == "update_posted") and ours)
            if Mistake.ANY_COMMENT_ANSWERS in self.wrong:
                ends = ends or (event.what == "commented" and event.by != "requester")
            if open_ and ends:
                rounds[-1].stop(event.at, event.recorded)
                open_ = False
            elif not (open_ or removed) and event.by == "requester" and (public or event.what == "reopened"):
                rounds.append(Life(event.at))
                rounds[-1].start(event.at)
                open_ = True
        return rounds

    def party_life(self, party: str) -> Life:
        life = Life(self.events[0].at)
        for n, event in enumerate(self.events):
            if self.holder(n) == party:
                life.start(event.at)
            else:
                life.stop(event.at, event.recorded)
        if life.stretches:
            life.begin = life.stretches[0][0] or 0
        return life

    def holder(self, n: int) -> str | None:
        """Who has the case behind its n-th event."""
        team, supplier, over = None, None, False
        for event in self.events[: n + 1]:
            moves = event.what in ("opened", "assigned")
            moves = moves or (event.what == "escalated" and event.data.get("kind") == "functional")
            if moves and "team" in event.data:
                team = event.data["team"]
                if Mistake.TEAM_CHANGES_WHILE_SUPPLIER_IS_AWAITED in self.wrong:
                    supplier = None
            if event.what == "held":
                supplier = (
                    event.data.get("supplier") if event.data.get("reason") == "awaiting_vendor" else None
                )
            if event.what in ("resumed", "reopened", *ENDS):
                supplier = None
            over = event.what in ENDS or (over and event.what != "reopened")
        if over:
            return None
        return f"supplier:{supplier}" if supplier else f"team:{team}" if team else "none"

    # What pauses.

    def paused(self, target: Json, until: int) -> int:
        """How many pauses there are after all events up to that second."""
        holds: list[str] = []
        state = None
        for event in self.events:
            if event.at > until:
                break
            if event.what == "held":
                holds.append(event.data.get("reason", ""))
            elif event.what in ("resumed", "reopened", *ENDS):
                holds = []
            if event.what != "held" and event.data.get("state"):
                state = event.data["state"]
            if event.what == "held" and Mistake.HOLD_ENDS_A_STATE in self.wrong:
                state = None
        reasons = target.get("pause_reasons") or ()
        if Mistake.ANY_HOLD_PAUSES in self.wrong:
            reasons = holds
        results = [hold for hold in holds if hold in reasons]
        in_state = state in (target.get("pause_states") or ())
        if Mistake.PAUSES_COUNT_TWICE in self.wrong:
            return len(results) + in_state
        return int(bool(results) or in_state)

    # Targets and calendars.

    def target(self, until: int) -> Json | None:
        """The target in force after all events up to that second."""
        attributes: dict[str, Any] = {"process": self.case.get("process")}
        for event in self.events:
            if event.at <= until:
                names = ("priority", "service", "category", "customer", "catalogue_item")
                attributes |= {name: event.data[name] for name in names if name in event.data}
        if "agreements" in self.case:
            agreement = chosen_agreement(self.case, self.calendars, attributes)
            if agreement is None:
                return None
            target = chosen_target(agreement, self.case["metric"], attributes)
            if target is None:
                return None
            return {
                "calendar": agreement["calendar"],
                **target,
                "agreement": agreement["key"],
                "version": agreement["version"],
            }
        by_priority = self.case.get("targets_seconds") or {}
        threshold = by_priority.get(attributes.get("priority"), self.case.get("target_seconds"))
        return None if threshold is None else {**self.case, "threshold_seconds": threshold}

    def hours(self, target: Json, life: Life, until: int) -> NaiveCalendar:
        name = target["calendar"]
        definition = self.calendars[name]
        as_of = life.recorded if life.recorded is not None else self.known or self.asked
        if Mistake.NEWEST_CALENDAR_FOR_STOPPED in self.wrong:
            as_of = self.asked
        if Mistake.CALENDAR_OF_THE_OPENING in self.wrong:
            as_of = self.events[0].at
        versions = self.case.get("calendar_versions", ()) if name == self._versioned else ()
        published = [v for v in versions if seconds(v["published_at"]) <= as_of]
        if versions:
            version = published[-1] if published else versions[0]
            inline = version.get("calendar_inline")
            definition = self.calendars[inline["base"] if inline else version["calendar"]]
            if inline:
                holidays = [*definition["holidays"], *inline["add_holidays"]]
                definition = {**definition, "holidays": holidays}
        if Mistake.UTC_INSTEAD_OF_LOCAL_TIME in self.wrong:
            definition = {**definition, "timezone": "UTC"}
        spare = Mistake.HOLIDAYS_SPARE_NIGHT_SHIFTS in self.wrong
        return NaiveCalendar.of(definition, self.events[0].at, until, spare_nights=spare)
