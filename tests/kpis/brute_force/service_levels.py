"""The KPIs of clocks of service levels, from the words of the catalogue (5 to 8, 25b) and decision 0102.

What each clock says is taken from the engine's readings, which have a comparison of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.dimensions import cut_of, first_given, ticket_cut
from tests.kpis.brute_force.reading import Json, Record, World, instant_of, records

EXCLUDED, MET, UNKNOWN = "excluded", "met", "unknown"
#: By the name of a dimension, the column that it is read from.
OF_CLOCK = {
    "priority": "priority",
    "team": "team_id",
    "service": "service",
    "category": "category",
    "channel": "channel",
    "assignee": "assignee_id",
    "customer": "customer_id",
}
OF_BREACH = {dimension: f"breach_{column}" for dimension, column in OF_CLOCK.items()}


class Clock:
    """A clock of an agreement with a customer."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.case: str = row["case_id"]
        self.record = f"{row['kind']}/{row['case_id']}"
        self.stopped_at = instant_of(row["stopped_at"])
        #: Why it does not count, if it does not.
        self.excluded: str | None = row["excluded"]
        self.is_met = row["state"] == MET

    def cut(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Its values in the dimensions, by these columns."""
        return cut_of(fields, self.row) | self.own

    @property
    def own(self) -> dict[str, Any]:
        """Whose promise it measures, and what."""
        return {"agreement": self.row["agreement_id"], "metric": self.row["metric"]}

    def breached_by(self, now: datetime) -> datetime | None:
        """When it was breached, if that is past."""
        breaches_at = instant_of(self.row["breaches_at"])
        return breaches_at if breaches_at is not None and breaches_at <= now else None


def _clocks(world: World) -> Iterable[Clock]:
    """Those of agreements with customers; one that has lost its target is none."""
    for row in world.clocks:
        lost = row["state"] == EXCLUDED and row["excluded"] is None
        if row["agreement_type"] == "SLA" and not lost:
            yield Clock(row)


def _decided(world: World) -> list[Counted]:
    """Each once: at its breach, or else at its stop."""
    decided_clocks = _breached(world)
    for clock in _clocks(world):
        if clock.stopped_at is not None and clock.breached_by(world.now) is None:
            cut = clock.cut(OF_CLOCK)
            decided_clocks.append(
                Counted(clock.case, clock.stopped_at, int(clock.is_met), cut, clock.excluded)
            )
    return decided_clocks


def _breached(world: World, number: int = 0) -> list[Counted]:
    counted_cases = []
    for clock in _clocks(world):
        breached_at = clock.breached_by(world.now)
        if breached_at is not None:
            cut = clock.cut(OF_BREACH) | {"cause": _cause(world.records[clock.record], clock)}
            counted_cases.append(Counted(clock.case, breached_at, number, cut, clock.excluded))
    return counted_cases


def _cause(record: Record, clock: Clock) -> str:
    """What was stated last of the clock, or else of all of the case; `unknown` gives way to what is known."""
    rows: dict[str, Json] = {}
    for event in record.events:
        for name, row in event.data["set"].items():
            if name.startswith("breach_cause/"):
                rows[name] = rows.get(name, {}) | row
    causes = {(row.get("agreement_type"), row.get("metric")): row["cause"] for row in rows.values()}
    of_it = (causes.get(key) for key in ((clock.row["agreement_type"], clock.row["metric"]), (None, None)))
    return next((cause for cause in of_it if cause not in {None, UNKNOWN}), None) or UNKNOWN


def _opened(world: World) -> list[Counted]:
    """The clocks of cases by their opening: met, and decided."""
    counted_cases = []
    for clock in _clocks(world):
        record = world.records[clock.record]
        decided = clock.breached_by(world.now) is not None or clock.stopped_at is not None
        cut = ticket_cut(record.fields(0)) | first_given(record) | clock.own
        counted_cases.append(
            Counted(clock.case, record.opened_at, int(clock.is_met), cut, clock.excluded, weight=int(decided))
        )
    return counted_cases


def _warned(world: World) -> list[Counted]:
    """Those that stopped and had warned, and 1 of each that was met."""
    counted_cases = []
    for clock in _clocks(world):
        warned_at = instant_of(clock.row["first_warned_75_at"])
        if clock.stopped_at is not None and warned_at is not None and warned_at <= clock.stopped_at:
            cut = clock.cut(OF_CLOCK)
            counted_cases.append(
                Counted(clock.case, clock.stopped_at, int(clock.is_met), cut, clock.excluded)
            )
    return counted_cases


def _withdrawn(world: World) -> list[Counted]:
    """Breaches that were said to be none, each with the case as the log had it when that was written."""
    counted_cases = []
    for event in world.events:
        clock_fields = event.data.get("clock")
        if (
            event.type != "clock.breach_withdrawn"
            or clock_fields is None
            or clock_fields["agreement_type"] != "SLA"
        ):
            continue
        about = world.abouts[event.stream]
        before = [
            log_event
            for log_event in world.events
            if log_event.stream == about and log_event.position < event.position
        ]
        record = records(before)[about]
        cut = ticket_cut(record.fields(len(record.steps) - 1))
        cut |= {
            "agreement": clock_fields["agreement"],
            "metric": clock_fields["metric"],
            "cause": clock_fields["because"] or UNKNOWN,
        }
        counted_cases.append(Counted(about.partition("/")[2], event.occurred_at, 1, cut))
    return counted_cases


DEFINITIONS = {
    "sla_attainment": Definition(_decided),
    "sla_attainment_opened": Definition(_opened),
    "sla_breaches_by_cause": Definition(lambda world: _breached(world, number=1)),
    "sla_warned_saved": Definition(_warned),
    "sla_breaches_withdrawn": Definition(_withdrawn),
}
