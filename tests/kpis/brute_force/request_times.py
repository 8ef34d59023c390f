"""The KPIs of how long requests take, in all time and in business time (32, 33; 0044, 0102)."""

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


def _business(business: BusinessTime, request: Request, n: int, metric: str) -> int:
    """The business time from the submission to a step: what the clock of the metric counted, else that of the
    calendar. That clocks were wrong is seen in both times.
    """
    if request.steps[n].at < request.record.opened_at:
        return request.seconds(n)
    counted = business.by_clock(request.record, n, metric)
    if counted is None:
        stretch = (request.record.opened_at, request.steps[n].at)
        hours = business.hours(request.record, n)
        counted = seconds_between(*stretch) if hours is None else hours.seconds(*stretch)
    return counted


def _lead(path: str | None) -> Definition:
    def cases(world: World) -> list[Counted]:
        business, counted_cases = world.once(BusinessTime), []
        for request in requests(world):
            n = request.final
            if n is None or path not in {None, request.cut(n)["path"]}:
                continue
            business_seconds = _business(business, request, n, "fulfilment")
            counted_cases.append(
                Counted(
                    request.id,
                    request.steps[n].at,
                    request.seconds(n),
                    request.cut(n),
                    request.excluded,
                    beside=business_seconds,
                )
            )
        return counted_cases

    def holds(request: Request, n: int, state: str) -> bool:
        own_path = request.cut(n)["path"]
        return path is None or (own_path == "project") == (path == "project")

    return Definition(cases, open_at(holds))


def _states(world: World) -> list[Counted]:
    """Each state that a request was in up to its final delivery."""
    counted_cases = []
    for request in requests(world):
        n = request.final
        if n is None:
            continue
        times: dict[str, timedelta] = defaultdict(timedelta)
        for state, begin, end in request.stretches(n):
            times[state] += end - begin
        start = request.record.opened_at
        for state, time in times.items():
            number = seconds_between(start, start + time)
            counted_cases.append(
                Counted(
                    request.id,
                    request.steps[n].at,
                    number,
                    request.cut(n) | {"state": state},
                    request.excluded,
                )
            )
    return counted_cases


def _worked(request: Request, n: int) -> list[tuple[datetime, datetime]] | None:
    """When it was worked on up to its delivery; None if nobody knows."""
    worked_spans = [(begin, end) for state, begin, end in request.stretches(n) if state == IN_PROGRESS]
    if worked_spans:
        return worked_spans
    fields = request.fields(n)
    started_at = instant_of(fields.get("started_at"))
    if started_at is not None:
        return [(min(started_at, request.steps[n].at), request.steps[n].at)]
    return [] if fields.get("channel") in AT_ONCE else None


def _handled(world: World) -> list[Counted]:
    business, counted_cases = world.once(BusinessTime), []
    for request in requests(world):
        n = request.final
        if n is None or request.cut(n)["path"] != "standard" or (worked := _worked(request, n)) is None:
            continue
        start = request.record.opened_at
        seconds = seconds_between(start, start + sum((end - begin for begin, end in worked), timedelta()))
        hours = business.hours(request.record, n)
        counted = seconds if hours is None else hours.seconds_of(worked)
        counted_cases.append(
            Counted(
                request.id, request.steps[n].at, counted, request.cut(n), request.excluded, beside=seconds
            )
        )
    return counted_cases


def _at_once(request: Request, n: int) -> int | None:
    worked = _worked(request, n)
    if request.cut(n)["path"] != "standard" or not worked:
        return None
    return int(request.steps[n].at - worked[0][0] < TEN_SECONDS)


def _responded(world: World) -> list[Counted]:
    business, counted_cases = world.once(BusinessTime), []
    for request in requests(world):
        n = request.response
        if n is None:
            continue
        skewed, seconds = request.seconds(n) < 0, max(0, request.seconds(n))
        counted = max(0, _business(business, request, n, "response"))
        counted_cases.append(
            Counted(
                request.id,
                request.steps[n].at,
                counted,
                request.cut(n),
                request.excluded,
                beside=seconds,
                skewed=skewed,
            )
        )
    return counted_cases


DEFINITIONS: dict[str, Definition] = {
    "request_response_seconds": Definition(_responded, open_at(unanswered)),
    "request_handling_seconds": Definition(
        _handled, open_at(lambda request, n, state: request.cut(n)["path"] != "project")
    ),
    "request_at_once_share": when_delivered(_at_once),
    "request_lead_seconds": _lead(None),
    "standard_lead_seconds": _lead("standard"),
    "project_lead_seconds": _lead("project"),
    "request_state_seconds": Definition(_states),
}
