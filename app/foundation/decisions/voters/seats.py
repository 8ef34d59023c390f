"""Seats of an open question: who is away, who takes an empty seat, and the quorum that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition
from app.foundation.decisions.approval_rules.electors import holders_of_posts
from app.foundation.decisions.lookups import acts_of
from app.foundation.decisions.records import UNSEATED, Decision, DecisionRule, Vote
from app.foundation.decisions.tally import default_quorum
from app.foundation.decisions.voters.electorate import rules_of
from app.foundation.decisions.voters.parties import Parties
from app.kernel.access.reads import ReadContext


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of an open question: all its ballots, those of voters who are `away`, those that are `added`
    now, and the person who gives up theirs. `is_changed`: its quorums are to be found anew.
    `has_substitutes`: others than those whom the rule names, and their successors, vote as well.
    """

    ballots: tuple[Vote, ...]
    away: tuple[Vote, ...]
    added: tuple[Vote, ...] = ()
    leaving: UUID | None = None
    is_changed: bool = True
    has_substitutes: bool = False

    def named(self, decision: Decision) -> list[Vote]:
        """Return the ballots of those who were asked when the question was put, or put to the next voters."""
        began_at = decision.asked_next_at or decision.asked_at
        return [b for b in self.ballots if b.asked_at is None or b.asked_at == began_at]

    @property
    def on_board(self) -> Seats:
        """Return the seats of the board."""
        ballots, away, added = (
            tuple(ballot for ballot in part if ballot.on_board)
            for part in (self.ballots, self.away, self.added)
        )
        return replace(self, ballots=ballots, away=away, added=added)

    def quorum(self, decision: Decision, definitions: Sequence[ApprovalRuleDefinition], first: int) -> int:
        """Return how many must vote: as many as at `first`, except that those who are away count no more. All
        must agree of a unanimous vote; without substitutes, at least half of those who were named.
        """
        assert decision.rule is not None
        began_at = decision.asked_next_at
        present = [
            ballot
            for ballot in (*self.ballots, *self.added)
            if ballot not in self.away
            and (ballot.closed_at is None or began_at is None or ballot.closed_at > began_at)
        ]
        voting = [
            ballot
            for ballot in present
            if ballot.person_id != self.leaving and (ballot.closed_at is None or ballot.left_at is not None)
        ]
        if decision.rule is DecisionRule.unanimous:
            half = -(-len(self.named(decision)) // 2)
            return min(first, len(voting)) if self.has_substitutes else max(min(first, len(voting)), half)
        if not self.away:
            return first
        board = len(present) + sum(row["because"] not in UNSEATED for row in decision.left_out or ())
        quorums = [definition.quorum_of(decision.rule, board, len(voting)) for definition in definitions]
        return min(first, max(quorums, default=default_quorum(decision.rule, len(voting))))


async def replaced_voters(
    reads: ReadContext, record: Any, parties: Parties, decision: Decision, ballots: Sequence[Vote]
) -> list[Vote]:
    """Return those of the ballots whose voters have held only posts that other voters hold now, and of those
    who have left and hold a post for which somebody else has voted.
    """
    sources = [source for rule in await rules_of(reads, decision) for source in rule.definition.voters]
    voters = {ballot.person_id for ballot in ballots if ballot.person_id is not None}
    opening = parties.opening(decision.asked_by_id)
    holders = await holders_of_posts(reads, record, sources, opening, voters)
    voted = {ballot.person_id for ballot in ballots if ballot.verdict is not None}
    left = {ballot.person_id for ballot in ballots if ballot.left_at is not None}
    replaced: set[UUID | None] = set()
    for person, present in holders.items():
        if person not in present and not present.isdisjoint(voters):
            replaced |= present & left if person in voted else {person}
    return [ballot for ballot in ballots if ballot.person_id in replaced]


async def quorums_of(
    reads: ReadContext, record: Any, decision: Decision, seats: Seats
) -> tuple[int, int | None]:
    """Return the quorum of the seats, and that of the board: those of the time when the question was put,
    less those who are away.
    """
    assert decision.quorum is not None
    if not seats.is_changed:
        return decision.quorum, decision.board_quorum
    quorum, board_quorum = await _quorums_at_first(reads, record, decision)
    definitions = [rule.definition for rule in await rules_of(reads, decision)]
    quorum = seats.quorum(decision, definitions, quorum)
    if board_quorum is not None:
        board_quorum = seats.on_board.quorum(decision, definitions, board_quorum)
    return quorum, board_quorum


async def _quorums_at_first(reads: ReadContext, record: Any, decision: Decision) -> tuple[int, int | None]:
    """Return the quorums with which the question was put, or put to the next voters."""
    values: dict[str, Any] = {}
    first = decision.quorum, decision.board_quorum
    for act in await acts_of(reads, record, since=decision.position):
        set_fields = act.rows_set.get(decision.row_key) or {}
        values |= set_fields
        if not set_fields.keys().isdisjoint({"asked_at", "asked_next_at"}) and values.get("quorum"):
            first = values["quorum"], values.get("board_quorum")
    assert first[0] is not None
    return first[0], first[1]
