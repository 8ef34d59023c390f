"""Actions of decisions: written once, and mounted on the lifecycle table of any process.

    LIFECYCLE = Lifecycle(..., children=(..., *decisions.CHILDREN), rows=(
        ...,
        action(approve, "批准", [State.awaiting_approval], State.assessed, decision, "request.approved"),
        action(refuse,  "驳回", [State.awaiting_approval], State.rejected, decision, "request.refused"),
        *decisions.rows(DecisionSpec(kind="request", any=State, ask_states=[State.submitted],
                                     who_asks=agent, matter=Matter((the_requester,)), outcome=what_follows)),
    ))

`what_follows(record, decision)` returns the action of the process that an outcome leads to, and its payload;
or None if the outcome has no consequence for the record as it stands: `<kind>.decided` is then appended.

    def what_follows(request, decision):
        if request.state is State.awaiting_approval and decision.outcome is DecisionOutcome.approved:
            return "approve", tallied(decision)
        ...

The payload of such an action is `Tallied`, or a class derived from it, so that its event carries the tally.
No caller may take the action: its policy is `decision`. It is carried out in the same command as the last
vote, with an event of its own after `<kind>.voted`, and its checks can refuse the vote. The action must be
possible in the record's state, or the vote is refused.

A process that asks by an action of its own, which leads to the state in which the record waits, prepares its
question with `new_decision` in a `prepare=` of that action, and calls `add_prepared_decision` in the action's
function; `DecisionSpec(who_asks=None)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.people import Role
from app.common.records import ChildRef, CodeEnum, ForeignRef
from app.foundation.decisions.preparation import (
    MOST_VOTERS,
    Count,
    Matter,
    NewDecision,
    OpenDecisions,
    count_preparation,
    question_preparation,
)
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    DecisionRule,
    DecisionState,
    Vote,
    VoteVerdict,
)
from app.foundation.decisions.tally import tally
from app.foundation.process_spec import ActionRows
from app.kernel.actor_policy import ActorPolicy, chair, decision, rule, voter
from app.kernel.context import ActionContext
from app.kernel.lifecycle import STAYS, FollowUp, action
from app.kernel.payloads import LONGEST_LIST, BoundedList, FreeText, Instant, Payload, Reference, Title
from app.kernel.reads import ReadContext
from app.kernel.refusals import Refusal, WrongValue

#: What stands beside every record that can be decided about.
CHILDREN = (Decision, Vote)


class NotAVoter(Refusal):
    """Refusal: the caller is not among the voters of the decision."""

    STATUS = 403
    CODE = "not_asked_to_vote"


class NotTheChair(Refusal):
    """Refusal: the caller does not chair the decision."""

    STATUS = 403
    CODE = "not_the_chair"


class AskDecision(Payload):
    """A question, its voters, the voting rule and the deadline."""

    model_config = example_includes("persons")
    question: Title = Field(
        description="What is to be decided, in a line. All who see the record see it: name no persons here.",
        examples=["Shall we go on with it?"],
    )
    role: Role | None = Field(default=None, description="Of those who decide: all who hold this role for it.")
    group: Annotated[Reference, ForeignRef("group")] | None = Field(
        default=None, description="Or the members of a group and its chair: its key or id."
    )
    persons: Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Or these persons: their ids.", examples=[["me"]]
    )
    rule: DecisionRule = Field(description="How votes come to an outcome.", examples=["majority"])
    quorum: int | None = Field(
        default=None,
        ge=1,
        le=MOST_VOTERS,
        strict=True,
        description="How many must have voted, abstentions among them. None: one where the chair decides, "
        "more than half by majority, all unanimously.",
    )
    chair: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who chairs, if not the group's chair: a person's id. They vote, too."
    )
    due_at: Instant = Field(
        description="Until when. Then the votes that there are decide.", examples=["2199-01-01T00:00:00Z"]
    )

    @model_validator(mode="after")
    def _check_one_electorate(self) -> AskDecision:
        if sum((self.role is not None, self.group is not None, bool(self.persons))) != 1:
            raise PydanticCustomError("one_electorate", "say one of role, group and persons")
        return self


class CastVote(Payload):
    """A vote on a decision."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    verdict: VoteVerdict = Field(description="What they say.", examples=["approve"])
    comment: FreeText | None = Field(
        default=None, description="Why; must be said when it is rejected or deferred.", examples=["Go on."]
    )

    @model_validator(mode="after")
    def _check_comment(self) -> CastVote:
        if self.verdict in (VoteVerdict.reject, VoteVerdict.defer) and self.comment is None:
            raise PydanticCustomError("say_why", "say in a comment why")
        return self


class WithdrawDecision(Payload):
    """The decision to withdraw, and the reason."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    reason: FreeText = Field(description="Why.", examples=["It has been settled otherwise."])


class CloseVote(Payload):
    """The decision whose time to vote is over."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")


