"""When services were to be up, and when they were not (0104), in pieces of time in which nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from tests.kpis.brute_force.incidents import CLOSED, OPEN, RESOLVED, Incident, incidents
from tests.kpis.brute_force.open_spans import Span, calendar_spans, covers, instant_at, second_of, united
from tests.kpis.brute_force.reading import Record, Step, World, instant_of
from tests.kpis.brute_force.slas import Sla, slas

DOWN, DEGRADED = "down", "degraded"
EVER = (-(10**12), 10**12)
#: What is promised of a service of which no agreement says anything: the organisation's target.
AIM = Fraction("0.999")


@dataclass(frozen=True)
class Terms:
    """What holds for a service: by which agreement, in which calendar's hours, how much degraded time
    weighs, whether maintenance is left out, and what is promised.
    """

    agreement: str | None
    calendar: str | None
    degraded: Fraction = Fraction(0)
    leaves_out: bool = False
    promise: Fraction = AIM


@dataclass(frozen=True)
class Stretch:
    """A time in which an incident took a service down, or degraded it."""

    incident: str
    category: str | None
    effect: str
    begin: int
    end: int
    #: When its incident was opened, by the log.
    opened: int


@dataclass(frozen=True)
class Piece:
    """A time in which nothing changes for a service: what holds, whether it is agreed time, which incident
    takes how much of it, and all that would.
    """

    begin: int
    end: int
    terms: Terms | None
    agreed: bool
    by: Stretch | None
    weight: Fraction
    weighing: Sequence[Stretch]

    @property
    def takes(self) -> bool:
        """Whether agreed time is lost."""
        return self.agreed and self.by is not None and self.weight > 0

    @property
    def whatever_time(self) -> tuple[object, ...]:
        """All but when it is."""
        return self.agreed, self.weight, self.by, self.terms, self.weighing

    def within(self, begin: int, end: int) -> int:
        """How many of its seconds lie between two."""
        return max(0, min(self.end, end) - max(self.begin, begin))


@dataclass(frozen=True)
class Outage:
    """Pieces without a gap by the clock in which a service was not up."""

    pieces: Sequence[Piece]

    @property
    def began(self) -> int:
        """The second in which it began."""
        return self.pieces[0].begin

    @property
    def first(self) -> Stretch:
        """What began it: of several in one second the one that was opened first."""
        return min(self.pieces[0].weighing, key=lambda stretch: stretch.opened)

    @property
    def took_agreed_time(self) -> bool:
        """Whether it took any agreed time."""
        return any(piece.takes for piece in self.pieces)


def stretches(world: World) -> dict[str, list[Stretch]]:
    """What incidents did to services, by the service that each has at last."""
    stretches_by_key: dict[str, list[Stretch]] = {}
    for incident in incidents(world):
        last = incident.record.fields(len(incident.steps) - 1)
        if incident.excluded is None and last.get("service") is not None:
            stretches_by_key.setdefault(last["service"], []).extend(_stretches_of(incident, last, world.now))
    return stretches_by_key


def _stretches_of(incident: Incident, last: Mapping[str, Any], now: datetime) -> Iterator[Stretch]:
    """Its effects by when they were said, cut by its turns: the first since it began, each other since it was
    open again, and none of these before the opening.
    """
    turns = pairwise([0, *_reopenings(incident), len(incident.steps)])
    for turn, (first, behind) in enumerate(turns):
        begin = max(incident.steps[first].at, incident.record.opened_at)
        if turn == 0:
            begin = instant_of(last.get("began_at")) or incident.record.opened_at
        end = min(now, _end_of_turn(incident.steps[first:behind]) or now)
        for effect, effect_text, another in _effects(incident):
            since, until = max(second_of(begin), effect_text), min(second_of(end), another)
            if effect in {DOWN, DEGRADED} and since < until:
                opened = incident.record.events[0].position
                yield Stretch(incident.id, last.get("category"), effect, since, until, opened)


def _reopenings(incident: Incident) -> list[int]:
    """The steps by which it was open again; a duplicate's end is none of its own."""
    stood = [(n, phase) for n, phase in incident.led if phase in {OPEN, RESOLVED, CLOSED}]
    return [n for (_, before), (n, phase) in pairwise(stood) if phase == OPEN and before != OPEN]


