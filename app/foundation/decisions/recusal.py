"""Recusal of voters: a voter leaves a decision, and the approval rules fill the seat if too few remain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.closing import take_if_decided
from app.foundation.decisions.electorate import parties_to, rules_of
from app.foundation.decisions.matters import Matter, matter_of
from app.foundation.decisions.payloads import RecuseVoter
from app.foundation.decisions.preparation import VoteCount, new_ballots
from app.foundation.decisions.records import Decision, DecisionRule, Vote
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Prepare


@dataclass(frozen=True, slots=True)
class Substitutes:
    """The ballots of the people whom the rules of a decision ask as well, since too few voters remain."""

    ballots: tuple[Vote, ...] = ()


def recuse(record: Any, body: RecuseVoter, ctx: ActionContext) -> None:
    """Recuse oneself from the record's decision. If too few voters remain, the approval rule adds others."""
    count, ballots = ctx.prepared(VoteCount), ctx.prepared(Substitutes).ballots
    own = next(ballot for ballot in count.ballots if ballot.person_id == ctx.caller.person_id)
    recused = ctx.outcome.change(own)
    recused.verdict = recused.defer_until_at = recused.cast_by_id = recused.voted_at = None
    recused.comment = body.reason
    recused.recused_at = recused.closed_at = ctx.occurred_at
    for ballot in ballots:
        ctx.outcome.add(ballot)
    _count_without(own, ballots, ctx)


def _count_without(own: Vote, ballots: Sequence[Vote], ctx: ActionContext) -> None:
    """Count the votes of the others. The quorum stays, except that a unanimous vote needs all who remain."""
    count = ctx.prepared(VoteCount)
    persons = {ballot.person_id for ballot in ballots if ballot.person_id}
    voters = (count.terms.voters - {own.person_id}) | persons
    terms = replace(count.terms, voters=voters)
    if terms.rule is DecisionRule.unanimous and voters:
        terms = replace(terms, quorum=min(terms.quorum, len(voters)))
        ctx.outcome.change(ctx.required_ref(Decision, "decision")).quorum = terms.quorum
    remaining = tuple(ballot for ballot in count.ballots if ballot is not own)
    take_if_decided(replace(count, ballots=remaining, terms=terms), ctx, may_lapse=False)


async def not_a_voter(reads: ReadContext, record: Any, body: RecuseVoter, ctx: ActionContext) -> str | None:
    """Refuse whoever has no vote of their own (`has_no_vote`)."""
    own = [b for b in ctx.prepared(VoteCount).ballots if b.person_id == ctx.caller.person_id]
    return None if own else "has_no_vote"


def recusal_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds who takes the seat of a voter who recuses themselves."""

    async def substitutes(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> Substitutes:
        """Find the people whom the rules ask as well, if fewer than half or than the quorum remain."""
        decision, count = ctx.required_ref(Decision, "decision"), ctx.prepared(VoteCount)
        all_ballots = await reads.children(Vote, record, decision_id=decision.id)
        remaining = count.terms.voters - {ctx.caller.person_id}
        quorum = 0 if decision.rule is DecisionRule.unanimous else decision.quorum or 0
        rules = await rules_of(reads, decision)
        sources = [source for rule in rules for source in rule.definition.otherwise]
        if not sources or len(remaining) >= max(quorum, -(-len(all_ballots) // 2)):
            return Substitutes()
        parties = await parties_to(reads, record, matter_of(matters, decision), decision.asked_by_id)
        persons = await electors.persons_of(reads, record, sources, parties.left_out, ctx.now)
        apart = {ballot.person_id for ballot in all_ballots} | parties.left_out.keys()
        voters = {person: seat for person, seat in persons.items() if person not in apart}
        return Substitutes(new_ballots(decision, voters, parties, ctx))

    return substitutes
