"""The KPIs of outages, from the words of the catalogue (1 to 4) and decision 0104."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache, cached_property, partial
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.availability import Availability, Outage, Piece, outages
from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.open_spans import Span, instant_at, second_of
from tests.kpis.brute_force.reading import World

Json = dict[str, Any]
#: The pieces of several services, each by itself.
Services = Sequence[Sequence[Piece]]


@dataclass
class Sums:
    """What lies in a time: how many seconds are agreed, how many of them are lost, how many may be lost, and
    to which incidents they were.
    """

    agreed: int = 0
    lost: Fraction = Fraction(0)
    allowed: Fraction = Fraction(0)
    incidents: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Figures:
    """What is known of a period and cut: the sums of its time, those of the year in which it ends, up to its
    end and of the whole, and the outages that began in it.
    """

    services: Services
    begun: Sequence[Outage]
    period: Span
    year: Span
    #: The sums of a whole year, which many periods ask for.
    whole: Callable[[Span], Sums]
    has_services: bool

    @cached_property
    def of_period(self) -> Sums:
        return _sums(self.services, self.period)

    @cached_property
    def since_new_year(self) -> Sums:
        return _sums(self.services, (self.year[0], self.period[1]))

    @property
    def of_year(self) -> Sums:
        return self.whole(self.year)


def _sums(services: Services, span: Span) -> Sums:
    sums = Sums()
    for piece in (piece for pieces in services for piece in _overlapping(pieces, span)):
        seconds = piece.within(*span)
        if not piece.agreed:
            continue
        assert piece.terms is not None
        sums.agreed += seconds
        sums.allowed += seconds * (1 - piece.terms.promise)
        if piece.takes and piece.by is not None:
            sums.lost += seconds * piece.weight
            sums.incidents.add(piece.by.incident)
    return sums


def _overlapping(pieces: Sequence[Piece], span: Span) -> Sequence[Piece]:
    begin, end = span
    return pieces[bisect_right(pieces, begin, key=_end) : bisect_left(pieces, end, key=_begin)]


def _begin(piece: Piece) -> int:
    return piece.begin


def _end(piece: Piece) -> int:
    return piece.end


def _services(read: Availability, by: str | None) -> Mapping[Any, Services]:
    """The pieces by what an answer is cut by: of customers' own agreements only by agreement or customer."""
    everybody = read.of_everybody
    if by is None:
        return {None: list(everybody.values())}
    if by == "service":
        return {service: [pieces] for service, pieces in everybody.items()}
    pieces_by_key: dict[Any, list[Sequence[Piece]]] = {}
    if by == "customer":
        pieces_by_key[None] = list(everybody.values())
        for (_, customer), pieces in read.of_customers.items():
            pieces_by_key.setdefault(customer, []).append(pieces)
    elif by == "agreement":
        for pieces in (*read.of_everybody.values(), *read.of_customers.values()):
            agreed_pieces = [(piece.terms.agreement, piece) for piece in pieces if piece.terms is not None]
            _add(pieces_by_key, agreed_pieces)
    else:
        for pieces in read.of_everybody.values():
            lost = [(piece.by.category, piece) for piece in pieces if piece.takes and piece.by is not None]
            _add(pieces_by_key, lost)
    return pieces_by_key


def _add(pieces_by_key: dict[Any, list[Sequence[Piece]]], pieces: Iterable[tuple[Any, Piece]]) -> None:
    """Adds the pieces of a service to what each is about."""
    pieces_of: dict[Any, list[Piece]] = {}
    for about, piece in pieces:
        pieces_of.setdefault(about, []).append(piece)
    for about, those in pieces_of.items():
        pieces_by_key.setdefault(about, []).append(those)


def _begun(read: Availability, by: str | None) -> Mapping[Any, Sequence[Outage]]:
    """The outages that took agreed time."""
    outages_by_key: dict[Any, list[Outage]] = {}
    for service, pieces in read.of_everybody.items():
        for outage in outages(pieces):
            cut = {None: None, "service": service, "category": outage.first.category}.get(by)
            if outage.took_agreed_time:
                outages_by_key.setdefault(cut, []).append(outage)
    return outages_by_key


