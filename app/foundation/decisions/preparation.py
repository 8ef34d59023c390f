"""What decisions must look up first: who is asked, and the votes that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.people import WHOLE_GROUP, Person, Role
from app.foundation.decisions.records import Decision, DecisionRule, DecisionState, Vote
from app.foundation.decisions.tally import Terms, usual_quorum
from app.foundation.people.givable import still_there
from app.foundation.people.records import Group, GroupMember, GroupState, Side
from app.kernel.lifecycle import Prepare
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import Part, kept_apart

if TYPE_CHECKING:
    from app.foundation.decisions.actions import AskDecision

#: So many are asked at most: every group as a whole, and its chair.
MOST_VOTERS = WHOLE_GROUP


@dataclass(frozen=True)
class Question:
    """What is to be decided, by whom, how, and until when; see `AskDecision`."""

    question: str
    rule: DecisionRule
    due_at: datetime
    quorum: int | None = None
    role: Role | None = None
    group: Group | None = None
    persons: Sequence[Person] = ()
    chair: Person | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put: the decision, and a vote for each of those who are asked."""

    decision: Decision
    ballots: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """The votes on the decision that the body names, and by what they are counted."""

    ballots: tuple[Vote, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class OpenDecisions:
    """The decisions that are open on the record, and all its votes if there are any."""

    decisions: tuple[Decision, ...]
    ballots: tuple[Vote, ...]


async def ask(look: Look, record: Any, said: Question, never: tuple[Part, ...], at: Moment) -> Asked:
    """Makes the decision and one vote for each of those who are asked, for `put` to add. Raises WrongValue,
    at the fields of `AskDecision`.

    Who is asked is settled now: who gets the role, or joins the group, later has not been asked.
    """
    if said.due_at <= at.now:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    chairs = said.chair.id if said.chair is not None else said.group.chair_id if said.group else None
    still_there(said.chair, "/chair")
    excluded = kept_apart(never, record)
    sides = await _asked(look, record, said, most=MOST_VOTERS + len(excluded))
    if chairs is not None and chairs not in sides and chairs in await look.active([chairs]):
        sides[chairs] = None
    voters = {person: side for person, side in sides.items() if person not in excluded}
    if said.rule is DecisionRule.chair and chairs not in voters:
        if chairs in excluded:
            raise WrongValue(pointer="/chair", because="chair_kept_apart")
        raise WrongValue(pointer="/chair", because="missing")
    if not voters:
        raise WrongValue(pointer=_electorate(said), because="nobody_to_ask")
    if len(voters) > MOST_VOTERS:
        raise WrongValue({"most": str(MOST_VOTERS)}, pointer=_electorate(said), because="too_many_voters")
    if said.quorum is not None and said.quorum > len(voters):
        raise WrongValue({"voters": str(len(voters))}, pointer="/quorum", because="more_than_voters")
    made = Decision(
        id=at.new_id(),
        record=record.row_key,
        state=DecisionState.open,
        question=said.question,
        role=said.role,
        group_id=said.group.id if said.group else None,
        chair_id=chairs,
        rule=said.rule,
        quorum=said.quorum or usual_quorum(said.rule, len(voters)),
        asked_by_id=at.caller.person_id,
        asked_at=at.occurred_at,
        due_at=said.due_at,
    )
    return Asked(made, tuple(_ballot(made, person, side, at) for person, side in voters.items()))


def _electorate(said: Question) -> str:
    return "/role" if said.role is not None else "/group" if said.group is not None else "/persons"


async def _asked(look: Look, record: Any, said: Question, *, most: int) -> dict[UUID, Side | None]:
    """Those who are asked, each with the side that they stand for in the group, if it is one; of those who
    hold a role one more than `most`, if there are so many.
    """
    if said.role is not None:
        return dict.fromkeys(await look.holders(said.role, record, most=most + 1))
    if said.group is not None:
        if said.group.state is GroupState.retired:
            raise WrongValue(pointer="/group", because="group_retired")
        members = await look.children(GroupMember, said.group)
        active = await look.active(member.person_id for member in members if member.person_id)
        return {m.person_id: m.side for m in members if m.person_id in active}
    for n, person in enumerate(said.persons):
        still_there(person, f"/persons/{n}")
    return dict.fromkeys(person.id for person in said.persons)


def _ballot(made: Decision, person: UUID, side: Side | None, at: Moment) -> Vote:
    return Vote(
        id=at.new_id(),
        record=made.record,
        decision_id=made.id,
        person_id=person,
        side=side,
        asked_at=made.asked_at,
        due_at=made.due_at,
    )


def asking(never: tuple[Part, ...]) -> Prepare:
    """Prepares what `AskDecision` asks."""

    async def asked(look: Look, record: Any, body: AskDecision, at: Moment) -> Asked:
        """Puts the question to people who are there and may vote, in time."""
        said = Question(
            question=body.question,
            rule=body.rule,
            due_at=body.due_at,
            quorum=body.quorum,
            role=body.role,
            group=at.the(Group, "group"),
            persons=at.every(Person, "persons"),
            chair=at.the(Person, "chair"),
        )
        return await ask(look, record, said, never, at)

    return asked


async def open_decisions(look: Look, record: Any, body: Any, at: Moment) -> OpenDecisions:
    """Finds the decision that is open on the record, if there is one, for `withdraw_open`."""
    decisions = await look.children(Decision, record, state=DecisionState.open.value)
    ballots = await look.children(Vote, record) if decisions else []
    return OpenDecisions(tuple(decisions), tuple(ballots))


def counting(never: tuple[Part, ...]) -> Prepare:
    """Prepares the count of the decision that the body names."""

    async def count(look: Look, record: Any, body: Any, at: Moment) -> Count:
        """Finds the votes on a decision, and by what they are counted."""
        asked = at.named(Decision, "decision")
        ballots = await look.children(Vote, record, decision_id=asked.id)
        assert asked.rule is not None
        assert asked.quorum is not None
        electorate = frozenset(ballot.person_id for ballot in ballots if ballot.person_id is not None)
        terms = Terms(asked.rule, asked.quorum, electorate, kept_apart(never, record), asked.chair_id)
        return Count(tuple(ballots), terms)

    return count
