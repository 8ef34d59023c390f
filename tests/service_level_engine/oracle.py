"""The oracle of clocks and shares: it walks through each second of a case, by code of its own, as the rules
of the case files have it in words. It shares nothing with the engine.

It works on cases as their files have them. With a `Mistake` it is an engine that is deliberately wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.service_level_engine.naive_calendar import DAY, NaiveCalendar
from tests.service_level_engine.naive_lives import NONE, Json, Life, Mistake, Walk

#: How far behind the asked instant a due time is looked for, and one day more.
HORIZON = 5 * DAY


@dataclass
class Tally:
    """What one target has counted so far."""

    target: Json
    hours: NaiveCalendar
    elapsed: int = 0
    reached: int | None = None  # when elapsed was the threshold
    counted: int | None = None  # the last second that was counted
    shares: dict[str, int] = field(default_factory=dict)
    weight: int = 1
    #: Whether seconds outside hours change the sum, too.
    always: bool = False

    def __post_init__(self) -> None:
        self.first, self.minutes = self.hours.first, self.hours.minutes

    def count(self, second: int, holder: str | None) -> None:
        """Count the second."""
        self.elapsed += self.weight if not self.always else self.hours.counts(second) + self.weight - 1
        self.counted = second
        self.shares[holder or "none"] = self.shares.get(holder or "none", 0) + 1
        if self.reached is None and self.elapsed >= self.target["threshold_seconds"]:
            self.reached = second + 1


def walk(walker: Walk, life: Life) -> dict[str, Any] | None:
    """What a clock with this life says, after a walk through each of its seconds."""
    parameters, wrong = walker.asked, walker.wrong
    edges = {
        instant
        for stretch in life.stretches
        for instant in stretch
        if instant is not None and instant <= parameters
    }
    moments = sorted({life.begin, *edges, *(e.at for e in walker.events if e.at >= life.begin)})
    forces = {moment: walker.target(moment) for moment in moments}
    tallies: list[Tally] = []
    for target in forces.values():
        if target is not None and all(t.target != target for t in tallies):
            tallies.append(Tally(target, walker.hours(target, life, parameters + HORIZON)))
    if not tallies:
        return None
    progress = Said(walker, life, wrong)
    for instant, end in zip(moments, [*moments[1:], parameters], strict=True):
        progress.change([t for t in tallies if t.target == forces[instant]], instant)
        holder = walker.holder(max(n for n, e in enumerate(walker.events) if e.at <= instant))
        counting = [t for t in tallies if progress.prepare(t, instant)]
        for second in range(instant, end):
            for tally in counting:
                if tally.minutes[second // 60 - tally.first] or tally.always:
                    tally.count(second, holder)
                    if tally is progress.current:
                        progress.tick(second, at_change=second + 1 == end and end != parameters)
    progress.look(parameters)
    assert progress.last is not None
    return _said(progress)


@dataclass
class Said:
    """What the clock says in the course of its walk."""

    walker: Walk
    life: Life
    wrong: frozenset[Mistake]
    current: Tally | None = None
    last: Tally | None = None
    #: Since when elapsed has exceeded the target.
    since: int | None = None
    #: What the last target had counted when no target fitted any more.
    frozen: int | None = None
    warned: dict[int, int] = field(default_factory=dict)
    #: Of the target in force: the seconds that may be counted without a breach, and its warnings to come.
    allowed: int = 0
    pending: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_the_wall = Mistake.WARNINGS_BY_THE_WALL_CLOCK in self.wrong

    def change(self, tallies: list[Tally], second: int) -> None:
        """The target in force from that instant on, if one is."""
        changed = bool(tallies) and self.current is not None and self.current is not tallies[0]
        self.current = tallies[0] if tallies else None
        if self.current is not None:
            self.last, self.frozen = self.current, None
        elif self.last is not None and self.frozen is None:
            self.frozen = self.last.elapsed
        if changed and self.current is not None and Mistake.TARGET_FROM_ITS_CHANGE_ON in self.wrong:
            self.current.elapsed, self.current.reached = 0, None
        if self.current is not None:
            threshold = int(self.current.target["threshold_seconds"])
            self.allowed = threshold - (Mistake.EQUAL_IS_BREACHED in self.wrong)
            percents = self.current.target.get("warning_percents") or ()
            self.pending = [percent for percent in percents if percent not in self.warned]
        self.look(second)

    def look(self, second: int) -> None:
        """What is so at that instant, before its second is counted."""
        stays = Mistake.FIRST_BREACH_STAYS in self.wrong
        if self.current is None:
            self.since = self.since if stays else None
            return
        if self.current.elapsed > self.allowed:
            self.since = second if self.since is None else self.since
        elif not stays:
            self.since = None
        self.warn(second, active=self.life.active(second))

    def prepare(self, tally: Tally, second: int) -> bool:
        """Whether the target may count from that instant to the next at which something happens."""
        active, pauses = self.life.active(second), self.walker.paused(tally.target, second)
        if Mistake.TIME_WHILE_RESOLVED_COUNTS in self.wrong:
            active = self.life.stretches[-1][1] is None
        tally.weight, tally.always = 1 - pauses, False
        if Mistake.WALL_CLOCK_PAUSES in self.wrong:
            tally.always = pauses > 0
        elif Mistake.PAUSES_COUNT_TWICE not in self.wrong and pauses:
            return False
        return active

    def tick(self, second: int, *, at_change: bool) -> None:
        """The second has counted for the target in force."""
        assert self.current is not None
        if self.since is None and self.current.elapsed > self.allowed:
            self.since = second
        if self.pending and not at_change:
            self.warn(second + 1, active=True)

    def warn(self, second: int, *, active: bool) -> None:
        """Warn of percentages that are reached by that instant."""
        assert self.current is not None
        for percent in list(self.pending):
            expected = self.current.target["threshold_seconds"] * percent
            spent = self.current.elapsed
            if self.by_the_wall:
                spent = second - self.life.begin
            just = self.current.counted == second - 1 and (spent - 1) * 100 < expected
            if spent * 100 >= expected and (active or just):
                self.warned[percent] = second
                self.pending.remove(percent)


def _said(progress: Said) -> dict[str, Any]:
    walker, life, last, since, frozen = (
        progress.walker,
        progress.life,
        progress.last,
        progress.since,
        progress.frozen,
    )
    assert last is not None
    wrong, parameters = walker.wrong, walker.asked
    threshold = last.target["threshold_seconds"]
    elapsed = last.elapsed if frozen is None else frozen
    if Mistake.WHOLE_MINUTES in wrong:
        elapsed -= elapsed % 60
    if Mistake.WALL_CLOCK_DIFFERENCES in wrong:
        elapsed += _offset_change(last, life.begin, parameters)
    excluded = walker.excluded or frozen is not None
    stopped = life.stretches == [] or life.stretches[-1][1] is not None
    paused = not stopped and bool(walker.paused(last.target, parameters))
    over = elapsed > threshold or (Mistake.EQUAL_IS_BREACHED in wrong and elapsed >= threshold)
    if excluded:
        state = "excluded"
    elif stopped:
        state = "missed" if over else "met"
    else:
        state = "breached" if over else "paused" if paused else "running"
    due = last.reached
    if last.elapsed < threshold:
        due = None if paused or not life.stretches else _due(walker, life, last, threshold, stopped)
    if due is not None and Mistake.DUE_AT_THE_NEXT_OPENING in wrong:
        while not last.hours.counts(due):
            due += 1
    if since is not None and Mistake.BREACH_DATED_AT_THE_DUE_TIME in wrong:
        since = due
    return {
        "started_at": life.begin,
        "due_at": None if excluded else due,
        "elapsed_seconds": elapsed,
        "remaining_seconds": None if excluded else threshold - elapsed,
        "state": state,
        "breached_at": None if excluded or not over else since,
        "warned": [
            {"percent": p, "at": instant}
            for p, instant in sorted(progress.warned.items(), key=lambda w: w[::-1])
        ],
        "agreement": None if frozen is not None else last.target.get("agreement"),
        "version": None if frozen is not None else last.target.get("version"),
        "shares": last.shares,
    }


def _due(walker: Walk, life: Life, last: Tally, threshold: int, stopped: bool) -> int | None:
    """The due time, if the clock runs on without another pause; -1: farther than was looked."""
    instant = life.stretches[-1][1] if stopped else walker.asked
    instant = life.begin if instant is None else instant
    left = threshold - last.elapsed
    while left:
        if instant >= walker.asked + HORIZON - DAY:
            return -1
        left -= last.minutes[instant // 60 - last.first]
        instant += 1
    return instant


def _offset_change(last: Tally, begin: int, end: int) -> int:
    offsets = [datetime.fromtimestamp(instant, last.hours.zone).utcoffset() for instant in (begin, end)]
    assert offsets[0] is not None
    assert offsets[1] is not None
    return int((offsets[1] - offsets[0]).total_seconds())


def clock(case: Json, calendars: Json, wrong: frozenset[Mistake] = NONE) -> dict[str, Any]:
    """What the case of a clock is to answer; instants in seconds since 1970."""
    walker = Walk(case, calendars, wrong)
    lives = walker.lives(case["metric"]) if walker.events else []
    if Mistake.REOPENING_STARTS_ANEW in wrong:
        for life in lives:
            life.stretches = life.stretches[-1:]
            life.begin = life.stretches[0][0] or 0
    rounds = [
        clock_round for clock_round in (walk(walker, life) for life in lives) if clock_round is not None
    ]
    names = ("started_at", "due_at", "elapsed_seconds", "remaining_seconds", "state", "breached_at", "warned")
    nothing: dict[str, Any] = dict.fromkeys(names) | {
        "warned": [],
        "agreement": None,
        "version": None,
    }
    result = dict(rounds[-1]) if rounds else nothing
    if case["metric"] == "update":
        result["rounds"] = rounds
    if "agreements" in case and walker.events:
        target = walker.target(walker.asked)
        result |= (
            {"agreement": None, "version": None}
            if target is None
            else {
                "agreement": target["agreement"],
                "version": target["version"],
            }
        )
    return result


def shares(case: Json, calendars: Json, wrong: frozenset[Mistake] = NONE) -> dict[str, Any]:
    """What the case of shares is to answer."""
    walker = Walk({"target_seconds": 10**9, **case}, calendars, wrong)
    if not walker.events:
        return {"elapsed_seconds": None, "shares": {}, "clocks": []}
    walked = walk(walker, walker.lives(case["metric"])[-1])
    assert walked is not None
    clocks = []
    for party in case["parties"]:
        of_case = ("events", "asked_at", "known_at", "calendar_versions", "process", "metric")
        its = {name: case[name] for name in of_case if name in case} | {"versioned": case["calendar"]}
        own = Walk({**its, **party}, calendars, wrong)
        name = f"supplier:{party['supplier']}" if party.get("supplier") else f"team:{party['team']}"
        clock_said = walk(own, own.party_life(name))
        assert clock_said is not None
        clocks.append({"agreement": party["agreement"], **clock_said})
    return {**walked, "clocks": clocks}


Answer = Callable[[Json, Json, frozenset[Mistake]], dict[str, Any]]
