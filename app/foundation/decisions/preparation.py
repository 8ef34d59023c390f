"""Preparations of decisions: the voters of a question, and the votes cast."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from app.common.people import Person
from app.common.records import ChildRecord, ForeignRef
from app.foundation.decisions.approval_rules.electors import Voters, services_of
from app.foundation.decisions.deputies.lookups import (
    DeputiesNow,
    deputation_key,
    deputies_in_force,
    deputies_of,
)
from app.foundation.decisions.earlier import with_earlier_questions
from app.foundation.decisions.lookups import acts_of, humans, touches
from app.foundation.decisions.matters import Matter, RelatedMatter, matter_of
from app.foundation.decisions.motions import in_each_language, with_motion, without_motion
from app.foundation.decisions.payloads import AskBoard, RecuseVoter
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    DecisionState,
    Vote,
    VoterLeftOutReason,
    VotingDeputy,
)
from app.foundation.decisions.tally import TallyTerms
from app.foundation.decisions.voters.electorate import (
    Electorate,
    NamedElectorate,
    named_electorate,
    next_electorate,
    pose,
    ruled_electorate,
)
from app.foundation.decisions.voters.parties import Parties, parties_of, parties_to_question
from app.foundation.decisions.voters.seats import Seats, quorums_of, replaced_voters
from app.i18n import LANGUAGES, Word, translate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Prepare
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import WrongValue, caller_check


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a matter, in the words of the asker or by language; `due_at` is until when there are
    votes, if sooner than is usual. `candidates` would get a post.
    """

    text: str | Mapping[str, str]
    matter: Matter
    due_at: datetime | None = None
    related: RelatedMatter | None = None
    candidates: frozenset[UUID] = frozenset()

    @property
    def texts(self) -> Mapping[str, str]:
        """Return the question by language."""
        return dict.fromkeys(LANGUAGES, self.text) if isinstance(self.text, str) else self.text


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A question as it is put: the decision, a ballot for each voter, and the deputies of voters."""

    decision: Decision
    ballots: tuple[Vote, ...]
    deputies: tuple[VotingDeputy, ...] = ()


@dataclass(frozen=True, slots=True)
class NextVoters:
    """The voters who are asked if those who were asked cannot decide, with their deputies; None: nobody."""

    electorate: Electorate | None = None
    deputies: NewDeputies | None = None


@dataclass(frozen=True, slots=True)
class VoteCount:
    """The votes on the decision of the payload, the terms by which they are counted, and the voters for
    whom the caller is now a deputy. `role_lost`: the persons whose ballots the caller may cast, and who
    were asked by a role that they do not hold any more. `became_party`: how the caller has become a party
    to the matter since the question was put. `deferral_end`: end of a deferral if no voter gives a date.
    `leavers`: the ballots of voters whose accounts were deactivated; neither `ballots` nor `terms`
    includes them. `returners`: those of voters who had left and are active again, also in `ballots`.
    `away`: those of all who have left and are not back.
    """

    ballots: tuple[Vote, ...]
    terms: TallyTerms
    deferral_end: datetime
    deputies: tuple[VotingDeputy, ...] = ()
    role_lost: frozenset[UUID] = frozenset()
    became_party: VoterLeftOutReason | None = None
    leavers: tuple[Vote, ...] = ()
    returners: tuple[Vote, ...] = ()
    away: tuple[Vote, ...] = ()


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
    """Return the decision on the question and one ballot for each voter of the approval rules, for
    `add_prepared_decision` to add. Raises WrongValue, or PreparationRefused if too few may vote.

    Voters, quorum and excluded people are fixed now: later changes of the record, or of roles and groups,
    never change them.
    """
    matter, asker = question.matter, ctx.caller.person_id
    posed = await pose(reads, record, matter, ctx.now)
    posed = replace(posed, candidates=question.candidates)
    electorate = await ruled_electorate(
        reads, record, matter, asker, ctx.now, related=question.related, posed=posed
    )
    if question.due_at is not None and question.due_at > electorate.due_at:
        words = {"until": electorate.due_at.replace(microsecond=0)}
        raise WrongValue(words, pointer="/due_at", because="later_than_rule")
    texts = await with_earlier_questions(reads, posed.record, matter, question.texts, ctx)
    question = replace(question, text=texts)
    return await _decision_of(reads, record, question, electorate, ctx)


async def named_decision(
    reads: ReadContext, record: Any, question: Question, named: NamedElectorate, ctx: ActionContext
) -> NewDecision:
    """Return the decision on a question with named voters, as `new_decision` does. Raises WrongValue if the
    time is over, or PreparationRefused if all voters are excluded, or the chair is.
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
    if due_at <= ctx.now:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    if due_at < electorate.least_at:
        words = {"from": electorate.least_at.replace(microsecond=0)}
        raise WrongValue(words, pointer="/due_at", because="earlier_than_rule")
    texts = question.texts
    decision = Decision(
        id=ctx.new_id(),
        record=record.row_key,
        state=DecisionState.open,
        decision=question.matter.decision,
        question=texts[ctx.settings.language],
        question_texts=dict(texts) if len({*texts.values()}) > 1 else None,
        rules=electorate.rule_rows or None,
        group_id=electorate.group_id,
        chair_id=electorate.chair_id,
        rule=electorate.rule,
        quorum=electorate.quorum,
        board_quorum=electorate.board_quorum,
        left_out=electorate.left_out_rows,
        position=await reads.head(),
        asked_by_id=ctx.caller.person_id,
        asked_at=ctx.occurred_at,
        due_at=due_at,
        remind_at=electorate.remind_at,
        asked_next_at=ctx.occurred_at if electorate.is_next else None,
    )
    deputies = await deputies_of(reads, decision, electorate.voters, electorate.parties.left_out, ctx)
    decision.deputise_at = deputies.change_at
    ballots = new_ballots(decision, electorate.voters, electorate.parties, ctx, board=electorate.board)
    return NewDecision(decision, ballots, deputies.rows)


