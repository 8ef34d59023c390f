"""Reads of mappings and memberships, for what a person's groups at the provider give."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.common.people import Person
from app.common.records import from_row
from app.foundation.people.provisioning.marks import team_mark
from app.foundation.people.provisioning.records import DirectoryMembership
from app.foundation.people.records import Membership
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Versions

# Uses the index group_mapping_grant. A retired team takes no new members.
MAPPED_GRANTS = """
select m.role, m.joined_team_id, h.stream, h.version
from fold.group_mapping m join log.stream_head h on h.stream = 'group_mapping/' || m.id
where m.group_name = any(%s) and m.state = 'active'
  and (m.joined_team_id is null
       or exists (select from fold.team t where t.id = m.joined_team_id and t.state = 'active'))
order by m.added_at, m.id
"""

# By the index directory_membership_person_id_directory_group_id_key. Names change with the group's version,
# and who belongs to it with the person's.
DIRECTORY_GROUPS = """
select g.name, g.external_id, h.stream, h.version
from fold.directory_membership m
join fold.directory_group g on g.id = m.directory_group_id
join log.stream_head h on h.stream = 'directory_group/' || g.id
where m.person_id = %s and g.id is distinct from %s and g.state = 'active'
order by g.id
"""


async def mapped_grants(reads: ReadContext, groups: Sequence[str]) -> list[str]:
    """Return the roles and teams, as marks, that members of these groups get."""
    rows = await reads.rows(MAPPED_GRANTS, (list(groups),), guard=Versions())
    return [row["role"] or team_mark(row["joined_team_id"]) for row in rows]


async def memberships_of(reads: ReadContext, person: Person) -> list[Membership]:
    """Return the person's memberships of teams. They are on the person's stream."""
    query = "select * from fold.membership where person_id = %s order by id"
    rows = await reads.rows(query, (person.id,), guard=BY_RECORD_VERSION)
    return [from_row(Membership, row) for row in rows]


async def directory_memberships_of(reads: ReadContext, person: Person) -> list[DirectoryMembership]:
    """Return the person's memberships of the provider's groups. They are on the person's stream."""
    query = "select * from fold.directory_membership where person_id = %s order by id"
    rows = await reads.rows(query, (person.id,), guard=BY_RECORD_VERSION)
    return [from_row(DirectoryMembership, row) for row in rows]


async def directory_groups_of(
    reads: ReadContext, person: Person, *, without: UUID | None = None
) -> list[str]:
    """Return the names and external ids of the provider's groups that the person belongs to, except one."""
    rows = await reads.rows(DIRECTORY_GROUPS, (person.id, without), guard=Versions())
    return [name for row in rows for name in (row["name"], row["external_id"]) if name is not None]
