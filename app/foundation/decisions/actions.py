"""Actions of decisions: written once, and mounted on the lifecycle table of any process.

    LIFECYCLE = Lifecycle(..., children=(..., *decisions.CHILDREN), rows=(
        ...,
        action(approve, "批准", [State.awaiting_approval], State.assessed, decision, "request.approved"),
        action(refuse,  "驳回", [State.awaiting_approval], State.rejected, decision, "request.refused"),
        *decisions.rows(DecisionSpec(kind="request", any=State, matters=(APPROVAL,), outcome=what_follows)),
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

A process puts a question by an action of its own, mostly one that leads to the state in which the record
waits. It prepares its question with `new_decision` in a `prepare=` of that action, so that the approval rules
name the voters, and calls `add_prepared_decision` in the action's function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.records import CodeEnum
from app.foundation.decisions.closed_questions import refuse_closed
from app.foundation.decisions.closing import (
    Restore,
    change_deputies,
    decide_or_ask_next,
    take_if_decided,
    tally_fields,
    withdrawal_check,
    withdrawal_of,
)
from app.foundation.decisions.lookups import HANDED_OVER, touches
from app.foundation.decisions.matters import Matter, matter_of
from app.foundation.decisions.payloads import (
    CastVote,
    CloseVote,
    DeputiseVote,
    RemindVoters,
    Tallied,
)
from app.foundation.decisions.preparation import (
    DeferralEnd,
    NewDecision,
    NewDeputies,
    VoteCount,
    count_preparation,
    deputies_preparation,
    next_voters_preparation,
)
from app.foundation.decisions.records import (
    Decision,
    DecisionRule,
    DecisionState,
    Vote,
    VoteVerdict,
    VotingDeputy,
)
from app.foundation.decisions.voters.recusal import (
    not_a_voter,
    recount_votes,
    recuse,
    substitutes_preparation,
    voters_unchanged,
)
from app.foundation.process_spec import ActionRows
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import (
    ActorPolicy,
    RecordDuty,
    Relation,
    asker,
    chair,
    decision,
    rule,
    voter,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import (
    STAYS,
    Action,
    Branch,
    FollowUp,
    Prepare,
    Unchanged,
    action,
)
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import (
    ConflictingDuty,
    NarrowKey,
    PreparationRefused,
    Refusal,
    WrongValue,
    caller_check,
)
from app.kernel.actions.rules import ChangeCheck

#: Children of every record that can have a decision.
CHILDREN = (Decision, Vote, VotingDeputy)
#: Length of a deferral if neither the process nor a voter gives another date.
DEFERRAL = timedelta(days=90)
#: Longest deferral, so that a question cannot be declined by deferring it for good.
LONGEST_DEFERRAL = timedelta(days=366)


class NotAVoter(Refusal):
    """Refusal: the caller is not among the voters of the decision."""

    STATUS = 403
    CODE = "not_asked_to_vote"


class RoleNotInKey(Refusal):
    """Refusal: the caller is asked to vote by a role that their credential may not use."""

    STATUS = 403
    CODE = "role_not_in_key"


class NotTheChair(Refusal):
    """Refusal: the caller does not chair the decision."""

    STATUS = 403
    CODE = "not_the_chair"


def tallied(decision: Decision) -> Tallied:
    """Return the tally of a decision that was taken, as the event of its outcome carries it."""
    return Tallied.model_validate(
        {"decision": decision.id} | tally_fields(decision) | {"deferred_until": decision.deferred_until_at}
    )


@dataclass(frozen=True)
class DecisionSpec:
    """Properties of the process that the actions of decisions are mounted on.

    `kind` of its records; `any` of their states. `matters` are the subjects of its decisions, which define
    who may not vote on them. `outcome` returns the action that follows from a decision; see above.

    `who_withdraws` are people who may withdraw a question besides the person who put it. `after_withdrawal`
    names states that the record leaves then, and for which, so that the question can be put again; `restore`
    undoes the changes of putting the question, with the result of `prepare_restore`. `deferral_end`
    returns the end of a deferral if no voter gives a date.
    """

    kind: str
    any: Iterable[CodeEnum]
    matters: Sequence[Matter]
    who_withdraws: ActorPolicy = field(default_factory=lambda: rule)
    outcome: Callable[[Any, Decision], tuple[str, Payload] | None] = lambda record, decision: None
    after_withdrawal: Mapping[CodeEnum, CodeEnum] = field(default_factory=dict)
    deferral_end: DeferralEnd = lambda record, ctx: ctx.occurred_at + DEFERRAL
    restore: Restore = lambda record, ctx: None
    prepare_restore: tuple[Prepare, ...] = ()


def add_prepared_decision(prepared: NewDecision, ctx: ActionContext) -> None:
    """Add the prepared decision with its ballots and the deputies of its voters."""
    for row in (prepared.decision, *prepared.ballots, *prepared.deputies):
        ctx.outcome.add(row)


def vote(record: Any, body: CastVote, ctx: ActionContext) -> None:
    """Vote on the record's decision. A second vote replaces the first."""
    _cast_ballot(body, ctx)
    count = ctx.prepared(VoteCount)
    # The seats of leavers are filled by `recount_votes`.
    take_if_decided(count, ctx, may_lapse=not count.leavers)