def new_ballots(
    decision: Decision,
    voters: Voters,
    parties: Parties,
    ctx: ActionContext,
    *,
    board: Collection[UUID] | None,
) -> tuple[Vote, ...]:
    """Return a ballot on the decision for each of the voters; `board` are the people of its board."""
    return tuple(
        Vote(
            id=ctx.new_id(),
            record=decision.record,
            decision_id=decision.id,
            person_id=person,
            role=seat.role,
            side=seat.side,
            services=list(seat.services) or None,
            on_board=None if board is None else person in board,
            named_by_id=parties.named_by.get(person),
            asked_at=ctx.occurred_at,
            due_at=decision.due_at,
        )
        for person, seat in voters.items()
    )


def question_preparation(matter: Matter, *, once: bool = False) -> Prepare:
    """Return the preparation of `AskBoard` on that matter. `once`: voters who have rejected it are asked
    again only in new words.
    """

    async def prepare_question(
        reads: ReadContext, record: Any, body: AskBoard, ctx: ActionContext
    ) -> NewDecision:
        """Find the question's voters by the approval rules, and make the ballots."""
        if once:
            await _require_news(reads, record, body, matter)

        def text_in(language: str) -> str:
            question = body.question or usual_question(record, matter, language)
            return with_motion(reads, record, body, question, language)

        question = Question(in_each_language(text_in), matter, body.due_at, candidates=_candidates(body, ctx))
        return await new_decision(reads, record, question, ctx)

    return prepare_question


def _candidates(body: AskBoard, ctx: ActionContext) -> frozenset[UUID]:
    """Return the candidates for a post in the question. Members of a team get work and no post."""
    named = [name for name, mark in marks(type(body), ForeignRef).items() if mark.kind == Person.KIND]
    posts = [name for name in named if isinstance(getattr(body, name), str)]
    return frozenset(person.id for name in posts for person in ctx.refs(Person, name))


async def _require_news(reads: ReadContext, record: Any, body: AskBoard, matter: Matter) -> None:
    """Require a question in new words if the voters have rejected the matter and it has not been rewritten
    since: the person who asks states what has changed. Raises WrongValue.
    """
    if matter.decision is None:
        return
    decisions = await reads.children(Decision, record, decision=matter.decision.value)
    votes_taken = [row for row in decisions if row.state is DecisionState.taken]
    last = max(votes_taken, key=lambda row: row.position or 0, default=None)
    if last is None or last.outcome is not DecisionOutcome.rejected:
        return
    outcomes = reads.lifecycles[record.KIND].decision_events
    is_rewritten = any(
        touches(act.rows_set, record.row_key, matter.fields, matter.children)
        for act in await acts_of(reads, record, since=last.position)
        if act.type not in outcomes
    )
    used = {without_motion(row.question) for row in votes_taken}
    if not is_rewritten and (body.question is None or without_motion(body.question) in used):
        raise WrongValue(pointer="/question", because="rejected_before")


