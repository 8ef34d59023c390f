"""When each person's stretches of duty begin: every occurrence of a shift, less what stand-ins take over
(pure).

`on_duty.py` returns who is on duty at an instant, by the same rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.foundation.rota.on_duty import replacements, shift_times
from app.foundation.rota.records import Shift, StandIn

#: A stretch may have begun so long before the time asked for, and be cut by a stand-in within it.
LONGEST_SHIFT = timedelta(days=1)
Times = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class DutyStretch:
    """A stretch of duty of a person, up to but not including `ends_at`."""

    team_id: UUID
    person_id: UUID
    begins_at: datetime
    ends_at: datetime


def duty_stretches(
    shifts: Iterable[Shift], stand_ins: Sequence[StandIn], begin: datetime, end: datetime
) -> list[DutyStretch]:
    """Return the stretches that have a part between `begin` and `end`; `stand_ins` in the order in which they
    were agreed. Shifts and stand-ins of several teams do not touch each other.
    """
    held: dict[tuple[UUID, UUID], Times] = defaultdict(list)
    for shift in shifts:
        if shift.team_id is not None and shift.person_id is not None:
            held[shift.team_id, shift.person_id] += shift_times(shift, begin - LONGEST_SHIFT, end)
    for stand_in in stand_ins:
        if stand_in.team_id is not None:
            _replace(held, stand_in.team_id, stand_in)
    return [
        DutyStretch(team_id, person_id, since, until)
        for (team_id, person_id), times in held.items()
        for since, until in times
        if since < end and until > begin
    ]


def _replace(held: dict[tuple[UUID, UUID], Times], team_id: UUID, stand_in: StandIn) -> None:
    """Take the time of the stand-in from the leaving person, and give it to the coming one."""
    for begin, end, coming, going in replacements(stand_in):
        handed_over = [(begin, end)]
        if going is not None:
            times = held[team_id, going]
            handed_over = [
                (max(since, begin), min(until, end))
                for since, until in times
                if since < end and until > begin
            ]
            held[team_id, going] = [part for span in times for part in _outside(span, begin, end)]
        if coming is not None:
            held[team_id, coming] += handed_over


def _outside(span: tuple[datetime, datetime], begin: datetime, end: datetime) -> Times:
    """Return the parts of the span that lie outside the time from `begin` to `end`."""
    since, until = span
    parts = ((since, min(until, begin)), (max(since, end), until))
    return [(start, stop) for start, stop in parts if start < stop]
