"""How decisions end: taken by the votes cast, or withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar
from uuid import UUID

from app.common.records import ChildRecord
from app.foundation.decisions.payloads import WithdrawDecision
from app.foundation.decisions.preparation import (
    NewDeputies,
    NextVoters,
    OpenDecisions,
    VoteCount,
    new_ballots,
)
from app.foundation.decisions.records import Decision, DecisionOutcome, DecisionState, Vote, VoteVerdict
from app.foundation.decisions.tally import tally
from app.foundation.decisions.voters.electorate import Electorate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import PayloadCheck
from app.kernel.actions.refusals import Refusal, caller_check

C = TypeVar("C", bound=ChildRecord)
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
    """Take the decision if the votes decide it now. If too few people can still vote, the decision stays open
    until its time is over, unless it `may_lapse`.
    """
    update_seats(count, ctx)
    ballots = ballots_now(count.ballots, ctx)
    verdicts = verdicts_of(ballots)
    counted = tally(count.terms, verdicts, closing=closing)
    if counted.outcome is None or (counted.outcome is DecisionOutcome.lapsed and not may_lapse):
        return
    decision = changed(ctx.required_ref(Decision, "decision"), ctx)
    for name, value in tally_fields(counted).items():
        setattr(decision, name, value)
    if counted.outcome is DecisionOutcome.deferred:
        proposed_ends = [
            b.defer_until_at for b in ballots if b.verdict is VoteVerdict.defer and b.defer_until_at
        ]
        decision.deferred_until_at = max(proposed_ends, default=count.deferral_end)
    close(decision, DecisionState.taken, ballots, ctx)


def decide_or_ask_next(
    count: VoteCount, ctx: ActionContext, *, closing: bool = False, may_lapse: bool = True
) -> None:
    """Take the decision if the votes decide it now; if nobody can decide it any more, ask the next voters of
    the approval rule, if there are any.
    """
    outcome = tally(count.terms, verdicts_of(count.ballots), closing=closing).outcome
    next_voters = ctx.prepared(NextVoters)
    if outcome is DecisionOutcome.lapsed and next_voters.electorate is not None:
        _ask_next_voters(count, next_voters.electorate, next_voters.deputies, ctx)
    else:
        take_if_decided(count, ctx, closing=closing, may_lapse=may_lapse)


def changed(row: C, ctx: ActionContext) -> C:
    """Return the copy of the child record that this command changes."""
    copies = (copy for _, copy in ctx.outcome.changed if copy.row_key == row.row_key)
    return next((copy for copy in copies if isinstance(copy, type(row))), None) or ctx.outcome.change(row)


def verdicts_of(ballots: Iterable[Vote]) -> dict[UUID, VoteVerdict]:
    """Return the verdicts of those who have voted, by person."""
    return {b.person_id: b.verdict for b in ballots if b.person_id and b.verdict is not None}


def update_seats(count: VoteCount, ctx: ActionContext) -> None:
    """Close the ballots of voters whose accounts were deactivated before they voted, open those of voters who
    have returned, and keep the quorum that follows.
    """
    for ballot in count.leavers:
        row = changed(ballot, ctx)
        row.left_at = row.closed_at = ctx.occurred_at
    for ballot in count.returners:
        row = changed(ballot, ctx)
        row.left_at = row.closed_at = None
    if count.leavers or count.returners:
        decision = changed(ctx.required_ref(Decision, "decision"), ctx)
        decision.quorum = count.terms.quorum
        if decision.board_quorum is not None:
            decision.board_quorum = count.terms.board_quorum


def _ask_next_voters(
    count: VoteCount, electorate: Electorate, deputies: NewDeputies | None, ctx: ActionContext
) -> None:
    """Ask the next voters: earlier votes no longer count, and the time to vote starts again. A voter who did
    not answer and is asked again gets a new ballot, which replaces the old one.
    """
    update_seats(count, ctx)
    decision = changed(ctx.required_ref(Decision, "decision"), ctx)
    assert deputies is not None, "they come with the electorate"
    removed = {
        ballot.id
        for ballot in count.ballots
        if ballot.person_id in electorate.voters or ballot.verdict is None
    }
    for ballot in count.ballots:
        # People who were asked in vain lose the access that the question gave them; the log keeps that they
        # were asked.
        if ballot.id in removed:
            ctx.outcome.remove(ballot)
        else:
            changed(ballot, ctx).closed_at = ctx.occurred_at
    change_deputies(deputies, decision, ctx, removed)
    decision.rule, decision.quorum = electorate.rule, electorate.quorum
    decision.board_quorum = electorate.board_quorum
    decision.chair_id = electorate.chair_id
    note_left_out(decision, electorate.left_out_rows)
    decision.asked_next_at, decision.due_at = ctx.occurred_at, electorate.due_at
    decision.remind_at, decision.reminded_at = electorate.remind_at, None
    for row in new_ballots(decision, electorate.voters, electorate.parties, ctx, board=electorate.board):
        ctx.outcome.add(row)


def note_left_out(decision: Decision, rows: Iterable[dict[str, Any]]) -> None:
    """Add people to those who are left out of the decision, each once."""
    prior_rows = {row["person"]: row for row in decision.left_out or ()}
    decision.left_out = [*{**{row["person"]: row for row in rows}, **prior_rows}.values()]


def change_deputies(
    deputies: NewDeputies, decision: Decision, ctx: ActionContext, removed: Collection[UUID] = ()
) -> None:
    """Add and remove rows of deputies; `removed` are other rows that are removed, too."""
    decision.deputise_at = deputies.change_at
    for row in deputies.rows:
        ctx.outcome.add(row)
    for row in deputies.ended:
        ctx.outcome.remove(row)
    ctx.outcome.staying += [row for row in deputies.staying if row.id not in removed]


def close(decision: Decision, state: DecisionState, ballots: Iterable[Vote], ctx: ActionContext) -> None:
    """Close the decision, and the ballots without a vote."""
    decision.state = state
    decision.closed_at = ctx.occurred_at
    for ballot in ballots:
        if ballot.verdict is None and ballot.closed_at is None:
            changed(ballot, ctx).closed_at = ctx.occurred_at


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
        decision = changed(ctx.required_ref(Decision, "decision"), ctx)
        close(decision, DecisionState.withdrawn, ctx.prepared(VoteCount).ballots, ctx)
        restore(record, ctx)

    return withdraw_decision


def withdrawal_check(managers: ActorPolicy) -> PayloadCheck:
    """Return the check that only the person who asked, or one of the `managers`, withdraws a question, and
    only a rule once there are votes: the asker must not take back a question that goes against them.
    """

    @caller_check
    async def cannot_withdraw(
        reads: ReadContext, record: Any, body: WithdrawDecision, ctx: ActionContext
    ) -> str | None:
        """Refuse people who neither put the question nor are one of the managers (`not_the_asker`), and a
        question with a vote (`voted_on_already`).
        """
        caller, decision = ctx.caller, ctx.required_ref(Decision, "decision")
        if caller.person_id is None:
            return None
        if caller.person_id != decision.asked_by_id and not managers.allows(caller, record):
            raise NotTheAsker()
        has_votes = any(ballot.verdict is not None for ballot in ctx.prepared(VoteCount).ballots)
        return "voted_on_already" if has_votes else None

    return cannot_withdraw
