"""Computation of the persons on duty at an instant: weekly shifts, then stand-ins, then absences (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from app.foundation.calendars.week import Weekday
from app.foundation.rota.records import Shift, StandIn

WEEKDAYS = tuple(weekday.value for weekday in Weekday)


@dataclass(frozen=True, slots=True)
class DutySpan:
    """The persons on duty from `begin` until `end` (exclusive)."""

    begin: datetime
    end: datetime
    persons: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AwaySpan:
    """The absence of a person from `begin` until `end` (exclusive), and the deputy, if there is one."""

    begin: datetime
    end: datetime
    person_id: UUID
    deputy_id: UUID | None


@dataclass(frozen=True, slots=True)
class TeamAbsences:
    """The absences of a team's members. If they are `covered`, a substitute is on duty for each absent
    member: their deputy, or otherwise the lead, each only if they are one of the `members` and not away.
    """

    spans: Sequence[AwaySpan] = ()
    covered: bool = False
    members: frozenset[UUID] = frozenset()
    lead_id: UUID | None = None

    def spans_at(self, instant: datetime) -> dict[UUID, AwaySpan]:
        """Return by person the absence in force then; of several, the first with a deputy."""
        away: dict[UUID, AwaySpan] = {}
        for span in self.spans:
            absence = away.get(span.person_id)
            if span.begin <= instant < span.end and (absence is None or absence.deputy_id is None):
                away[span.person_id] = span
        return away


NO_ABSENCES = TeamAbsences()


def present(persons: Sequence[UUID], absences: TeamAbsences, instant: datetime) -> tuple[UUID, ...]:
    """Return the present members, and the substitutes for absent ones, each once. A deputy who is away is not
    replaced by a further deputy: then the lead covers.
    """
    away = absences.spans_at(instant)
    those_there: dict[UUID, None] = {}
    for person in persons:
        if person not in away:
            those_there[person] = None
        elif absences.covered:
            for cover in (away[person].deputy_id, absences.lead_id):
                if cover in absences.members and cover not in away:
                    assert cover is not None
                    those_there[cover] = None
                    break
    return tuple(those_there)


def on_duty(
    shifts: Iterable[Shift],
    stand_ins: Iterable[StandIn],
    instant: datetime,
    absences: TeamAbsences = NO_ABSENCES,
) -> tuple[UUID, ...]:
    """Return the people on duty then, each once. Later stand-ins apply on top of earlier ones, and absences
    on top of both: an absent person already has a stand-in, or their deputy covers.
    """
    next_instant = instant + timedelta(microseconds=1)
    persons: dict[UUID | None, None] = dict.fromkeys(
        shift.person_id
        for shift in shifts
        if shift.person_id is not None and any(True for _ in shift_times(shift, instant, next_instant))
    )
    for stand_in in stand_ins:
        for begin, end, coming, going in replacements(stand_in):
            if begin <= instant < end and (going is None or going in persons):
                persons.pop(going, None)
                if coming is not None:
                    persons[coming] = None
    return present([person for person in persons if person is not None], absences, instant)


def spans(
    shifts: Sequence[Shift],
    stand_ins: Sequence[StandIn],
    begin: datetime,
    end: datetime,
    absences: TeamAbsences = NO_ABSENCES,
) -> list[DutySpan]:
    """Return the spans with persons on duty from `begin` to `end`."""
    edges = {begin, end}
    for shift in shifts:
        edges.update(edge for times in shift_times(shift, begin, end) for edge in times)
    for stand_in in stand_ins:
        edges.update(edge for exchange in replacements(stand_in) for edge in exchange[:2])
    edges.update(edge for span in absences.spans for edge in (span.begin, span.end))
    inside = sorted(edge for edge in edges if begin <= edge <= end)
    duty_spans: list[DutySpan] = []
    for start, stop in pairwise(inside):
        persons = on_duty(shifts, stand_ins, start, absences)
        if duty_spans and duty_spans[-1].end == start and set(duty_spans[-1].persons) == set(persons):
            duty_spans[-1] = DutySpan(duty_spans[-1].begin, stop, duty_spans[-1].persons)
        elif persons:
            duty_spans.append(DutySpan(start, stop, persons))
    return duty_spans


def shift_times(shift: Shift, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield begin and end of each occurrence of the shift that overlaps the time from `begin` to `end`."""
    assert shift.time_zone is not None
    zone = ZoneInfo(shift.time_zone)
    day = begin.astimezone(zone).date() - timedelta(days=1)  # a shift that began on the day before
    while day <= end.astimezone(zone).date():
        if _begins_on(shift, day):
            starts, ends = _shift_on_day(shift, day, zone)
            if starts < end and begin < ends:
                yield starts, ends
        day += timedelta(days=1)


def _begins_on(shift: Shift, day: date) -> bool:
    assert shift.from_date is not None
    assert shift.every_weeks is not None
    first = date.fromisoformat(shift.from_date)
    weeks = (_monday(day) - _monday(first)).days // 7
    not_over = shift.until_date is None or day < date.fromisoformat(shift.until_date)
    of_the_week = WEEKDAYS[day.weekday()] in (shift.weekdays or ())
    return first <= day and not_over and of_the_week and weeks % shift.every_weeks == 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _shift_on_day(shift: Shift, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return begin and end of the shift that begins on that day. A time that the clock skips is read with the
    offset before the change, and of a time that it shows twice, the first counts.
    """
    assert shift.starts is not None
    assert shift.ends is not None
    starts, ends = time.fromisoformat(shift.starts), time.fromisoformat(shift.ends)
    last_day = day if ends > starts else day + timedelta(days=1)
    return (
        datetime.combine(day, starts, zone).astimezone(UTC),
        datetime.combine(last_day, ends, zone).astimezone(UTC),
    )


Replacement = tuple[datetime, datetime, UUID | None, UUID | None]


def replacements(stand_in: StandIn) -> Iterator[Replacement]:
    """Yield begin, end, the person who comes and the person replaced, for the stand-in and its return."""
    assert stand_in.starts_at is not None
    assert stand_in.ends_at is not None
    yield stand_in.starts_at, stand_in.ends_at, stand_in.person_id, stand_in.instead_of_id
    if stand_in.return_starts_at is not None and stand_in.return_ends_at is not None:
        yield stand_in.return_starts_at, stand_in.return_ends_at, stand_in.instead_of_id, stand_in.person_id
