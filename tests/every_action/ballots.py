"""Questions that are put to a vote: whoever is asked answers, whoever that is by the rules that hold then."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.kernel.ledger import Ledger
from tests.people import act

#: Whoever is to vote next.
NEXT_VOTER = """
select person_id, role from fold.vote
where decision_id = %s and voted_at is null and closed_at is null order by id limit 1"""


async def approve(
    ledger: Ledger, kind: str, record_id: UUID | str, decision: UUID | str, now: datetime | None = None
) -> None:
    """Those who are asked approve it, one after the other, until it is decided: then, or now."""
    body = CastVote(decision=UUID(str(decision)), verdict=VoteVerdict.approve, comment=None)
    while (row := await ledger.db.row(NEXT_VOTER, (decision,))) is not None:
        roles = () if row["role"] is None else (RoleGrant(Role(row["role"])),)
        voter = Caller(f"person:{row['person_id']}", row["person_id"], roles=roles)
        await act(ledger, voter, kind, "vote", record_id, body, now=now)
