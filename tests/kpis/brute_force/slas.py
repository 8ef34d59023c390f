"""Agreements with customers as they promise availability, and when they are in force (0100, 0104)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.kpis.brute_force.counted import Definition, Open
from tests.kpis.brute_force.dimensions import cut_of
from tests.kpis.brute_force.reading import World, instant_of


@dataclass(frozen=True)
class Sla:
    """An agreement with customers that was signed, and when it is in force, as is known at last."""

    id: str
    told: Mapping[str, Any]
    begins_at: datetime
    ends_at: datetime | None

    @property
    def customer(self) -> str | None:
        """Whose own it is; None: everybody's."""
        customer_id: str | None = self.told.get("customer_id")
        return customer_id

    @property
    def is_of_services(self) -> bool:
        """Whether it is about services as such; one of catalogue items is about cases of these."""
        return self.told.get("catalogue_items") is None

    @property
    def is_default(self) -> bool:
        """Whether it is for everybody and all services."""
        return self.is_of_services and self.customer is None and self.told.get("services") is None

    def names(self, service: str) -> bool:
        """Whether it is for this service by name."""
        return self.is_of_services and service in (self.told.get("services") or ())

    def is_in_force(self, instant: datetime) -> bool:
        """Whether it is in force at the instant."""
        return self.begins_at <= instant and (self.ends_at is None or instant < self.ends_at)

    def target_for(self, service: str) -> Mapping[str, Any] | None:
        """What it promises of the service's availability: what it says of this service alone comes first."""
        fitting = [
            target
            for target in self.told.get("targets") or ()
            if target["metric"] == "availability" and target["service"] in {None, service}
        ]
        return max(fitting, key=lambda target: target["service"] is not None, default=None)


def slas(world: World) -> list[Sla]:
    """The agreements with customers that were signed and begin at some time, the one signed first first; each
    as it was told last, whenever that was agreed.
    """
    all_slas = []
    for record in world.of("sla"):
        fields: dict[str, Any] = {}
        for event in record.events:
            fields |= event.data["set"].get(record.stream, {})
        signed_at, begins_at = instant_of(fields.get("signed_at")), instant_of(fields.get("begins_at"))
        if fields.get("agreement_type") == "SLA" and signed_at is not None and begins_at is not None:
            all_slas.append((signed_at, Sla(record.id, fields, begins_at, instant_of(fields.get("ends_at")))))
    return [sla for _, sla in sorted(all_slas, key=lambda each: (each[0], each[1].id))]


def _signed(world: World, instant: datetime) -> list[Open]:
    """The agreements that are signed or under review by their events; 1 of each whose review is overdue."""
    opens = []
    for record in world.of("sla"):
        n = record.last_before(instant)
        fields = {} if n is None else record.fields(n)
        if fields.get("state") not in {"signed", "under_review"}:
            continue
        due = instant_of(fields.get("review_due_at"))
        cut = cut_of({"agreement_type": "agreement_type", "owner": "representative_id"}, fields)
        overdue = due is not None and due < instant
        opens.append(Open(record.id, record.opened_at, cut, number=int(overdue)))
    return opens


def _live(world: World, instant: datetime) -> list[Open]:
    """The services that are live; 1 of each that an SLA with whomever is in force for up to the instant."""
    before = instant - timedelta(microseconds=1)
    in_force, live_services = [sla for sla in slas(world) if sla.is_in_force(before)], []
    for record in world.of("service"):
        n = record.last_before(instant)
        fields = {} if n is None else record.fields(n)
        if fields.get("state") == "live":
            covered = any(sla.names(fields["key"]) or sla.is_default for sla in in_force)
            cut = cut_of({"owner": "owner_id", "team": "team_id"}, fields)
            live_services.append(Open(record.id, record.opened_at, cut, number=int(covered)))
    return live_services


DEFINITIONS = {
    "agreement_reviews_overdue": Definition(open=_signed),
    "services_under_agreement": Definition(open=_live),
}
