"""How decisions end: taken by the votes cast, or withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.foundation.decisions.payloads import WithdrawDecision
from app.foundation.decisions.preparation import OpenDecisions, VoteCount
from app.foundation.decisions.records import Decision, DecisionOutcome, DecisionState, Vote, VoteVerdict
from app.foundation.decisions.tally import tally
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import PayloadCheck
from app.kernel.actions.refusals import Refusal

#: Undoes on the record what putting a question has set.
Restore = Callable[[Any, ActionContext], None]


class NotTheAsker(Refusal):
    """Refusal: the caller did not put the question."""

    STATUS = 403
    CODE = "not_the_asker"


def tally_fields(counted: Any) -> dict[str, Any]:
    """Return the outcome and the counts of a tally, or of a decision that keeps it."""
    names = ("outcome", "voters", "approvals", "rejections", "deferrals", "abstentions")
    return {name: getattr(counted, name) for name in names}


def take_if_decided(
    count: VoteCount, ctx: ActionContext, *, closing: bool = False, may_lapse: bool = True
) -> None:
    """Take the decision if the votes decide it now. Unless it `may_lapse`, it stays open if too few can vote
    any more, until its time is over.
    """
    ballots = ballots_now(count.ballots, ctx)
    verdicts = {b.person_id: b.verdict for b in ballots if b.person_id and b.verdict is not None}
    counted = tally(count.terms, verdicts, closing=closing)
    if counted.outcome is None or (counted.outcome is DecisionOutcome.lapsed and not may_lapse):
        return
    decision = ctx.outcome.change(ctx.required_ref(Decision, "decision"))
    for name, value in tally_fields(counted).items():
        setattr(decision, name, value)
    if counted.outcome is DecisionOutcome.deferred:
        proposed_ends = [
            b.defer_until_at for b in ballots if b.verdict is VoteVerdict.defer and b.defer_until_at
        ]
        decision.deferred_until_at = max(proposed_ends, default=count.deferral_end)
    close(decision, DecisionState.taken, ballots, ctx)


def close(decision: Decision, state: DecisionState, ballots: Iterable[Vote], ctx: ActionContext) -> None:
    """Close the decision, and the ballots without a vote."""
    decision.state = state
    decision.closed_at = ctx.occurred_at
    for ballot in ballots:
        if ballot.verdict is None and ballot.closed_at is None:
            ctx.outcome.change(ballot).closed_at = ctx.occurred_at


def ballots_now(ballots: Iterable[Vote], ctx: ActionContext) -> list[Vote]:
    """Return the ballots in their present state, with those that this command has changed."""
    changed = {after.id: after for _, after in ctx.outcome.changed if isinstance(after, Vote)}
    return [changed.get(ballot.id, ballot) for ballot in ballots]


def withdraw_open_decisions(ctx: ActionContext) -> None:
    """Withdraw the decisions that are open on the record, as they are needed no more."""
    opened = ctx.prepared(OpenDecisions)
    for row in opened.decisions:
        close(ctx.outcome.change(row), DecisionState.withdrawn, ballots_now(opened.ballots, ctx), ctx)


def withdrawal_of(restore: Restore) -> Callable[[Any, WithdrawDecision, ActionContext], None]:
    """Return the function of the action that withdraws a question, which `restore` undoes on the record."""

    def withdraw_decision(record: Any, body: WithdrawDecision, ctx: ActionContext) -> None:
        """Withdraw a decision on the record, without an outcome. The person who asked may do so until
        somebody has voted.
        """
        decision = ctx.outcome.change(ctx.required_ref(Decision, "decision"))
        close(decision, DecisionState.withdrawn, ctx.prepared(VoteCount).ballots, ctx)
        restore(record, ctx)

    return withdraw_decision


def withdrawal_check(managers: ActorPolicy) -> PayloadCheck:
    """Return the check that only the person who asked, or one of the `managers`, withdraws a question, and
    nobody but a rule once there are votes: the asker must not take back what goes against them.
    """

    async def cannot_withdraw(
        reads: ReadContext, record: Any, body: WithdrawDecision, ctx: ActionContext
    ) -> str | None:
        """Refuse whoever did not put the question (`not_the_asker`), and a question that somebody has voted
        on (`voted_on_already`).
        """
        caller, decision = ctx.caller, ctx.required_ref(Decision, "decision")
        if caller.person_id is None:
            return None
        if caller.person_id != decision.asked_by_id and not managers.allows(caller, record):
            raise NotTheAsker()
        has_votes = any(ballot.verdict is not None for ballot in ctx.prepared(VoteCount).ballots)
        return "voted_on_already" if has_votes else None

    return cannot_withdraw
