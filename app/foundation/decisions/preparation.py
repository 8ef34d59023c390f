"""Preparations of decisions: the voters of a question, and the votes cast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from app.common.records import ChildRecord
from app.foundation.decisions.approval_rules.electors import Voters
from app.foundation.decisions.deputies.lookups import (
    DeputiesNow,
    deputation_key,
    deputies_in_force,
    deputies_of,
)
from app.foundation.decisions.electorate import (
    Electorate,
    Matter,
    NamedElectorate,
    excluded_voters,
    matter_of,
    named_electorate,
    next_electorate,
    ruled_electorate,
)
from app.foundation.decisions.payloads import AskDecision
from app.foundation.decisions.records import (
    Decision,
    DecisionState,
    Vote,
    VotingDeputy,
)
from app.foundation.decisions.tally import TallyTerms
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import segregated_persons
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Prepare
from app.kernel.actions.refusals import WrongValue


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a matter; `due_at` is until when there are votes, if sooner than is usual. `latest_at`
    is the deadline of the matter itself: while it is ahead, no vote ends later.
    """

    text: str
    matter: Matter
    due_at: datetime | None = None
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A question as it is put: the decision, a ballot for each voter, and the deputies of voters."""

    decision: Decision
    ballots: tuple[Vote, ...]
    deputies: tuple[VotingDeputy, ...] = ()


@dataclass(frozen=True, slots=True)
class VoteCount:
    """The votes on the decision that the payload names, the terms by which they are counted, whose deputy the
    caller is now, and who is asked next if too few have voted in time (None: nobody), with their deputies.
    `role_lost`: the persons whose ballots the caller may cast, and who were asked by a role that they do not
    hold any more.
    """

    ballots: tuple[Vote, ...]
    terms: TallyTerms
    deputies: tuple[VotingDeputy, ...] = ()
    next_electorate: Electorate | None = None
    next_deputies: NewDeputies | None = None
    role_lost: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class NewDeputies:
    """The deputies who may vote on a decision from now on, those who may not any more, and when that changes
    next. `staying` are all rows by which others or the same persons go on seeing the record.
    """

    rows: tuple[VotingDeputy, ...]
    ended: tuple[VotingDeputy, ...]
    change_at: datetime | None
    staying: tuple[ChildRecord, ...]


@dataclass(frozen=True, slots=True)
class OpenDecisions:
    """The decisions that are open on the record, and all ballots of the record if there are any."""

    decisions: tuple[Decision, ...]
    ballots: tuple[Vote, ...]


async def new_decision(
    reads: ReadContext, record: Any, question: Question, ctx: ActionContext
) -> NewDecision:
    """Return the decision on the question and one ballot for each voter whom the approval rules name, for
    `add_prepared_decision` to add. Raises WrongValue, or PreparationRefused if too few may vote.

    The electorate is fixed now, with those who are left out and why: persons who get the role, or join the
    group, later are not voters.
    """
    electorate = await ruled_electorate(reads, record, question.matter, ctx.caller.person_id, ctx.now)
    if question.due_at is not None and question.due_at > electorate.due_at:
        words = {"until": electorate.due_at.replace(microsecond=0)}
        raise WrongValue(words, pointer="/due_at", because="later_than_rule")
    return await _decision_of(reads, record, question, electorate, ctx)


async def named_decision(
    reads: ReadContext, record: Any, question: Question, named: NamedElectorate, ctx: ActionContext
) -> NewDecision:
    """Return the decision on a question whose voters are named, as `new_decision` does. Raises WrongValue if
    the time is over, or PreparationRefused if nobody may vote, or the chair may not.
    """
    electorate = await named_electorate(
        reads, record, question.matter, named, asker=ctx.caller.person_id, now=ctx.now
    )
    prepared = await _decision_of(reads, record, question, electorate, ctx)
    prepared.decision.role = named.role
    return prepared


async def _decision_of(
    reads: ReadContext, record: Any, question: Question, electorate: Electorate, ctx: ActionContext
) -> NewDecision:
    due_at = question.due_at or electorate.due_at
    if question.latest_at is not None and ctx.now < question.latest_at < due_at:
        due_at = question.latest_at
    if due_at <= ctx.now:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    decision = Decision(
        id=ctx.new_id(),
        record=record.row_key,
        state=DecisionState.open,
        decision=question.matter.decision,
        question=question.text,
        rules=electorate.rule_rows or None,
        group_id=electorate.group_id,
        chair_id=electorate.chair_id,
        rule=electorate.rule,
        quorum=electorate.quorum,
        left_out=electorate.left_out_rows,
        position=await reads.head(),
        asked_by_id=ctx.caller.person_id,
        asked_at=ctx.occurred_at,
        due_at=due_at,
        remind_at=electorate.remind_at,
    )
    deputies = await deputies_of(reads, decision, electorate.voters, electorate.kept_apart, ctx)
    decision.deputise_at = deputies.change_at
    return NewDecision(decision, new_ballots(decision, electorate.voters, ctx), deputies.rows)


def new_ballots(decision: Decision, voters: Voters, ctx: ActionContext) -> tuple[Vote, ...]:
    """Return a ballot on the decision for each of the voters."""
    return tuple(
        Vote(
            id=ctx.new_id(),
            record=decision.record,
            decision_id=decision.id,
            person_id=person,
            role=seat.role,
            side=seat.side,
            asked_at=ctx.occurred_at,
            due_at=decision.due_at,
        )
        for person, seat in voters.items()
    )


def question_preparation(matter: Matter) -> Prepare:
    """Return the preparation of `AskDecision` on that matter."""

    async def prepare_question(
        reads: ReadContext, record: Any, body: AskDecision, ctx: ActionContext
    ) -> NewDecision:
        """Find the question's voters by the approval rules, and make the ballots."""
        return await new_decision(reads, record, Question(body.question, matter, body.due_at), ctx)

    return prepare_question


