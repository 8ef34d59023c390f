"""Gives members of provisioned groups what a mapping of their group gives from now on, and takes away what it
gave, when a mapping is made, changed or withdrawn, or a group has another name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from app.common.people import PersonState
from app.foundation.people.provisioning.grants import ProvideGrantsPerson, changed_grants
from app.foundation.people.provisioning.marks import GrantSource
from app.kernel.access.reads import ReadContext
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of

# By the index directory_membership_group: each member of the group, with all groups that they belong to.
MEMBERS = """
select m.person_id, array_remove(array_agg(distinct gm.group_name), null) as names
from fold.directory_group g
join fold.directory_membership m on m.directory_group_id = g.id
join fold.directory_membership o on o.person_id = m.person_id
join fold.directory_group og on og.id = o.directory_group_id and og.state = 'active'
cross join lateral (values (og.name), (og.external_id)) as named (name)
left join fold.group_mapping gm on gm.group_name = named.name and gm.state = 'active'
where {group}
group by m.person_id order by m.person_id
"""
OF_GROUP = "g.id = %(id)s"
OF_MAPPING = """(g.name, g.state) = (
  (select group_name from fold.group_mapping where id = %(id)s), 'active'
) or (g.external_id, g.state) = ((select group_name from fold.group_mapping where id = %(id)s), 'active')"""


async def follow_group_mappings(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield what the members' groups give, for each member of the groups that the event concerns."""
    group = OF_GROUP if kind_of(event.stream) == "directory_group" else OF_MAPPING
    parameters = {"id": id_of(event.stream)}
    for row in await ledger.db.rows(MEMBERS.format(group=group), parameters):
        if not await _changes(ledger, row["person_id"], row["names"]):
            continue
        body = ProvideGrantsPerson(provided_by=GrantSource.scim, groups=tuple(row["names"]))
        yield RuleConsequence("person", "provide_grants", row["person_id"], body)


async def _changes(ledger: Ledger, person_id: UUID, groups: Sequence[str]) -> bool:
    """Return whether it changes anything for the person that these are their mapped groups."""
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    loaded = await reads.record("person", str(person_id))
    if loaded is None or loaded.record.state is PersonState.erased:
        return False
    provided = await changed_grants(reads, loaded.record, GrantSource.scim, groups)
    return provided.change.changes(loaded.record, GrantSource.scim)


RULE = Rule(
    "follow_group_mappings",
    ("group_mapping.made", "group_mapping.edited", "group_mapping.withdrawn", "directory_group.edited"),
    follow_group_mappings,
)
