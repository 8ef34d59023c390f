"""Electorates: who votes on a matter, how votes are counted, and who is left out; by approval rules, or as a
catalogue item or a meeting names the voters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Role
from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition, Electors
from app.foundation.decisions.approval_rules.electors import Seat, Voters
from app.foundation.decisions.approval_rules.shipped import COMMITTEE_DECISIONS, FLOORS
from app.foundation.decisions.approval_rules.versions import STRICTNESS, HoldingRule, MatterOpening
from app.foundation.decisions.lookups import humans
from app.foundation.decisions.matters import Matter, Posed, RelatedMatter
from app.foundation.decisions.records import Decision, DecisionRule, VoterLeftOutReason
from app.foundation.decisions.tally import default_quorum
from app.foundation.decisions.voters.free_voters import (
    MOST_VOTERS,
    divided,
    require_quorum,
    require_voters,
    rows_of,
)
from app.foundation.decisions.voters.parties import (
    LeftOutVoters,
    Parties,
    parties_of,
    parties_to,
    parties_to_question,
)
from app.foundation.people.records import Group
from app.kernel.access.reads import ReadContext, grants_for
from app.kernel.actions.refusals import PreparationRefused

#: Roles that stand in, in this order, if a party granted the roles of all remaining voters.
STAND_INS = (Electors(role=Role.management), Electors(role=Role.department_head), Electors(role=Role.admin))


@dataclass(frozen=True)
class NamedElectorate:
    """Voters who are named by a catalogue item or by a meeting, how their votes are counted, the default
    period for votes, and the least period.
    """

    rule: DecisionRule
    period: timedelta
    least: timedelta
    role: Role | None = None
    group: Group | None = None
    persons: Voters = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Electorate:
    """Voters on a question and how their votes count: the rules that name them (empty if they are named
    otherwise), the voters with their seats, and excluded people, with the reason.

    `parties` are all parties to the matter. `least_at` is the earliest time at which the vote may end.
    `is_next`: the voters are the substitutes for missing answers, since too few others may vote.
    `board` are the voters whose votes must carry the motion by themselves, `board_quorum` how many of them
    must vote; None: all voters are counted together.
    """

    rules: tuple[HoldingRule, ...]
    voters: Voters
    left_out: LeftOutVoters
    parties: Parties
    rule: DecisionRule
    quorum: int
    due_at: datetime
    least_at: datetime
    remind_at: datetime | None = None
    chair_id: UUID | None = None
    group_id: UUID | None = None
    is_next: bool = False
    board: frozenset[UUID] | None = None
    board_quorum: int | None = None

    @property
    def rule_rows(self) -> list[dict[str, Any]]:
        """Return the rules as a decision keeps them."""
        return [{"rule": rule.key, "edition": rule.edition} for rule in self.rules]

    @property
    def left_out_rows(self) -> list[dict[str, Any]]:
        """Return the people who are left out, in the form that a decision stores."""
        return rows_of(self.left_out)


def board_rules(rules: Sequence[HoldingRule]) -> list[HoldingRule]:
    """Return the rules whose board must carry a motion: the floors or, without floors, the others."""
    floors = [rule for rule in rules if rule.is_floor]
    return floors or [rule for rule in rules if rule.definition.has_board]


@dataclass
class _BoardSeats:
    """The people who vote as the board of a question, and the rules whose board they are: the floors or,
    without floors, the other rules. `named` are the people whom the rules name first.
    """

    rules: list[HoldingRule]
    persons: set[UUID] = field(default_factory=set)
    named: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, rules: Sequence[HoldingRule]) -> _BoardSeats:
        return cls(board_rules(rules))

    def add(self, rule: HoldingRule, persons: Voters, *, is_named: bool = False) -> None:
        """Seat these people if the rule is one of the board's."""
        if rule in self.rules:
            self.persons |= persons.keys()
            self.named |= persons.keys() if is_named else set()

    def seated(self, voters: Voters) -> frozenset[UUID] | None:
        """Return the voters of the board; None if the rules have no board, or it has no members."""
        is_board = any(rule.is_floor for rule in self.rules) or self.persons
        return frozenset(voters.keys() & self.persons) if is_board and self.rules else None

    @property
    def least_voters(self) -> int:
        """Return how many of the board must be free to vote."""
        return max([rule.definition.least_voters for rule in self.rules if rule.is_floor], default=1)

    def quorum(self, rule: DecisionRule, seats: int) -> int:
        """Return how many of so many free `seats` must have voted. A number that an organisation sets counts
        all voters.
        """
        quorums = [named.definition.quorum_of(rule, len(self.named), seats) for named in self.rules]
        highest = max(quorums)
        is_number = all(named.definition.quorum is not None for named in self.rules)
        return min(highest, seats) if is_number else highest