async def open_decisions(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> OpenDecisions:
    """Find the decisions that are open on the record, for `withdraw_open_decisions`."""
    decisions = await reads.children(Decision, record, state=DecisionState.open.value)
    ballots = await reads.children(Vote, record) if decisions else []
    return OpenDecisions(tuple(decisions), tuple(ballots))


def count_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds the votes on the decision that the payload names, which is about one
    of the matters: duties in the record exclude from voting.
    """

    async def count(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> VoteCount:
        """Find the votes on the decision, and the terms by which they are counted."""
        decision = ctx.required_ref(Decision, "decision")
        matter = matter_of(matters, decision)
        ballots = await reads.children(Vote, record, decision_id=decision.id)
        assert decision.rule is not None
        assert decision.quorum is not None
        # Whoever was asked in vain before others were has no vote any more.
        live = [
            ballot
            for ballot in ballots
            if ballot.closed_at is None or decision.state is not DecisionState.open
        ]
        electorate = frozenset(ballot.person_id for ballot in live if ballot.person_id is not None)
        apart = segregated_persons(matter.duties, record)
        excluded = frozenset(b.person_id for b in live if b.person_id and {b.person_id, b.cast_by_id} & apart)
        terms = TallyTerms(decision.rule, decision.quorum, electorate, excluded, decision.chair_id)
        own = [ballot for ballot in live if ballot.person_id == ctx.caller.person_id]
        deputies: Sequence[VotingDeputy] = ()
        if not own or getattr(body, "instead_of", None) is not None:
            named = await reads.children(VotingDeputy, record, decision_id=decision.id)
            deputies = await deputies_in_force(reads, named, ctx)
        absent = {deputy.instead_of_id for deputy in deputies}
        castable = [*own[:1], *(ballot for ballot in live if ballot.person_id in absent)]
        lost = [ballot.person_id for ballot in castable if await _has_lost_role(reads, record, ballot, ctx)]
        return VoteCount(tuple(live), terms, tuple(deputies), role_lost=frozenset(filter(None, lost)))

    return count


async def _has_lost_role(reads: ReadContext, record: Any, ballot: Vote, ctx: ActionContext) -> bool:
    """Return whether the voter was asked by a role that they hold for the record no more. A key may have
    fewer roles than its person, so a caller is only looked up if their key lacks the role.
    """
    if ballot.role is None or ballot.person_id is None:
        return False
    if ballot.person_id == ctx.caller.person_id and ctx.caller.has_role(ballot.role, record):
        return False
    return not await reads.holding([ballot.role], record, [ballot.person_id])


def closing_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds the votes of a decision whose time is over, and who is asked next."""
    counted = count_preparation(matters)

    async def close(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> VoteCount:
        """Find the votes on the decision, and whom its rules ask next, with their deputies."""
        decision = ctx.required_ref(Decision, "decision")
        count = await counted(reads, record, body, ctx)
        assert isinstance(count, VoteCount)
        electorate = await next_electorate(reads, record, matter_of(matters, decision), decision, ctx.now)
        deputies = None
        if electorate is not None:
            anew = decision.model_copy(update={"asked_at": ctx.occurred_at, "due_at": electorate.due_at})
            named = await deputies_of(reads, anew, electorate.voters, electorate.kept_apart, ctx)
            deputies = await _compared(reads, record, decision, named)
        return replace(count, next_electorate=electorate, next_deputies=deputies)

    return close


def deputies_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation of `DeputiseVote`."""

    async def deputise(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> NewDeputies:
        """Find which deputies the voters have now that the decision does not know, and which have ended."""
        decision = ctx.required_ref(Decision, "decision")
        ballots = await reads.children(Vote, record, decision_id=decision.id)
        is_open = decision.state is DecisionState.open
        voters = [b.person_id for b in ballots if b.person_id and (b.closed_at is None or not is_open)]
        matter = matter_of(matters, decision)
        apart = await excluded_voters(reads, record, matter, decision.asked_by_id)
        compared = await _compared(
            reads, record, decision, await deputies_of(reads, decision, voters, apart, ctx)
        )
        if is_open:
            return compared
        # Whoever was a deputy when it was decided sees the record until their time is over.
        ends = [row.until_at for row in compared.staying if _is_deputy(row, decision) and row.until_at]
        return replace(compared, rows=(), change_at=min(ends, default=None))

    return deputise


def _is_deputy(row: ChildRecord, decision: Decision) -> TypeGuard[VotingDeputy]:
    return isinstance(row, VotingDeputy) and row.decision_id == decision.id


async def _compared(reads: ReadContext, record: Any, decision: Decision, now: DeputiesNow) -> NewDeputies:
    """Compare the deputies that a decision has now with its rows."""
    rows = await reads.children(VotingDeputy, record)
    named = {deputation_key(row) for row in now.rows}
    own = [row for row in rows if row.decision_id == decision.id]
    ended = [row for row in own if row.ended_at is not None or deputation_key(row) not in named]
    present = {deputation_key(row) for row in own if row not in ended}
    staying = [row for row in rows if row not in ended]
    return NewDeputies(
        tuple(row for row in now.rows if deputation_key(row) not in present),
        tuple(ended),
        now.change_at,
        (*await reads.children(Vote, record), *staying),
    )
