"""Reads of absences: who is away, who stands in, and whose absences somebody keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.platform.db import Row

# By the index absence_person.
AWAY_MEMBERS = """
select distinct a.person_id from fold.absence a join fold.membership m on m.person_id = a.person_id
where m.team_id = %(team)s and a.state = 'planned' and a.from_at <= %(at)s and a.until_at > %(at)s"""
AWAY_BETWEEN = """
select a.id from fold.absence a where a.person_id = %s and a.state = 'planned'
  and a.until_at > %s and a.from_at < %s limit 1"""
TEAMS = "select team_id from fold.membership where person_id = %s order by team_id"
LEADS = """
select t.id from fold.team t join fold.membership m on m.team_id = t.id
where m.person_id = %s and t.lead_id = %s and t.state = 'active' limit 1"""
# Leads of teams that have the person on call by a shift, and in which the deputy is not a member. The hours
# are not checked: an unnecessary notice does no harm.
COVERS = """
select t.lead_id from fold.team t join fold.membership l on l.team_id = t.id and l.person_id = t.lead_id
where t.lead_id <> %(person)s and t.state = 'active'
  and exists (select from fold.shift s where s.team_id = t.id and s.person_id = %(person)s
    and s.duty = 'on_call' and s.from_date <= %(last_date)s
    and (s.until_date is null or s.until_date > %(first_date)s))
  and not exists (select from fold.membership d where d.team_id = t.id and d.person_id = %(deputy)s)
order by t.key limit 1"""
FROM_CALENDAR = """
select id, state, from_at, until_at, event_key from fold.absence
where person_id = %s and source = %s and calendar_id is not distinct from %s and until_at > %s
  and state in ('planned', 'withdrawn')
order by planned_at, id"""
USABLE_DEPUTY = """
select p.id from fold.person p where p.id = %s and p.id <> %s and p.kind = 'human' and p.state = 'active'
  and p.deactivated_at is null"""
# Calendars of persons who are not active any more are left alone, and those whose key has ended: its end may
# have been brought forward. An address that was changed is fetched at once.
DUE_CALENDARS = """
select c.id from fold.absence_calendar c join fold.person p on p.id = c.person_id
left join fold.key k on k.id = c.key_id
left join plumbing.absence_fetch f on f.calendar_id = c.id and f.address = md5(c.url)
where c.state = 'active' and p.state = 'active' and p.deactivated_at is null
  and c.suspended_by_rotation is not true and least(c.ends_at, k.expires_at, 'infinity') > %s
  and (f.next_at is null or f.next_at <= %s)
order by f.next_at nulls first, c.id limit 50"""
CALENDAR = """
select c.id, c.person_id, c.deputy_id, c.url, c.failing_since_at, md5(c.url) as address, p.time_zone,
  c.key_id, c.secret_hash, c.ends_at
from fold.absence_calendar c join fold.person p on p.id = c.person_id
where c.id = %s and c.state = 'active' and c.suspended_by_rotation is not true"""
LAST_FETCH = "select * from plumbing.absence_fetch where calendar_id = %s"
SAVE_FETCH = """
insert into plumbing.absence_fetch as old (calendar_id, address, fetched_at, next_at, failures, failure, etag,
  modified, read_at, absences, unreadable, absences_left_out)
values (%(calendar_id)s, %(address)s, %(fetched_at)s, %(next_at)s, %(failures)s, %(failure)s, %(etag)s,
  %(modified)s, %(read_at)s, %(absences)s, %(unreadable)s, %(absences_left_out)s)
on conflict (calendar_id) do update set address = excluded.address, fetched_at = excluded.fetched_at,
  next_at = excluded.next_at, failures = excluded.failures, failure = excluded.failure, etag = excluded.etag,
  modified = excluded.modified, read_at = excluded.read_at, absences = excluded.absences,
  unreadable = excluded.unreadable, absences_left_out = excluded.absences_left_out
returning calendar_id"""
MEANWHILE = Unguarded("Who belongs to a team, or leads it, counts as it was when this was decided.")


@dataclass(frozen=True, slots=True)
class AbsenceTeams:
    """The teams of an absent person, and the lead who is on call in their place where no deputy may."""

    team_ids: tuple[str, ...]
    cover_id: UUID | None


async def away_members(read: Reading, team_id: UUID, instant: datetime) -> set[UUID]:
    """Return the members of the team who are away then."""
    return {row["person_id"] for row in await read(AWAY_MEMBERS, {"team": team_id, "at": instant})}


async def is_away_between(reads: ReadContext, person_id: UUID, begin: datetime, end: datetime) -> bool:
    """Return whether the person is away at some time between the two instants."""
    guard = Unguarded("A deputy who plans an absence meanwhile is passed over when somebody must stand in.")
    return await reads.row(AWAY_BETWEEN, (person_id, begin, end), guard=guard) is not None


async def leads_person(reads: ReadContext, person_id: UUID | None, lead_id: UUID | None) -> bool:
    """Return whether the one leads a team that the other belongs to."""
    return await reads.row(LEADS, (person_id, lead_id), guard=MEANWHILE) is not None


async def absence_teams(
    reads: ReadContext, person_id: UUID, deputy_id: UUID | None, begin: datetime, end: datetime
) -> AbsenceTeams:
    """Return the person's teams, and who covers for them on call."""
    rows = await reads.rows(TEAMS, (person_id,), guard=MEANWHILE)
    parameters = {
        "person": person_id,
        "deputy": deputy_id,
        "first_date": begin.date().isoformat(),
        "last_date": end.date().isoformat(),
    }
    cover = await reads.row(COVERS, parameters, guard=MEANWHILE)
    return AbsenceTeams(
        tuple(str(row["team_id"]) for row in rows), None if cover is None else cover["lead_id"]
    )


async def taken_from_calendar(
    read: Reading, person_id: UUID, source: str, calendar_id: UUID | None, now: datetime
) -> Sequence[Row]:
    """Return the absences that were taken from that calendar and are not over, those withdrawn among them."""
    return await read(FROM_CALENDAR, (person_id, source, calendar_id, now))


async def usable_deputy(read: Reading, deputy_id: UUID | None, person_id: UUID) -> UUID | None:
    """Return the deputy if they may still deputise for the person; None if not."""
    return deputy_id if await read(USABLE_DEPUTY, (deputy_id, person_id)) else None