async def pose(reads: ReadContext, record: Any, matter: Matter, now: datetime) -> Posed:
    """Return the record as it is when a question about the matter is put now."""
    return Posed(record) if matter.posed is None else await matter.posed(reads, record, now)


async def ruled_electorate(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    asker: UUID | None,
    now: datetime,
    *,
    related: RelatedMatter | None = None,
    posed: Posed | None = None,
) -> Electorate:
    """Return who votes on the matter if `asker` puts the question now: by the approval rules of the time when
    the matter began or, if these give no voters, of now. If too few may vote, the rules' next voters are
    asked at once; if it is posed with substitutes, these are, or the next voters in their place. Raises
    PreparationRefused if these are too few, or too many would vote.
    """
    posed = posed or await pose(reads, record, matter, now)
    record = posed.record
    parties = await parties_to(reads, record, matter, asker, related=related)
    for person in posed.candidates:
        parties.left_out.setdefault(person, VoterLeftOutReason.candidate)
    refusal: PreparationRefused | None = None
    withheld = False
    for opening in _openings(parties.opening(asker)):
        if opening.stand_ins and not withheld:
            continue
        parties.unseated.clear()
        try:
            electorate = await _electorate_of(
                reads,
                record,
                matter,
                parties,
                opening,
                now,
                asker=asker,
                with_substitutes=posed.with_substitutes,
            )
            if electorate.rule is not DecisionRule.chair:
                _require_another_voter(electorate, asker)
        except PreparationRefused as refused:
            refusal, withheld = refused, withheld or _withholds_grants(parties)
            continue
        return _ending_in_time(electorate, getattr(record, matter.deadline, None), now)
    assert refusal is not None
    raise refusal


def _openings(opening: MatterOpening) -> list[MatterOpening]:
    """Return the opening, and those that count if too few may vote by the ones before: by the rules of now,
    with stand-ins, and with everybody, as one person may have set up everything.
    """
    latest = replace(opening, began_at=None)
    return [opening, *([] if opening == latest else [latest]), *_with_stand_ins(latest)]


def _with_stand_ins(opening: MatterOpening) -> list[MatterOpening]:
    """Return the openings that count if too few may vote: with stand-ins, and with all grants."""
    standing_in = [replace(opening, stand_ins=STAND_INS[:most]) for most in range(1, len(STAND_INS) + 1)]
    return [*standing_in, replace(opening, counts_all_grants=True)]


def _withholds_grants(parties: Parties) -> bool:
    """Return whether grants of parties gave no seats: others stand in for these, not for parties."""
    return VoterLeftOutReason.named_by_party in parties.unseated.values()


def _require_another_voter(electorate: Electorate, asker: UUID | None) -> None:
    """Refuse a question that only the person who puts it could answer. Raises PreparationRefused."""
    if asker is not None and electorate.voters.keys() == {asker}:
        left_out = {**electorate.left_out, asker: VoterLeftOutReason.asker}
        require_voters({}, left_out, 1)


def _ending_in_time(electorate: Electorate, deadline: datetime | None, now: datetime) -> Electorate:
    """Return the electorate with the end of the vote by the deadline, if that is ahead. Voters have the least
    time of the rule in any case: they are not to blame if the question was put late.
    """
    if deadline is None or not now < deadline < electorate.due_at:
        return electorate
    return replace(electorate, due_at=max(deadline, electorate.least_at))


async def _electorate_of(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    parties: Parties,
    opening: MatterOpening,
    now: datetime,
    *,
    asker: UUID | None,
    with_substitutes: bool,
) -> Electorate:
    assert matter.decision is not None
    rules = await electors.holding_rules(reads, record, matter.decision, opening)
    if not rules:
        raise PreparationRefused("no_approval_rule")
    named: Voters = {}
    candidates: Voters = {}
    board = _BoardSeats.of(rules)
    for rule in rules:
        definition = rule.definition
        by_rule = await electors.persons_of(reads, record, definition.voters, opening, now)
        by_board = by_rule
        if definition.board != definition.voters:
            by_board = await electors.persons_of(reads, record, definition.board, opening, now)
        named |= by_rule
        candidates |= by_rule
        board.add(rule, by_board, is_named=True)
        is_vacant = with_substitutes or await electors.has_vacancy(reads, record, definition.voters, opening)
        if (
            is_vacant
            or _are_too_few(by_rule, definition, parties, asker)
            or _are_too_few(by_board, definition, parties, asker)
        ):
            further = await electors.persons_of(reads, record, definition.otherwise, opening, now)
            if with_substitutes and not further.keys() - parties.left_out.keys():
                further = await electors.persons_of(reads, record, definition.if_unanswered, opening, now)
                require_voters(*divided(further, parties), 1)
            candidates |= further
            board.add(rule, further)
        stand_ins = await electors.persons_of(reads, record, opening.stand_ins, opening, now)
        candidates |= stand_ins
        board.add(rule, stand_ins)
    candidates = await _internal(reads, record, matter, candidates, opening)
    try:
        return await _joined(reads, rules, candidates, parties, now, board, size=len(named))
    except PreparationRefused:
        sources = [source for rule in rules for source in rule.definition.if_unanswered]
        if not sources:
            raise
    next_voters = await electors.persons_of(reads, record, sources, opening, now)
    candidates |= await _internal(reads, record, matter, next_voters, opening)
    await _seat_next(reads, record, rules, opening, now, board)
    electorate = await _joined(reads, rules, candidates, parties, now, board, size=len(named))
    return replace(electorate, is_next=True)


