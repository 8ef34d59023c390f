"""The KPIs of agents' days, from the words of the catalogue (35) and of decision 0044."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.counted import Counted, Definition, Within
from tests.kpis.brute_force.dimensions import ticket_cut
from tests.kpis.brute_force.incident_times import is_reopened_soon
from tests.kpis.brute_force.incidents import Incident
from tests.kpis.brute_force.reading import Record, World
from tests.kpis.brute_force.request_lives import EXCLUDED, Episode, Request
from tests.kpis.brute_force.rota import Rota, begun_stretches


def _endings(world: World) -> Iterable[tuple[Record, list[int]]]:
    """All requests and incidents, each with the steps by which it was delivered or resolved, without those
    behind which it was reopened within the agreed days. What was left out of account came to no end.
    """
    agreements = Agreements(world)
    for record in world.of("incident"):
        incident = Incident(record)
        lasting = [
            episode.instant
            for episode in incident.episodes
            if not is_reopened_soon(incident, episode, agreements)
        ]
        yield record, [] if incident.excluded else [n for n in lasting if n is not None]
    for record in world.of("request"):
        request = Request(record)
        deliveries = [
            max(episode.delivered)
            for episode in request.episodes
            if episode.delivered and not _is_taken_up_soon(request, episode, agreements)
        ]
        yield record, [] if request.excluded else deliveries


def _is_taken_up_soon(request: Request, episode: Episode, agreements: Agreements) -> bool:
    if episode.left is None or request.state(episode.left) in EXCLUDED:
        return False
    return request.steps[episode.left].at - request.steps[max(episode.delivered)].at <= agreements.reopening(
        request.record
    )


def _worked(record: Record, n: int) -> str | None:
    """Who did something at a step with a case that they held after it."""
    holder = record.fields(n).get("assignee_id")
    return holder if holder is not None and record.steps[n].actor == f"person:{holder}" else None


def _ended_by(record: Record, final: int) -> str | None:
    """Who held a case at its end and had done something with it while they held it."""
    holder = record.fields(final).get("assignee_id")
    had_worked = holder is not None and any(_worked(record, n) == holder for n in range(final + 1))
    return holder if had_worked else None


def _handled(world: World) -> list[Counted]:
    return [
        Counted(record.id, record.steps[n].at, 1, ticket_cut(record.fields(n)))
        for record, endings in _endings(world)
        for n in endings
        if _ended_by(record, n) is not None
    ]


def _works(world: World) -> list[Counted]:
    """That holders did something with their cases, or that these came to an end in which they had a hand:
    each at the beginning of its quarter of an hour.
    """
    counted_cases = []
    for record, endings in _endings(world):
        for n, step in enumerate(record.steps):
            if _worked(record, n) is not None or (n in endings and _ended_by(record, n) is not None):
                cut = ticket_cut(record.fields(n))
                counted_cases.append(Counted(record.id, _quarter(step.at), 1, cut))
    return counted_cases


def _quarter(instant: datetime) -> datetime:
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)


def _days_of(counted_cases: Iterable[Counted], within: Within) -> set[tuple[str, date]]:
    """The persons and dates of these within a period and a cut."""
    zone = ZoneInfo(within.zone)
    return {
        (episode.cut["assignee"], episode.at.astimezone(zone).date())
        for episode in counted_cases
        if within.begin <= episode.at < within.end
        and (within.by is None or episode.cut[within.by] == within.cut)
    }


def _days(world: World, within: Within) -> int:
    """How many days of persons there are: those on which their working hours begin, and those on which they
    worked where no rota covers them. Who works for two teams has the day in both.
    """
    zone = ZoneInfo(within.zone)
    covers = [
        episode for episode in Rota(world).covers() if within.by != "team" or episode.team == within.cut
    ]
    without = {
        (person, day)
        for person, day in _days_of(_works(world), within)
        if not any(episode.person == person and episode.holds(day, zone) for episode in covers)
    }
    return len(without | _days_of(begun_stretches(world), within))


def _rota_days(world: World, within: Within) -> dict[str, int]:
    return {"rota_days": len(_days_of(begun_stretches(world), within))}


def _lower(world: World) -> list[Counted]:
    return [*_works(world), *begun_stretches(world)]


DEFINITIONS: dict[str, Definition] = {
    "requests_per_agent_day": Definition(_handled, beneath=_days, lower=_lower, beside=_rota_days),
}
