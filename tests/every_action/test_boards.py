"""What the documents give to a board is done by its decision, and by no single person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from app.foundation.decisions.payloads import AskBoard
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES_BY_KIND


@dataclass(frozen=True)
class Clause:
    """A clause of a document that names a board: the actions that follow from its decision, the states that
    only such actions lead to, and those by which people put the question. `before` are the states in which
    the clause holds; None: in all.
    """

    text: str
    kind: str
    decided: tuple[str, ...]
    states: frozenset[str] = frozenset()
    asked_by: tuple[str, ...] = ()
    before: frozenset[str] | None = None


#: By the process documents; a new clause that names a board is a row here.
CLAUSES = (
    Clause(
        "改进委员会评估并批准年度计划",
        "improvement_plan",
        ("approve", "return"),
        frozenset({"approved", "returned"}),
        ("submit",),
    ),
    Clause(
        "委员会对计划做出调整安排",
        "improvement_plan",
        ("adjust", "refuse_adjustment"),
        asked_by=("propose_adjustment",),
    ),
    Clause(
        "委员会监控计划的执行直至关闭",
        "improvement_plan",
        ("close_by_decision", "refuse_closing"),
        frozenset({"closed"}),
        ("close",),
    ),
    Clause(
        "委员会决定批准、否决还是推迟",
        "improvement",
        ("approve", "reject", "defer"),
        frozenset({"approved", "rejected", "deferred"}),
        ("submit",),
    ),
    Clause("委员会判断是否重大改进点", "improvement", ("classify_by_decision",), asked_by=("classify",)),
    Clause(
        "委员会批准成立项目组",
        "improvement",
        ("charter_by_decision",),
        frozenset({"chartered"}),
        ("charter",),
    ),
    Clause(
        "项目计划经委员会审批",
        "improvement",
        ("approve_plan_by_decision", "return_plan_by_decision"),
        frozenset({"plan_approved"}),
        ("approve_plan", "return_plan"),
    ),
    Clause(
        "委员会批准成立项目组", "improvement", ("change_people_by_decision",), asked_by=("change_people",)
    ),
    Clause(
        "委员会决定试运行是否通过",
        "improvement",
        ("pass_pilot", "extend_pilot", "stop_pilot"),
        frozenset({"rolling_out"}),
        ("ask_judgement",),
    ),
    Clause(
        "委员会决定是进一步试运行还是中止",
        "improvement",
        ("stop_pilot", "extend_pilot", "revert_by_decision"),
        frozenset({"reverted"}),
        ("ask_judgement", "ask_to_revert"),
        before=frozenset({"piloting", "pilot_reported", "rolling_out", "handed_over", "standardised"}),
    ),
    Clause(
        "变更委员会审批变更",
        "change",
        ("approve", "approve_emergency", "reject", "defer"),
        frozenset({"approved", "rejected", "deferred"}),
        ("request_approval", "request_emergency_approval"),
    ),
    Clause(
        "部门负责人批准流程变更", "process_change", ("approve", "refuse"), frozenset({"refused"}), ("review",)
    ),
    Clause("各方决定发布", "release", ("decide_go",), asked_by=("request_go",)),
)


#: The person who asked about an annual plan takes it back to work on it, as long as nobody has voted.
TAKEN_BACK = ("improvement_plan", "withdraw_decision")


def follows_from_votes(row: Action[Any, Any]) -> bool:
    """Whether nobody takes the action: it follows from a decision."""
    return row.policy.relations == {Relation.decision} and not row.policy.roles


def states_reached(lifecycle: Lifecycle[Any], row: Action[Any, Any], clause: Clause) -> set[str]:
    """The states that the action brings a record to which was in another one, in which the clause holds."""
    held_in = {state.value for state in lifecycle.states} if clause.before is None else clause.before
    before = [state for state in lifecycle.states if row.is_open_in(state) and state.value in held_in]
    return {to.value for state in before for to in outcomes(lifecycle, row, state) if to != state}


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: f"{clause.kind}-{clause.decided[0]}")
def test_what_a_clause_gives_to_a_board_follows_from_its_decision(clause: Clause) -> None:
    lifecycle = LIFECYCLES_BY_KIND[clause.kind]
    for name in clause.decided:
        assert follows_from_votes(lifecycle[name]), f"{clause.text}: {name}"
    for row in lifecycle.rows:
        if (clause.kind, row.name) == TAKEN_BACK:
            continue
        if clause.states & states_reached(lifecycle, row, clause):
            assert follows_from_votes(row), f"{clause.text}: {row.name} leads there without a vote"
    for name in clause.asked_by:
        row = lifecycle[name]
        assert issubclass(row.body, AskBoard), f"{name} of {clause.kind} puts no question"
        assert not {to.value for to in row.leads_to} & clause.states, f"{name} decides by itself"


def test_every_decision_of_these_processes_belongs_to_a_clause() -> None:
    for kind in {clause.kind for clause in CLAUSES}:
        named = {name for clause in CLAUSES if clause.kind == kind for name in clause.decided}
        left = {row.name for row in LIFECYCLES_BY_KIND[kind].rows if follows_from_votes(row)} - named
        assert left <= OTHER_OUTCOMES, f"{kind}: say in CLAUSES what gives {left} to the board"


#: Further outcomes of votes: notes and flags, and plan changes of releases.
OTHER_OUTCOMES = frozenset(
    {"conclude_decision", "flag_judgement", "remind_of_emergency"}
    | {"adopt_plan_change", "refuse_plan_change"}
)