def decide(record: Any, body: CastVote, ctx: ActionContext) -> None:
    """Decide a question about the record, as the chair, if the approval rule leaves it to the chair."""
    _cast_ballot(body, ctx, as_chair=True)
    take_if_decided(ctx.prepared(VoteCount), ctx)


def close_vote(record: Any, body: CloseVote, ctx: ActionContext) -> None:
    """Close the vote on the record: its time is over, and the votes cast decide. If too few have voted, the
    next voters of the approval rule are asked, if there are any.
    """
    decide_or_ask_next(ctx.prepared(VoteCount), ctx, closing=True)


def deputise_vote(record: Any, body: DeputiseVote, ctx: ActionContext) -> None:
    """Let deputies vote on the record: deputies named by voters may now see the record and vote in their
    name; deputies whose time is over no longer may.
    """
    decision = ctx.outcome.change(ctx.required_ref(Decision, "decision"))
    change_deputies(ctx.prepared(NewDeputies), decision, ctx)


def remind_voters(record: Any, body: RemindVoters, ctx: ActionContext) -> None:
    """Remind the voters of the record, if they have not voted: the time to vote ends soon."""
    ctx.outcome.change(ctx.required_ref(Decision, "decision")).reminded_at = ctx.occurred_at


def conclude_decision(record: Any, body: Tallied, ctx: ActionContext) -> None:
    """Conclude a decision on the record: its outcome is recorded, and nothing else of the record changes."""


def _cast_ballot(body: CastVote, ctx: ActionContext, *, as_chair: bool = False) -> None:
    ballot = ctx.outcome.change(_ballots_of(body, ctx, as_chair=as_chair)[0])
    ballot.verdict = body.verdict
    is_own = ballot.person_id == ctx.caller.person_id
    ballot.cast_by_id = None if is_own else ctx.caller.person_id
    ballot.role_lost = True if ballot.person_id in ctx.prepared(VoteCount).role_lost else None
    ballot.comment, ballot.defer_until_at = body.comment, body.defer_until
    ballot.voted_at = ctx.occurred_at


def _ballots_of(body: CastVote, ctx: ActionContext, *, as_chair: bool = False) -> list[Vote]:
    """Return the ballots that the caller may mean: their own, the one of the voter that they name, the one
    that they have cast as a deputy, or those that they may cast as a deputy now; empty if there is none.
    Where the chair decides, a deputy of several people acts for the chair (`as_chair`) or votes for others.
    """
    count, decision = ctx.prepared(VoteCount), ctx.required_ref(Decision, "decision")
    me, absent = ctx.caller.person_id, {deputy.instead_of_id for deputy in count.deputies}
    own = [ballot for ballot in count.ballots if ballot.person_id == me]
    for_others = [ballot for ballot in count.ballots if ballot.person_id in absent]
    if body.instead_of is not None:
        return [ballot for ballot in (*own, *for_others) if ballot.person_id == body.instead_of][:1]
    if own:
        return own
    if decision.rule is DecisionRule.chair:
        of_kind = [b for b in for_others if (b.person_id == decision.chair_id) is as_chair]
        for_others = of_kind or for_others
    cast_ballots = [ballot for ballot in for_others if ballot.verdict and ballot.cast_by_id == me]
    missing_ballots = [ballot for ballot in for_others if ballot.verdict is None]
    return cast_ballots[:1] or missing_ballots or for_others[:1]


