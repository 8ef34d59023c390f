"""The persons on duty in a team, read from the tables. Rules call `on_call`, checks `read_on_call`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from app.common.records import Record, from_row
from app.foundation.absences.records import Absence, AbsenceState
from app.foundation.rota.on_duty import AwaySpan, DutySpan, TeamAbsences, on_duty, spans
from app.foundation.rota.records import Duty, Shift, StandIn, StandInState
from app.kernel.access.reads import ReadContext, Reading, Unguarded, Versions
from app.platform.db import Database, Row

R = TypeVar("R", bound=Record)

# Margin for the dates of all time zones; the caller filters the rest in the right zone.
ZONE_MARGIN = timedelta(days=2)
SHIFTS = """
select *, 'shift/' || id as stream from fold.shift where team_id = %(team)s and duty = %(duty)s
  and (%(ever)s or from_date <= %(last_date)s and (until_date is null or until_date >= %(first_date)s))
order by added_at, id
"""
STAND_INS = """
select *, 'stand_in/' || id as stream from fold.stand_in
where team_id = %(team)s and duty = %(duty)s and (%(ever)s or state = 'agreed')
  and greatest(ends_at, return_ends_at) > %(first)s and least(starts_at, return_starts_at) <= %(last)s
order by agreed_at, id
"""
# By the index absence_person. An absence of version 1 was never changed.
ABSENCES = """
select a.*, 'absence/' || a.id as stream
from fold.membership m join fold.absence a on a.person_id = m.person_id
where m.team_id = %(team)s and (
  a.state = 'planned' and a.until_at > %(first)s and a.from_at <= %(last)s or %(ever)s and a.version > 1)
order by a.planned_at, a.id
"""
COVERING_MEMBERS = """
select p.id, t.lead_id from fold.team t join fold.membership m on m.team_id = t.id
join fold.person p on p.id = m.person_id
where t.id = %s and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
"""
ACTIVE_MEMBERS = """
select p.id from fold.person p join fold.membership m on m.person_id = p.id and m.team_id = %s
where p.id = any(%s) and p.state = 'active' and p.deactivated_at is null
"""


class RotaTrust(Protocol):
    """The acts on a rota that count, for a matter whose parties must not choose who is on call."""

    async def entries(self, record_class: type[R], rows: Sequence[Row]) -> list[R]:
        """Return the shifts, stand-ins or absences as they are by the acts that count."""

    async def lead_of(self, team_id: UUID) -> UUID | None:
        """Return the lead of the team by the acts that count."""


@dataclass(frozen=True, slots=True)
class TeamRota:
    """Shifts, stand-ins and absences, by which a team's duties follow."""

    shifts: Sequence[Shift]
    stand_ins: Sequence[StandIn]
    absences: TeamAbsences


async def on_call(db: Database, team_id: UUID, instant: datetime) -> tuple[UUID, ...]:
    """Return the persons who are on call in the team then, except those inactive or not members now."""
    return await on_duty_in(db, team_id, Duty.on_call, instant)


async def on_duty_in(db: Database, team_id: UUID, duty: Duty, instant: datetime) -> tuple[UUID, ...]:
    """Return the persons with that duty in the team then, except those inactive or not members now."""
    rota = await _load_rota(db.rows, db.rows, team_id, duty, instant, instant)
    return await _active_on_duty(db.rows, team_id, rota, instant)


async def read_on_call(
    reads: ReadContext, team_id: UUID, instant: datetime, trust: RotaTrust | None = None
) -> tuple[UUID, ...]:
    """Return the persons on call for a check: the command is decided again if the shifts, stand-ins and
    absences read change. With `trust`, only by the acts that it counts.
    """
    guard = Unguarded("Whoever leaves the team meanwhile was on call when it was decided.")
    read_members = partial(reads.rows, guard=guard)
    # Shifts, stand-ins and absences have no rows of their own here: their version is that of their stream.
    read = partial(reads.rows, guard=Versions())
    rota = await _load_rota(read, read_members, team_id, Duty.on_call, instant, instant, trust=trust)
    return await _active_on_duty(read_members, team_id, rota, instant)


async def duty_spans(
    db: Database, team_id: UUID, duty: Duty, begin: datetime, end: datetime
) -> list[DutySpan]:
    """Return the spans of the team's duty from `begin` to `end`, with the persons on duty."""
    rota = await _load_rota(db.rows, db.rows, team_id, duty, begin, end)
    return spans(rota.shifts, rota.stand_ins, begin, end, rota.absences)


async def _active_on_duty(
    read: Reading, team_id: UUID, rota: TeamRota, instant: datetime
) -> tuple[UUID, ...]:
    persons = on_duty(rota.shifts, rota.stand_ins, instant, rota.absences)
    members = (
        {row["id"] for row in await read(ACTIVE_MEMBERS, (team_id, list(persons)))} if persons else set()
    )
    return tuple(person for person in persons if person in members)


async def _load_rota(
    read: Reading,
    read_members: Reading,
    team_id: UUID,
    duty: Duty,
    first: datetime,
    last: datetime,
    *,
    trust: RotaTrust | None = None,
) -> TeamRota:
    """Return what of the rota can matter between the two instants."""
    parameters = {
        "team": team_id,
        "duty": duty.value,
        "first": first,
        "last": last,
        "first_date": (first - ZONE_MARGIN).date().isoformat(),
        "last_date": (last + ZONE_MARGIN).date().isoformat(),
        # Entries that somebody has ended since may count as they were before.
        "ever": trust is not None,
    }
    shifts = await _entries(Shift, await read(SHIFTS, parameters), trust)
    stand_ins = await _entries(StandIn, await read(STAND_INS, parameters), trust)
    stand_ins = [stand_in for stand_in in stand_ins if stand_in.state is StandInState.agreed]
    if not shifts and not stand_ins:
        return TeamRota((), (), TeamAbsences())
    absences = await _entries(Absence, await read(ABSENCES, parameters), trust)
    away = [
        AwaySpan(absence.from_at, absence.until_at, absence.person_id, absence.deputy_id)
        for absence in absences
        if absence.state is AbsenceState.planned
        and absence.from_at is not None
        and absence.until_at is not None
        and absence.person_id is not None
    ]
    if not away or duty is not Duty.on_call:
        return TeamRota(shifts, stand_ins, TeamAbsences(away))
    members = await read_members(COVERING_MEMBERS, (team_id,))
    lead_id = members[0]["lead_id"] if members else None
    if trust is not None:
        lead_id = await trust.lead_of(team_id)
    covering = frozenset(row["id"] for row in members)
    return TeamRota(shifts, stand_ins, TeamAbsences(away, True, covering, lead_id))


async def _entries(record_class: type[R], rows: Sequence[Row], trust: RotaTrust | None) -> list[R]:
    if trust is None:
        return [from_row(record_class, row) for row in rows]
    return await trust.entries(record_class, rows)
