"""The agreed time of each service, and what was promised of it, for counting outages from facts. Pure.

A service has agreed time while an SLA that promises its availability is in force, in the calendar of that
promise; otherwise while it is live, in the calendar of its support hours, or round the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

#: Before and after all instants that the log and questions accept.
BEGINNING_OF_TIME, END_OF_TIME = datetime(1800, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)
#: The conditions that an availability target may have; a service as such meets only that on the service.
CONDITIONS = ("process", "priority", "category", "service", "catalogue_item")


def floor_to_second(instant: datetime) -> datetime:
    """Return the second in which the instant lies: outages are counted in whole seconds."""
    return instant.replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """The terms of a service from `since` to `until`: the version of the calendar in which it is to be
    available (None: round the clock), the weight of a second of degraded service, whether approved
    maintenance is left out, and the promised availability (None: no promise by an SLA).

    `own` marks the terms of a customer's own SLA, which count for that agreement and customer only.
    """

    service: str
    agreement_id: UUID | None = None
    customer_id: UUID | None = None
    own: bool = False
    version: UUID | None = None
    weight: Decimal = Decimal(0)
    spares_maintenance: bool = False
    target: Decimal | None = None
    since: datetime = BEGINNING_OF_TIME
    until: datetime = END_OF_TIME


@dataclass(frozen=True, slots=True)
class CalendarValidity:
    """The time in which something holds, from `since` until just before `until`."""

    since: datetime
    until: datetime

    def covers(self, instant: datetime) -> bool:
        """Return whether the instant lies in it; the end does not."""
        return self.since <= instant < self.until


@dataclass(frozen=True, slots=True)
class CountedAgreement:
    """An SLA that was signed: its fields, and when it is in force."""

    id: UUID
    fields: Mapping[str, Any]
    signed_at: datetime
    validity: CalendarValidity

    @property
    def customer_id(self) -> UUID | None:
        """Return the customer of the agreement; None: it applies to all customers."""
        customer = self.fields.get("customer_id")
        return None if customer is None else UUID(customer)

    def promise(self, service: str) -> Mapping[str, Any] | None:
        """Return the target for the service's availability with the most conditions that fit."""
        fitting = [
            target
            for target in self.fields.get("targets") or ()
            if target["metric"] == "availability"
            and all(target.get(name) in {None, {"service": service}.get(name)} for name in CONDITIONS)
        ]
        return max(fitting, key=_condition_count, default=None)

    def terms(self, service: str) -> ServiceTerms | None:
        """Return the terms for the service without calendar; None if it promises no availability of it."""
        promise = self.promise(service)
        if promise is None:
            return None
        return ServiceTerms(
            service=service,
            agreement_id=self.id,
            customer_id=self.customer_id,
            own=self.customer_id is not None,
            weight=Decimal(self.fields.get("degraded_weight") or 0),
            spares_maintenance=self.fields.get("maintenance_counts") is False,
            target=None if promise.get("threshold") is None else Decimal(promise["threshold"]),
            since=self.validity.since,
            until=self.validity.until,
        )

    def calendar(self, service: str) -> str | None:
        """Return the key of the calendar of its promise for the service."""
        promise = self.promise(service) or {}
        return promise.get("calendar") or self.fields.get("calendar")


def _condition_count(target: Mapping[str, Any]) -> int:
    return sum(target.get(name) is not None for name in CONDITIONS)


@dataclass(frozen=True, slots=True)
class ServiceHistory:
    """A service: when it was live, and the calendars of its support hours, each from an instant on, in
    ascending order.
    """

    key: str
    live: CalendarValidity
    calendars: Sequence[tuple[datetime, str | None]]

    def calendar_at(self, instant: datetime) -> str | None:
        """Return the key of the calendar of its support hours; None: round the clock."""
        calendar_then = None
        for since, calendar in self.calendars:
            if since <= instant:
                calendar_then = calendar
        return calendar_then


@dataclass(frozen=True, slots=True)
class CalendarSpans:
    """A version of a calendar: when it is applied, and for which time its spans are known."""

    id: UUID
    applied: CalendarValidity
    recorded: CalendarValidity


def service_terms(
    service: ServiceHistory, agreements: Sequence[CountedAgreement]
) -> Iterator[tuple[ServiceTerms, str | None]]:
    """Yield the terms of a service, each with the key of its calendar."""
    common = [
        signed_agreement
        for signed_agreement in agreements
        if signed_agreement.customer_id is None and _fits(signed_agreement, service.key)
    ]
    for agreement in agreements:
        if agreement.customer_id is not None and service.key in (agreement.fields.get("services") or ()):
            own = agreement.terms(service.key)
            if own is not None:
                yield own, agreement.calendar(service.key)
    bounds = {service.live.since, service.live.until, *(since for since, _ in service.calendars)}
    bounds |= {
        bound
        for signed_agreement in common
        for bound in (signed_agreement.validity.since, signed_agreement.validity.until)
    }
    for since, until in pairwise(sorted(bounds)):
        chosen = _chosen(
            [signed_agreement for signed_agreement in common if signed_agreement.validity.covers(since)]
        )
        terms = None if chosen is None else chosen.terms(service.key)
        if chosen is not None and terms is not None:
            yield replace(terms, since=since, until=until), chosen.calendar(service.key)
        elif service.live.covers(since):
            yield ServiceTerms(service=service.key, since=since, until=until), service.calendar_at(since)


def _fits(agreement: CountedAgreement, service: str) -> bool:
    services = agreement.fields.get("services")
    return (not services or service in services) and not agreement.fields.get("catalogue_items")


def _chosen(agreements: Sequence[CountedAgreement]) -> CountedAgreement | None:
    """Return the most specific agreement: one that names services before one for all; of several the one that
    was signed first.
    """
    order = sorted(
        agreements,
        key=lambda agreement: (not agreement.fields.get("services"), agreement.signed_at, str(agreement.id)),
    )
    return order[0] if order else None


def cut_by_version(terms: ServiceTerms, versions: Sequence[CalendarSpans]) -> Iterator[ServiceTerms]:
    """Cut the terms where another version of the calendar begins, and where its spans are not known: all
    time counts there, as without a calendar.
    """
    if not versions:
        yield terms
    for version in versions:
        since, until = max(terms.since, version.applied.since), min(terms.until, version.applied.until)
        bounds = {since, until}
        bounds |= {
            bound for bound in (version.recorded.since, version.recorded.until) if since < bound < until
        }
        for begin, end in pairwise(sorted(bounds)):
            is_known = version.recorded.covers(begin)
            if since < until:
                yield replace(terms, since=begin, until=end, version=version.id if is_known else None)