def usual_question(record: Any, matter: Matter, language: str) -> str:
    """Return the question for those who ask in no words of their own: the kind of the decision in that
    language, and the title of the record.
    """
    kind = matter.decision
    if kind is None:
        return str(record.title)
    words: dict[str, Word] = {"kind": kind.label(language), "title": str(record.title)}
    return translate(language, "question", "usual", words)


async def open_decisions(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> OpenDecisions:
    """Find the decisions that are open on the record, for `withdraw_open_decisions`."""
    decisions = await reads.children(Decision, record, state=DecisionState.open.value)
    ballots = await reads.children(Vote, record) if decisions else []
    return OpenDecisions(tuple(decisions), tuple(ballots))


#: Returns the end of a record's deferral if the voters give no date.
DeferralEnd = Callable[[Any, ActionContext], datetime]


def count_preparation(matters: Sequence[Matter], deferral_end: DeferralEnd) -> Prepare:
    """Return the preparation that finds the votes on the decision that the payload names, which is about one
    of the matters.
    """

    @caller_check
    async def count(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> VoteCount:
        """Find the votes on the decision, and the terms by which they are counted."""
        decision = ctx.required_ref(Decision, "decision")
        matter = matter_of(matters, decision)
        ballots = await reads.children(Vote, record, decision_id=decision.id)
        assert decision.rule is not None
        # Voters who were asked in vain before others were asked have no vote any more.
        live = [
            ballot
            for ballot in ballots
            if ballot.closed_at is None or decision.state is not DecisionState.open
        ]
        leavers, returners, away = await _moved(reads, record, matter, decision, ballots)
        seats = Seats(tuple(ballots), tuple(away), is_changed=bool(leavers or returners))
        quorum, board_quorum = await quorums_of(reads, record, decision, seats)
        live = [ballot for ballot in (*live, *returners) if ballot not in leavers]
        electorate = frozenset(ballot.person_id for ballot in live if ballot.person_id is not None)
        terms = TallyTerms(
            decision.rule,
            quorum,
            electorate,
            decision.chair_id,
            *_owned_services(record, live),
            _board_of(decision, live),
            board_quorum or 1,
            asker=decision.asked_by_id,
        )
        own = [ballot for ballot in live if ballot.person_id == ctx.caller.person_id]
        deputies: Sequence[VotingDeputy] = ()
        if not own or getattr(body, "instead_of", None) is not None:
            named = await reads.children(VotingDeputy, record, decision_id=decision.id)
            deputies = await deputies_in_force(reads, named, ctx)
        absent = {deputy.instead_of_id for deputy in deputies}
        castable = [*own[:1], *(ballot for ballot in live if ballot.person_id in absent)]
        lost = [ballot.person_id for ballot in castable if await _has_lost_role(reads, record, ballot, ctx)]
        parties = await parties_of(reads, record, matter, since=decision)
        return VoteCount(
            tuple(live),
            terms,
            deferral_end(record, ctx),
            tuple(deputies),
            role_lost=frozenset(filter(None, lost)),
            became_party=_part_of(ctx.caller.person_id, parties),
            leavers=tuple(leavers),
            returners=tuple(returners),
            away=tuple(away),
        )

    return count


def _owned_services(
    record: Any, ballots: Sequence[Vote]
) -> tuple[dict[UUID, frozenset[str]], frozenset[str]]:
    """Return the services of those who were asked as owners, and all services that votes for it must cover:
    those that the record affects or, if owners alone were asked, theirs.
    """
    owned = {b.person_id: frozenset(b.services) for b in ballots if b.services and b.person_id is not None}
    covering = frozenset(key for keys in owned.values() for key in keys)
    if owned and len(owned) < len(ballots):
        covering |= frozenset(services_of(record))
    return owned, covering


def _board_of(decision: Decision, live: Sequence[Vote]) -> frozenset[UUID] | None:
    """Return the voters whose votes must carry the motion by themselves; None if there is no board."""
    if decision.board_quorum is None:
        return None
    return frozenset(b.person_id for b in live if b.on_board and b.person_id is not None)


async def _moved(
    reads: ReadContext, record: Any, matter: Matter, decision: Decision, ballots: Sequence[Vote]
) -> tuple[list[Vote], list[Vote], list[Vote]]:
    """Return the ballots of voters whose accounts were deactivated before they voted, of those who had left
    the question and are active again, and of all who are away now. A vote that was cast stays. Each post has
    one vote: if its former holder returns, the one who holds it now votes, unless somebody has voted for it.
    """
    if decision.state is not DecisionState.open:
        return [], [], []
    began_at = decision.asked_next_at
    inactive = [b for b in ballots if b.left_at is not None and (began_at is None or b.left_at > began_at)]
    live = [ballot for ballot in ballots if ballot.closed_at is None]
    active = await humans(reads, [ballot.person_id for ballot in (*live, *inactive) if ballot.person_id])
    waiting = [ballot for ballot in live if ballot.verdict is None]
    leavers = [ballot for ballot in waiting if ballot.person_id not in active]
    returners = [ballot for ballot in inactive if ballot.person_id in active]
    if returners:
        by_post = [ballot for ballot in (*live, *inactive) if ballot.role is None and ballot.side is None]
        parties = await parties_to_question(reads, record, matter, decision)
        replaced = await replaced_voters(reads, record, parties, decision, by_post)
        leavers += [ballot for ballot in waiting if ballot in replaced and ballot not in leavers]
        returners = [ballot for ballot in returners if ballot not in replaced]
    return leavers, returners, [*leavers, *(ballot for ballot in inactive if ballot not in returners)]


def _part_of(person_id: UUID | None, parties: Parties) -> VoterLeftOutReason | None:
    return None if person_id is None else parties.left_out.get(person_id)


async def _has_lost_role(reads: ReadContext, record: Any, ballot: Vote, ctx: ActionContext) -> bool:
    """Return whether the voter was asked by a role that they hold for the record no more. A key may have
    fewer roles than its person, so a caller is only looked up if their key lacks the role.
    """
    if ballot.role is None or ballot.person_id is None:
        return False
    if ballot.person_id == ctx.caller.person_id and ctx.caller.has_role(ballot.role, record):
        return False
    return not await reads.holding([ballot.role], record, [ballot.person_id])


def next_voters_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation that finds who is asked if a decision can no longer be taken."""

    async def next_voters(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> NextVoters:
        """Find the next voters of the decision's rules, with their deputies, without people who have recused
        themselves.
        """
        decision = ctx.required_ref(Decision, "decision")
        ballots = await reads.children(Vote, record, decision_id=decision.id)
        leaving = ctx.caller.person_id if isinstance(body, RecuseVoter) else None
        recused = {
            ballot.person_id
            for ballot in ballots
            if ballot.person_id is not None and (ballot.recused_at or ballot.person_id == leaving)
        }
        matter = matter_of(matters, decision)
        electorate = await next_electorate(reads, record, matter, decision, ctx.now, recused=recused)
        if electorate is None:
            return NextVoters()
        anew = decision.model_copy(update={"asked_at": ctx.occurred_at, "due_at": electorate.due_at})
        named = await deputies_of(reads, anew, electorate.voters, electorate.parties.left_out, ctx)
        return NextVoters(electorate, await _compared(reads, record, decision, named))

    return next_voters


def deputies_preparation(matters: Sequence[Matter]) -> Prepare:
    """Return the preparation of `DeputiseVote`."""

    async def deputise(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> NewDeputies:
        """Find which deputies the voters have now that the decision does not know, and which have ended."""
        decision = ctx.required_ref(Decision, "decision")
        ballots = await reads.children(Vote, record, decision_id=decision.id)
        is_open = decision.state is DecisionState.open
        # Voters who left and have returned get their deputies before the votes are counted again.
        live = [b for b in ballots if b.closed_at is None or b.left_at is not None or not is_open]
        voters = [ballot.person_id for ballot in live if ballot.person_id]
        matter = matter_of(matters, decision)
        parties = await parties_to_question(reads, record, matter, decision)
        compared = await _compared(
            reads, record, decision, await deputies_of(reads, decision, voters, parties.left_out, ctx)
        )
        if is_open:
            return compared
        # A person who was a deputy at the time of the decision sees the record until the deputation ends.
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
