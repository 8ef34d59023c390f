"""Voters who leave an open decision, by recusing themselves or because their account was deactivated. The
approval rules fill the seat if too few remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.approval_rules.definition import Electors
from app.foundation.decisions.approval_rules.electors import Voters
from app.foundation.decisions.approval_rules.versions import HoldingRule, MatterOpening
from app.foundation.decisions.closing import changed, decide_or_ask_next, note_left_out, verdicts_of
from app.foundation.decisions.matters import Matter, matter_of
from app.foundation.decisions.payloads import RecountVotes, RecuseVoter
from app.foundation.decisions.preparation import VoteCount, new_ballots
from app.foundation.decisions.records import Decision, DecisionRule, Vote
from app.foundation.decisions.tally import TallyTerms, tally
from app.foundation.decisions.voters.electorate import board_rules, rules_of
from app.foundation.decisions.voters.free_voters import divided, rows_of
from app.foundation.decisions.voters.parties import LeftOutVoters, Parties, parties_to_question
from app.foundation.decisions.voters.seats import Seats, quorums_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Prepare
from app.kernel.actions.refusals import caller_check


@dataclass(frozen=True, slots=True)
class Substitutes:
    """The ballots of the successors and additional voters by the rules of a decision, who was left out when
    these were found, and the quorums with them.
    """

    ballots: tuple[Vote, ...]
    left_out: LeftOutVoters
    quorum: int
    board_quorum: int | None


def recuse(record: Any, body: RecuseVoter, ctx: ActionContext) -> None:
    """Recuse oneself from the record's decision. If too few voters remain, the approval rule adds
    others, or the next voters are asked.
    """
    count = ctx.prepared(VoteCount)
    own = next(ballot for ballot in count.ballots if ballot.person_id == ctx.caller.person_id)
    recused = ctx.outcome.change(own)
    recused.verdict = recused.defer_until_at = recused.cast_by_id = recused.voted_at = None
    recused.comment = body.reason
    recused.recused_at = recused.closed_at = ctx.occurred_at
    decide_or_ask_next(_count_without([own], ctx), ctx, may_lapse=False)


def recount_votes(record: Any, body: RecountVotes, ctx: ActionContext) -> None:
    """Recount votes on the record: voters with a deactivated account no longer count, and voters who are
    active again do. The approval rule fills seats if too few remain. A question that can no longer be
    decided ends at once.
    """
    decide_or_ask_next(_count_without([], ctx), ctx)


def _count_without(own: Sequence[Vote], ctx: ActionContext) -> VoteCount:
    """Return the count without these ballots and with those of substitutes, who are asked."""
    count, substitutes = ctx.prepared(VoteCount), ctx.prepared(Substitutes)
    for ballot in substitutes.ballots:
        ctx.outcome.add(ballot)
    decision = ctx.required_ref(Decision, "decision")
    if substitutes.left_out:
        note_left_out(changed(decision, ctx), rows_of(substitutes.left_out))
    terms = _terms_with(substitutes, count.terms, [ballot.person_id for ballot in own])
    if (decision.quorum, decision.board_quorum) != (substitutes.quorum, substitutes.board_quorum):
        row = changed(decision, ctx)
        row.quorum, row.board_quorum = substitutes.quorum, substitutes.board_quorum
    remaining = tuple(ballot for ballot in count.ballots if ballot not in own)
    return replace(count, ballots=remaining, terms=terms)


def _terms_with(
    substitutes: Substitutes, terms: TallyTerms, without: Sequence[UUID | None] = ()
) -> TallyTerms:
    """Return the terms with the seats of substitutes."""
    voters = (terms.voters - set(without)) | {b.person_id for b in substitutes.ballots if b.person_id}
    board = terms.board
    if board is not None:
        board = (board & voters) | {b.person_id for b in substitutes.ballots if b.person_id and b.on_board}
    quorum, board_quorum = substitutes.quorum, substitutes.board_quorum or 1
    return replace(terms, voters=voters, board=board, quorum=quorum, board_quorum=board_quorum)


@caller_check
async def not_a_voter(reads: ReadContext, record: Any, body: RecuseVoter, ctx: ActionContext) -> str | None:
    """Refuse people who have no vote of their own (`has_no_vote`)."""
    own = [b for b in ctx.prepared(VoteCount).ballots if b.person_id == ctx.caller.person_id]
    return None if own else "has_no_vote"


async def voters_unchanged(
    reads: ReadContext, record: Any, body: RecountVotes, ctx: ActionContext
) -> str | None:
    """Refuse if the same voters are active as before, nobody takes a seat, and the question stays open
    (`voters_unchanged`).
    """
    count, substitutes = ctx.prepared(VoteCount), ctx.prepared(Substitutes)
    decision = ctx.required_ref(Decision, "decision")
    is_changed = (
        count.leavers
        or count.returners
        or substitutes.ballots
        or (decision.quorum, decision.board_quorum) != (substitutes.quorum, substitutes.board_quorum)
        or tally(_terms_with(substitutes, count.terms), verdicts_of(count.ballots)).outcome is not None
    )
    return None if is_changed else "voters_unchanged"


def substitutes_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds who takes the seats of voters who leave a decision."""

    async def substitutes(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> Substitutes:
        """Find the successors of voters who are away and, if fewer than half or than the quorum vote even
        so, the additional voters by the rules.
        """
        decision, count = ctx.required_ref(Decision, "decision"), ctx.prepared(VoteCount)
        ballots = tuple(await reads.children(Vote, record, decision_id=decision.id))
        seats = Seats(ballots, count.away, leaving=ctx.caller.person_id)
        vacancy = _Vacancy(reads, record, decision, ctx, await rules_of(reads, decision))
        parties = await parties_to_question(reads, record, matter_of(matters, decision), decision)
        left_out: LeftOutVoters = {}
        is_post_vacant = False
        if count.away and vacancy.rules:
            added, is_post_vacant = await vacancy.successors(seats, parties)
            seats = replace(seats, added=added)
        quorums = await quorums_of(reads, record, decision, seats)
        # In a unanimous vote everybody speaks for a post of their own, so that none of these stays silent.
        is_silent = is_post_vacant and decision.rule is DecisionRule.unanimous
        if vacancy.has_others and (is_silent or not _are_enough(decision, count, seats, quorums)):
            candidates, further, left_out = await vacancy.others(seats, parties)
            voting = {*count.terms.voters} - {ctx.caller.person_id}
            has_substitutes = bool(further or candidates & voting)
            seats = replace(seats, added=(*seats.added, *further), has_substitutes=has_substitutes)
            quorums = await quorums_of(reads, record, decision, seats)
        return Substitutes(seats.added, left_out, *quorums)

    return substitutes


@dataclass(frozen=True, slots=True)
class _Vacancy:
    """Seats of a decision that others may take by its rules."""

    reads: ReadContext
    record: Any
    decision: Decision
    ctx: ActionContext
    rules: Sequence[HoldingRule]

    @property
    def has_others(self) -> bool:
        """Return whether the rules name additional voters."""
        return any(rule.definition.otherwise for rule in self.rules)

    async def successors(self, seats: Seats, parties: Parties) -> tuple[tuple[Vote, ...], bool]:
        """Return ballots of those who have taken the posts of voters who are away, and whether one of these
        posts is vacant.
        """
        opening = parties.opening(self.decision.asked_by_id)
        leavers = {ballot.person_id for ballot in seats.away if ballot.person_id}
        sources = [source for rule in self.rules for source in rule.definition.voters]
        posts = await electors.posts_of_leavers(self.reads, self.record, sources, opening, leavers)
        voter_ids = {ballot.person_id for ballot in seats.ballots}
        persons = await self._persons(sources, opening)
        voters, _ = divided(
            {p: seat for p, seat in persons.items() if p in posts.successors - voter_ids}, parties
        )
        board = [source for rule in board_rules(self.rules) for source in rule.definition.board]
        return await self._ballots(voters, board, parties), posts.has_vacancy

    async def others(
        self, seats: Seats, parties: Parties
    ) -> tuple[set[UUID], tuple[Vote, ...], LeftOutVoters]:
        """Return the additional voters by the rules, ballots of those of them who were not asked, and who of
        them is left out.
        """
        persons = await self._persons(
            [source for rule in self.rules for source in rule.definition.otherwise],
            parties.opening(self.decision.asked_by_id),
        )
        voter_ids = {ballot.person_id for ballot in (*seats.ballots, *seats.added)}
        voters, left_out = divided({p: seat for p, seat in persons.items() if p not in voter_ids}, parties)
        board = [source for rule in board_rules(self.rules) for source in rule.definition.otherwise]
        ballots = await self._ballots(voters, board, parties)
        return {*persons}, ballots, {p: why for p, why in left_out.items() if p not in voter_ids}

    async def _persons(self, sources: Sequence[Electors], opening: MatterOpening) -> Voters:
        return await electors.persons_of(self.reads, self.record, sources, opening, self.ctx.now)

    async def _ballots(
        self, voters: Voters, board_sources: Sequence[Electors], parties: Parties
    ) -> tuple[Vote, ...]:
        board = None
        if self.decision.board_quorum is not None:
            board = await self._persons(board_sources, parties.opening(self.decision.asked_by_id))
        return new_ballots(self.decision, voters, parties, self.ctx, board=board)


def _are_enough(decision: Decision, count: VoteCount, seats: Seats, quorums: tuple[int, int | None]) -> bool:
    """Return whether half of those who were named, and of the board, remain or have successors, and their
    quorums.
    """
    parts = [(count.terms.voters, quorums[0], seats)]
    if count.terms.board is not None:
        parts.append((count.terms.board, quorums[1] or 1, seats.on_board))
    is_unanimous = decision.rule is DecisionRule.unanimous
    return all(
        len(voters - {seats.leaving}) + len(part.added)
        >= max(0 if is_unanimous else quorum, -(-len(part.named(decision)) // 2), 1)
        for voters, quorum, part in parts
    )
