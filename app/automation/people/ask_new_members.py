"""Asks somebody who joins an acceptance group, or becomes its chair, for what waits for the group: they see
the request from then on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.processes.requests.lookups import WAITING_FOR_GROUP
from app.processes.requests.payloads import AskMemberRequest
from app.processes.requests.records import RequestState

#: The state of a request that waits for the group, and the action that asks a member.
ACTIONS = {RequestState.solution_review: "ask_reviewer", RequestState.in_acceptance: "ask_acceptor"}


async def ask_new_members(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the question for each request that waits for the group."""
    rows = event.rows_set("group_member").values()
    names = [row["person_id"] for row in rows if "person_id" in row]
    names += [event.set_fields[name] for name in ("chair_id",) if event.set_fields.get(name)]
    if not names:
        return
    states = [state.value for state in ACTIONS]
    for row in await ledger.db.rows(WAITING_FOR_GROUP, (id_of(event.stream), states)):
        body = AskMemberRequest(member=str(names[0]))
        yield RuleConsequence("request", ACTIONS[RequestState(row["state"])], row["id"], body)


RULE = Rule(
    "ask_new_members", ("group.member_added", "group.edited", "group.duties_handed_over"), ask_new_members
)
