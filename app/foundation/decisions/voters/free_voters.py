"""Voters who are free to vote, and refusals of too few or too many (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.people import WHOLE_GROUP
from app.foundation.decisions.approval_rules.electors import Voters
from app.foundation.decisions.records import VoterLeftOutReason
from app.foundation.decisions.voters.parties import LeftOutVoters, Parties
from app.kernel.actions.refusals import PreparationRefused

#: So many are asked at most: every group as a whole, and its chair.
MOST_VOTERS = WHOLE_GROUP


@dataclass(frozen=True, slots=True)
class LeftOutCount:
    """The number of people who may not vote for one reason."""

    reason: VoterLeftOutReason
    number: int

    def label(self, language: str) -> str:
        """Return the reason with the number, in that language."""
        return f"{self.reason.label(language)} ({self.number})"


def divided(seats: Voters, parties: Parties) -> tuple[Voters, LeftOutVoters]:
    """Return the people who are asked and may vote, and those who may not or get no seat, with the reason."""
    voters = {person: seat for person, seat in seats.items() if person not in parties.left_out}
    left_out = {person: parties.left_out[person] for person in seats if person in parties.left_out}
    unseated = {person: why for person, why in parties.unseated.items() if person not in seats}
    return voters, {**unseated, **left_out}


def require_voters(voters: Collection[UUID], left_out: LeftOutVoters, least: int) -> None:
    """Refuse too few voters, with those who are left out and why, or too many. Raises PreparationRefused."""
    if len(voters) > MOST_VOTERS:
        raise PreparationRefused("too_many_voters", {"most": str(MOST_VOTERS)})
    if len(voters) >= least:
        return
    reasons = [LeftOutCount(why, number) for why, number in Counter(left_out.values()).items()]
    words = {"voters": str(len(voters)), "least": str(least), "left_out": reasons or "–"}
    raise PreparationRefused("too_few_may_decide", words, {"left_out": rows_of(left_out)})


def require_quorum(quorum: int, voters: Collection[UUID], left_out: LeftOutVoters) -> None:
    """Refuse a quorum that so few voters cannot reach. Raises PreparationRefused."""
    if quorum > len(voters):
        words = {"quorum": str(quorum), "voters": str(len(voters))}
        raise PreparationRefused("quorum_out_of_reach", words, {"left_out": rows_of(left_out)})


def rows_of(left_out: LeftOutVoters) -> list[dict[str, Any]]:
    """Return those who are left out as a decision keeps them."""
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    return [{"person": str(person), "because": why.value} for person, why in left_out.items()]