def _is_cast_by_another(ballot: Vote, me: UUID | None) -> bool:
    """Return whether the vote is cast and not the caller's to change: voters change any vote in their name,
    deputies only what they cast themselves.
    """
    return ballot.verdict is not None and me not in (ballot.person_id, ballot.cast_by_id)


@caller_check
async def decided_already(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> str | None:
    """Refuse if the decision was taken or withdrawn already (`decided_already`, `other_question_open`)."""
    if ctx.required_ref(Decision, "decision").state is not DecisionState.open:
        await refuse_closed(reads, record)
    return None


@caller_check
async def cannot_vote(reads: ReadContext, record: Any, body: CastVote, ctx: ActionContext) -> str | None:
    """Refuse a caller who is neither a voter nor the deputy of one, who has become a party to the matter
    since, or whose credential does not cover the vote; a second vote of one person, in their own name or
    another's; a deputy's vote in place of one that somebody else has cast, or for several people without
    naming one; a vote after the end, or a deferral that ends in the past or too late; and the vote of a
    chair who decides.
    """
    decision, ballots = ctx.required_ref(Decision, "decision"), _ballots_of(body, ctx)
    if not ballots:
        raise NotAVoter()
    ballot = ballots[0]
    _require_no_party(ctx)
    _require_voters_credential(ballot, record, ctx)
    if (because := _cannot_cast(ballot, body, decision, ctx)) is not None:
        return because
    _require_one_voter(ballots, body)
    is_the_chairs = decision.rule is DecisionRule.chair and ballot.person_id == decision.chair_id
    return "the_chair_decides" if is_the_chairs else None


def _require_no_party(ctx: ActionContext) -> None:
    """Refuse a caller who has become a party to the matter since the question was put."""
    part = ctx.prepared(VoteCount).became_party
    if part is not None:
        raise ConflictingDuty(RecordDuty(part.label("en").lower(), part.label("zh"), ()))


def _require_voters_credential(ballot: Vote, record: Any, ctx: ActionContext) -> None:
    """Require a credential that may use the role by which its person is asked to vote, or, where they are
    asked by name, as a member of a group, or vote for somebody who is away, one for all that they may do.
    """
    caller = ctx.caller
    if ballot.role is None or ballot.person_id != caller.person_id:
        if caller.is_narrowed:
            raise NarrowKey()
    elif not caller.may_use_role(ballot.role, record):
        raise RoleNotInKey({"role": ballot.role})


def _require_one_voter(ballots: Sequence[Vote], body: CastVote) -> None:
    """Require that a deputy of several voters names one of them: otherwise the vote would be cast in the name
    of the first one. The action is offered before a voter is named. Raises WrongValue.
    """
    if len(ballots) > 1 and getattr(body, "verdict", None) is not None:
        persons = [str(ballot.person_id) for ballot in ballots]
        raise WrongValue({"persons": persons}, pointer="/instead_of", because="deputy_of_several")


def _cannot_cast(ballot: Vote, body: CastVote, decision: Decision, ctx: ActionContext) -> str | None:
    """Return why the caller cannot cast the ballot: a person has one vote, also when voting for others, since
    a quorum counts people; the voter, or another deputy, has cast it; or it is too late.
    """
    me = ctx.caller.person_id
    other_ballots = [other for other in ctx.prepared(VoteCount).ballots if other is not ballot]
    if any(
        other.verdict is not None and me == (other.cast_by_id or other.person_id) for other in other_ballots
    ):
        return "voted_in_another_name"
    if ballot.person_id != me and any(other.person_id == me for other in other_ballots):
        return "has_own_vote"
    if _is_cast_by_another(ballot, me):
        return "cast_by_another"
    require_deferral_end(body.defer_until, "/defer_until", ctx)
    return "too_late_to_vote" if decision.due_at is not None and decision.due_at <= ctx.now else None


def require_deferral_end(until: datetime | None, pointer: str, ctx: ActionContext) -> None:
    """Check that a deferral ends in the future, and within `LONGEST_DEFERRAL`. Raises WrongValue."""
    if until is None:
        return
    if until <= ctx.now:
        raise WrongValue(pointer=pointer, because="not_ahead")
    if until > ctx.now + LONGEST_DEFERRAL:
        raise WrongValue({"days": str(LONGEST_DEFERRAL.days)}, pointer=pointer, because="deferral_too_long")


@caller_check
async def cannot_decide(reads: ReadContext, record: Any, body: CastVote, ctx: ActionContext) -> str | None:
    """Refuse if the caller is neither the chair nor the chair's deputy, their credential is too narrow, they
    have voted in another name, the rule is not `chair`, the verdict is an abstention, it is too late, or the
    quorum is not met.
    """
    decision = ctx.required_ref(Decision, "decision")
    ballot = next(iter(_ballots_of(body, ctx, as_chair=True)), None)
    if ballot is None or decision.chair_id is None or ballot.person_id != decision.chair_id:
        raise NotTheChair()
    _require_no_party(ctx)
    _require_voters_credential(ballot, record, ctx)
    if decision.rule is not DecisionRule.chair:
        return "not_for_the_chair_alone"
    if getattr(body, "verdict", None) is VoteVerdict.abstain:
        raise WrongValue(pointer="/verdict", because="chair_abstains")
    if (because := _cannot_cast(ballot, body, decision, ctx)) is not None:
        return because
    count = ctx.prepared(VoteCount)
    other_votes = sum(
        ballot.verdict is not None
        for ballot in count.ballots
        if ballot.person_id in count.terms.voters - {decision.chair_id}
    )
    return "too_few_have_voted" if other_votes + 1 < count.terms.quorum else None


@caller_check
async def votes_not_begun(reads: ReadContext, record: Any, body: CastVote, ctx: ActionContext) -> str | None:
    """Refuse a vote before the meeting that decides has begun (`meeting_not_begun`)."""
    if record.VOTES_FROM is None:
        return None
    field, state = record.VOTES_FROM
    begins_at = getattr(record, field)
    if record.state == state and ctx.occurred_at < begins_at:
        raise PreparationRefused("meeting_not_begun", {"at": begins_at})
    return None


async def not_due_yet(reads: ReadContext, record: Any, body: CloseVote, ctx: ActionContext) -> str | None:
    """Refuse to close the vote before it is due (`not_due_yet`)."""
    decision = ctx.required_ref(Decision, "decision")
    return "not_due_yet" if decision.due_at is not None and ctx.now < decision.due_at else None


async def deputies_unchanged(
    reads: ReadContext, record: Any, body: DeputiseVote, ctx: ActionContext
) -> str | None:
    """Refuse if the voters have the deputies that the decision knows (`deputies_unchanged`)."""
    deputies, decision = ctx.prepared(NewDeputies), ctx.required_ref(Decision, "decision")
    is_changed = deputies.rows or deputies.ended or deputies.change_at != decision.deputise_at
    return None if is_changed else "deputies_unchanged"


def waits_for_votes(row: Action[Any, Any]) -> bool:
    """Return whether an action waits for the end of a vote on what it changes. Outcomes of votes do not, nor
    do actions of rules alone, which record what has happened, nor successions, which write nothing.
    """
    of_rules = row.policy.relations == {Relation.rule} and not row.policy.roles
    is_handed_over = any(event.endswith(f".{HANDED_OVER}") for event in row.events)
    return not (of_rules or is_handed_over or Relation.decision in row.policy.relations)


def not_while_decided(spec: DecisionSpec) -> ChangeCheck:
    """Return the check that refuses to change the subject of an open question (`being_decided`), unless the
    same command withdraws the question. Consequences of a vote are its outcome, and rules only record what
    has happened: neither waits (`waits_for_votes`).
    """

    async def check(
        reads: ReadContext, record: Any, row: Action[Any, Any], changed: Mapping[str, Any]
    ) -> str | None:
        own = record.row_key
        touched = [
            matter
            for matter in spec.matters
            if touches(changed, own, {*matter.fields, *matter.held}, matter.children, matter.carried_out)
        ]
        if not touched or row.opens or not waits_for_votes(row):
            return None
        opened = await reads.children(Decision, record, state=DecisionState.open.value)
        decided = [
            question
            for question in opened
            if question.row_key not in changed and matter_of(spec.matters, question) in touched
        ]
        return "being_decided" if decided else None

    return check


def conclusion_follow_up(spec: DecisionSpec) -> FollowUp:
    """Return the follow-up that carries out the outcome when a decision is taken."""

    def follow_up_of(record: Any, body: Payload, ctx: ActionContext) -> tuple[str, Payload] | None:
        for _, after in ctx.outcome.changed:
            if isinstance(after, Decision) and after.state is DecisionState.taken:
                return spec.outcome(record, after) or (conclude_decision.__name__, tallied(after))
        return None

    return follow_up_of


def _after_withdrawal(spec: DecisionSpec) -> Branch | Unchanged:
    """Return the state of a record after its question was withdrawn."""
    if not spec.after_withdrawal:
        return STAYS
    targets = {state: spec.after_withdrawal.get(state, state) for state in sorted(spec.any)}
    return Branch(
        lambda record: targets[record.state],
        tuple(dict.fromkeys(targets.values())),
        outcomes={state: (target,) for state, target in targets.items()},
    )


# fmt: off
def rows(spec: DecisionSpec) -> ActionRows:
    """Return the rows of the lifecycle table for decisions."""
    kind, then = spec.kind, conclusion_follow_up(spec)
    counted = count_preparation(spec.matters, spec.deferral_end)
    next_voters = next_voters_preparation(spec.matters)
    return (
        #      action             中文        from       to     who              event
        action(vote,              "表决",     spec.any, STAYS, voter,              f"{kind}.voted",
               prepare=(counted,), wrong=(decided_already, votes_not_begun, cannot_vote), follow_up=then),
        action(decide,            "裁定",     spec.any, STAYS, chair,              f"{kind}.chair_decided",
               prepare=(counted,), wrong=(decided_already, votes_not_begun, cannot_decide), follow_up=then),
        action(remind_voters,     "提醒表决", spec.any, STAYS, rule,               f"{kind}.voters_reminded",    wrong=(decided_already,)),
        action(close_vote,        "截止表决", spec.any, STAYS, rule,               f"{kind}.vote_closed",
               prepare=(counted, next_voters), wrong=(decided_already, not_due_yet), follow_up=then),
        action(deputise_vote,     "代理表决", spec.any, STAYS, rule,               f"{kind}.vote_deputised",
               prepare=(deputies_preparation(spec.matters),), wrong=(deputies_unchanged,)),
        action(recuse,            "回避表决", spec.any, STAYS, voter,              f"{kind}.voter_recused",
               prepare=(counted, next_voters, substitutes_preparation(spec.matters)),
               wrong=(decided_already, not_a_voter), follow_up=then),
        action(recount_votes,    "重新计票", spec.any, STAYS, rule,           f"{kind}.votes_recounted",
               prepare=(counted, next_voters, substitutes_preparation(spec.matters)),
               wrong=(decided_already, voters_unchanged), follow_up=then),
        action(withdrawal_of(spec.restore), "撤回决议", spec.any, _after_withdrawal(spec), spec.who_withdraws | asker, f"{kind}.decision_withdrawn",
               prepare=(counted, *spec.prepare_restore), wrong=(decided_already, withdrawal_check(spec.who_withdraws))),
        action(conclude_decision, "形成决议", spec.any, STAYS, decision,           f"{kind}.decided"),
    )
# fmt: on
