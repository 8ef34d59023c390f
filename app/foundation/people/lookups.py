"""Reads of persons, for checks and preparations: memberships, members and administrators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from app.common.people import Role
from app.common.records import Record, from_row
from app.foundation.people.records import Membership
from app.kernel.access.eligibility import STAFFED
from app.kernel.access.reads import (
    BY_RECORD_VERSION,
    ReadContext,
    Reading,
    Unguarded,
    Versions,
    grants_for,
)

# The holder who answers for the team, except for those who belong to other teams of the organisation's own.
NEAREST_HOLDER = """
select p.id from fold.person p
cross join lateral (select p.roles && %(grants)s::text[] as for_team) g
cross join lateral (
  select coalesce(bool_or(m.team_id = %(team)s), false) as within,
    coalesce(bool_or(m.team_id <> %(team)s), false) as elsewhere
  from fold.membership m join fold.team t on t.id = m.team_id
  where m.person_id = p.id and t.kind = 'internal' and t.state <> 'retired') k
where p.id = any(%(persons)s::uuid[]) and (g.for_team or k.within or not k.elsewhere)
order by g.for_team desc, k.within desc, p.id limit 1"""

OWN_HOLDERS = """
select p.id from fold.person p
where p.id = any(%(persons)s::uuid[]) and (p.roles && %(grants)s::text[] or exists (
  select from fold.membership m where m.person_id = p.id and m.team_id = %(team)s))"""

# Uses the index person_admin, whose condition the query repeats.
ANOTHER_ADMIN = """
select h.stream, h.version
from fold.person p join log.stream_head h on h.stream = 'person/' || p.id
where 'admin' = any(p.roles) and p.state = 'active' and p.id <> %s
order by p.id limit 1
"""

# By the index membership_team.
ACTIVE_MEMBERS = """
select distinct p.id from fold.membership m join fold.person p on p.id = m.person_id
where m.team_id = any(%s) and p.state = 'active' and p.deactivated_at is null and p.kind = 'human'
order by p.id limit %s
"""

# The kinds of the teams to which the person belongs.
KINDS_OF_TEAMS = """
select distinct t.kind from fold.membership m join fold.team t on t.id = m.team_id
where m.person_id = %(person)s"""

ACTIVE_PERSONS = (
    "select id from fold.person where id = any(%s) and state = 'active' and deactivated_at is null"
)
ACTIVE_LEADS = """
select distinct p.id from fold.team t join fold.person p on p.id = t.lead_id
where t.id = any(%s) and p.state = 'active' and p.deactivated_at is null"""

ACTIVE_AMONG = """
select m.person_id from fold.membership m join fold.person p on p.id = m.person_id
where m.person_id = any(%s) and m.team_id = %s and p.state = 'active' and p.deactivated_at is null"""

LEAVERS_BY = "select id from fold.person where id = any(%s) and state <> 'active' and deactivated_at <= %s"
OF_OTHER_CUSTOMERS = """
select m.person_id from fold.membership m join fold.team t on t.id = m.team_id
where m.person_id = any(%s) and t.kind = 'customer'
group by m.person_id having not bool_or(m.team_id = %s)"""

# Whether the person is the first one, or a superior of the first one at any level.
IN_SUPERIORS_OF = """
with recursive above(id) as (
    select %(first)s::uuid
    union select p.manager_id from above a join fold.person p on p.id = a.id where p.manager_id is not null
)
select id from above where id = %(person)s"""

LED_ONCE = """
select from log.told where stream = %(team)s and data->'set'->%(team)s->>'lead_id' = %(person)s limit 1"""
# A membership is set on the stream of its person.
MEMBER_ONCE = """
select from log.told e, jsonb_each(e.data->'set') as s (key, fields)
where e.stream = %(stream)s and s.key like 'membership/%%' and s.fields->>'team_id' = %(team)s limit 1"""
FORMER_ROLES = """
select from log.told e, jsonb_array_elements_text(e.data->'set'->%(stream)s->'roles') as held
where e.stream = %(stream)s and e.data->'set'->%(stream)s ? 'roles' and held = any(%(grants)s) limit 1"""
UNCHANGED_PAST = Unguarded("What was is not changed.")

STAFFED_NOW = Unguarded("A team that loses its last member at once is reported.")
STAFFED_TEAMS = f"""
select t.id from fold.team t
where t.id = any(%s) and t.state = 'active' and {STAFFED.format(team="t.id")}"""
STAFFED_OWN_TEAMS = f"{STAFFED_TEAMS} and t.kind = 'internal'"
#: The person was a member of the team, and is no longer.
LEFT_TEAM = """
select 1 where not exists (
    select from fold.membership where person_id = %(person)s and team_id = %(team)s)
  and exists (
    select from log.told e, jsonb_each(e.data->'set') s
    where e.stream = 'person/' || %(person)s and s.key like 'membership/%%'
      and s.value->>'team_id' = %(team)s::text)"""


async def membership(reads: ReadContext, person: Record, team: Record) -> Membership | None:
    """Return the person's membership of the team, if there is one. Memberships are on the person's stream."""
    query = "select * from fold.membership where person_id = %s and team_id = %s"
    row = await reads.row(query, (person.id, team.id), guard=BY_RECORD_VERSION)
    return None if row is None else from_row(Membership, row)


async def has_left_team(reads: ReadContext, person: UUID, team: UUID | None) -> bool:
    """Return whether the person was a member of the team, and is no longer."""
    guard = Unguarded("Members who leave a moment later keep what is assigned to them.")
    return await reads.value(LEFT_TEAM, {"person": person, "team": team}, guard=guard) is not None


async def is_member(reads: ReadContext, person: Record, teams: Sequence[str]) -> bool:
    """Return whether the person belongs to one of these teams."""
    query = "select count(*) from fold.membership where person_id = %s and team_id = any(%s::uuid[])"
    return bool(teams and await reads.value(query, (person.id, list(teams)), guard=BY_RECORD_VERSION))


async def of_other_customers(reads: ReadContext, persons: Iterable[UUID], customer: UUID) -> set[UUID]:
    """Return those of the persons who belong to customers, but not to this one."""
    rows = await reads.rows(OF_OTHER_CUSTOMERS, (list(persons), customer), guard=BY_RECORD_VERSION)
    return {row["person_id"] for row in rows}


async def active_among(reads: ReadContext, persons: Iterable[UUID], team: UUID) -> set[UUID]:
    """Return those of the persons who are active and belong to the team."""
    rows = await reads.rows(ACTIVE_AMONG, (list(persons), team), guard=BY_RECORD_VERSION)
    return {row["person_id"] for row in rows}


async def leavers_by(reads: ReadContext, persons: Iterable[UUID], instant: datetime) -> frozenset[UUID]:
    """Return the persons who had left by that time."""
    rows = await reads.rows(LEAVERS_BY, (list(persons), instant), guard=UNCHANGED_PAST)
    return frozenset(row["id"] for row in rows)


async def number_of_memberships(reads: ReadContext, person: Record) -> int:
    """Return the number of teams that the person belongs to."""
    query = "select count(*) from fold.membership where person_id = %s"
    number: int = await reads.value(query, (person.id,), guard=BY_RECORD_VERSION)
    return number


async def another_admin(reads: ReadContext, person: Record) -> bool:
    """Return whether another active person is an administrator of everything. Two who remove each other at
    once both find the other still there: one of the commands is decided again.
    """
    return await reads.row(ANOTHER_ADMIN, (person.id,), guard=Versions()) is not None


async def active_members(read: Reading, team_ids: Sequence[UUID], most: int) -> list[UUID]:
    """Return the active human members of the teams, each once, at most `most`, by whatever `read` reads."""
    return [row["id"] for row in await read(ACTIVE_MEMBERS, (list(team_ids), most))]


async def staffed_team(read: Reading, team: UUID | None) -> UUID | None:
    """Return the team's id if the team is active and somebody works in it: defaults give work to no other."""
    return team if team is not None and await read(STAFFED_TEAMS, ([team],)) else None


