"""A committee's decision about a document: the voters with their deputies and the time, each vote, and the
position of the log at which it was taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.common.records import from_row
from app.foundation.decisions.records import (
    Decision,
    DecisionKind,
    DecisionOutcome,
    DecisionRule,
    DecisionState,
    Vote,
    VoteVerdict,
    VotingDeputy,
)
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.past import WrittenEdition
from app.foundation.documents.printing import DecryptedDocument, decrypt
from app.kernel.ledger import Ledger
from app.log.events import Recorded, stream

DECISIONS = "select * from fold.decision where record = %s and id = any(%s) order by asked_at, id"
VOTES = "select * from fold.vote where record = %s and decision_id = any(%s) order by voted_at, id"
# The rows stay until the rule has followed the end of a deputation.
DEPUTIES = """
select * from fold.voting_deputy
where record = %s and decision_id = any(%s) and ended_at is null and until_at > now() order by asked_at, id"""


@dataclass(frozen=True, slots=True)
class PrintedVote:
    """A person's vote; their name is None if they were erased. `is_awaited`: the person, or one of the
    `deputies`, may still vote.
    """

    name: str | None
    verdict: VoteVerdict | None
    voted_at: datetime | None
    is_awaited: bool = False
    deputies: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDecision:
    """A decision with its votes. `position` is that of the log at which it was taken, `evidence` that of the
    measured effect in the question; None if it is open, or has no evidence.
    """

    id: UUID
    kind: DecisionKind | None
    question: str
    question_texts: Mapping[str, str] = field(default_factory=dict)
    rule: DecisionRule
    state: DecisionState
    outcome: DecisionOutcome | None
    asked_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    position: int | None
    votes: Sequence[PrintedVote]
    evidence: int | None = None

    def question_in(self, language: str) -> str:
        """Return the question in that language."""
        return self.question_texts.get(language, self.question)


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
    deputies = [from_row(VotingDeputy, row) for row in await ledger.db.rows(DEPUTIES, (record, list(named)))]
    persons = [*(vote.person_id for vote in votes), *(deputy.person_id for deputy in deputies)]
    names = await decrypt(ledger, [], persons)
    return [
        _printed(
            decision,
            [_printed_vote(vote, deputies, names) for vote in votes if vote.decision_id == decision.id],
            events,
            named[decision.id],
        )
        for decision in decisions
        if decision.state is not DecisionState.withdrawn
    ]


async def open_decisions(ledger: Ledger, record: str, edition: WrittenEdition) -> list[PrintedDecision]:
    """Return the questions about the record that wait for votes, if the edition is the newest."""
    if edition.ended is not None:
        return []
    decisions = await load_decisions(ledger, record, edition.events, edition.events)
    return [decision for decision in decisions if decision.state is DecisionState.open]


def _decisions_in(event: Recorded) -> list[UUID]:
    prefix = f"{Decision.KIND}/"
    return [
        UUID(key.removeprefix(prefix))
        for key, row in event.data["set"].items()
        if key.startswith(prefix) and row is not None and row.get("question") is not None
    ]


def _printed_vote(vote: Vote, deputies: Sequence[VotingDeputy], names: DecryptedDocument) -> PrintedVote:
    ended_at = vote.closed_at or vote.recused_at or vote.left_at
    is_awaited = vote.verdict is None and ended_at is None
    named = [
        names.name(deputy.person_id)
        for deputy in deputies
        if deputy.decision_id == vote.decision_id and deputy.instead_of_id == vote.person_id
    ]
    return PrintedVote(
        names.name(vote.person_id),
        vote.verdict,
        vote.voted_at,
        is_awaited,
        [name for name in named if is_awaited and name is not None],
    )


def _printed(
    decision: Decision,
    votes: Sequence[PrintedVote],
    events: Sequence[Recorded],
    request: Recorded,
) -> PrintedDecision:
    name = stream(Decision.KIND, decision.id)
    outcomes = [event for event in events if (event.data["set"].get(name) or {}).get("outcome") is not None]
    positions = [row.get("asked_position") for row in request.data["set"].values() if row is not None]
    return PrintedDecision(
        id=decision.id,
        kind=decision.decision,
        question=decision.question or "",
        question_texts=decision.question_texts or {},
        rule=decision.rule or DecisionRule.majority,
        state=decision.state or DecisionState.open,
        outcome=decision.outcome,
        asked_at=decision.asked_at,
        due_at=decision.due_at if decision.state is DecisionState.open else None,
        closed_at=decision.closed_at,
        position=outcomes[-1].position if outcomes else None,
        votes=votes,
        evidence=next((position for position in positions if position is not None), None),
    )


def approval_lines(decisions: Sequence[PrintedDecision], role: str = "committee") -> list[SignatureLine]:
    """Return a signature line of the role for each voter who approved in the newest decision that was taken,
    with the time of the vote, and for everybody who was asked an open question; an empty line if there is
    none.
    """
    outcomes = [decision for decision in decisions if decision.outcome and decision.closed_at]
    newest = max(outcomes, key=lambda decision: str(decision.closed_at), default=None)
    votes = () if newest is None else newest.votes
    approvals = [
        SignatureLine(role, vote.name, vote.voted_at)
        for vote in votes
        if vote.verdict is VoteVerdict.approve and vote.name is not None
    ]
    return [*approvals, *lines_of_asked(decisions, role)] or [SignatureLine(role)]


def lines_of_asked(decisions: Sequence[PrintedDecision], role: str = "committee") -> list[SignatureLine]:
    """Return a signature line of the role for everybody who has approved an open question, with the time of
    the vote, or may still vote on it, with their deputies.
    """
    votes = [
        vote for decision in decisions if decision.state is DecisionState.open for vote in decision.votes
    ]
    lines = {
        vote.name: SignatureLine(role, vote.name, vote.voted_at, vote.deputies)
        for vote in votes
        if vote.name is not None and (vote.is_awaited or vote.verdict is VoteVerdict.approve)
    }
    return list(lines.values())