async def _internal(
    reads: ReadContext, record: Any, matter: Matter, voters: Voters, opening: MatterOpening
) -> Voters:
    """Return the voters without people who are not staff, if the committee decides."""
    if matter.decision not in COMMITTEE_DECISIONS:
        return voters
    staff = await electors.staff_of(reads, record, voters)
    opening.unseated.update(dict.fromkeys(voters.keys() - staff, VoterLeftOutReason.not_staff))
    return {person: seat for person, seat in voters.items() if person in staff}


def _are_too_few(
    named: Voters, definition: ApprovalRuleDefinition, parties: Parties, asker: UUID | None
) -> bool:
    """Return whether so few of the rule's people may vote that others are asked as well. The asker does not
    answer alone.
    """
    free = named.keys() - parties.left_out.keys()
    return free == {asker} or len(free) < definition.free_voters_needed(len(named))


async def _seat_next(
    reads: ReadContext,
    record: Any,
    rules: Sequence[HoldingRule],
    opening: MatterOpening,
    now: datetime,
    board: _BoardSeats,
) -> None:
    """Give seats on the board to the next people of its rules. Next to a floor these are the people whom the
    floor names anyway.
    """
    for rule in board.rules:
        definition = rule.definition
        sources = definition.sources if rule.is_floor else definition.if_unanswered
        board.add(rule, await electors.persons_of(reads, record, list(sources), opening, now))


async def next_electorate(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    decision: Decision,
    now: datetime,
    *,
    recused: Iterable[UUID] = (),
) -> Electorate | None:
    """Return the next voters of the decision's rules if those who were asked do not decide, without people
    who have `recused` themselves; None if nobody else may vote.
    """
    if decision.asked_next_at is not None or not decision.rules:
        return None
    rules = await rules_of(reads, decision)
    sources = [source for rule in rules for source in rule.definition.if_unanswered]
    if not sources:
        return None
    parties = await parties_to_question(reads, record, matter, decision)
    first = parties.opening(decision.asked_by_id)
    parties.left_out.update(dict.fromkeys(recused, VoterLeftOutReason.recused))
    for opening in (first, *_with_stand_ins(first)):
        if opening.stand_ins and not _withholds_grants(parties):
            continue
        named = await electors.persons_of(reads, record, [*sources, *opening.stand_ins], opening, now)
        voters = await _internal(reads, record, matter, named, opening)
        board = _BoardSeats.of(rules)
        await _seat_next(reads, record, rules, opening, now, board)
        for rule in rules:
            board.add(rule, await electors.persons_of(reads, record, opening.stand_ins, opening, now))
        with suppress(PreparationRefused):
            return await _joined(reads, rules, voters, parties, now, board, size=len(voters))
    return None


async def rules_of(reads: ReadContext, decision: Decision) -> list[HoldingRule]:
    """Return the approval rules by which the question was put; empty if its voters were named otherwise."""
    return [
        HoldingRule(
            row["rule"], row["edition"], await electors.definition_of(reads, row["rule"], row["edition"])
        )
        for row in decision.rules or ()
    ]


