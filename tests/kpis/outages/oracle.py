"""Outages and agreed time, second by second: written from the catalogue's words, not from the SQL.

Times are whole steps (minutes, or seconds) after BEGIN, so that every one of them can be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

FOREVER = 10**9


@dataclass(frozen=True)
class Agreed:
    """An SLA: in force from `begins` to `ends`; of no services it is the default. `promises` are its targets
    of availability: the service that each is for (None: all), its calendar, and what it promises.
    """

    name: str
    begins: int
    ends: int
    services: frozenset[str]
    customer: str | None
    promises: Sequence[tuple[str | None, str, str]]
    weight: Fraction
    spares: bool

    def promise(self, service: str) -> tuple[str | None, str, str] | None:
        """What it promises of the service: said of it by name, or else of all."""
        fitting = [promise for promise in self.promises if promise[0] in {None, service}]
        return min(fitting, key=lambda candidate: candidate[0] is None, default=None)


@dataclass(frozen=True)
class Served:
    """A service: live from `live` to `retired`; `calendars` are (from when, which)."""

    key: str
    live: int
    retired: int
    calendars: Sequence[tuple[int, str | None]]


@dataclass(frozen=True)
class Edition:
    """A version of a calendar, open in these steps; it is known of those from `since` to `until`."""

    published: int
    open: frozenset[int]
    since: int
    until: int


@dataclass(frozen=True)
class Told:
    """An event of an incident; instants among its fields are steps."""

    step: int
    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """An incident: its turns are (from when, until when), its effects (from when, which); the first of both
    holds from `began`, or from the opening where that is None.
    """

    name: str
    service: str
    opened: int
    began: int | None
    effects: Sequence[tuple[int, str]]
    turns: Sequence[tuple[int, int]]
    void: bool
    told: Sequence[Told]

    def effect(self, step: int) -> str:
        """What it did to its service in the step."""
        if step not in self._known:
            self._known[step] = self._effect(step)
        return self._known[step]

    @cached_property
    def _known(self) -> dict[int, str]:
        return {}

    def _effect(self, step: int) -> str:
        first = self.opened if self.began is None else self.began
        turns = [(first, self.turns[0][1]), *self.turns[1:]]
        if self.void or not any(begin <= step < end for begin, end in turns):
            return "none"
        return [effect for since, effect in self.effects if since <= step or since == self.opened][-1]


@dataclass(frozen=True)
class Window:
    """The window of a change: approved at that step, or never (None)."""

    services: Sequence[str]
    begins: int
    ends: int
    approved: int | None
    cancelled: bool

    def spares(self, step: int) -> bool:
        approved = self.approved is not None and self.approved <= self.begins and not self.cancelled
        return approved and self.begins <= step < self.ends


@dataclass
class Sums:
    """What a service came to in a time: steps that were agreed, and steps of outage by their weight."""

    agreed: int = 0
    outage: Fraction = Fraction(0)
    allowed: Fraction = Fraction(0)
    began: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """All that there is, up to the step `now`."""

    services: Sequence[Served]
    agreements: Sequence[Agreed]
    calendars: dict[str, Sequence[Edition]]
    troubles: Sequence[Trouble]
    windows: Sequence[Window]
    now: int

    def holding(self, service: Served, step: int) -> Agreed | None:
        """The SLA for everybody that is in force: one for services before the default, the older first."""
        fitting = [
            agreement
            for agreement in self.agreements
            if agreement.customer is None
            and agreement.begins <= step < agreement.ends
            and (not agreement.services or service.key in agreement.services)
        ]
        return min(fitting, key=lambda candidate: not candidate.services, default=None)

    def is_open(self, calendar: str | None, step: int) -> bool:
        """Whether the calendar counts the step, as it was published by then."""
        if calendar is None:
            return True
        editions = self.calendars[calendar]
        then = [edition for edition in editions if edition.published <= step] or [editions[0]]
        return step in then[-1].open or not then[-1].since <= step < then[-1].until

    def agreed(self, service: Served, step: int, own: Agreed | None = None) -> tuple[bool, Agreed | None]:
        """Whether the service was to be available in the step, and by which SLA."""
        agreement = self.holding(service, step) if own is None else own
        if own is not None and not (own.begins <= step < own.ends and service.key in own.services):
            return False, None
        promise = None if agreement is None else agreement.promise(service.key)
        if promise is not None:
            return self.is_open(promise[1], step), agreement
        if own is not None or not service.live <= step < service.retired:
            return False, None
        named = [calendar for since, calendar in service.calendars if since <= step]
        return self.is_open(named[-1] if named else None, step), None

    def weight(self, service: Served, step: int, own: Agreed | None = None) -> Fraction:
        """How much the step weighs, whether or not it was agreed: 1 where the service was down."""
        effects = {trouble.effect(step) for trouble in self.troubles if trouble.service == service.key}
        if "down" in effects:
            return Fraction(1)
        agreement = self.holding(service, step) if own is None else own
        promised = agreement is not None and agreement.promise(service.key) is not None
        if "degraded" not in effects or agreement is None or not promised:
            return Fraction(0)
        return agreement.weight if agreement.begins <= step < agreement.ends else Fraction(0)

    def lost(self, service: Served, step: int, own: Agreed | None = None) -> Fraction:
        """How much of the step, if it was agreed, was outage."""
        agreed, agreement = self.agreed(service, step, own)
        if not agreed:
            return Fraction(0)
        spared = any(service.key in window.services and window.spares(step) for window in self.windows)
        if agreement is not None and agreement.spares and spared:
            return Fraction(0)
        return self.weight(service, step, own)

    def sums(
        self,
        service: Served,
        begin: int,
        end: int,
        own: Agreed | None = None,
        default: Fraction = Fraction(999, 1000),
    ) -> Sums:
        """What the service came to from `begin` to `end`, or up to now."""
        totals = Sums()
        for step in range(begin, end):
            agreed, agreement = self.agreed(service, step, own)
            if agreed:
                promise = None if agreement is None else agreement.promise(service.key)
                totals.allowed += 1 - (default if promise is None else Fraction(promise[2]))
                if step < self.now:
                    totals.agreed += 1
                    totals.outage += self.lost(service, step, own)
        return totals

    def beginnings(self, service: Served, first: int) -> list[int]:
        """When its outages began: stretches without a gap of which anything was lost."""
        return [
            begin
            for begin, end in _stretches(first, self.now, lambda step: self.weight(service, step) > 0)
            if any(self.lost(service, step) for step in range(begin, end))
        ]


def _stretches(first: int, last: int, holds: Callable[[int], bool]) -> list[tuple[int, int]]:
    spans, since = list[tuple[int, int]](), None
    for step in range(first, last + 1):
        if step < last and holds(step):
            since = step if since is None else since
        elif since is not None:
            spans.append((since, step))
            since = None
    return spans
