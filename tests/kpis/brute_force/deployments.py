"""The KPIs of deployments into production, from the words of the catalogue (49 to 51) and decision 0104."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.changes import Change
from tests.kpis.brute_force.counted import Counted, Definition, Open, Within
from tests.kpis.brute_force.dimensions import cut_of
from tests.kpis.brute_force.incidents import Incident
from tests.kpis.brute_force.reading import Record, World, instant_of, seconds_between

ENDS = frozenset({"succeeded", "failed", "rolled_back"})
CUT = {"service": "service", "team": "team_id"}
#: A revision and the service that has it; or a change, whatever its service.
Brought = tuple[str | None, str]


class Deployment:
    """A deployment that ended, and what became of it."""

    def __init__(self, record: Record, world: World) -> None:
        self.id = record.id
        self.record = record
        self.steps = record.steps
        self._world = world

    @cached_property
    def ended(self) -> int | None:
        """The step by which it ended first."""
        return next((n for n, step in enumerate(self.steps) if step.told.get("state") in ENDS), None)

    @cached_property
    def known(self) -> dict[str, Any]:
        """What was known of it at its end."""
        return {} if self.ended is None else self.record.fields(self.ended)

    @cached_property
    def ended_at(self) -> datetime:
        """When it ended, as was said, or else when that was told."""
        assert self.ended is not None
        step = self.steps[self.ended]
        return instant_of(self.known.get("ended_at")) or step.at

    @cached_property
    def cut(self) -> dict[str, Any]:
        """What is known of it at its end."""
        return cut_of(CUT, self.known)

    @cached_property
    def taken_back_at(self) -> datetime | None:
        """When it was rolled back, as was said last, or else when that was told; None: it was not."""
        rollback_instants = [step.at for step in self.steps if step.told.get("state") == "rolled_back"]
        instant = instant_of(self.record.fields(len(self.steps) - 1).get("rolled_back_at"))
        return (instant or max(rollback_instants)) if rollback_instants else None

    @cached_property
    def caused(self) -> set[str]:
        """The incidents that it is confirmed to have caused."""
        rows: dict[str, Any] = {}
        for event in self.record.events:
            rows |= {
                name: row for name, row in event.data["set"].items() if name.startswith("deployment_cause/")
            }
        return {f"incident/{row['incident_id']}" for row in rows.values() if row is not None}

    @property
    def has_failed(self) -> bool:
        """Whether it was rolled back, or caused an incident."""
        return bool(self.caused) or self.taken_back_at is not None

    @property
    def arrived(self) -> bool:
        """Whether it came into production: what failed before that counts only if it caused an incident, or
        if there was something to roll back.
        """
        return self.known.get("state") != "failed" or self.has_failed

    @cached_property
    def made_good_at(self) -> datetime | None:
        """When the last incident that it caused was over; when it was taken back, if it caused none."""
        if not self.caused:
            return self.taken_back_at
        overs = [_over_at(Incident(self._world.records[name])) for name in self.caused]
        chosen_overs = [over for over in overs if over is not None]
        return max(chosen_overs) if len(chosen_overs) == len(overs) else None


def _over_at(incident: Incident) -> datetime | None:
    """When service was back, if it had been touched, and else as it was resolved for good."""
    if incident.final is None:
        return None
    fields = incident.record.fields(incident.final)
    back = instant_of(fields.get("service_restored_at"))
    if fields.get("effect") in {"down", "degraded"} and back is not None:
        return back
    return incident.steps[incident.final].at


def _deployments(world: World) -> Iterator[Deployment]:
    for record in world.of("deployment"):
        deployment = Deployment(record, world)
        if deployment.ended is not None and deployment.known.get("environment") == "production":
            yield deployment


def _succeeded(world: World) -> list[Counted]:
    return [
        Counted(deployment.id, deployment.ended_at, 1, deployment.cut)
        for deployment in _deployments(world)
        if deployment.known.get("state") == "succeeded"
    ]


def _days(world: World, within: Within) -> float:
    """The days of the zone that have passed, of the last one its part."""
    zone = ZoneInfo(within.zone)
    until, day, days = min(within.end, world.now), within.begin.astimezone(zone).date(), 0.0
    while (start := datetime.combine(day, time(), zone).astimezone(UTC)) < until:
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        days += (min(end, until) - max(start, within.begin)) / (end - start)
        day += timedelta(days=1)
    return round(days, 6)


def _led(world: World) -> list[Counted]:
    """What was deployed first by which deployment; of two that ended at one instant by the older one."""
    brought = [
        (deployed, brought_service, since)
        for deployed in sorted(_deployments(world), key=lambda finished: (finished.ended_at, finished.id))
        if deployed.known["state"] != "failed"
        for brought_service, since in _brought(deployed, world).items()
    ]
    first: dict[Brought, Counted] = {}
    for deployment, service, since in brought:
        seconds = 0 if since is None else max(0, seconds_between(since, deployment.ended_at))
        reason = "unknown" if since is None else None
        first.setdefault(
            service, Counted(deployment.id, deployment.ended_at, seconds, deployment.cut, reason)
        )
    return list(first.values())


def _brought(deployment: Deployment, world: World) -> Mapping[Brought, datetime | None]:
    """The revisions of its service that it brings, or else the changes, each with when it began; None: nobody
    knows when the change was handed in.
    """
    instant_by_key: dict[Brought, datetime] = {}
    for revision_row in deployment.known.get("revisions") or ():
        service, committed_at = (
            (deployment.cut["service"], revision_row["revision"]),
            instant_of(revision_row["committed_at"]),
        )
        assert committed_at is not None
        instant_by_key[service] = min(committed_at, instant_by_key.get(service, committed_at))
    if instant_by_key:
        return instant_by_key
    changes = (
        Change(world.records[f"change/{change_id}"]) for change_id in deployment.known.get("change_ids") or ()
    )
    return {
        (None, change.id): change.steps[change.handed_in].at
        if change.handed_in is not None and change.is_known_when_handed_in
        else None
        for change in changes
    }


def _failed(world: World) -> list[Counted]:
    return [
        Counted(deployment.id, deployment.ended_at, int(deployment.has_failed), deployment.cut)
        for deployment in _deployments(world)
        if deployment.arrived
    ]


def _recovered(world: World) -> list[Counted]:
    return [
        Counted(
            deployment.id,
            deployment.made_good_at,
            max(0, seconds_between(deployment.ended_at, deployment.made_good_at)),
            deployment.cut,
        )
        for deployment in _deployments(world)
        if deployment.has_failed and deployment.made_good_at is not None
    ]


def _unrestored(world: World, instant: datetime) -> list[Open]:
    return [
        Open(deployment.id, deployment.ended_at, deployment.cut)
        for deployment in _deployments(world)
        if deployment.has_failed
        and deployment.ended_at < instant
        and (deployment.made_good_at is None or deployment.made_good_at >= instant)
    ]


DEFINITIONS = {
    "deployment_frequency": Definition(_succeeded, beneath=_days),
    "lead_time_for_changes": Definition(_led),
    "deployment_failure_rate": Definition(_failed),
    "failed_deployment_recovery_seconds": Definition(_recovered, _unrestored),
}
