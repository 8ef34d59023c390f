"""Spans of whole seconds since 1970: when calendars are open, each version from its publication on."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from tests.kpis.brute_force.business_time import Hours
from tests.kpis.brute_force.reading import World, instant_of

Span = tuple[int, int]


def second_of(instant: datetime) -> int:
    """The whole second in which an instant lies."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def instant_at(second: int) -> datetime:
    """The beginning of a second."""
    return datetime.fromtimestamp(second, UTC)


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that neither overlap nor touch, in order."""
    own_spans: list[Span] = []
    for begin, end in sorted(spans):
        if own_spans and begin <= own_spans[-1][1]:
            own_spans[-1] = (own_spans[-1][0], max(end, own_spans[-1][1]))
        elif begin < end:
            own_spans.append((begin, end))
    return own_spans


def covers(spans: Sequence[Span], second: int) -> bool:
    """Whether the second lies in one of the spans, which are united."""
    place = bisect(spans, second, key=lambda span: span[0]) - 1
    return place >= 0 and second < spans[place][1]


def calendar_spans(world: World, begin: datetime, end: datetime) -> dict[str, list[Span]]:
    """When each calendar is open between two instants, by its key; the first version counts before its
    publication, too.
    """
    by_key = {}
    for record in world.of("calendar"):
        versions = [
            Hours(event.position, fields)
            for event in record.events
            for name, fields in event.data["set"].items()
            if name.startswith("calendar_version/")
        ]
        since = [begin, *(instant_of(version.said["published_at"]) or begin for version in versions[1:])]
        holding = zip(versions, since, [*since[1:], end], strict=True)
        key = record.fields(len(record.steps) - 1)["key"]
        by_key[key] = united(
            span for version, a, b in holding for span in _spans_of(version, max(a, begin), min(b, end))
        )
    return by_key


def _spans_of(version: Hours, begin: datetime, end: datetime) -> Iterator[Span]:
    day = begin.date() - timedelta(days=2)
    while day <= end.date() + timedelta(days=1):
        for opens, closes in version.spans_of(day):
            yield second_of(max(begin, opens)), second_of(max(begin, min(end, closes)))
        day += timedelta(days=1)
