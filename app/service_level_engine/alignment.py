"""Alignment of an SLA with the OLAs and UCs beneath it: whether they keep its target together
(24-service-levels, "Does it add up?").

These links run one after another, each over its own calendar. The longest case over all seconds of opening is
found by trying few of them: the time that a case takes, as its opening moves, changes course only where the
case, or a link, begins or ends at an opening or a closing of some calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.common.times.business_time import BusinessTime
from app.service_level_engine.case_events import instant_of, seconds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentLink:
    """An OLA or UC beneath the SLA. `counts` is false of a UC where the SLA pauses while a supplier is
    awaited: then its time passes, but is left out of the sum.
    """

    name: str
    hours: BusinessTime
    target_seconds: int
    counts: bool = True


@dataclass(frozen=True, slots=True)
class LinkTime:
    """The time of a link in a case: its beginning, its end, and the SLA's business seconds in between."""

    name: str
    begins_at: datetime
    ends_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The longest that a case can take. `worst_seconds` and `worst_at` are None if a link has no end within
    the reach of its calendar.
    """

    worst_seconds: int | None
    #: The earliest opening of a case that takes so long.
    worst_at: datetime | None
    #: The links of that case, one after another.
    lines: tuple[LinkTime, ...]

    def allows(self, target_seconds: int) -> bool:
        """Return whether the SLA may promise that target."""
        return self.worst_seconds is not None and self.worst_seconds <= target_seconds


def align(hours: BusinessTime, links: Sequence[AlignmentLink], begin: datetime, end: datetime) -> Alignment:
    """Return the longest that the links take, in business time of the SLA (`hours`), over all openings from
    `begin` to before `end`.
    """
    first, last = seconds_of(begin), seconds_of(end) - 1
    assert first <= last, "a case can open at some second"
    worst, worst_at = -1, first
    for candidate in sorted(_candidates(hours, links, first, last)):
        total = _total(hours, links, candidate)
        if total is None:
            return Alignment(None, None, ())
        if total > worst:
            worst, worst_at = total, candidate
    return Alignment(worst, instant_of(worst_at), tuple(_lines(hours, links, worst_at)))


def _total(hours: BusinessTime, links: Sequence[AlignmentLink], second: int) -> int | None:
    total = 0
    for link in links:
        end = link.hours.advance(second, link.target_seconds)
        if end is None:
            return None
        if link.counts:
            total += hours.seconds_between(second, end)
        second = end
    return total


def _lines(hours: BusinessTime, links: Sequence[AlignmentLink], second: int) -> Iterator[LinkTime]:
    for link in links:
        end = link.hours.advance(second, link.target_seconds)
        assert end is not None, "this case has been added up"
        counted = hours.seconds_between(second, end) if link.counts else 0
        yield LinkTime(link.name, instant_of(second), instant_of(end), counted)
        second = end


def _candidates(hours: BusinessTime, links: Sequence[AlignmentLink], first: int, last: int) -> set[int]:
    """Return the openings to try between the two instants."""
    begins, until = [first], last
    for link in links:
        earliest = link.hours.advance(begins[-1], link.target_seconds)
        latest = link.hours.advance(until, link.target_seconds)
        if earliest is None or latest is None:
            return {first}  # no alignment: the first opening shows it
        begins.append(earliest)
        until = latest
    edges = _edges([hours, *(link.hours for link in links)], first, until + 1)
    candidates = {first}
    for n in range(len(links) + 1):
        for edge in edges:
            for instant in (edge, edge + 1):
                second = _moved_back(links[:n], begins, instant)
                if second is not None:
                    candidates |= {second - 1, second, second + 1}
    return {second for second in candidates if first <= second <= last}


def _edges(calendars: Iterable[BusinessTime], first: int, last: int) -> set[int]:
    edges: set[int] = set()
    for hours in {id(each): each for each in calendars}.values():
        for begin, end in hours.spans(instant_of(first), instant_of(last)):
            edges |= {seconds_of(begin), seconds_of(end)}
    return edges


def _moved_back(links: Sequence[AlignmentLink], begins: Sequence[int], instant: int) -> int | None:
    """Return the first opening, from `begins[0]` on, with which the last of the links ends no earlier than at
    the instant; without links the instant itself.

    `begins[n]` is the earliest at which the link can begin.
    """
    second: int | None = instant
    for n in reversed(range(len(links))):
        assert second is not None
        link, earliest = links[n], begins[n]
        if not link.target_seconds:
            continue
        # The end is at `at` or later as soon as fewer than the target's seconds are left before that second.
        surplus = link.hours.seconds_between(earliest, second - 1) - link.target_seconds + 1
        second = earliest if surplus <= 0 else link.hours.advance(earliest, surplus)
        if second is None:
            return None
    return second


@dataclass(frozen=True, slots=True)
class AvailabilityAlignment:
    """The availability that the items beneath promise together; `product` is None if one of them has no
    promise, or there are no items.
    """

    product: Fraction | None
    holds: bool
    #: Names of items without a promise.
    unknown: tuple[str, ...]


def align_availability(
    promised: Fraction | None, items: Sequence[tuple[str, Fraction | None]]
) -> AvailabilityAlignment:
    """Return whether the SLA may promise that availability, given what each item and UC promises, by name."""
    unknown = tuple(name for name, share in items if share is None)
    if unknown or not items:
        return AvailabilityAlignment(None, not unknown, unknown)
    product = Fraction(1)
    for _, share in items:
        assert share is not None
        product *= share
    return AvailabilityAlignment(product, promised is None or promised <= product, ())