def _end_of_turn(steps: Sequence[Step]) -> datetime | None:
    """When a turn ended: as was told last of the service's return, else with the last resolution, else with
    the last closing. None: it has not.
    """
    back = [step.told["service_restored_at"] for step in steps if "service_restored_at" in step.told]
    if back and back[-1] is not None:
        return instant_of(back[-1])
    for ending in (RESOLVED, CLOSED):
        ends = [step.at for step in steps if step.what == ending]
        if ends:
            return ends[-1]
    return None


def _effects(incident: Incident) -> Iterator[tuple[str | None, int, int]]:
    """The effects of an incident, each from when it was said to the next; that of the opening also before."""
    since, effect = EVER[0], incident.steps[0].told.get("effect")
    for step in incident.steps[1:]:
        if step.told.get("effect", effect) != effect:
            yield effect, since, second_of(step.at)
            since, effect = second_of(step.at), step.told["effect"]
    yield effect, since, EVER[1]


def windows(world: World) -> dict[str, list[Span]]:
    """The maintenance of services: windows of changes that were approved by their beginning."""
    spans_by_key: dict[str, list[Span]] = {}
    for record in world.of("change"):
        last = record.fields(len(record.steps) - 1)
        begin, end = instant_of(last.get("window_from_at")), instant_of(last.get("window_until_at"))
        if begin is None or end is None or begin >= end or last.get("state") in {"cancelled", "rejected"}:
            continue
        if any(step.what in {"approved", "scheduled"} and step.at <= begin for step in record.steps):
            for service in {last.get("service"), *(last.get("services") or ())} - {None}:
                spans_by_key.setdefault(service, []).append((second_of(begin), second_of(end)))
    return spans_by_key


