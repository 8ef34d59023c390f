"""The persons on duty in a team, read from the tables. Rules call `on_call`, checks `read_on_call`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.common.records import from_row
from app.foundation.rota.on_duty import DutySpan, on_duty, spans
from app.foundation.rota.records import Duty, Shift, StandIn
from app.kernel.access.reads import ReadContext, Reading, Unguarded, Versions
from app.platform.db import Database

# By the dates of all time zones; what else is fetched is sorted out by whoever knows the zone.
ZONE_MARGIN = timedelta(days=2)
SHIFTS = """
select *, 'shift/' || id as stream from fold.shift where team_id = %(team)s and duty = %(duty)s
  and from_date <= %(last_date)s and (until_date is null or until_date >= %(first_date)s)
order by added_at, id
"""
STAND_INS = """
select *, 'stand_in/' || id as stream from fold.stand_in
where team_id = %(team)s and duty = %(duty)s and state = 'agreed'
  and greatest(ends_at, return_ends_at) > %(first)s and least(starts_at, return_starts_at) <= %(last)s
order by agreed_at, id
"""
ACTIVE_MEMBERS = """
select p.id from fold.person p join fold.membership m on m.person_id = p.id and m.team_id = %s
where p.id = any(%s) and p.state = 'active' and p.deactivated_at is null
"""


async def on_call(db: Database, team_id: UUID, instant: datetime) -> tuple[UUID, ...]:
    """Return the persons who are on call in the team then, except those inactive or not members now."""
    return await on_duty_in(db, team_id, Duty.on_call, instant)


async def on_duty_in(db: Database, team_id: UUID, duty: Duty, instant: datetime) -> tuple[UUID, ...]:
    """Return the persons with that duty in the team then, except those inactive or not members now."""
    return await _active_on_duty(
        db.rows, team_id, *await _load_rota(db.rows, team_id, duty, instant, instant), instant
    )


async def read_on_call(reads: ReadContext, team_id: UUID, instant: datetime) -> tuple[UUID, ...]:
    """Return the persons on call for a check: the command is decided again if the shifts and stand-ins read
    change.
    """
    # Nothing of theirs stands beside shifts and stand-ins: their own version is that of their stream.
    shifts, stand_ins = await _load_rota(
        partial(reads.rows, guard=Versions()), team_id, Duty.on_call, instant, instant
    )
    guard = Unguarded("Whoever leaves the team meanwhile was on call when it was decided.")
    return await _active_on_duty(partial(reads.rows, guard=guard), team_id, shifts, stand_ins, instant)


async def duty_spans(
    db: Database, team_id: UUID, duty: Duty, begin: datetime, end: datetime
) -> list[DutySpan]:
    """Return the spans of the team's duty from `begin` to `end`, with the persons on duty."""
    shifts, stand_ins = await _load_rota(db.rows, team_id, duty, begin, end)
    return spans(shifts, stand_ins, begin, end)


async def _active_on_duty(
    read: Reading, team_id: UUID, shifts: Sequence[Shift], stand_ins: Sequence[StandIn], instant: datetime
) -> tuple[UUID, ...]:
    persons = on_duty(shifts, stand_ins, instant)
    members = (
        {row["id"] for row in await read(ACTIVE_MEMBERS, (team_id, list(persons)))} if persons else set()
    )
    return tuple(person for person in persons if person in members)


async def _load_rota(
    read: Reading, team_id: UUID, duty: Duty, first: datetime, last: datetime
) -> tuple[Sequence[Shift], Sequence[StandIn]]:
    """Return the shifts and stand-ins that can matter between the two instants."""
    parameters = {
        "team": team_id,
        "duty": duty.value,
        "first": first,
        "last": last,
        "first_date": (first - ZONE_MARGIN).date().isoformat(),
        "last_date": (last + ZONE_MARGIN).date().isoformat(),
    }
    shifts = [from_row(Shift, row) for row in await read(SHIFTS, parameters)]
    stand_ins = [from_row(StandIn, row) for row in await read(STAND_INS, parameters)]
    return shifts, stand_ins