class RemindVoters(Payload):
    """The decision whose time to vote ends soon."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")


class Tallied(Payload):
    """The outcome of a decision and its count of votes."""

    decision: Annotated[UUID, ChildRef(Decision)] = Field(description="The decision: its id.")
    outcome: DecisionOutcome = Field(description="What came of it.", examples=["approved"])
    voters: int = Field(ge=0, description="How many could vote.", examples=[3])
    approvals: int = Field(ge=0, description="How many approved.", examples=[2])
    rejections: int = Field(ge=0, description="How many rejected.", examples=[0])
    deferrals: int = Field(ge=0, description="How many would have it deferred.", examples=[0])
    abstentions: int = Field(ge=0, description="How many abstained.", examples=[1])


def tallied(taken: Decision) -> Tallied:
    """Return the tally of a decision that was taken, as the event of its outcome carries it."""
    return Tallied.model_validate({"decision": taken.id} | _tally_fields(taken))


def _tally_fields(taken: Any) -> dict[str, Any]:
    names = ("outcome", "voters", "approvals", "rejections", "deferrals", "abstentions")
    return {name: getattr(taken, name) for name in names}


@dataclass(frozen=True)
class DecisionSpec:
    """Properties of the process that the actions of decisions are mounted on.

    `kind` of its records; `any` of their states; `ask_states` are those in which a question can be put, and
    `who_asks` is the policy of putting one (None: the process has an action of its own for that). `matter`
    says who may not vote on it. `outcome` returns the action that follows from a decision; see above.
    """

    kind: str
    any: Iterable[CodeEnum]
    ask_states: Iterable[CodeEnum] = ()
    who_asks: ActorPolicy | None = None
    who_withdraws: ActorPolicy = field(default_factory=lambda: rule)
    matter: Matter = field(default_factory=Matter)
    outcome: Callable[[Any, Decision], tuple[str, Payload] | None] = lambda record, taken: None


def add_prepared_decision(asked: NewDecision, ctx: ActionContext) -> None:
    """Add the decision and the ballots that `ask_states` has made."""
    for row in (asked.decision, *asked.ballots):
        ctx.add(row)


def ask_decision(record: Any, body: AskDecision, ctx: ActionContext) -> None:
    """Put a question to voters, who then see the record and can vote."""
    add_prepared_decision(ctx.prepared(NewDecision), ctx)


def vote(record: Any, body: CastVote, ctx: ActionContext) -> None:
    """Vote on a decision; voting again replaces the earlier vote."""
    _cast_ballot(body, ctx)
    _take_if_decided(ctx)


def decide(record: Any, body: CastVote, ctx: ActionContext) -> None:
    """Decide as the chair, where the rule leaves the decision to the chair alone."""
    _cast_ballot(body, ctx)
    _take_if_decided(ctx)


def close_vote(record: Any, body: CloseVote, ctx: ActionContext) -> None:
    """Close the vote: its time is over, and the votes cast decide."""
    _take_if_decided(ctx, closing=True)


def remind_voters(record: Any, body: RemindVoters, ctx: ActionContext) -> None:
    """Remind those who have not voted: the time to vote ends soon."""
    ctx.change(ctx.required_ref(Decision, "decision")).reminded_at = ctx.occurred_at


def withdraw_decision(record: Any, body: WithdrawDecision, ctx: ActionContext) -> None:
    """Withdraw the question: nothing is decided."""
    asked = ctx.change(ctx.required_ref(Decision, "decision"))
    _close(asked, DecisionState.withdrawn, ctx.prepared(Count).ballots, ctx)


def conclude_decision(record: Any, body: Tallied, ctx: ActionContext) -> None:
    """Record the decision, which has no further consequence for the record."""


def _cast_ballot(body: CastVote, ctx: ActionContext) -> None:
    (mine,) = (ballot for ballot in ctx.prepared(Count).ballots if ballot.person_id == ctx.caller.person_id)
    ballot = ctx.change(mine)
    ballot.verdict = body.verdict
    ballot.comment = body.comment
    ballot.voted_at = ctx.occurred_at


def _take_if_decided(ctx: ActionContext, *, closing: bool = False) -> None:
    """Take the decision if the votes decide it now."""
    count = ctx.prepared(Count)
    ballots = _deadline_passed(count.ballots, ctx)
    verdicts = {b.person_id: b.verdict for b in ballots if b.person_id and b.verdict is not None}
    counted = tally(count.terms, verdicts, closing=closing)
    if counted.outcome is not None:
        taken = ctx.change(ctx.required_ref(Decision, "decision"))
        for name, value in _tally_fields(counted).items():
            setattr(taken, name, value)
        _close(taken, DecisionState.taken, ballots, ctx)


def _close(taken: Decision, state: DecisionState, ballots: Iterable[Vote], ctx: ActionContext) -> None:
    taken.state = state
    taken.closed_at = ctx.occurred_at
    for ballot in ballots:
        if ballot.verdict is None:
            ctx.change(ballot).closed_at = ctx.occurred_at


def withdraw_open_decisions(ctx: ActionContext) -> None:
    """Withdraw the decisions that are open on the record, as they are needed no more."""
    opened = ctx.prepared(OpenDecisions)
    for asked in opened.decisions:
        _close(ctx.change(asked), DecisionState.withdrawn, _deadline_passed(opened.ballots, ctx), ctx)


def _deadline_passed(ballots: Iterable[Vote], ctx: ActionContext) -> list[Vote]:
    """Return the ballots in their present state, with those that this command has changed."""
    changed = {after.id: after for _, after in ctx.changed if isinstance(after, Vote)}
    return [changed.get(ballot.id, ballot) for ballot in ballots]


async def decided_already(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> str | None:
    """Refuse if the decision was taken or withdrawn already (`decided_already`)."""
    asked = ctx.required_ref(Decision, "decision")
    return None if asked.state is DecisionState.open else "decided_already"


async def cannot_vote(reads: ReadContext, record: Any, body: CastVote, ctx: ActionContext) -> str | None:
    """Refuse if the caller is not among the voters, the time to vote is over, or the chair decides."""
    asked = ctx.required_ref(Decision, "decision")
    if ctx.caller.person_id not in {ballot.person_id for ballot in ctx.prepared(Count).ballots}:
        raise NotAVoter()
    if asked.due_at is not None and asked.due_at <= ctx.now:
        return "too_late_to_vote"
    if asked.rule is DecisionRule.chair and asked.chair_id == ctx.caller.person_id:
        return "the_chair_decides"
    return None


async def cannot_decide(reads: ReadContext, record: Any, body: CastVote, ctx: ActionContext) -> str | None:
    """Refuse if the caller is not the chair, the rule is not `chair`, the verdict is an abstention, it is
    too late, or the quorum is not met.
    """
    asked = ctx.required_ref(Decision, "decision")
    if asked.chair_id is None or asked.chair_id != ctx.caller.person_id:
        raise NotTheChair()
    if asked.rule is not DecisionRule.chair:
        return "not_for_the_chair_alone"
    if body.verdict is VoteVerdict.abstain:
        raise WrongValue(pointer="/verdict", because="chair_abstains")
    if asked.due_at is not None and asked.due_at <= ctx.now:
        return "too_late_to_vote"
    count = ctx.prepared(Count)
    others = sum(
        ballot.verdict is not None
        for ballot in count.ballots
        if ballot.person_id in count.terms.voters - {asked.chair_id}
    )
    return "too_few_have_voted" if others + 1 < count.terms.quorum else None


async def not_due_yet(reads: ReadContext, record: Any, body: CloseVote, ctx: ActionContext) -> str | None:
    """Refuse to close the vote before it is due (`not_due_yet`)."""
    asked = ctx.required_ref(Decision, "decision")
    return "not_due_yet" if asked.due_at is not None and ctx.now < asked.due_at else None


def conclusion_follow_up(spec: DecisionSpec) -> FollowUp:
    """Return the follow-up that carries out the outcome when a decision is taken."""

    def follow_up_of(record: Any, ctx: ActionContext) -> tuple[str, Payload] | None:
        for _, after in ctx.changed:
            if isinstance(after, Decision) and after.state is DecisionState.taken:
                return spec.outcome(record, after) or (conclude_decision.__name__, tallied(after))
        return None

    return follow_up_of


# fmt: off
def rows(spec: DecisionSpec) -> ActionRows:
    """Return the rows of the lifecycle table for decisions."""
    kind, never, then = spec.kind, spec.matter.duties, conclusion_follow_up(spec)
    counted = (count_preparation(never),)
    asked = () if spec.who_asks is None else (
        action(ask_decision,      "提请决议", spec.ask_states, STAYS, spec.who_asks, f"{kind}.decision_asked",     prepare=(question_preparation(spec.matter),)),
    )
    return (
        *asked,
        #      action             中文        from       to     who              event
        action(vote,              "表决",     spec.any, STAYS, voter,              f"{kind}.voted",
               prepare=counted, wrong=(decided_already, cannot_vote), segregate_from=never, follow_up=then),
        action(decide,            "裁定",     spec.any, STAYS, chair,              f"{kind}.chair_decided",
               prepare=counted, wrong=(decided_already, cannot_decide), segregate_from=never, follow_up=then),
        action(remind_voters,     "提醒表决", spec.any, STAYS, rule,               f"{kind}.voters_reminded",    wrong=(decided_already,)),
        action(close_vote,        "截止表决", spec.any, STAYS, rule,               f"{kind}.vote_closed",
               prepare=counted, wrong=(decided_already, not_due_yet), follow_up=then),
        action(withdraw_decision, "撤回决议", spec.any, STAYS, spec.who_withdraws, f"{kind}.decision_withdrawn", prepare=counted, wrong=(decided_already,)),
        action(conclude_decision, "形成决议", spec.any, STAYS, decision,           f"{kind}.decided"),
    )
# fmt: on