async def named_electorate(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    named: NamedElectorate,
    *,
    asker: UUID | None,
    now: datetime,
) -> Electorate:
    """Return the voters on the matter if they are named. Raises PreparationRefused if all are excluded, or
    the chair decides and is excluded.
    """
    parties = await parties_to(reads, record, matter, asker)
    chair = None if named.group is None else named.group.chair_id
    opening = parties.opening(asker)
    voters, left_out = divided(await _named_electors(reads, record, named, opening, now), parties)
    for further in _with_stand_ins(opening):
        if voters and (named.rule is not DecisionRule.chair or chair in voters):
            break
        if further.stand_ins and not _withholds_grants(parties):
            continue
        if further.counts_all_grants:
            parties.unseated.clear()
        electors_there = await _named_electors(reads, record, named, further, now)
        electors_there |= await electors.persons_of(reads, record, further.stand_ins, further, now)
        voters, left_out = divided(electors_there, parties)
    if named.rule is DecisionRule.chair and chair not in voters:
        raise PreparationRefused("chair_may_not_decide")
    require_voters(voters, left_out, 1)
    quorum = default_quorum(named.rule, len(voters))
    group = None if named.group is None else named.group.id
    due_at, least_at = now + named.period, now + named.least
    return Electorate(
        (), voters, left_out, parties, named.rule, quorum, due_at, least_at, chair_id=chair, group_id=group
    )


async def _joined(
    reads: ReadContext,
    rules: Sequence[HoldingRule],
    candidates: Voters,
    parties: Parties,
    now: datetime,
    board: _BoardSeats,
    *,
    size: int,
) -> Electorate:
    """Return the electorate of the rules together: the strictest rule, the highest quorum, the longest least
    time, and the earliest end after it. The quorum counts all `size` people of the rules, parties included.
    Raises PreparationRefused, also if too few of the board may vote.
    """
    definitions = [rule.definition for rule in rules]
    voters, left_out = divided(candidates, parties)
    require_voters(voters, left_out, max(definition.least_voters for definition in definitions))
    rule = max((definition.rule for definition in definitions), key=STRICTNESS.index)
    group = await electors.voting_group(reads, rules)
    chair = None if group is None else group.chair_id
    if rule is DecisionRule.chair and chair not in voters:
        raise PreparationRefused("chair_may_not_decide")
    quorum = max(definition.quorum_of(rule, size, len(voters)) for definition in definitions)
    seated = board.seated(voters)
    if seated is not None:
        require_voters(seated, left_out, board.least_voters)
    board_quorum = None if seated is None else board.quorum(rule, len(seated))
    require_quorum(quorum, voters, left_out)
    if seated is not None and board_quorum is not None:
        require_quorum(board_quorum, seated, left_out)
    ends, least, first = await _times(reads, rules, now)
    before = first.remind_before_seconds
    remind = None if before is None else max(now, ends - timedelta(seconds=before))
    return Electorate(
        tuple(rules),
        voters,
        left_out,
        parties,
        rule,
        quorum,
        ends,
        least,
        remind_at=remind,
        chair_id=chair,
        group_id=None if group is None else group.id,
        board=seated,
        board_quorum=board_quorum,
    )


async def _times(
    reads: ReadContext, rules: Sequence[HoldingRule], now: datetime
) -> tuple[datetime, datetime, ApprovalRuleDefinition]:
    """Return the end of a vote by the rules together, its earliest end, and the definition whose time is the
    shortest.
    """
    definitions = [rule.definition for rule in rules]
    # A floor next to rules of the organisation only sets the least time.
    timed = [rule.definition for rule in rules if rule.edition or rule.key not in FLOORS] or definitions
    ends, first = min(
        [(await electors.due_at(reads, definition, now), n) for n, definition in enumerate(timed)],
        key=lambda end: end[0],
    )
    least = max([await electors.earliest_end(reads, definition, now) for definition in definitions])
    return max(ends, least), least, timed[first]


async def earliest_end_of_vote(
    reads: ReadContext, record: Any, matter: Matter, asker: UUID | None, now: datetime
) -> datetime:
    """Return the earliest end of a vote on the matter by its approval rules, if `asker` puts it now."""
    assert matter.decision is not None
    opening = (await parties_of(reads, record, matter)).opening(asker)
    rules = await electors.holding_rules(reads, record, matter.decision, opening)
    if not rules:
        raise PreparationRefused("no_approval_rule")
    return (await _times(reads, rules, now))[1]


async def _named_electors(
    reads: ReadContext, record: Any, named: NamedElectorate, opening: MatterOpening, now: datetime
) -> Voters:
    """Return the voters who are named, with their seats and no machines; of those who hold a role so many
    that the caller sees that there are too many.
    """
    persons = named.persons
    if named.role is not None:
        most = MOST_VOTERS + len(opening.parties) + 1
        holders = await reads.holders(named.role, record, most=most)
        roles, seat = grants_for(named.role, record), Seat(named.role)
        persons = await electors.with_role(reads, seat, roles, holders, opening, now)
    elif named.group is not None:
        persons = await electors.of_group(reads, named.group, opening, now)
    human_grades = await humans(reads, persons)
    return {person: seat for person, seat in persons.items() if person in human_grades}
