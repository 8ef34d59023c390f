"""Which agreement with customers applies to a case, and which of its targets (24-service-levels)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.kpis.brute_force.reading import Json, Record, World, instant_of

#: For how many days a case may be reopened where nobody has agreed otherwise.
USUAL_DAYS = 7
#: A target's conditions, and the fields of a case that they are about.
CONDITIONS = {
    "priority": "priority",
    "category": "category",
    "service": "service",
    "catalogue_item": "item",
}


@dataclass(frozen=True)
class Agreement:
    """An agreement as it was known at a position: its terms, and where the log tells of its end."""

    id: str
    terms: Json
    ended: int | None

    @property
    def begins_at(self) -> datetime:
        """The first instant of its validity: whole days in its calendar's zone, which here is UTC."""
        return _midnight(self.terms["valid_from"])

    @property
    def ends_at(self) -> datetime | None:
        """The first instant after its validity."""
        last = self.terms.get("valid_to")
        return None if last is None else _midnight(last) + timedelta(days=1)

    @property
    def form(self) -> int | None:
        """The place of its form of scope among the four, the most specific first; None: it fits nothing."""
        named = tuple(bool(self.terms.get(name)) for name in ("services", "customer_id", "catalogue_items"))
        forms = [(True, True, True), (True, True, False), (True, False, False), (False, False, False)]
        return forms.index(named) if named in forms else None

    def covers(self, fields: Mapping[str, Any]) -> bool:
        """Whether a case with these fields lies in its scope."""
        services, items = self.terms.get("services"), self.terms.get("catalogue_items")
        customer = self.terms.get("customer_id")
        return (
            (not services or fields.get("service") in services)
            and (not items or fields.get("item") in items)
            and (customer is None or fields.get("customer_id") == customer)
        )

    def target(self, metric: str, process: str, fields: Mapping[str, Any]) -> Json | None:
        """Of its targets of the metric that fit the case the one with the most conditions."""
        best: Json | None = None
        for agreement in self.terms["targets"]:
            if agreement["metric"] != metric or agreement.get("threshold_seconds") is None:
                continue
            if agreement.get("process") not in {None, process}:
                continue
            if any(
                agreement.get(name) not in {None, fields.get(field)} for name, field in CONDITIONS.items()
            ):
                continue
            if best is None or _conditions(agreement) > _conditions(best):
                best = agreement
        return best


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def _conditions(target: Json) -> int:
    return sum(target.get(name) is not None for name in ("process", *CONDITIONS))


class Agreements:
    """All agreements with customers that were ever signed."""

    def __init__(self, world: World) -> None:
        self._records = [
            record for record in world.of("sla") if any(event.what == "signed" for event in record.events)
        ]
        self._applying = world.once(_none_yet)

    def of(self, record: Record) -> Agreement | None:
        """The agreement that applies to a case with what is known of it now: of those in force at its
        opening the most specific one.
        """
        if record.stream not in self._applying:
            self._applying[record.stream] = self._most_specific(record)
        return self._applying[record.stream]

    def _most_specific(self, record: Record) -> Agreement | None:
        fields = record.fields(len(record.steps) - 1)
        fitting = [
            (agreement.form, agreement) for agreement in self._in_force(record) if agreement.covers(fields)
        ]
        specific = [(form, agreement) for form, agreement in fitting if form is not None]
        return min(specific, key=lambda each: each[0])[1] if specific else None

    def reopening(self, record: Record) -> timedelta:
        """For how long a case may be reopened: its own days, else those of its agreement, else a week."""
        agreement = self.of(record)
        own = record.fields(len(record.steps) - 1).get("reopen_days")
        agreed = None if agreement is None else agreement.terms.get("reopen_days")
        return timedelta(
            days=next(
                (int(signed_agreement) for signed_agreement in (own, agreed) if signed_agreement is not None),
                USUAL_DAYS,
            )
        )

    def _in_force(self, record: Record) -> list[Agreement]:
        begun = [agreement for agreement in self._known(record) if self._has_begun(agreement, record)]
        replaced = {agreement.terms.get("replaces_id") for agreement in begun}
        return [
            agreement
            for agreement in begun
            if agreement.id not in replaced and not self._is_over(agreement, record)
        ]

    def _known(self, record: Record) -> list[Agreement]:
        """Those of which the log knew when it told of the case; of one from elsewhere all."""
        before = None if _is_imported(record) else record.events[0].position
        agreements = []
        for stream_record in self._records:
            events = [event for event in stream_record.events if before is None or event.position < before]
            terms: Json = {}
            for event in events:
                terms |= event.data["set"].get(stream_record.stream, {})
            signed = any(event.what == "signed" for event in events)
            ended = [event.position for event in events if event.what in {"terminated", "expired"}]
            if signed and terms.get("valid_from") is not None and terms["agreement_type"] == "SLA":
                agreements.append(Agreement(stream_record.id, terms, ended[-1] if ended else None))
        return agreements

    @staticmethod
    def _has_begun(agreement: Agreement, record: Record) -> bool:
        signed_at = instant_of(agreement.terms["signed_at"])
        assert signed_at is not None
        return agreement.begins_at <= record.opened_at and (
            _is_imported(record) or signed_at <= record.opened_at
        )

    @staticmethod
    def _is_over(agreement: Agreement, record: Record) -> bool:
        ends = [
            agreement.ends_at,
            None if agreement.ended is None else instant_of(agreement.terms.get("ended_at")),
        ]
        return any(end is not None and end <= record.opened_at for end in ends)


def _is_imported(record: Record) -> bool:
    return record.events[0].source.startswith("import:")


def _none_yet(world: World) -> dict[str, Agreement | None]:
    """Which agreement applies to which case, as it is found out."""
    return {}