def _year_of(end: datetime, zone: str) -> Span:
    """The year in which a period ends."""
    year = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).year
    begin, until = (datetime(n, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for n in (year, year + 1))
    return second_of(begin), second_of(until)


NOT_BEGUN: Json = {"value": None, "cases": 0, "numerator": None, "denominator": None, "exposure": None}


def _points(
    say: Callable[[Figures], Json],
) -> Callable[[World, Sequence[datetime], str | None, str], dict[tuple[int, Any], Json]]:
    """The points of an answer: each what is said of its figures."""

    def points(
        world: World, bounds: Sequence[datetime], by: str | None, zone: str
    ) -> dict[tuple[int, Any], Json]:
        read, figures_of = world.once(Availability), dict[tuple[int, Any], Json]()
        services, begun = _services(read, by), _begun(read, by)
        cuts = services.keys() | begun.keys()
        sums_of = {cut: cache(partial(_sums, services.get(cut, ()))) for cut in cuts}
        for n, (a, b) in enumerate(pairwise(bounds)):
            if a >= world.now:
                if by is None:
                    figures_of[n, None] = NOT_BEGUN
                continue
            begin, until = second_of(a), second_of(min(b, world.now))
            year = _year_of(min(b, world.now), zone)
            for cut in cuts:
                began = [
                    lost_case for lost_case in begun.get(cut, ()) if begin <= lost_case.began < second_of(b)
                ]
                figures = Figures(
                    services.get(cut, ()), began, (begin, until), year, sums_of[cut], by != "category"
                )
                figures_of[n, cut] = say(figures)
        return figures_of

    return points


def _said(value: Fraction | int | None, cases: int, over: tuple[int, int] | None, **exposure: Any) -> Json:
    """A point: its value with nine decimals."""
    numerator, denominator = over or (None, None)
    return {
        "value": value if value is None or isinstance(value, int) else _nine(value),
        "cases": cases,
        "numerator": numerator,
        "denominator": denominator,
        "excluded": dict.fromkeys(("cancelled", "duplicate", "rejected", "staff", "unknown"), 0),
        "exposure": {
            name: exposure.get(name)
            for name in ("agreed_seconds", "outage_seconds", "outages", "expected", "at_least")
        },
    }


def _nine(number: Fraction) -> float:
    return float(round(number, 9))


def _whole(number: Fraction) -> int:
    """Halves go up."""
    return int(number + Fraction(1, 2))


def _availability(figures: Figures) -> Json:
    sums = figures.of_period
    return _said(
        1 - sums.lost / sums.agreed if sums.agreed else None,
        len(sums.incidents),
        (_whole(sums.lost), sums.agreed),
        agreed_seconds=sums.agreed,
        outage_seconds=float(sums.lost),
    )


def _budget(figures: Figures) -> Json:
    used, year = figures.since_new_year, figures.of_year
    return _said(
        used.lost / year.allowed if year.allowed else None,
        len(used.incidents),
        (_whole(used.lost), _whole(year.allowed)),
        agreed_seconds=used.agreed,
        outage_seconds=float(used.lost),
        expected=_nine(used.allowed / year.allowed) if year.allowed else None,
    )


def _count(figures: Figures) -> Json:
    number = len(figures.begun)
    agreed = figures.of_period.agreed if figures.has_services else None
    return _said(number, number, None, agreed_seconds=agreed, outages=number)


def _seconds(figures: Figures) -> Json:
    sums = figures.of_period
    agreed = sums.agreed if figures.has_services else None
    lost = float(sums.lost)
    return _said(sums.lost, len(sums.incidents), None, agreed_seconds=agreed, outage_seconds=lost)


def _mtbf(figures: Figures) -> Json:
    sums, number = figures.of_period, len(figures.begun)
    up = _whole(sums.agreed - sums.lost)
    return _said(
        round((sums.agreed - sums.lost) / number, 3) if number else None,
        number,
        (up, number),
        agreed_seconds=sums.agreed,
        outage_seconds=float(sums.lost),
        outages=number,
        at_least=None if number else up,
    )


def _rate(figures: Figures) -> Json:
    sums, number = figures.of_period, len(figures.begun)
    return _said(
        Fraction(number * 3_600_000, sums.agreed) if sums.agreed else None,
        number,
        (number, sums.agreed),
        agreed_seconds=sums.agreed,
        outage_seconds=float(sums.lost),
        outages=number,
    )


def _who_took(world: World, begin: datetime, end: datetime) -> list[Counted]:
    """The incidents that took agreed time: how much, and since when by the clock under the same terms."""
    span = second_of(begin), second_of(min(end, world.now))
    since, lost = dict[str, int](), dict[str, Fraction]()
    for pieces in world.once(Availability).of_everybody.values():
        for (stretch, _, weight), run in groupby(
            pieces, lambda span_piece: (span_piece.by, span_piece.terms, span_piece.weight)
        ):
            those = [piece for piece in run if piece.within(*span)]
            total = sum(piece.within(*span) for piece in those if piece.takes) * weight
            if stretch is not None and total:
                incident = stretch.incident
                since[incident] = min(since.get(incident, span[1]), max(those[0].begin, span[0]))
                lost[incident] = lost.get(incident, Fraction(0)) + total
    return [
        Counted(lost_case, instant_at(since[lost_case]), _whole(number), {})
        for lost_case, number in lost.items()
    ]


def _which_began(world: World, begin: datetime, end: datetime) -> list[Counted]:
    """The outages that began, each by the incident that began it."""
    return [
        Counted(lost_case.first.incident, instant_at(lost_case.began), 1, {})
        for lost_case in _begun(world.once(Availability), None).get(None, ())
        if second_of(begin) <= lost_case.began < second_of(end)
    ]


DEFINITIONS = {
    "service_availability": Definition(points=_points(_availability), listed=_who_took),
    "availability_budget_used": Definition(points=_points(_budget), listed=_who_took),
    "outage_count": Definition(points=_points(_count), listed=_which_began),
    "outage_seconds": Definition(points=_points(_seconds), listed=_who_took),
    "mtbf": Definition(points=_points(_mtbf), listed=_which_began),
    "failure_rate": Definition(points=_points(_rate), listed=_which_began),
}
