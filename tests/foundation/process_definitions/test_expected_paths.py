"""The paths that are shipped are legal in the lifecycles: each of their steps can be taken at its place."""

from __future__ import annotations

from typing import Any

from app.foundation.process_definitions.expected_paths import SHIPPED_PATHS, PathStep
from app.foundation.process_names import PROCESS_KINDS
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case


def after(lifecycle: Lifecycle[Any], states: set[Any], step: PathStep) -> set[Any]:
    """The states that the step leads to from one of these; None is that of no record yet."""
    reached: set[Any] = set()
    for row in lifecycle.rows:
        if step.event in row.events:
            for state in states:
                if row.is_open_in(state):
                    reached |= {state} if row.stays else set(outcomes(lifecycle, row, state))
    return reached


def test_each_process_of_ours_has_a_path() -> None:
    assert SHIPPED_PATHS.keys() == PROCESS_KINDS.keys()


@each_case("process", sorted(SHIPPED_PATHS))
def test_each_step_of_a_path_can_be_taken_at_its_place(process: str) -> None:
    lifecycle = LIFECYCLES_BY_KIND[process]
    path = SHIPPED_PATHS[process]
    assert {step.event for step in path.steps} <= lifecycle.event_types
    assert len({step.event for step in path.steps}) == len(path.steps)
    states: set[Any] = {None}
    for step in path.steps:
        if step.anywhere:
            assert not step.needed
            continue
        reached = after(lifecycle, states, step)
        assert reached, f"{step.event} is not open in {states}"
        states = reached if step.needed else states | reached
    # The last step is one that a case without its end lacks.
    assert [step for step in path.steps if not step.anywhere][-1].needed


def test_a_change_without_its_review_and_a_problem_without_its_cause_do_not_fit() -> None:
    needed = {step.event for path in SHIPPED_PATHS.values() for step in path.steps if step.needed}
    assert {"change.reviewed", "problem.cause_identified", "incident.resolved", "article.submitted"} <= needed
