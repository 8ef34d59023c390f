"""The KPIs of how long requests take, in all time and in business time (32, 33; 0044, 0062, 0106)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.reading import World, instant_of, seconds_between
from tests.kpis.brute_force.request_lives import (
    Request,
    open_at,
    requests,
    unanswered,
    when_delivered,
)
from tests.kpis.brute_force.running_time import BusinessTime

IN_PROGRESS = "in_progress"
#: What is handled in one step by these channels has taken no time.
AT_ONCE = frozenset({"hotline", "chat"})
TEN_SECONDS = timedelta(seconds=10)


def _business(business: BusinessTime, of: Request, n: int, metric: str) -> int:
    """The business time from the submission to a step: what the clock of the metric counted, else that of the
    calendar. That clocks were wrong is seen in both times.
    """
    if of.steps[n].at < of.record.opened_at:
        return of.seconds(n)
    counted = business.by_clock(of.record, n, metric)
    if counted is None:
        stretch = (of.record.opened_at, of.steps[n].at)
        hours = business.hours(of.record, n)
        counted = seconds_between(*stretch) if hours is None else hours.seconds(*stretch)
    return counted


def _lead(path: str | None) -> Definition:
    def cases(world: World) -> list[Counted]:
        business, found = world.once(BusinessTime), []
        for of in requests(world):
            n = of.final
            if n is None or path not in {None, of.cut(n)["path"]}:
                continue
            beside = _business(business, of, n, "fulfilment")
            found.append(Counted(of.id, of.steps[n].at, of.seconds(n), of.cut(n), of.excluded, beside=beside))
        return found

    def holds(of: Request, n: int, state: str) -> bool:
        known = of.cut(n)["path"]
        return path is None or (known == "project") == (path == "project")

    return Definition(cases, open_at(holds))


def _states(world: World) -> list[Counted]:
    """Each state that a request was in up to its final delivery."""
    found = []
    for of in requests(world):
        n = of.final
        if n is None:
            continue
        times: dict[str, timedelta] = defaultdict(timedelta)
        for state, begin, end in of.stretches(n):
            times[state] += end - begin
        start = of.record.opened_at
        for state, time in times.items():
            number = seconds_between(start, start + time)
            found.append(Counted(of.id, of.steps[n].at, number, of.cut(n) | {"state": state}, of.excluded))
    return found


def _worked(of: Request, n: int) -> list[tuple[datetime, datetime]] | None:
    """When it was worked on up to its delivery; None if nobody knows."""
    found = [(begin, end) for state, begin, end in of.stretches(n) if state == IN_PROGRESS]
    if found:
        return found
    known = of.fields(n)
    started_at = instant_of(known.get("started_at"))
    if started_at is not None:
        return [(min(started_at, of.steps[n].at), of.steps[n].at)]
    return [] if known.get("channel") in AT_ONCE else None


def _handled(world: World) -> list[Counted]:
    business, found = world.once(BusinessTime), []
    for of in requests(world):
        n = of.final
        if n is None or of.cut(n)["path"] != "standard" or (worked := _worked(of, n)) is None:
            continue
        start = of.record.opened_at
        seconds = seconds_between(start, start + sum((end - begin for begin, end in worked), timedelta()))
        hours = business.hours(of.record, n)
        counted = seconds if hours is None else hours.seconds_of(worked)
        found.append(Counted(of.id, of.steps[n].at, counted, of.cut(n), of.excluded, beside=seconds))
    return found


def _at_once(of: Request, n: int) -> int | None:
    worked = _worked(of, n)
    if of.cut(n)["path"] != "standard" or not worked:
        return None
    return int(of.steps[n].at - worked[0][0] < TEN_SECONDS)


def _responded(world: World) -> list[Counted]:
    business, found = world.once(BusinessTime), []
    for of in requests(world):
        n = of.response
        if n is None:
            continue
        skewed, seconds = of.seconds(n) < 0, max(0, of.seconds(n))
        counted = max(0, _business(business, of, n, "response"))
        found.append(
            Counted(of.id, of.steps[n].at, counted, of.cut(n), of.excluded, beside=seconds, skewed=skewed)
        )
    return found


DEFINITIONS: dict[str, Definition] = {
    "request_response_seconds": Definition(_responded, open_at(unanswered)),
    "request_handling_seconds": Definition(
        _handled, open_at(lambda of, n, state: of.cut(n)["path"] != "project")
    ),
    "request_at_once_share": when_delivered(_at_once),
    "request_lead_seconds": _lead(None),
    "standard_lead_seconds": _lead("standard"),
    "project_lead_seconds": _lead("project"),
    "request_state_seconds": Definition(_states),
}
