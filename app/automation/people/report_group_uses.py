"""Reports the records that ask a group which has lost its last member, to those who can name another group,
and to the administrators, who add members.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.people import Role
from app.foundation.people.succession.group_uses import ReportUsesGroup
from app.foundation.people.succession.lookups import emptied_groups, group_uses, holders_of
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded


async def report_group_uses(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a report on each group that the event leaves without a member and that records ask."""
    read = ledger.db.rows
    for group in await emptied_groups(read, event):
        uses = await group_uses(read, ledger.lifecycles, group)
        if uses is None:
            continue
        managers = await holders_of(read, uses.managers)
        admins = await holders_of(read, [Role.admin])
        persons = tuple(map(str, dict.fromkeys([*managers, *admins])))[:LONGEST_LIST]
        body = ReportUsesGroup(use_count=uses.count, asking_records=uses.names, persons=persons)
        yield RuleConsequence("group", "report_uses", group, body)


RULE = Rule(
    "report_group_uses", ("group.member_removed", "person.deactivated", "person.erased"), report_group_uses
)