async def has_staffed_own_team(read: Reading, team_ids: Sequence[UUID]) -> bool:
    """Return whether one of the teams is active, belongs to the organisation, and has active members."""
    return bool(await read(STAFFED_OWN_TEAMS, (list(team_ids),)))


async def has_led(reads: ReadContext, person: Record, team: Record) -> bool:
    """Return whether the person was once the lead of the team."""
    words = {"team": team.row_key, "person": str(person.id)}
    return await reads.row(LED_ONCE, words, guard=UNCHANGED_PAST) is not None


async def was_member(reads: ReadContext, person: Record, team: Record) -> bool:
    """Return whether the person belongs, or once belonged, to the team."""
    words = {"stream": person.row_key, "team": str(team.id)}
    return await reads.row(MEMBER_ONCE, words, guard=UNCHANGED_PAST) is not None


async def held_role(reads: ReadContext, person: Record, roles: Iterable[Role], record: Record) -> bool:
    """Return whether the person holds, or once held, one of the roles for the record."""
    grants = [grant for role in roles for grant in grants_for(role, record)]
    words = {"stream": person.row_key, "grants": grants}
    return await reads.row(FORMER_ROLES, words, guard=UNCHANGED_PAST) is not None


async def active_person(read: Reading, person: UUID | None) -> str | None:
    """Return the person's id as a text, if they are active."""
    rows = await read(ACTIVE_PERSONS, ([person],))
    return str(rows[0]["id"]) if rows else None


async def leads_or_members(read: Reading, team: UUID | None, most: int) -> list[UUID]:
    """Return the team's lead if active, otherwise its active members, at most `most`."""
    if team is None:
        return []
    leads = [row["id"] for row in await read(ACTIVE_LEADS, ([team],))]
    return leads or await active_members(read, [team], most)
