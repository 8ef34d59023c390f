"""A committee's decision about a document: the voters and the time, each vote, and the position of the log at
which it was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.records import from_row
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    DecisionRule,
    DecisionState,
    Vote,
    VoteVerdict,
)
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.printing import DecryptedDocument, decrypt
from app.kernel.ledger import Ledger
from app.log.events import Recorded, stream

DECISIONS = "select * from fold.decision where record = %s and id = any(%s) order by asked_at, id"
VOTES = "select * from fold.vote where record = %s and decision_id = any(%s) order by voted_at, id"


@dataclass(frozen=True, slots=True)
class PrintedVote:
    """A person's vote; their name is None if they were erased."""

    name: str | None
    verdict: VoteVerdict | None
    voted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDecision:
    """A decision with its votes. `position` is that of the log at which it was taken, `evidence` that of the
    measured effect in the question; None if it is open, or has no evidence.
    """

    question: str
    rule: DecisionRule
    state: DecisionState
    outcome: DecisionOutcome | None
    asked_at: datetime | None
    closed_at: datetime | None
    position: int | None
    votes: Sequence[PrintedVote]
    evidence: int | None = None


async def load_decisions(
    ledger: Ledger, record: str, events: Sequence[Recorded], requests: Sequence[Recorded]
) -> list[PrintedDecision]:
    """Return the decisions that the events `requests` have put, the oldest first; `record` is their stream
    and `events` are all of its.
    """
    named = {decision: event for event in requests for decision in _decisions_in(event)}
    if not named:
        return []
    decisions = [from_row(Decision, row) for row in await ledger.db.rows(DECISIONS, (record, list(named)))]
    votes = [from_row(Vote, row) for row in await ledger.db.rows(VOTES, (record, list(named)))]
    names = await decrypt(ledger, [], [vote.person_id for vote in votes])
    return [
        _printed(
            decision,
            [vote for vote in votes if vote.decision_id == decision.id],
            names,
            events,
            named[decision.id],
        )
        for decision in decisions
        if decision.state is not DecisionState.withdrawn
    ]


def _decisions_in(event: Recorded) -> list[UUID]:
    prefix = f"{Decision.KIND}/"
    return [
        UUID(key.removeprefix(prefix))
        for key, row in event.data["set"].items()
        if key.startswith(prefix) and row is not None and row.get("question") is not None
    ]


def _printed(
    decision: Decision,
    votes: Sequence[Vote],
    names: DecryptedDocument,
    events: Sequence[Recorded],
    request: Recorded,
) -> PrintedDecision:
    name = stream(Decision.KIND, decision.id)
    outcomes = [event for event in events if (event.data["set"].get(name) or {}).get("outcome") is not None]
    positions = [row.get("asked_position") for row in request.data["set"].values() if row is not None]
    return PrintedDecision(
        question=decision.question or "",
        rule=decision.rule or DecisionRule.majority,
        state=decision.state or DecisionState.open,
        outcome=decision.outcome,
        asked_at=decision.asked_at,
        closed_at=decision.closed_at,
        position=outcomes[-1].position if outcomes else None,
        votes=[PrintedVote(names.name(vote.person_id), vote.verdict, vote.voted_at) for vote in votes],
        evidence=next((position for position in positions if position is not None), None),
    )


def committee_lines(decisions: Sequence[PrintedDecision]) -> list[SignatureLine]:
    """Return a line for each who has approved in the newest decision that was taken, with when they voted; an
    empty line if there is none.
    """
    outcomes = [decision for decision in decisions if decision.outcome and decision.closed_at]
    newest = max(outcomes, key=lambda decision: str(decision.closed_at), default=None)
    votes = () if newest is None else newest.votes
    return [
        SignatureLine("committee", vote.name, vote.voted_at)
        for vote in votes
        if vote.verdict is VoteVerdict.approve and vote.name is not None
    ] or [SignatureLine("committee")]
