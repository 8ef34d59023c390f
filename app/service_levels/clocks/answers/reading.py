"""The answer of `GET …/{id}/sla`: every clock of a ticket with its segments, so that a person can check
the sum by hand. It is computed from the events at the time of the request, and not from rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel, TeamStub
from app.common.times.business_time import BusinessTime
from app.common.times.clocks import AgreementType
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream
from app.platform.db import Connection, fetch_rows
from app.service_level_engine.activity import NO_PARTY
from app.service_level_engine.clock import ClockReading, ClockState
from app.service_level_engine.explain import ClockSegment, SegmentReason, explain, spans_to_come
from app.service_level_engine.shares import share_elapsed
from app.service_level_engine.target_selection import TargetScope
from app.service_level_engine.targets import Metric
from app.service_levels.clocks.case_clocks import NO_CUTOFF, PARTY, CaseClocks, ClockName, clock_id
from app.service_levels.clocks.projection import load_terms, read_events
from app.service_levels.clocks.timeline import timeline_of

#: A countdown needs no more upcoming spans; the calendar has all of them.
MOST_SPANS = 100
REACH = """
select min(starts) as since, max(starts) filter (where seconds_before is null) as until
from business_time.calendar_span where version = %s"""
AGREEMENTS = "select id, number, title, edition, calendar from fold.sla where id = any(%s)"


class ClockAgreement(OutputModel):
    """The agreement that a clock belongs to."""

    id: UUID
    number: str = Field(description="Number by which people know the agreement.")
    title: str = Field(description="Title of the agreement.")
    edition: int = Field(description="Number of the agreement's edition.")


class ClockWarning(OutputModel):
    """A percentage of the target that was reached."""

    percent: int = Field(description="Percentage of the target.")
    at: datetime = Field(description="Time at which the percentage was reached.")


class ClockSegmentOut(OutputModel):
    """A segment of a clock's life, from `begins_at` to just before `ends_at`."""

    begins_at: datetime = Field(description="Beginning of the segment.")
    ends_at: datetime = Field(description="End of the segment, exclusive.")
    seconds: int = Field(
        description="Number of seconds that the segment adds to the sum: all of its seconds, or 0."
    )
    reason: SegmentReason
    label: str = Field(description="Reason as a label, in the requested language.")
    detail: str | None = Field(description="Code of the hold reason or of the state; null for other reasons.")


class BusinessSpan(OutputModel):
    """Business hours, from `begins_at` to just before `ends_at`."""

    begins_at: datetime = Field(description="Beginning of the business hours.")
    ends_at: datetime = Field(description="End of the business hours, exclusive.")


class ClockShare(OutputModel):
    """The seconds that the clock counted while one party had the ticket."""

    supplier: bool = Field(description="True if the ticket waited for a supplier.")
    team: TeamStub | None = Field(description="Team or supplier that had the ticket; null while unassigned.")
    seconds: int = Field(description="Number of seconds counted.")


class ClockOut(OutputModel):
    """A clock of a ticket: its present value, and how it was computed."""

    id: UUID = Field(description="Identifier of the clock, in the name of its stream `clock/<id>`.")
    agreement_type: AgreementType
    agreement: ClockAgreement
    why: TargetScope = Field(description="Form of scope by which the agreement was selected.")
    target: str = Field(description="Identifier of the target in the agreement.")
    metric: Metric
    round: int = Field(
        description="Number of the round of an `update` clock, from 1; 1 for all other clocks."
    )
    party: TeamStub | None = Field(
        description="Team whose time the clock of an OLA or UC measures; null for an SLA."
    )
    calendar: str = Field(description="Key of the clock's calendar.")
    calendar_version_id: UUID = Field(
        description="Version of the calendar: the newest version, or the version in force when the "
        "clock stopped."
    )
    state: ClockState = Field(
        description="State of the clock, which is `running` outside business hours too."
    )
    known: bool = Field(description="True if the calendar covers the time; if false, there are no numbers.")
    target_seconds: int = Field(description="Number of business seconds that the target allows.")
    started_at: datetime = Field(description="Time at which the clock started.")
    stopped_at: datetime | None = Field(description="Time at which the clock stopped; null while it is open.")
    elapsed_seconds: int | None = Field(
        description="Number of business seconds so far: the sum of the segments."
    )
    remaining_seconds: int | None = Field(
        description="Number of business seconds left; negative after the target, null for an excluded clock."
    )
    due_at: datetime | None = Field(
        description="Time at which the clock reaches its target; null while it is paused, unless the "
        "target was reached before."
    )
    breached_at: datetime | None = Field(
        description="Time at which the clock passed its target; null if it has not."
    )
    warnings: list[ClockWarning] = Field(description="Percentages of the target that were reached.")
    segments: list[ClockSegmentOut] = Field(description="Segments of the clock's life, in order.")
    upcoming: list[BusinessSpan] = Field(
        description=f"Business hours until the due time, for a countdown; at most {MOST_SPANS}."
    )
    shares: list[ClockShare] | None = Field(
        description="Shares of the parties that had the case under an SLA, which add up to "
        "`elapsed_seconds`; null for callers who are not staff."
    )


