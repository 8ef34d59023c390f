"""Reports the open work of a team that has lost its last member to the managers of the kinds of records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.foundation.people.succession.lookups import TEAMS, TEAMS_WITHOUT_MEMBERS, managers_of, open_work_of
from app.foundation.people.succession.team_work import ReportWorkTeam
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of


async def report_team_work(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a report on each team of the person that has no active member left and has open work."""
    left = event.payload.get("team")
    if left is None:
        teams = [row["team_id"] for row in await ledger.db.rows(TEAMS, (id_of(event.stream),))]
    else:
        teams = [UUID(left)]
    for row in await ledger.db.rows(TEAMS_WITHOUT_MEMBERS, (teams,)):
        work = await open_work_of(ledger.db.rows, row["id"])
        if work is None:
            continue
        recipients = await managers_of(ledger.db.rows, work.kinds)
        body = ReportWorkTeam(
            work_count=work.count,
            numbers=work.numbers,
            persons=tuple(map(str, recipients[:LONGEST_LIST])),
        )
        yield RuleConsequence("team", "report_work", row["id"], body)


RULE = Rule("report_team_work", ("person.deactivated", "person.erased", "person.team_left"), report_team_work)
