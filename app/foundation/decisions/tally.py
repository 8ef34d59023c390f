"""What votes come to (pure). docs/decisions/0036 says what is meant, and why.

A decision is taken as soon as nothing that those who have yet to vote can do, voting or not, would alter it;
or else when the time is over, by the votes that there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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
class Terms:
    """Who decides, and how. `electorate` are those who were asked, `excluded` those of them who may not vote
    because of another part that they have had. `quorum` is how many must have voted, abstentions among them.
    """

    rule: DecisionRule
    quorum: int
    electorate: frozenset[UUID]
    excluded: frozenset[UUID] = frozenset()
    chair: UUID | None = None

    @property
    def voters(self) -> frozenset[UUID]:
        """Those whose votes count."""
        return self.electorate - self.excluded


@dataclass(frozen=True, slots=True)
class Tally:
    """How many have said what, of how many; and the outcome, None while it is open."""

    voters: int
    approvals: int
    rejections: int
    deferrals: int
    abstentions: int
    outcome: Outcome | None

    @property
    def cast(self) -> int:
        """How many have voted: what the quorum is of."""
        return self.approvals + self.rejections + self.deferrals + self.abstentions


def default_quorum(rule: DecisionRule, voters: int) -> int:
    """How many must vote where nobody says: one under `chair`, more than half under `majority`, all under
    `unanimous`.
    """
    return {
        DecisionRule.chair: 1,
        DecisionRule.majority: voters // 2 + 1,
        DecisionRule.unanimous: max(voters, 1),
    }[rule]


def tally(terms: Terms, votes: Mapping[UUID, Verdict], *, closing: bool = False) -> Tally:
    """Counts the votes of those who may vote. `closing`: the time is over, nobody votes any more."""
    said = Counter(verdict for person, verdict in votes.items() if person in terms.voters)
    counted = Tally(
        len(terms.voters),
        said[Verdict.approve],
        said[Verdict.reject],
        said[Verdict.defer],
        said[Verdict.abstain],
        None,
    )
    left = 0 if closing else counted.voters - counted.cast
    outcome: Outcome | None
    if terms.rule is DecisionRule.chair:
        chairs = votes.get(terms.chair) if terms.chair is not None and terms.chair in terms.voters else None
        outcome = _by_chair(terms, counted, left, chairs)
    elif terms.rule is DecisionRule.majority:
        outcome = _by_majority(terms, counted, left)
    else:
        outcome = _by_unanimity(terms, counted, left)
    return Tally(
        counted.voters,
        counted.approvals,
        counted.rejections,
        counted.deferrals,
        counted.abstentions,
        outcome,
    )


def _by_chair(terms: Terms, counted: Tally, left: int, chairs: Verdict | None) -> Outcome | None:
    """As the chair says, when so many have been heard; what the others say is advice."""
    if chairs in _OUTCOMES and counted.cast >= terms.quorum:
        return _OUTCOMES[chairs]
    can_decide = terms.chair in terms.voters and chairs is not Verdict.abstain
    return None if left and can_decide and counted.cast + left >= terms.quorum else Outcome.lapsed


def _by_majority(terms: Terms, counted: Tally, left: int) -> Outcome | None:
    """What more than half of those say who do not abstain. If nothing has a majority, as in a tie, it is
    deferred: it has not been refused either. Without a quorum it lapses.
    """
    for_it, against, later = counted.approvals, counted.rejections, counted.deferrals
    if counted.cast < terms.quorum:
        return Outcome.lapsed if counted.cast + left < terms.quorum else None
    if for_it > against + later + left:
        return Outcome.approved
    if against > for_it + later + left:
        return Outcome.rejected
    # Neither can have a majority any more.
    if for_it + left <= against + later and against + left <= for_it + later:
        return Outcome.deferred
    return None


def _by_unanimity(terms: Terms, counted: Tally, left: int) -> Outcome | None:
    """One rejection rejects it, whoever else has voted. It is approved if all who do not abstain approve, and
    there is a quorum; deferred if somebody wants that, or nobody says anything. Without a quorum it lapses.
    """
    if counted.rejections:
        return Outcome.rejected
    if left:
        return None
    if counted.cast < terms.quorum:
        return Outcome.lapsed
    return Outcome.approved if counted.approvals and not counted.deferrals else Outcome.deferred