class TicketClocks(OutputModel):
    """The clocks of a ticket at a point in time."""

    computed_at: datetime = Field(description="Time for which the clocks were computed.")
    reopen_days: int | None = Field(
        description="Number of days in which the agreement lets the ticket be reopened; null for the "
        "general limit."
    )
    clocks: list[ClockOut] = Field(description="Clocks of the ticket.")


async def clocks_of(
    ledger: Ledger, kind: str, record_id: UUID, now: datetime, *, for_staff: bool, language: str
) -> dict[str, Any]:
    """Return the clocks of the ticket as of now. Others than staff see those of SLAs, without shares."""
    async with ledger.db.connection() as connection:
        terms = await load_terms(connection)
        name = stream(kind, record_id)
        events = None if terms is None else (await read_events(connection, [name], terms.cut)).get(name)
        if terms is None or events is None:
            return {"computed_at": instant(now), "reopen_days": None, "clocks": []}
        case = terms.clocks_of(timeline_of(name, events))
        readings = [
            (clock_name, reading)
            for clock_name, reading in case.readings(now)
            if for_staff or clock_name.agreement_type is AgreementType.sla
        ]
        reaches = await _reaches(connection, case, readings)
        agreements = await _agreements(connection, case, readings)
    clocks = [
        _clock_out(case, clock_name, reading, now, reaches, language, for_staff=for_staff)
        | {"agreement": agreements[case.origin(reading).agreement_id]}
        for clock_name, reading in readings
    ]
    await _name_parties(ledger, clocks)
    chosen = case.applying.choose(AgreementType.sla, case.attributes)
    days = None if chosen is None else case.history.reopen_days[chosen.key]
    return {"computed_at": instant(now), "reopen_days": days, "clocks": clocks}


_Found = Sequence[tuple[ClockName, ClockReading]]
_Reaches = Mapping[UUID, tuple[datetime, datetime]]


async def _reaches(connection: Connection, case: CaseClocks, readings: _Found) -> _Reaches:
    """Return the reach of the spans of each calendar version that a clock counts by, by its id."""
    versions = {
        case.calendars.version(reading.target.calendar, reading.calendar_as_of).id for _, reading in readings
    }
    reaches: dict[UUID, tuple[datetime, datetime]] = {}
    for version in versions:
        (row,) = await fetch_rows(connection, REACH, (version,))
        reaches[version] = row["since"], row["until"]
    return reaches


async def _agreements(
    connection: Connection, case: CaseClocks, readings: _Found
) -> dict[UUID, dict[str, Any]]:
    ids = {case.origin(reading).agreement_id for _, reading in readings}
    rows = await fetch_rows(connection, AGREEMENTS, (list(ids),))
    return {row["id"]: {name: row[name] for name in ClockAgreement.model_fields} for row in rows}


