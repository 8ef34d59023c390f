"""Electorates: who votes on a matter, how votes are counted, and who is left out; by approval rules, or as a
catalogue item or a meeting names the voters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import WHOLE_GROUP, Role
from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition
from app.foundation.decisions.approval_rules.electors import HoldingRule, Seat, Voters
from app.foundation.decisions.lookups import authors, those_who_carry_out
from app.foundation.decisions.records import (
    Decision,
    DecisionKind,
    DecisionRule,
    VoterLeftOutReason,
)
from app.foundation.decisions.tally import default_quorum
from app.foundation.people.records import Group
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, segregated_persons
from app.kernel.actions.refusals import PreparationRefused

#: So many are asked at most: every group as a whole, and its chair.
MOST_VOTERS = WHOLE_GROUP
#: How strict the rules are: of several by which a question is put, the strictest counts.
STRICTNESS = (DecisionRule.chair, DecisionRule.majority, DecisionRule.unanimous)
LeftOutVoters = Mapping[UUID, VoterLeftOutReason]


@dataclass(frozen=True, slots=True)
class LeftOutCount:
    """The number of people who may not vote for one reason."""

    reason: VoterLeftOutReason
    number: int

    def label(self, language: str) -> str:
        """Return the reason with the number, in that language."""
        return f"{self.reason.label(language)} ({self.number})"


@dataclass(frozen=True)
class Matter:
    """The matter of a decision, which says who may decide on it: never their own work.

    `decision` is the kind by which approval rules name the voters; None: they are named otherwise. `duties`
    in the record exclude from voting, when the question is put and with each vote. Whoever has ever set one
    of its `fields`, or made, changed or removed a child record of one of the kinds `children`, has made what
    is decided about, and is not asked, by the log: to hand it over afterwards does not help. `carried_out`:
    whoever has a task in it, or belongs to its team while nobody is assigned, is not asked, either; nor,
    `without_asker`, is whoever puts the question, since they ask for it.
    """

    decision: DecisionKind | None = None
    duties: tuple[RecordDuty, ...] = ()
    fields: Collection[str] = ()
    children: Collection[str] = ()
    carried_out: bool = False
    without_asker: bool = False


@dataclass(frozen=True)
class NamedElectorate:
    """Voters who are named by a catalogue item or by a meeting, how their votes are counted, and how long
    there are votes if the question does not say.
    """

    rule: DecisionRule
    period: timedelta
    role: Role | None = None
    group: Group | None = None
    persons: Voters = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who votes on a question and how: the rules that say so (none where voters are named otherwise), the
    voters with their seats, and those of the others who would have been asked, with the
    reason why they are not. `kept_apart` are all who may not vote.
    """

    rules: tuple[HoldingRule, ...]
    voters: Voters
    left_out: LeftOutVoters
    kept_apart: LeftOutVoters
    rule: DecisionRule
    quorum: int
    due_at: datetime
    remind_at: datetime | None = None
    chair_id: UUID | None = None
    group_id: UUID | None = None

    @property
    def rule_rows(self) -> list[dict[str, Any]]:
        """Return the rules as a decision keeps them."""
        return [{"rule": rule.key, "edition": rule.edition} for rule in self.rules]

    @property
    def left_out_rows(self) -> list[dict[str, Any]]:
        """Return those who are left out as a decision keeps them."""
        return _rows_of(self.left_out)


async def ruled_electorate(
    reads: ReadContext, record: Any, matter: Matter, asker: UUID | None, now: datetime
) -> Electorate:
    """Return who votes on the matter, by the approval rules, if `asker` puts the question now. Raises
    PreparationRefused if too few may, or too many would.
    """
    assert matter.decision is not None
    rules = await electors.holding_rules(reads, record, matter.decision, asker)
    if not rules:
        raise PreparationRefused("no_approval_rule")
    excluded = await excluded_voters(reads, record, matter, asker)
    voters: Voters = {}
    for rule in rules:
        voters |= await electors.electors_of(reads, record, rule.definition, excluded, now)
    return await _joined(reads, rules, voters, excluded, now)


async def next_electorate(
    reads: ReadContext, record: Any, matter: Matter, decision: Decision, now: datetime
) -> Electorate | None:
    """Return whom the rules of the decision ask next if too few have voted in time; None: nobody, or nobody
    who may vote.
    """
    if decision.asked_next_at is not None or not decision.rules:
        return None
    rules = [
        HoldingRule(
            row["rule"], row["edition"], await electors.definition_of(reads, row["rule"], row["edition"])
        )
        for row in decision.rules
    ]
    sources = [source for rule in rules for source in rule.definition.if_unanswered]
    if not sources:
        return None
    excluded = await excluded_voters(reads, record, matter, decision.asked_by_id)
    voters = await electors.persons_of(reads, record, sources, excluded, now)
    try:
        return await _joined(reads, rules, voters, excluded, now)
    except PreparationRefused:
        return None


