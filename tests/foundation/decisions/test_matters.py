"""What decisions are about, and what approval rules ask of it, is named by what the records have."""

from __future__ import annotations

import sys

import pytest

from app.foundation.decisions.actions import waits_for_votes
from app.foundation.decisions.approval_rules.definition import SUBJECTS
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.records import DecisionKind
from app.kernel.actions.actor_policy import rule as of_a_rule
from app.meetings.preparation import ANY_MATTER
from app.processes.changes.policies.freeze_exceptions import PLANNING
from app.processes.changes.policies.templates import TEMPLATE
from app.processes.requests.catalogue import ITEM_APPROVAL
from app.registry import LIFECYCLES_BY_KIND

#: Matters whose voters are named otherwise than by approval rules, by the kind of their records.
NAMED_OTHERWISE = [("request", ITEM_APPROVAL), ("meeting", ANY_MATTER)]
#: Matters that are decided by the rules for another kind of record: templates by those for their changes, and
#: exceptions to freezes without those who planned the change.
BY_RULES_OF_OTHERS = [("change_template", TEMPLATE), ("change", PLANNING)]


def matters() -> list[Matter]:
    """Every matter that a module of the product has."""
    modules = [module for name, module in sys.modules.items() if name.startswith("app.")]
    instances = [value for module in modules for value in vars(module).values() if isinstance(value, Matter)]
    return list(dict.fromkeys(instances))


OTHERS = [matter for _, matter in (*NAMED_OTHERWISE, *BY_RULES_OF_OTHERS)]
BY_RULES = [
    (matter.decision, matter) for matter in matters() if matter.decision is not None and matter not in OTHERS
]
MATTERS = [
    *NAMED_OTHERWISE,
    *BY_RULES_OF_OTHERS,
    *((SUBJECTS[decision][0], matter) for decision, matter in BY_RULES),
]


def case_name(case: object) -> str:
    """How a matter is named in the report of the tests."""
    return str(case.decision) if isinstance(case, Matter) else str(case)


def test_there_is_one_matter_of_every_kind_of_decision() -> None:
    assert sorted(decision for decision, _ in BY_RULES) == sorted(DecisionKind)
    assert [matter for matter in matters() if matter not in [matter for _, matter in MATTERS]] == []
    assert {rule.decision for rule in SHIPPED.values()} == set(DecisionKind) == set(SUBJECTS)


@pytest.mark.parametrize(("kind", "matter"), MATTERS, ids=case_name)
def test_what_is_decided_about_is_made_of_what_the_record_has(kind: str, matter: Matter) -> None:
    lifecycle = LIFECYCLES_BY_KIND[kind]
    parts = [name for part in lifecycle.record.PARTS for name in part.model_fields]
    assert set(matter.fields) - {*lifecycle.record.model_fields, *parts} == set()
    assert set(matter.children) - {child.KIND for child in lifecycle.children} == set()
    assert not matter.carried_out or any(
        set(matter.carried_out) <= set(child.model_fields) for child in lifecycle.children
    )
    for duty in matter.duties:
        assert set(duty.fields) - set(lifecycle.record.model_fields) == set(), duty.en


def test_no_rule_and_no_succession_waits_for_a_vote_and_people_do() -> None:
    voted_on = [lifecycle for lifecycle in LIFECYCLES_BY_KIND.values() if lifecycle.rules.change_check]
    rows = [(lifecycle.kind, row) for lifecycle in voted_on for row in lifecycle.rows]
    waiting = {(kind, row.name) for kind, row in rows if waits_for_votes(row)}
    of_rules = {(kind, row.name) for kind, row in rows if row.policy == of_a_rule}
    assert ("improvement_plan", "flag_step") in of_rules
    assert waiting.isdisjoint(of_rules)
    assert "hand_over_duties" not in {name for _, name in waiting}
    assert {("improvement_plan", name) for name in ("revise", "complete_step")} <= waiting


@pytest.mark.parametrize("decision", DecisionKind)
def test_conditions_of_approval_rules_are_on_what_the_record_has(decision: DecisionKind) -> None:
    kind, fields = SUBJECTS[decision]
    assert set(fields) - set(LIFECYCLES_BY_KIND[kind].record.model_fields) == set()
    for rule in SHIPPED.values():
        if rule.decision is decision:
            assert {condition.field for condition in rule.definition.conditions} <= set(fields)
