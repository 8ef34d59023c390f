"""Voters who leave an open decision, by recusing themselves or because their account was deactivated. The
approval rules fill the seat if too few remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.closing import ask_next_voters, changed, take_if_decided, verdicts_of
from app.foundation.decisions.electorate import board_rules, parties_to_question, rules_of
from app.foundation.decisions.matters import Matter, matter_of
from app.foundation.decisions.payloads import RecountVotes, RecuseVoter
from app.foundation.decisions.preparation import VoteCount, new_ballots
from app.foundation.decisions.records import Decision, DecisionOutcome, DecisionRule, Vote
from app.foundation.decisions.tally import tally
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Prepare
from app.kernel.actions.refusals import caller_check


@dataclass(frozen=True, slots=True)
class Substitutes:
    """The ballots of the additional voters by the rules of a decision, since too few voters remain."""

    ballots: tuple[Vote, ...] = ()


def recuse(record: Any, body: RecuseVoter, ctx: ActionContext) -> None:
    """Recuse oneself from the record's decision. If too few voters remain, the approval rule adds others."""
    count = ctx.prepared(VoteCount)
    own = next(ballot for ballot in count.ballots if ballot.person_id == ctx.caller.person_id)
    recused = ctx.outcome.change(own)
    recused.verdict = recused.defer_until_at = recused.cast_by_id = recused.voted_at = None
    recused.comment = body.reason
    recused.recused_at = recused.closed_at = ctx.occurred_at
    take_if_decided(_count_without([own], ctx), ctx, may_lapse=False)


def recount_votes(record: Any, body: RecountVotes, ctx: ActionContext) -> None:
    """Recount votes on the record: voters with a deactivated account no longer count, and voters who are
    active again do. The approval rule fills seats if too few remain. A question that can no longer be
    decided ends at once.
    """
    count = _count_without([], ctx)
    outcome = tally(count.terms, verdicts_of(count.ballots)).outcome
    if outcome is DecisionOutcome.lapsed and count.next_electorate is not None:
        ask_next_voters(count, count.next_electorate, ctx)
    else:
        take_if_decided(count, ctx)


def _count_without(own: Sequence[Vote], ctx: ActionContext) -> VoteCount:
    """Return the count without these ballots and with those of substitutes, who are asked. The quorum stays,
    except that a unanimous vote needs all who remain.
    """
    count, ballots = ctx.prepared(VoteCount), ctx.prepared(Substitutes).ballots
    for ballot in ballots:
        ctx.outcome.add(ballot)
    persons = {ballot.person_id for ballot in ballots if ballot.person_id}
    voters = (count.terms.voters - {ballot.person_id for ballot in own}) | persons
    board = count.terms.board
    if board is not None:
        seated = {ballot.person_id for ballot in ballots if ballot.person_id and ballot.on_board}
        board = (board & voters) | seated
    terms = replace(count.terms, voters=voters, board=board)
    if terms.rule is DecisionRule.unanimous and voters:
        decision = changed(ctx.required_ref(Decision, "decision"), ctx)
        terms = replace(terms, quorum=min(terms.quorum, len(voters)))
        decision.quorum = terms.quorum
        if board:
            terms = replace(terms, board_quorum=min(terms.board_quorum, len(board)))
            decision.board_quorum = terms.board_quorum
    remaining = tuple(ballot for ballot in count.ballots if ballot not in own)
    return replace(count, ballots=remaining, terms=terms)


@caller_check
async def not_a_voter(reads: ReadContext, record: Any, body: RecuseVoter, ctx: ActionContext) -> str | None:
    """Refuse people who have no vote of their own (`has_no_vote`)."""
    own = [b for b in ctx.prepared(VoteCount).ballots if b.person_id == ctx.caller.person_id]
    return None if own else "has_no_vote"


async def voters_unchanged(
    reads: ReadContext, record: Any, body: RecountVotes, ctx: ActionContext
) -> str | None:
    """Refuse if the same voters are active as before (`voters_unchanged`)."""
    count = ctx.prepared(VoteCount)
    return None if count.leavers or count.returners else "voters_unchanged"


def substitutes_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds who takes the seats of voters who leave a decision."""

    async def substitutes(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> Substitutes:
        """Find the additional voters by the rules, if fewer than half or than the quorum remain."""
        decision, count = ctx.required_ref(Decision, "decision"), ctx.prepared(VoteCount)
        all_ballots = await reads.children(Vote, record, decision_id=decision.id)
        counted = [b for b in all_ballots if b.left_at is None and b not in count.leavers]
        rules = await rules_of(reads, decision)
        sources = [source for rule in rules for source in rule.definition.otherwise]
        if not sources or _are_enough(decision, count, counted, ctx):
            return Substitutes()
        parties = await parties_to_question(reads, record, matter_of(matters, decision), decision)
        opening = parties.opening(decision.asked_by_id)
        persons = await electors.persons_of(reads, record, sources, opening, ctx.now)
        board = None
        if decision.board_quorum is not None:
            board_sources = [s for rule in board_rules(rules) for s in rule.definition.otherwise]
            board = await electors.persons_of(reads, record, board_sources, opening, ctx.now)
        apart = {ballot.person_id for ballot in all_ballots} | parties.left_out.keys()
        voters = {person: seat for person, seat in persons.items() if person not in apart}
        return Substitutes(new_ballots(decision, voters, parties, ctx, board=board))

    return substitutes


def _are_enough(decision: Decision, count: VoteCount, counted: Sequence[Vote], ctx: ActionContext) -> bool:
    """Return whether half of the voters, and of the board, remain without the caller, and their quorums."""
    terms, me = count.terms, ctx.caller.person_id
    parts = [(terms.voters, terms.quorum, len(counted))]
    if terms.board is not None:
        parts.append((terms.board, terms.board_quorum, sum(bool(b.on_board) for b in counted)))
    is_unanimous = decision.rule is DecisionRule.unanimous
    return all(
        len(voters - {me}) >= max(0 if is_unanimous else quorum, -(-size // 2), 1)
        for voters, quorum, size in parts
    )
