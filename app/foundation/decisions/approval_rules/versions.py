"""The versions of approval rules that hold for one matter (pure): a second person must agree to loosened
rules, a party cannot loosen its own, and the rules of a matter that has begun stay. Decisions of the
committee and those about high risks always demand at least as much as the shipped rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import WHOLE_GROUP, Role
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition, Electors
from app.foundation.decisions.approval_rules.shipped import FLOORS, SHIPPED
from app.foundation.decisions.records import DecisionKind, DecisionRule, VoterLeftOutReason

#: How strict the rules are: of several by which a question is put, the strictest counts.
STRICTNESS = (DecisionRule.chair, DecisionRule.majority, DecisionRule.unanimous)
#: Roles that may vote next to a shipped board by majority. Others would outvote the board.
BOARD_ROLES = frozenset(
    {
        *(Role.committee_member, Role.management, Role.department_head, Role.process_owner),
        *(Role.cab_member, Role.change_manager),
    }
)


@dataclass(frozen=True, slots=True)
class HoldingRule:
    """An approval rule that holds for a record; edition 0 is that of a shipped rule."""

    key: str
    edition: int
    definition: ApprovalRuleDefinition

    @property
    def is_floor(self) -> bool:
        """Return whether it is a shipped rule that holds next to rules of the organisation."""
        return self.edition == 0 and self.key in FLOORS


@dataclass(frozen=True, slots=True)
class MatterOpening:
    """The parties to a matter, also those who may vote on nothing else, and the time at which the matter
    began; null if it begins with the question. `unseated` collects people whom the rules name, but who get no
    seat, with the reason. `stand_ins` are asked as well, since too few others could vote.
    `counts_all_grants`: too few could decide even so, as in an installation that one person has set up.
    """

    parties: frozenset[UUID] = frozenset()
    began_at: datetime | None = None
    unseated: dict[UUID, VoterLeftOutReason] = field(default_factory=dict, compare=False)
    stand_ins: tuple[Electors, ...] = ()
    counts_all_grants: bool = False

    def trusts(self, person: UUID | None, instant: datetime | None) -> bool:
        """Return whether what the person set at that time counts without a comparison."""
        is_early = self.began_at is None or instant is None or instant <= self.began_at
        return is_early and person not in self.parties


def rules_for(
    rows: Iterable[Mapping[str, Any]], decision: DecisionKind, record: Any, opening: MatterOpening
) -> list[HoldingRule]:
    """Return the most specific rules that hold for the record, by key, and the floors of its decision.
    `rows` are the versions of the rules, the newest first.
    """
    rules, ended = _standing(rows, decision, opening)
    applying = {rule.key: rule for rule in rules if rule.definition.applies_to(record)}
    other_rules = [rule.definition for rule in _most_specific(applying.values())]
    for rule in ended:
        if rule.definition.applies_to(record) and not any(
            _as_strict(o, rule.definition) for o in other_rules
        ):
            applying[rule.key] = rule
    holding = _most_specific(applying.values())
    for key in FLOORS:
        floor = SHIPPED[key]
        if floor.decision is decision and floor.definition.applies_to(record):
            holding = [rule for rule in holding if not outvoting(rule.definition, floor.definition)]
            if not any(rule.is_floor and rule.key == key for rule in holding):
                holding.append(HoldingRule(key, 0, floor.definition))
    return sorted(holding, key=lambda rule: (rule.key, rule.edition))


def rules_in_force(rows: Iterable[Mapping[str, Any]], decision: DecisionKind) -> list[HoldingRule]:
    """Return the rules of the kind of decision for matters that begin now, without a party: of each key the
    newest version in `rows` (newest first), or else the shipped rule.
    """
    return _standing(rows, decision, MatterOpening())[0]


def floors_of(rule: HoldingRule, decision: DecisionKind) -> list[str]:
    """Return the keys of the shipped rules that always hold for records of the rule, whatever its
    definition.
    """
    return [
        key
        for key in FLOORS
        if SHIPPED[key].decision is decision and _may_meet(rule.definition, SHIPPED[key].definition)
    ]


def _may_meet(rule: ApprovalRuleDefinition, other: ApprovalRuleDefinition) -> bool:
    """Return whether one record can fulfil the conditions of both: no field is to have different values."""
    return not any(
        condition.field == further.field
        and condition.any_of
        and further.any_of
        and set(condition.any_of).isdisjoint(further.any_of)
        for condition in rule.conditions
        for further in other.conditions
    )


def _most_specific(rules: Collection[HoldingRule]) -> list[HoldingRule]:
    weight = max((rule.definition.weight for rule in rules), default=0)
    return [rule for rule in rules if rule.definition.weight == weight]


def _standing(
    rows: Iterable[Mapping[str, Any]], decision: DecisionKind, opening: MatterOpening
) -> tuple[list[HoldingRule], list[HoldingRule]]:
    """Return the rules that hold for the matter, and those that a party, somebody after it began, or one
    person alone has ended: these hold on if all others are looser.
    """
    shipped = {
        key: HoldingRule(key, 0, rule.definition)
        for key, rule in SHIPPED.items()
        if rule.decision is decision
    }
    holding: dict[str, HoldingRule | None] = dict(shipped)
    ended: dict[str, HoldingRule] = {}
    for row in reversed(list(rows)):
        key, before = row["key"], holding.get(row["key"])
        version = HoldingRule(key, row["edition"], ApprovalRuleDefinition.model_validate(row["definition"]))
        # A tightening holds without trust, but not without agreement: one person alone could add voters and
        # so take the place of the substitutes.
        is_agreed = not row["awaits_agreement"]
        is_trusted = (
            is_agreed
            and opening.trusts(row["set_by_id"], row["recorded_at"])
            and opening.trusts(row["agreed_by_id"], row["recorded_at"])
        )
        if is_trusted:
            ended.pop(key, None)
        elif row["ended"] and before is not None and before.edition:
            ended[key] = before
        if row["ended"]:
            holding[key] = shipped.get(key)
        elif is_trusted or (
            is_agreed and before is not None and _tightens(version.definition, before.definition)
        ):
            holding[key] = version
    return [rule for rule in holding.values() if rule is not None], list(ended.values())


def _as_strict(rule: ApprovalRuleDefinition, former: ApprovalRuleDefinition) -> bool:
    """Return whether the rule asks as many votes and as much time of as many people as the former."""
    return (
        STRICTNESS.index(rule.rule) >= STRICTNESS.index(former.rule)
        and rule.least_voters >= former.least_voters
        and rule.least_time >= former.least_time
        and all(
            rule.quorum_of(rule.rule, size, size) >= former.quorum_of(former.rule, size, size)
            for size in range(1, WHOLE_GROUP + 1)
        )
    )


def _covers(rule: ApprovalRuleDefinition, former: ApprovalRuleDefinition) -> bool:
    """Return whether one rule asks everybody that the other rule asks, and is as strict."""
    return all(source in rule.voters for source in former.voters) and _as_strict(rule, former)


def _tightens(rule: ApprovalRuleDefinition, former: ApprovalRuleDefinition) -> bool:
    """Return whether one rule, for the same records, can do nothing in the place of the other but ask more.
    Further voters only do so where all must agree.
    """
    equal_fields = ("conditions", "otherwise", "if_unanswered", "calendar", "enough")
    return (
        all(getattr(rule, name) == getattr(former, name) for name in equal_fields)
        and (rule.rule is DecisionRule.unanimous or len(rule.voters) == len(former.voters))
        and _covers(rule, former)
    )


def outvoting(rule: ApprovalRuleDefinition, floor: ApprovalRuleDefinition) -> list[Electors]:
    """Return the rule's sources of voters who could outvote the board of the floor."""
    if floor.rule is DecisionRule.unanimous:
        return []
    return [
        source
        for source in rule.sources
        if source.role is not None and source.role not in BOARD_ROLES and source not in floor.sources
    ]