async def named_electorate(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    named: NamedElectorate,
    *,
    asker: UUID | None,
    now: datetime,
) -> Electorate:
    """Return who votes on the matter where voters are named. Raises PreparationRefused if nobody may, or the
    chair may not where the chair decides.
    """
    excluded = await excluded_voters(reads, record, matter, asker)
    chair = None if named.group is None else named.group.chair_id
    named_voters = await _named_electors(reads, record, named, most=MOST_VOTERS + len(excluded))
    voters, left_out = _divided(named_voters, excluded)
    if named.rule is DecisionRule.chair and chair not in voters:
        raise PreparationRefused("chair_may_not_decide")
    _require_voters(voters, left_out, 1)
    quorum = default_quorum(named.rule, len(voters))
    group = None if named.group is None else named.group.id
    due_at = now + named.period
    return Electorate(
        (), voters, left_out, excluded, named.rule, quorum, due_at, chair_id=chair, group_id=group
    )


async def _joined(
    reads: ReadContext,
    rules: Sequence[HoldingRule],
    candidates: Voters,
    excluded: LeftOutVoters,
    now: datetime,
) -> Electorate:
    """Return the electorate of the rules together: the strictest rule, the highest quorum, the earliest
    end.
    """
    definitions = [rule.definition for rule in rules]
    voters, left_out = _divided(candidates, excluded)
    _require_voters(voters, left_out, max(definition.least_voters for definition in definitions))
    rule = max((definition.rule for definition in definitions), key=STRICTNESS.index)
    group = await electors.voting_group(reads, rules)
    chair = None if group is None else group.chair_id
    if rule is DecisionRule.chair and chair not in voters:
        raise PreparationRefused("chair_may_not_decide")
    quorum = max(_quorum(definition, rule, len(voters)) for definition in definitions)
    if quorum > len(voters):
        raise PreparationRefused(
            "quorum_out_of_reach",
            {"quorum": str(quorum), "voters": str(len(voters))},
            {"left_out": _rows_of(left_out)},
        )
    ends, first = min(
        [(await electors.due_at(reads, definition, now), n) for n, definition in enumerate(definitions)],
        key=lambda end: end[0],
    )
    before = definitions[first].remind_before_seconds
    remind = None if before is None else max(now, ends - timedelta(seconds=before))
    return Electorate(
        tuple(rules),
        voters,
        left_out,
        excluded,
        rule,
        quorum,
        ends,
        remind_at=remind,
        chair_id=chair,
        group_id=None if group is None else group.id,
    )


def _divided(seats: Voters, excluded: LeftOutVoters) -> tuple[Voters, LeftOutVoters]:
    """Return those of whom the question is asked who may vote, and those who may not, with the reason."""
    voters = {person: seat for person, seat in seats.items() if person not in excluded}
    return voters, {person: excluded[person] for person in seats if person in excluded}


def _quorum(definition: ApprovalRuleDefinition, rule: DecisionRule, voters: int) -> int:
    if definition.quorum is not None:
        return definition.quorum
    if definition.quorum_percent is not None:
        # A part of few voters never lets fewer decide than the rule wants to be there.
        return max(-(-voters * definition.quorum_percent // 100), definition.least_voters)
    return default_quorum(rule, voters)


def _require_voters(voters: Collection[UUID], left_out: LeftOutVoters, least: int) -> None:
    """Refuse too few voters, with those who are left out and why, or too many. Raises PreparationRefused."""
    if len(voters) > MOST_VOTERS:
        raise PreparationRefused("too_many_voters", {"most": str(MOST_VOTERS)})
    if len(voters) >= least:
        return
    reasons = [LeftOutCount(why, number) for why, number in Counter(left_out.values()).items()]
    words = {"voters": str(len(voters)), "least": str(least), "left_out": reasons or "–"}
    raise PreparationRefused("too_few_may_decide", words, {"left_out": _rows_of(left_out)})


def _rows_of(left_out: LeftOutVoters) -> list[dict[str, Any]]:
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    return [{"person": str(person), "because": why.value} for person, why in left_out.items()]


async def excluded_voters(
    reads: ReadContext, record: Any, matter: Matter, asker: UUID | None
) -> LeftOutVoters:
    """Return all who may not vote on the matter, with the reason."""
    excluded: dict[UUID, VoterLeftOutReason] = {}
    if matter.carried_out:
        excluded = dict.fromkeys(await those_who_carry_out(reads, record), VoterLeftOutReason.carries_out)
    if matter.without_asker and asker is not None:
        excluded[asker] = VoterLeftOutReason.asker
    if matter.fields or matter.children:
        makers = await authors(reads, record, matter.fields, matter.children)
        excluded |= dict.fromkeys(makers, VoterLeftOutReason.author)
    return excluded | dict.fromkeys(segregated_persons(matter.duties, record), VoterLeftOutReason.duty)


async def _named_electors(reads: ReadContext, record: Any, named: NamedElectorate, *, most: int) -> Voters:
    """Return the voters who are named, with their seats and no machines; of those who hold a role up to one
    more than `most`, so that the caller sees that there are too many.
    """
    if named.role is not None:
        return dict.fromkeys(await reads.holders(named.role, record, most=most + 1), Seat(named.role))
    persons = named.persons
    if named.group is not None:
        persons = await electors.of_group(reads, named.group)
    humans = await electors.humans(reads, persons)
    return {person: seat for person, seat in persons.items() if person in humans}


def matter_of(matters: Sequence[Matter], decision: Decision) -> Matter:
    """Return the matter that the decision is about: that of its kind; of one that was put before decisions
    had kinds, the first.
    """
    return next((matter for matter in matters if matter.decision == decision.decision), matters[0])