class Availability:
    """When services were to be up, and when they were not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = second_of(world.now)
        first = min(event.occurred_at for event in world.events)
        self.begin = datetime(first.year, 1, 1, tzinfo=UTC) - timedelta(days=1)
        self.end = datetime(world.now.year + 1, 1, 1, tzinfo=UTC) + timedelta(days=1)
        self.slas = slas(world)
        self.hours = calendar_spans(world, self.begin, self.end)
        spans = [span for hours in self.hours.values() for span in hours]
        self.openings = {
            *(edge for span in spans for edge in span),
            second_of(world.now),
            second_of(self.end),
        }
        self.stretches = stretches(world)
        self.windows = {service: united(spans) for service, spans in windows(world).items()}
        self.services = {record.opening.told["key"]: record for record in world.of("service")}

    @cached_property
    def of_everybody(self) -> dict[str, list[Piece]]:
        """By service, what holds for everybody."""
        return {service: self.pieces(service, None) for service in self.services}

    @cached_property
    def of_customers(self) -> dict[tuple[str, str], list[Piece]]:
        """By service and customer, what customers have agreed for themselves."""
        customers = {sla.customer for sla in self.slas if sla.customer is not None}
        return {
            (service, customer): self.pieces(service, customer)
            for service in self.services
            for customer in customers
        }

    def pieces(self, service: str, customer: str | None) -> list[Piece]:
        """The pieces of a service, as agreed with that customer, or else with everybody."""
        pieces: list[Piece] = []
        for piece in self._smallest(service, customer):
            if pieces and pieces[-1].whatever_time == piece.whatever_time:
                pieces[-1] = replace(pieces[-1], end=piece.end)
            else:
                pieces.append(piece)
        return pieces

    def _smallest(self, service: str, customer: str | None) -> Iterator[Piece]:
        record, maintenance = self.services[service], self.windows.get(service, [])
        own_stretches = self.stretches.get(service, [])
        holding, touched = (
            self._edges_of_terms(record),
            {edge for stretch in own_stretches for edge in (stretch.begin, stretch.end)},
        )
        terms, around = None, list[Stretch]()
        edges = holding | touched | {edge for span in maintenance for edge in span} | self.openings
        first, last = second_of(self.begin), second_of(self.end)
        for begin, end in pairwise(sorted(edge for edge in edges if first <= edge <= last)):
            if begin in holding:
                terms = self.terms(record, customer, begin)
            if begin in touched:
                around = [stretch for stretch in own_stretches if stretch.begin <= begin < stretch.end]
            hours = None if terms is None else self.hours.get(terms.calendar or "")
            agreed = terms is not None and (hours is None or covers(hours, begin))
            weights = {DOWN: Fraction(1), DEGRADED: terms.degraded if terms else Fraction(0)}
            weighing = [stretch for stretch in around if weights[stretch.effect]]
            by = min(weighing, key=_comes_first, default=None)
            left_out = terms is not None and terms.leaves_out and covers(maintenance, begin)
            weight = Fraction(0) if by is None or left_out else weights[by.effect]
            yield Piece(begin, end, terms, agreed, by, weight, weighing)

    def _edges_of_terms(self, record: Record) -> set[int]:
        """When something else may hold for a service."""
        ends = [sla.ends_at for sla in self.slas if sla.ends_at is not None]
        bounds = [
            self.begin,
            *ends,
            *(sla.begins_at for sla in self.slas),
            *(step.at for step in record.steps),
        ]
        return {second_of(bound) for bound in bounds}

    def terms(self, record: Record, customer: str | None, second: int) -> Terms | None:
        """What holds for a service in that second: an SLA for it before the default, and of several the one
        signed first. One that promises no availability leaves the service to its own hours, while it is live.
        """
        service: str = record.opening.told["key"]
        chosen_slas = [
            sla for sla in self.slas if sla.customer == customer and sla.is_in_force(instant_at(second))
        ]
        chosen = [sla for sla in chosen_slas if sla.names(service)] or [
            sla for sla in chosen_slas if sla.is_default
        ]
        target = chosen[0].target_for(service) if chosen else None
        if target is not None:
            return _terms_of(chosen[0], target)
        if customer is not None or not _is_live(record, second):
            return None
        n = record.last_before(instant_at(second + 1))
        return Terms(None, None if n is None else record.fields(n).get("calendar"))


def _is_live(record: Record, second: int) -> bool:
    """Whether a service is live: since it first was, until it was retired, from where nothing leads back."""
    live, retired = (
        [second_of(step.at) for step in record.steps if step.told.get("state") == state]
        for state in ("live", "retired")
    )
    return bool(live) and min(live) <= second < min(retired, default=second + 1)


def _terms_of(sla: Sla, target: Mapping[str, Any]) -> Terms:
    promise = target.get("threshold")
    return Terms(
        sla.id,
        target.get("calendar") or sla.told.get("calendar"),
        Fraction(sla.told.get("degraded_weight") or 0),
        sla.told.get("maintenance_counts") is False,
        AIM if promise is None else Fraction(promise),
    )


def _comes_first(stretch: Stretch) -> Any:
    """Whose a second is: what is down before what is degraded, then what began first."""
    return stretch.effect != DOWN, stretch.begin, stretch.opened, stretch.incident


def outages(pieces: Sequence[Piece]) -> list[Outage]:
    """The outages that these pieces make."""
    runs: list[list[Piece]] = []
    before: Piece | None = None
    for piece in pieces:
        if piece.by is not None:
            if before is None or before.by is None:
                runs.append([])
            runs[-1].append(piece)
        before = piece
    return [Outage(run) for run in runs]
