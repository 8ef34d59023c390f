"""No version that a party to a matter sets, or that somebody sets after it began, loosens its electorate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.common.people import Role
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition
from app.foundation.decisions.approval_rules.shipped import FLOORS, SHIPPED
from app.foundation.decisions.approval_rules.versions import STRICTNESS, HoldingRule, MatterOpening, rules_for
from app.foundation.decisions.records import DecisionKind, DecisionRule
from app.processes.changes.records import Change
from app.processes.improvements.records import Improvement
from tests.cases import each_case

AGREED = {"awaits_agreement": None, "agreed_by_id": None}
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE, AFTER = BEGAN - timedelta(days=1), BEGAN + timedelta(days=1)
PARTY, OTHER = uuid4(), uuid4()
MATTER = MatterOpening(frozenset({PARTY}), BEGAN)
CHANGE = Change.model_construct(risk_level="medium", category="mail", services=["mail"])
#: What is looser than the rule below in one way each, or replaces it by a more specific one.
LOOSER: list[dict[str, Any]] = [
    {"voters": [{"role": "engineer"}]},
    {"voters": [{"role": "cab_member"}, {"role": "engineer"}]},
    {"rule": "majority"},
    {"quorum": 1},
    {"least_voters": 1},
    {"least_seconds": 60},
    {"otherwise": [{"role": "engineer"}]},
    {"if_unanswered": [{"role": "engineer"}]},
    {"conditions": [{"field": "category", "any_of": ["mail"]}], "rule": "majority"},
]
STRICT: dict[str, Any] = {
    "voters": [{"role": "cab_member"}, {"role": "management"}],
    "rule": "unanimous",
    "least_voters": 2,
}


def version(
    edition: int,
    setter: UUID,
    instant: datetime = BEFORE,
    *,
    key: str = "change",
    is_ended: bool = False,
    **terms: Any,
) -> dict[str, Any]:
    """A row of a version of a rule."""
    definition = ApprovalRuleDefinition.model_validate({**STRICT, **terms}).model_dump(mode="json")
    row = {"key": key, "edition": edition, "definition": definition, "ended": is_ended}
    return {**row, "set_by_id": setter, "recorded_at": instant, **AGREED}


def holding(*versions: dict[str, Any], opening: MatterOpening = MATTER) -> list[tuple[str, int]]:
    """The rules that hold for a change by these versions, the oldest first."""
    return keys(rules_for(reversed(versions), DecisionKind.change, CHANGE, opening))


def keys(rules: list[HoldingRule]) -> list[tuple[str, int]]:
    return [(rule.key, rule.edition) for rule in rules]


@each_case("terms", LOOSER)
@each_case(("setter", "instant"), [(PARTY, BEFORE), (OTHER, AFTER)])
def test_a_looser_version_of_a_party_or_of_later_does_not_hold(
    terms: dict[str, Any], setter: UUID, instant: datetime
) -> None:
    first = version(1, OTHER)
    assert holding(first, version(2, setter, instant, **terms)) == [("change", 1)]
    assert holding(first, version(1, setter, instant, key="mine", **terms)) == [("change", 1)], (
        "a rule of its own"
    )
    assert holding(first, version(2, OTHER, **terms)) == [("change", 2)], "somebody else sets it before"


@each_case(("setter", "instant"), [(PARTY, BEFORE), (OTHER, AFTER)])
def test_a_stricter_version_holds_for_everybody(setter: UUID, instant: datetime) -> None:
    voters = [*STRICT["voters"], {"role": "engineer"}]
    for terms in ({"voters": voters}, {"least_voters": 3}, {"least_seconds": 7 * 86_400}):
        assert holding(version(1, OTHER), version(2, setter, instant, **terms)) == [("change", 2)]


def test_what_a_party_ends_has_ended_unless_the_others_are_looser() -> None:
    loose = version(1, OTHER, key="mine", rule="majority", least_voters=1, quorum=1)
    for setter, instant in ((PARTY, BEFORE), (OTHER, AFTER)):
        assert holding(loose, version(2, setter, instant, key="mine", is_ended=True)) == [("change", 0)]
        assert holding(version(1, OTHER), version(2, setter, instant, is_ended=True)) == [("change", 1)]
    assert holding(version(1, OTHER), version(2, OTHER, is_ended=True)) == [("change", 0)]


@each_case("key", list(FLOORS))
def test_a_rule_of_the_organisation_is_never_looser_than_the_floor(key: str) -> None:
    floor = SHIPPED[key]
    record = {
        DecisionKind.change: Change.model_construct(risk_level="high", category="mail"),
    }.get(floor.decision, Improvement.model_construct(process="incident"))
    conditions = [c.model_dump(mode="json") for c in floor.definition.conditions]
    for terms in LOOSER:
        rows = [
            version(1, OTHER, key=name, **{"conditions": conditions, **terms, "rule": "chair"})
            for name in (key, "mine")
        ]
        rules = [rule.definition for rule in rules_for(rows, floor.decision, record, MATTER)]
        strictest = max((rule.rule for rule in rules), key=STRICTNESS.index)
        assert floor.definition in rules
        assert strictest is floor.definition.rule
        majority = strictest is not DecisionRule.unanimous
        roles = {source.role for rule in rules for source in rule.voters}
        assert not (majority and Role.engineer in roles), "they would outvote the board"


def test_a_version_of_one_person_alone_neither_holds_nor_leaves_a_trace() -> None:
    stricter: dict[str, Any] = {"voters": [*STRICT["voters"], {"role": "engineer"}]}
    first = version(1, OTHER)
    alone = {**version(2, PARTY, **stricter), "awaits_agreement": True}
    assert holding(first, alone, opening=MatterOpening()) == [("change", 1)]
    dropped = {**version(3, PARTY, is_ended=True), "awaits_agreement": True}
    assert holding(first, alone, dropped, opening=MatterOpening()) == [("change", 1)]
