"""All clocks of a case: of its SLA, and of the OLAs and UCs of the parties that had it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from app.common.times.clocks import AgreementType, ClockMetric
from app.service_level_engine.activity import AWAITING_SUPPLIER, supplier_party, team_party
from app.service_level_engine.case_events import EventKind, in_order
from app.service_level_engine.clock import ClockReading, read_clocks, read_party_clock
from app.service_level_engine.target_selection import Opening
from app.service_level_engine.targets import Metric, Targeting
from app.service_levels.clocks.agreement_history import AgreementHistory, ApplicableAgreements, Origin
from app.service_levels.clocks.calendar_history import CalendarHistory
from app.service_levels.clocks.timeline import Timeline

#: The kinds of the records that have clocks.
KINDS = ("incident", "request", "problem")
#: The metrics by which an OLA or a UC has clocks: those of the time that its party takes. Answering a case,
#: and keeping its requester informed, is promised to the customer only.
PARTY_METRICS = (Metric.resolution, Metric.restore, Metric.fulfilment)
#: The engine's name for the party of an agreement of that type.
PARTY: Mapping[AgreementType, Callable[[str], str]] = {
    AgreementType.ola: team_party,
    AgreementType.uc: supplier_party,
}
Percents = Mapping[tuple[str, ClockMetric], tuple[int, ...]]
#: For the engine: read all events given. The timeline and the calendars have cut off what was recorded later.
NO_CUTOFF = datetime.max.replace(tzinfo=UTC)


class ClockName(NamedTuple):
    """The identity of a clock within its case, except the rounds of an update."""

    agreement_type: AgreementType
    metric: Metric
    party: str | None = None


def clock_id(case_id: str, name: ClockName, round_: int) -> UUID:
    """Return the id of a clock, which its stream has, too."""
    text = f"{name.agreement_type.value}:{name.metric.value}:{name.party or ''}:{round_}"
    return _uuid5(case_id, text)


def _uuid5(namespace: str, name: str) -> UUID:
    """Return a UUID of version 5 (RFC 9562, 5.5), in a third of the time of the standard library."""
    digest = sha1(bytes.fromhex(namespace.replace("-", "")) + name.encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16], "big")
    return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 5 << 76 | 2 << 62)


@dataclass(frozen=True)
class CaseClocks:
    """The clocks of one case, as of the position `cut`; `calendars` are those known then.

    `percents` are the further percentages of targets that escalation rules ask for, by process and metric;
    they are announced by clocks of SLAs only.
    """

    timeline: Timeline
    history: AgreementHistory
    calendars: CalendarHistory
    cut: int
    percents: Percents = field(default_factory=dict)

    def further_percents(self, name: ClockName) -> tuple[int, ...]:
        """Return the further percentages that the clock announces."""
        if name.party is not None:
            return ()
        return self.percents.get((self.timeline.kind, ClockMetric(name.metric.value)), ())

    @cached_property
    def applying(self) -> ApplicableAgreements:
        """Return the agreements that apply to the case."""
        timeline = self.timeline
        opening = Opening(timeline.opened_at, timeline.opened_position, imported=timeline.imported)
        return self.history.applying(timeline.kind, opening, self.cut)

    def names(self) -> Iterator[ClockName]:
        """Yield the names of the clocks that the case can have."""
        for metric in self.applying.metrics(AgreementType.sla):
            yield ClockName(AgreementType.sla, metric)
        for of_type, parties in ((AgreementType.ola, self._teams), (AgreementType.uc, self._suppliers)):
            for metric in self.applying.metrics(of_type):
                if metric in PARTY_METRICS:
                    for party in parties:
                        yield ClockName(of_type, metric, party)

    @cached_property
    def _teams(self) -> Sequence[str]:
        named = (event.changes.get("team") for event in self.timeline.events)
        return list(dict.fromkeys(team for team in named if team is not None))

    @cached_property
    def _suppliers(self) -> Sequence[str]:
        held = (event for event in self.timeline.events if event.kind is EventKind.held)
        named = (event.supplier for event in held if event.hold_reason == AWAITING_SUPPLIER)
        return list(dict.fromkeys(supplier for supplier in named if supplier is not None))

    def targeting(self, name: ClockName) -> Targeting:
        """Return the targeting of the clock."""
        return self.applying.targeting(name.metric, name.agreement_type, name.party)

    def read(
        self, name: ClockName, asked_at: datetime, targeting: Targeting | None = None
    ) -> Sequence[ClockReading]:
        """Return the readings of the clock at that instant, from all that is known at the cut: for updates
        one per round, for a party that has never had a turn an empty list. `targeting`: by other terms.
        """
        targeting, events = targeting or self.targeting(name), self.timeline.events
        if name.party is None:
            return read_clocks(
                events,
                name.metric,
                targeting,
                self.calendars,
                asked_at,
                known_at=NO_CUTOFF,
                percents=self.further_percents(name),
            )
        reading = read_party_clock(
            events,
            PARTY[name.agreement_type](name.party),
            name.metric,
            targeting,
            self.calendars,
            asked_at,
            known_at=NO_CUTOFF,
            percents=self.further_percents(name),
        )
        has_had_turn = reading is not None and (reading.stopped_at is not None or not reading.is_stopped)
        return (reading,) if reading is not None and has_had_turn else ()

    def readings(self, asked_at: datetime) -> Iterator[tuple[ClockName, ClockReading]]:
        """Yield the readings of all clocks of the case at that instant."""
        for name in self.names():
            for reading in self.read(name, asked_at):
                yield name, reading

    def origin(self, reading: ClockReading) -> Origin:
        """Return the origin of the target that the clock measures."""
        return self.applying.origin(reading.target)

    @property
    def attributes(self) -> Mapping[str, str | None]:
        """Return the newest attributes of the case: a late report is as old as the values in it."""
        values: dict[str, str | None] = {}
        for event in in_order(self.timeline.events, NO_CUTOFF):
            values.update(event.changes)
        return values
