"""Reports the open work of a team that has lost its last member, and the rules, services and catalogue items
that go on giving it work, to those who manage them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.people.persons import LIFECYCLE as PERSONS
from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.lookups import (
    TEAMS_WITHOUT_MEMBERS,
    holders_of,
    open_work_of,
    teams_left,
    work_sources_of,
)
from app.foundation.people.succession.team_work import ReportWorkTeam
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded


async def report_team_work(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a report on each team that the event leaves without a member and with work."""
    read = ledger.db.rows
    teams = await teams_left(read, event)
    for row in await read(TEAMS_WITHOUT_MEMBERS, (teams,)) if teams else ():
        work = await open_work_of(read, row["id"])
        sources = await work_sources_of(read, ledger.lifecycles, row["id"])
        if work is None and not sources:
            continue
        managers = {role for kind in (work.kinds if work else ()) for role in KIND_DUTIES[kind].managers}
        keepers = {role for kind, _ in sources for role in ledger.lifecycles[kind]["edit"].policy.roles}
        recipients = await holders_of(read, managers | keepers)
        body = ReportWorkTeam(
            work_count=work.count if work else 0,
            numbers=work.numbers if work else (),
            first_due_at=work.first_due_at if work else None,
            work_sources=tuple(name for _, name in sources),
            persons=tuple(map(str, recipients[:LONGEST_LIST])),
        )
        yield RuleConsequence("team", "report_work", row["id"], body)


#: A membership ends by the person's own events, however it came about.
RULE = Rule("report_team_work", tuple(sorted(PERSONS.event_types)), report_team_work)