def _clock_out(
    case: CaseClocks,
    name: ClockName,
    reading: ClockReading,
    now: datetime,
    reaches: _Reaches,
    language: str,
    *,
    for_staff: bool,
) -> dict[str, Any]:
    origin, target = case.origin(reading), reading.target
    version = case.calendars.version(target.calendar, reading.calendar_as_of)
    hours = case.calendars(target.calendar, reading.calendar_as_of)
    is_known = _is_known(reading, now, reaches[version.id])
    return {
        "id": clock_id(case.timeline.case_id, name, reading.round),
        "agreement_type": origin.agreement_type.value,
        "agreement": None,
        "why": origin.why,
        "target": target.id,
        "metric": reading.metric.value,
        "round": reading.round,
        "party": name.party,
        "calendar": target.calendar,
        "calendar_version_id": version.id,
        "state": reading.state.value,
        "known": is_known,
        "target_seconds": target.threshold_seconds,
        "started_at": instant(reading.started_at),
        "stopped_at": _text(reading.stopped_at),
        "elapsed_seconds": reading.elapsed_seconds if is_known else None,
        "remaining_seconds": reading.remaining_seconds if is_known else None,
        "due_at": _text(reading.due_at) if is_known else None,
        "breached_at": _text(reading.breached_at) if is_known else None,
        "warnings": [
            {"percent": percent, "at": instant(passed_at)}
            for percent, passed_at in reading.warned
            if is_known
        ],
        "segments": list(_segments(case, name, reading, hours, now, language)) if is_known else [],
        "upcoming": list(_upcoming(reading, hours, now)) if is_known else [],
        "shares": _shares(case, reading, hours, now)
        if for_staff and is_known and name.party is None
        else None,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _is_known(reading: ClockReading, now: datetime, reach: tuple[datetime, datetime]) -> bool:
    """Return whether the spans of the calendar reach as far as the reading needs them."""
    since, until = reach
    last = reading.stopped_at or now
    return (
        since <= reading.started_at
        and last <= until
        and (reading.due_at or since) <= until
        and reading.due_known
    )


def _segments(
    case: CaseClocks,
    name: ClockName,
    reading: ClockReading,
    hours: BusinessTime,
    now: datetime,
    language: str,
) -> Iterator[dict[str, Any]]:
    party = None if name.party is None else PARTY[name.agreement_type](name.party)
    events = case.timeline.events
    for segment in explain(events, reading, hours, now, known_at=NO_CUTOFF, party=party):
        yield _segment(segment, language)


def _segment(clock_segment: ClockSegment, language: str) -> dict[str, Any]:
    return {
        "begins_at": instant(clock_segment.begins_at),
        "ends_at": instant(clock_segment.ends_at),
        "seconds": clock_segment.seconds,
        "reason": clock_segment.reason.value,
        "label": clock_segment.reason.label(language),
        "detail": clock_segment.detail,
    }


def _upcoming(reading: ClockReading, hours: BusinessTime, now: datetime) -> Iterator[dict[str, Any]]:
    second = now.replace(microsecond=0)
    for begins, ends in spans_to_come(reading, hours, second)[:MOST_SPANS]:
        yield {"begins_at": instant(begins), "ends_at": instant(ends)}


def _shares(
    case: CaseClocks, reading: ClockReading, hours: BusinessTime, now: datetime
) -> list[dict[str, Any]]:
    shares = share_elapsed(case.timeline.events, reading, hours, now, known_at=NO_CUTOFF)
    return [
        {
            "supplier": holder.startswith("supplier:"),
            "team": None if holder == NO_PARTY else holder.partition(":")[2],
            "seconds": seconds,
        }
        for holder, seconds in shares.items()
    ]


async def _name_parties(ledger: Ledger, clocks: Sequence[dict[str, Any]]) -> None:
    """Put the names of teams and suppliers in the place of their ids."""
    places = [(entry, "party") for entry in clocks]
    places += [(share, "team") for entry in clocks for share in entry["shares"] or ()]
    ids = {UUID(entry[field]) for entry, field in places if entry[field] is not None}
    teams = await ledger.directory.teams(ids) if ids else {}
    for entry, field in places:
        if entry[field] is not None:
            team = teams[UUID(entry[field])]
            entry[field] = {"id": team.id, "key": team.key, "name": team.name}
