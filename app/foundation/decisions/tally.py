"""Tally of votes (pure); docs/decisions/0036 defines the rules and gives the reasons.

A decision is taken as soon as nothing that the remaining voters can do, voting or not, would alter the
outcome; or else when the time is over, by the votes cast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.foundation.decisions.records import DecisionOutcome as Outcome
from app.foundation.decisions.records import DecisionRule
from app.foundation.decisions.records import VoteVerdict as Verdict

_OUTCOMES = {
    Verdict.approve: Outcome.approved,
    Verdict.reject: Outcome.rejected,
    Verdict.defer: Outcome.deferred,
}


@dataclass(frozen=True, slots=True)
class TallyTerms:
    """The voters and the rule. `quorum` is how many must have voted, abstentions included.

    `owned` are the services of voters who vote as their owners, and `services` all affected ones. A majority
    approves for all of these: with the vote of a person who votes for another reason, or with votes of owners
    of each service that are not outvoted.

    `board` are the voters whose majority, and whose `board_quorum` votes, every approval needs; None: all
    voters are counted together.

    `asker` is the person who put the question, whose vote alone approves nothing, unless the chair decides.
    """

    rule: DecisionRule
    quorum: int
    voters: frozenset[UUID]
    chair: UUID | None = None
    owned: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    board: frozenset[UUID] | None = None
    board_quorum: int = 1
    asker: UUID | None = None

    @property
    def of_board(self) -> TallyTerms | None:
        """Return the terms by which the votes of the board are counted by themselves, or None."""
        if self.board is None:
            return None
        return TallyTerms(self.rule, self.board_quorum, self.board)

    def cover_services(self, votes: Mapping[UUID, Verdict]) -> bool:
        """Return whether the voters for it may decide on all services."""
        in_favour = [person for person in self.voters if votes.get(person) is Verdict.approve]
        if any(person not in self.owned for person in in_favour):
            return True
        owners = self.voters & self.owned.keys()
        agreeing = [p for p in owners if votes.get(p) in {Verdict.approve, Verdict.abstain}]
        return self.services <= frozenset().union(*(self.owned[person] for person in agreeing))


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of voters, the counts of their verdicts, and the outcome, None while it is open."""

    voters: int
    approvals: int
    rejections: int
    deferrals: int
    abstentions: int
    outcome: Outcome | None

    @property
    def cast(self) -> int:
        """Return how many have voted, which is compared with the quorum."""
        return self.approvals + self.rejections + self.deferrals + self.abstentions


def default_quorum(rule: DecisionRule, voters: int) -> int:
    """Return the usual quorum: one under `chair`, more than half under `majority`, all under `unanimous`."""
    return {
        DecisionRule.chair: 1,
        DecisionRule.majority: voters // 2 + 1,
        DecisionRule.unanimous: max(voters, 1),
    }[rule]


def tally(terms: TallyTerms, votes: Mapping[UUID, Verdict], *, closing: bool = False) -> Tally:
    """Count the votes of the voters. `closing`: the time is over, and voting has ended."""
    numbers = Counter(verdict for person, verdict in votes.items() if person in terms.voters)
    counted = Tally(
        len(terms.voters),
        numbers[Verdict.approve],
        numbers[Verdict.reject],
        numbers[Verdict.defer],
        numbers[Verdict.abstain],
        None,
    )
    left = 0 if closing else counted.voters - counted.cast
    outcome: Outcome | None
    if terms.rule is DecisionRule.chair:
        chairs = votes.get(terms.chair) if terms.chair is not None and terms.chair in terms.voters else None
        outcome = _by_chair(terms, counted, left, chairs)
    elif terms.rule is DecisionRule.majority:
        outcome = _by_majority(terms, counted, left)
        if outcome is Outcome.approved and not terms.cover_services(votes):
            refused = any(votes.get(person) is Verdict.reject for person in terms.owned)
            outcome = None if left else Outcome.deferred if refused else Outcome.lapsed
    else:
        outcome = _by_unanimity(terms, counted, left)
    if outcome is Outcome.approved and terms.rule is not DecisionRule.chair:
        in_favour = {person for person in terms.voters if votes.get(person) is Verdict.approve}
        if in_favour == {terms.asker}:
            outcome = None if left else Outcome.lapsed
    if outcome is Outcome.approved and terms.of_board is not None:
        outcome = tally(terms.of_board, votes, closing=closing).outcome
    return Tally(
        counted.voters,
        counted.approvals,
        counted.rejections,
        counted.deferrals,
        counted.abstentions,
        outcome,
    )


def _by_chair(terms: TallyTerms, counted: Tally, left: int, chairs: Verdict | None) -> Outcome | None:
    """Return the chair's verdict once the quorum is met; the other votes are advice."""
    if chairs in _OUTCOMES and counted.cast >= terms.quorum:
        return _OUTCOMES[chairs]
    can_decide = terms.chair in terms.voters and chairs is not Verdict.abstain
    return None if left and can_decide and counted.cast + left >= terms.quorum else Outcome.lapsed


def _by_majority(terms: TallyTerms, counted: Tally, left: int) -> Outcome | None:
    """Return the verdict of more than half of the votes cast, without abstentions. Without any majority, as
    in a tie, the outcome is deferred, since it was not refused either. Without a quorum it lapses. Where one
    vote is the quorum, the first that decides it is enough.
    """
    for_it, against, later = counted.approvals, counted.rejections, counted.deferrals
    if counted.cast < terms.quorum:
        return Outcome.lapsed if counted.cast + left < terms.quorum else None
    if terms.quorum == 1 and 2 * max(for_it, against, later) > for_it + against + later:
        left = 0
    if for_it > against + later + left:
        return Outcome.approved
    if against > for_it + later + left:
        return Outcome.rejected
    # Neither side can reach a majority any more.
    if for_it + left <= against + later and against + left <= for_it + later:
        return Outcome.deferred
    return None


def _by_unanimity(terms: TallyTerms, counted: Tally, left: int) -> Outcome | None:
    """Return rejected after one rejection, whatever the other votes; approved if all who do not abstain
    approve, and there is a quorum; deferred if a voter defers, or all abstain. Without a quorum it lapses.
    """
    if counted.rejections:
        return Outcome.rejected
    if counted.cast + left < terms.quorum:
        return Outcome.lapsed
    if left:
        return None
    return Outcome.approved if counted.approvals and not counted.deferrals else Outcome.deferred
