"""What one step judged is not altered before the next: an edit of it leads back to before that step."""

from __future__ import annotations

from inspect import getclosurevars
from typing import Any

import pytest

from app.foundation.decisions.authorship import authors_do_not_judge
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Creation, Lifecycle
from app.kernel.actions.payloads import Patch
from app.processes.changes.checks import LOCKED
from app.processes.changes.records import BEFORE_APPROVAL, ChangeState
from app.registry import LIFECYCLES

#: The name of the check by which a row says which fields it judges.
JUDGES = authors_do_not_judge(()).__name__
#: Fields of payloads whose fields in records have other names.
STORED = {"cis": "ci_ids"}
#: By kind, fields that an edit refuses, and the states in which it does.
LOCKS = {"change": (LOCKED, frozenset(ChangeState) - BEFORE_APPROVAL)}


def judged_fields(row: Action[Any, Any]) -> set[str]:
    """The fields that the row judges, as it declares them."""
    checks = [check for check in row.checks.wrong if check.__name__ == JUDGES]
    return {name for check in checks for name in getclosurevars(check).nonlocals["fields"]}


def edits_after(lifecycle: Lifecycle[Any], judging: Action[Any, Any]) -> list[tuple[Action[Any, Any], Any]]:
    """The rows that alter what the row judged in a state that it leads to, with that state."""
    assert not isinstance(judging.from_states, Creation)
    fields = judged_fields(judging)
    locked, locking_states = LOCKS.get(lifecycle.kind, ((), frozenset()))
    return [
        (edit, state)
        for edit in lifecycle.rows
        if issubclass(edit.body, Patch)
        for state in set(judging.leads_to) - judging.from_states
        if edit.is_open_in(state)
        for alterable in [set(edit.body.model_fields) - set(locked if state in locking_states else ())]
        if fields & {STORED.get(name, name) for name in alterable}
    ]


CASES = [
    pytest.param(lifecycle, judging, edit, state, id=f"{lifecycle.kind}.{judging.name}-{edit.name}-{state}")
    for lifecycle in LIFECYCLES
    for judging in lifecycle.rows
    if judged_fields(judging)
    for edit, state in edits_after(lifecycle, judging)
]


def test_there_are_edits_of_what_was_judged() -> None:
    assert CASES


@pytest.mark.parametrize(("lifecycle", "judging", "edit", "state"), CASES)
def test_an_edit_of_what_was_judged_leads_back(
    lifecycle: Lifecycle[Any], judging: Action[Any, Any], edit: Action[Any, Any], state: Any
) -> None:
    assert not isinstance(judging.from_states, Creation)
    assert set(outcomes(lifecycle, edit, state)) & judging.from_states, "nobody judges it again"
