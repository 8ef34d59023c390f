"""Reports the records that ask a group which has lost its last member, or an acceptance group which has lost
the last who represents the business, to those who can name another group, and to the administrators.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Role
from app.foundation.people.succession.group_uses import ReportUsesGroup
from app.foundation.people.succession.lookups import emptied_groups, group_uses, holders_of
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded

_ACCEPTANCE = GivenDuty.group_acceptance
_SEATS = _ACCEPTANCE.any_of[0].seats


async def report_group_uses(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a report on each group that the event leaves without a member who can do what records ask."""
    read = ledger.db.rows
    emptied: dict[UUID, GivenDuty | None] = dict.fromkeys(
        await emptied_groups(read, event, _SEATS), _ACCEPTANCE
    )
    emptied |= dict.fromkeys(await emptied_groups(read, event))
    for group, duty in emptied.items():
        uses = await group_uses(read, ledger.lifecycles, group, duty)
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
