"""The KPIs of incidents answered and resolved in time, from the words of the catalogue (16, 20) and of
decisions 0044 and 0102.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.incidents import OPEN, Incident, incidents
from tests.kpis.brute_force.reading import World, instant_of
from tests.kpis.brute_force.running_time import BusinessTime, clock_of

#: Where no agreement says anything.
LIMITS = {"response": timedelta(seconds=900), "resolution": timedelta(seconds=7_200)}


def _clocks(world: World, metric: str) -> dict[str, Mapping[str, Any]]:
    """The clocks of the agreements with customers that count, by case."""
    return {
        clock["case_id"]: clock
        for clock in world.clocks
        if (clock["agreement_type"], clock["metric"], clock["round"]) == ("SLA", metric, 1)
        and (clock["state"] != "excluded" or clock["excluded"] is not None)
    }


def _by_clock(incident: Incident, clock: Mapping[str, Any], now: datetime) -> Counted | None:
    """As the clock says: missed when its target was exceeded, or else met when it was stopped, by whatever it
    was; shown as left out when the case was.
    """
    breached_at, stopped_at = instant_of(clock["breaches_at"]), instant_of(clock["stopped_at"])
    if breached_at is not None:
        return _missed(incident, breached_at) if breached_at < now else None
    if stopped_at is None:
        return None
    # Which step stopped it does not depend on its target.
    stopped_by = clock_of(incident.record, len(incident.steps) - 1, clock["metric"], {}).stopped_by
    assert stopped_by is not None
    return Counted(incident.id, stopped_at, 1, incident.cut(stopped_by), incident.excluded)


def _missed(incident: Incident, instant: datetime) -> Counted:
    """Missed at that instant, with what was known just before it."""
    return Counted(
        incident.id, instant, 0, incident.cut(incident.record.last_before(instant) or 0), incident.excluded
    )


def _by_hours(incident: Incident, metric: str, time: BusinessTime, now: datetime) -> Counted | None:
    """Below so many seconds, by the calendar as it was known at the opening; a P1 is answered at any time."""
    done = incident.response if metric == "response" else incident.final
    due = _due(incident, metric, time)
    if done is not None and incident.steps[done].at < due:
        return Counted(incident.id, incident.steps[done].at, 1, incident.cut(done), incident.excluded)
    return _missed(incident, due) if due < now and _is_late(incident, metric, due) else None


def _due(incident: Incident, metric: str, time: BusinessTime) -> datetime:
    opened_at = incident.record.opened_at
    urgent = metric == "response" and incident.record.fields(0).get("priority") == "P1"
    hours = None if urgent else time.hours(incident.record, 0)
    return opened_at + LIMITS[metric] if hours is None else hours.reaches(opened_at, LIMITS[metric])


def _is_late(incident: Incident, metric: str, due: datetime) -> bool:
    """Whether anything was still to be done when the time ran out: what was over by then, and was never
    answered, is not late; nor is what was cancelled or found to be a duplicate.
    """
    before = incident.record.last_before(due) or 0
    phase = [phase for place, phase in incident.phases if place <= before][-1]
    if metric == "response":
        return phase == OPEN or incident.response is not None
    return phase == OPEN or incident.excluded is None


def _in_time(metric: str) -> Definition:
    def cases(world: World) -> list[Counted]:
        clocks, time = _clocks(world, metric), world.once(BusinessTime)
        counted_cases = []
        for incident in incidents(world):
            clock = clocks.get(incident.id)
            counted_cases.append(
                _by_hours(incident, metric, time, world.now)
                if clock is None
                else _by_clock(incident, clock, world.now)
            )
        return [counted_case for counted_case in counted_cases if counted_case is not None]

    return Definition(cases)


DEFINITIONS = {
    "incident_response_attainment": _in_time("response"),
    "incident_resolution_attainment": _in_time("resolution"),
}
