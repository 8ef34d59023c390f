"""Availability of a service in its agreed hours, and how much of its error budget is used, as exact fractions
(24-service-levels; 55-building-on-what-stands, Outages).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.common.records import CodeEnum
from app.common.times.business_time import BusinessTime
from app.service_level_engine.case_events import seconds_of

Span = tuple[int, int]


class OutageEffect(CodeEnum):
    """The effect of an incident on a service."""

    none = "none", "None", "无影响"
    degraded = "degraded", "Degraded", "性能下降"
    down = "down", "Down", "中断"


@dataclass(frozen=True, slots=True)
class Outage:
    """The outage that an incident caused: each effect holds from its instant to the next one's, the last
    until the service was restored, or up to now.
    """

    effects: tuple[tuple[datetime, OutageEffect], ...]
    restored_at: datetime | None


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """The scheduled window of a change; `approved_at` is None if it was not approved."""

    begin: datetime
    end: datetime
    approved_at: datetime | None
    cancelled: bool = False

    @property
    def is_approved(self) -> bool:
        """Whether it was approved before it began, and not cancelled."""
        return not self.cancelled and self.approved_at is not None and self.approved_at <= self.begin


@dataclass(frozen=True, slots=True)
class Availability:
    """The availability in a period. `outage_seconds` is whole unless degraded service weighs a fraction."""

    agreed_seconds: int
    outage_seconds: Fraction

    @property
    def share(self) -> Fraction | None:
        """The availability; None where nothing was agreed."""
        return 1 - self.outage_seconds / self.agreed_seconds if self.agreed_seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRules:
    """The rules by which an agreement counts outages."""

    hours: BusinessTime
    #: How much a second of degraded service counts.
    degraded_weight: Fraction = Fraction(0)
    #: Whether approved maintenance counts as outage.
    maintenance_counts: bool = False


def availability(
    outages: Iterable[Outage],
    maintenance: Iterable[MaintenanceWindow],
    rules: OutageRules,
    begin: datetime,
    end: datetime,
    now: datetime,
) -> Availability:
    """Return the availability from `begin` to `end`, or up to now if that is earlier.

    Overlapping outages count once, and degraded service does not count while it is down. Maintenance reduces
    the outages, not the agreed time.
    """
    first, last = seconds_of(begin), min(seconds_of(end), seconds_of(now))
    down, degraded = _united(outages, seconds_of(now))
    if not rules.maintenance_counts:
        windows = _merged((seconds_of(w.begin), seconds_of(w.end)) for w in maintenance if w.is_approved)
        down, degraded = _subtract(down, windows), _subtract(degraded, windows)
    hours = rules.hours
    outage = _counted(hours, down, first, last) + rules.degraded_weight * _counted(
        hours, degraded, first, last
    )
    return Availability(hours.seconds_between(first, last), Fraction(outage))


def budget_used(
    outage_seconds: Fraction, target: Fraction, hours: BusinessTime, begin: datetime, end: datetime
) -> Fraction | None:
    """Return the share of the error budget of the whole time from `begin` to `end` that the outages use; None
    where there is no budget.
    """
    budget = (1 - target) * hours.between(begin, end)
    return outage_seconds / budget if budget else None


def _united(outages: Iterable[Outage], now: int) -> tuple[list[Span], list[Span]]:
    """Return the spans in which the service was down, and those in which it was degraded but not down."""
    spans: dict[OutageEffect, list[Span]] = {effect: [] for effect in OutageEffect}
    for outage in outages:
        restored = now if outage.restored_at is None else min(now, seconds_of(outage.restored_at))
        begins = [seconds_of(begins_at) for begins_at, _ in outage.effects]
        for (_, effect), begin, end in zip(outage.effects, begins, [*begins[1:], restored], strict=True):
            spans[effect].append((begin, min(end, restored)))
    down = _merged(spans[OutageEffect.down])
    return down, _subtract(_merged(spans[OutageEffect.degraded]), down)


def _counted(hours: BusinessTime, spans: Sequence[Span], first: int, last: int) -> int:
    return sum(hours.seconds_between(max(a, first), min(b, last)) for a, b in spans)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those that touch or overlap merged, and without empty ones."""
    merged: list[Span] = []
    for a, b in sorted(span for span in spans if span[0] < span[1]):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return merged


def _subtract(spans: Sequence[Span], without: Sequence[Span]) -> list[Span]:
    """Return the spans without the parts in `without`; both are in order, without overlaps."""
    remaining: list[Span] = []
    for a, b in spans:
        position = a
        for begin, end in without:
            if end > position and begin < b:
                if position < begin:
                    remaining.append((position, begin))
                position = end
        if position < b:
            remaining.append((position, b))
    return remaining
