"""Preparations of decisions: the voters of a question, and the votes cast."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.people import WHOLE_GROUP, Person, Role
from app.foundation.decisions.lookups import authors
from app.foundation.decisions.records import Decision, DecisionRule, DecisionState, Vote, VoterLeftOutReason
from app.foundation.decisions.tally import Terms, default_quorum
from app.foundation.people.eligibility import check_person_active
from app.foundation.people.records import Group, GroupMember, GroupState, RepresentedSide
from app.kernel.actor_policy import RecordDuty, segregated_persons
from app.kernel.context import ActionContext
from app.kernel.lifecycle import Prepare
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue

if TYPE_CHECKING:
    from app.foundation.decisions.actions import AskDecision

#: So many are asked at most: every group as a whole, and its chair.
MOST_VOTERS = WHOLE_GROUP
#: So many of those who were left out are named in a refusal.
NAMED_AT_MOST = 10


@dataclass(frozen=True)
class Matter:
    """What a decision is about, which says who may decide on it: never their own work.

    `duties` in the record exclude from voting, when the question is put and with each vote. Whoever has ever
    set one of its `fields`, or made, changed or removed a child record of one of the kinds `children`, has
    made what is decided about, and is not asked, by the log: to hand it over afterwards does not help.
    `electors` are the roles of which each voter holds one for the record; none: whoever is asked.
    """

    duties: tuple[RecordDuty, ...] = ()
    fields: Collection[str] = ()
    children: Collection[str] = ()
    electors: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Question:
    """A question to be decided, its voters, the voting rule and the deadline; see `AskDecision`. With
    `without_asker` whoever asks does not vote, either.
    """

    question: str
    rule: DecisionRule
    due_at: datetime
    quorum: int | None = None
    role: Role | None = None
    group: Group | None = None
    persons: Sequence[Person] = ()
    chair: Person | None = None
    without_asker: bool = False


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A question as it is put: the decision, and a ballot for each voter."""

    decision: Decision
    ballots: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """The votes on the decision that the payload names, and the terms by which they are counted."""

    ballots: tuple[Vote, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class OpenDecisions:
    """The decisions that are open on the record, and all ballots of the record if there are any."""

    decisions: tuple[Decision, ...]
    ballots: tuple[Vote, ...]


async def new_decision(
    reads: ReadContext, record: Any, said: Question, matter: Matter, ctx: ActionContext
) -> NewDecision:
    """Return the decision on the question `said` and one ballot for each voter, for `add_prepared_decision`
    to add. Raises WrongValue, at the fields of `AskDecision`.

    The electorate is fixed now, with those who are left out and why: persons who get the role, or join the
    group, later are not voters.
    """
    if said.due_at <= ctx.now:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    chairs = said.chair.id if said.chair is not None else said.group.chair_id if said.group else None
    check_person_active(said.chair, "/chair")
    excluded = await _kept_apart(reads, record, said, matter, ctx)
    sides = await _electors(reads, record, said, most=MOST_VOTERS + len(excluded))
    if chairs is not None and chairs not in sides and chairs in await reads.active([chairs]):
        sides[chairs] = None
    voters = {person: side for person, side in sides.items() if person not in excluded}
    await _require_electors(reads, record, said, matter, voters)
    if said.rule is DecisionRule.chair and chairs not in voters:
        if chairs in excluded:
            raise WrongValue(pointer="/chair", because="chair_kept_apart")
        raise WrongValue(pointer="/chair", because="missing")
    if not voters and (left := {one: excluded[one] for one in sides if one in excluded}):
        said_of = ", ".join(f"{one} ({because.value})" for one, because in list(left.items())[:NAMED_AT_MOST])
        raise WrongValue({"left_out": said_of}, pointer=_electorate_pointer(said), because="all_kept_apart")
    if not voters:
        raise WrongValue(pointer=_electorate_pointer(said), because="nobody_to_ask")
    if len(voters) > MOST_VOTERS:
        raise WrongValue(
            {"most": str(MOST_VOTERS)}, pointer=_electorate_pointer(said), because="too_many_voters"
        )
    if said.quorum is not None and said.quorum > len(voters):
        raise WrongValue({"voters": str(len(voters))}, pointer="/quorum", because="more_than_voters")
    made = Decision(
        id=ctx.new_id(),
        record=record.row_key,
        state=DecisionState.open,
        question=said.question,
        role=said.role,
        group_id=said.group.id if said.group else None,
        chair_id=chairs,
        rule=said.rule,
        quorum=said.quorum or default_quorum(said.rule, len(voters)),
        left_out=[{"person": str(one), "because": excluded[one].value} for one in sides if one in excluded],
        asked_by_id=ctx.caller.person_id,
        asked_at=ctx.occurred_at,
        due_at=said.due_at,
    )
    return NewDecision(made, tuple(_new_ballot(made, person, side, ctx) for person, side in voters.items()))


async def _kept_apart(
    reads: ReadContext, record: Any, said: Question, matter: Matter, ctx: ActionContext
) -> Mapping[UUID, VoterLeftOutReason]:
    """Return all who may not vote on the matter, with the reason."""
    found: dict[UUID, VoterLeftOutReason] = {}
    if said.without_asker and ctx.caller.person_id is not None:
        found[ctx.caller.person_id] = VoterLeftOutReason.asker
    if matter.fields or matter.children:
        made_it = await authors(reads, record, matter.fields, matter.children)
        found |= dict.fromkeys(made_it, VoterLeftOutReason.author)
    return found | dict.fromkeys(segregated_persons(matter.duties, record), VoterLeftOutReason.duty)


async def _require_electors(
    reads: ReadContext,
    record: Any,
    said: Question,
    matter: Matter,
    voters: dict[UUID, RepresentedSide | None],
) -> None:
    """Refuse voters who hold none of the roles that decide on the matter; of a group only those who do are
    asked. Raises WrongValue.
    """
    if not matter.electors or said.role in matter.electors:
        return
    held = await reads.holding(matter.electors, record, voters)
    if said.group is not None:
        for person in [one for one in voters if one not in held]:
            del voters[person]
    elif strangers := [one for one in voters if one not in held]:
        places = [f"/persons/{n}" for n, one in enumerate(said.persons) if one.id in strangers]
        pointer = "/role" if said.role is not None else next(iter(places), "/chair")
        raise WrongValue(pointer=pointer, because="no_elector")


def _electorate_pointer(said: Question) -> str:
    return "/role" if said.role is not None else "/group" if said.group is not None else "/persons"


async def _electors(
    reads: ReadContext, record: Any, said: Question, *, most: int
) -> dict[UUID, RepresentedSide | None]:
    """Return the voters of the question `said`, each with the side that they represent if a group is asked;
    of those who hold a role up to one more than `most`, so that the caller sees that there are too many.
    """
    if said.role is not None:
        return dict.fromkeys(await reads.holders(said.role, record, most=most + 1))
    if said.group is not None:
        if said.group.state is GroupState.retired:
            raise WrongValue(pointer="/group", because="group_retired")
        members = await reads.children(GroupMember, said.group)
        active = await reads.active(member.person_id for member in members if member.person_id)
        return {m.person_id: m.side for m in members if m.person_id in active}
    for n, person in enumerate(said.persons):
        check_person_active(person, f"/persons/{n}")
    return dict.fromkeys(person.id for person in said.persons)


def _new_ballot(made: Decision, person: UUID, side: RepresentedSide | None, ctx: ActionContext) -> Vote:
    return Vote(
        id=ctx.new_id(),
        record=made.record,
        decision_id=made.id,
        person_id=person,
        side=side,
        asked_at=made.asked_at,
        due_at=made.due_at,
    )


def question_of(body: AskDecision, ctx: ActionContext) -> Question:
    """Return the question of the payload, with the records that it names."""
    return Question(
        question=body.question,
        rule=body.rule,
        due_at=body.due_at,
        quorum=body.quorum,
        role=body.role,
        group=ctx.ref(Group, "group"),
        persons=ctx.refs(Person, "persons"),
        chair=ctx.ref(Person, "chair"),
    )


def question_preparation(matter: Matter) -> Prepare:
    """Return the preparation of `AskDecision` on that matter."""

    async def prepare_question(
        reads: ReadContext, record: Any, body: AskDecision, ctx: ActionContext
    ) -> NewDecision:
        """Check that the question's voters are active and may vote, in time, and make the ballots."""
        return await new_decision(reads, record, question_of(body, ctx), matter, ctx)

    return prepare_question


async def open_decisions(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> OpenDecisions:
    """Find the decisions that are open on the record, for `withdraw_open_decisions`."""
    decisions = await reads.children(Decision, record, state=DecisionState.open.value)
    ballots = await reads.children(Vote, record) if decisions else []
    return OpenDecisions(tuple(decisions), tuple(ballots))


def count_preparation(never: tuple[RecordDuty, ...]) -> Prepare:
    """Return the preparation that finds the votes on the decision that the payload names; `never`: the duties
    in the record that exclude from voting.
    """

    async def count(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> Count:
        """Find the votes on the decision, and the terms by which they are counted."""
        asked = ctx.required_ref(Decision, "decision")
        ballots = await reads.children(Vote, record, decision_id=asked.id)
        assert asked.rule is not None
        assert asked.quorum is not None
        electorate = frozenset(ballot.person_id for ballot in ballots if ballot.person_id is not None)
        terms = Terms(asked.rule, asked.quorum, electorate, segregated_persons(never, record), asked.chair_id)
        return Count(tuple(ballots), terms)

    return count
