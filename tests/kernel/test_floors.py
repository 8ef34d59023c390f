"""Floors, notice periods and deadlines count from the recording, not from the time that a person states."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import app
from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.context import ActionContext
from app.log.ids import uuid7

#: Comparisons with the stated time that dating back makes stricter, or that order two stated times.
STRICTER = {
    *("audit_invalid", "month_not_over", "not_countersigned", "not_begun", "closes_early", "month_not_begun"),
    *("not_kicked_off", "reported_early", "_check_in_effect", "optimised_too_early", "training_not_begun"),
    *("pilot_begins_later", "votes_not_begun"),
    *("accepted_early", "invalid_restoration_time", "invalid_containment_time", "timeline_in_future"),
    *("invalid_start_time", "confirmation_unfounded", "no_such_training", "work_not_loggable"),
    *("_check_open", "reassessment_too_late", "licences_invalid", "_check_managed"),
    *("ends_after_it_begins", "deployment_times_invalid", "_window_to_start_in"),
}
#: What was agreed on in time counts, although it is recorded later: returns, tasks and meetings.
TOLD_LATER = {"too_late_to_reopen", "task_not_assignable", "lies_ahead"}


def _comparisons() -> Iterator[tuple[str, str]]:
    """The functions that compare something with the stated time, and the comparisons."""
    for path in Path(app.__file__).parent.rglob("*.py"):
        text = path.read_text()
        if "ctx.occurred_at" not in text:
            continue
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for node in ast.walk(function):
                    if isinstance(node, ast.Compare) and "ctx.occurred_at" in (words := ast.unparse(node)):
                        yield function.name, words


def test_no_check_counts_from_a_time_that_the_caller_chooses() -> None:
    names = {name for name, _ in _comparisons()}
    assert names >= STRICTER | TOLD_LATER, "the list names checks that are no more"
    # Nobody is refused by the default of a question that has no date.
    assert names - STRICTER - TOLD_LATER == {"deferral_end"}, "use ctx.counts_from"


def test_a_person_counts_from_now_and_what_tools_and_rules_tell_from_when_it_happened() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    past: datetime = now - timedelta(days=90)
    settings: Any = None
    person = Caller("person:x", uuid7(), roles=(RoleGrant(Role.process_owner),))
    tool = Caller("integration:x", uuid7(), roles=(RoleGrant(Role.integration),))
    for caller, begin in ((person, now), (tool, past), (replace(person, is_rule=True), past)):
        assert ActionContext(caller, past, now, settings).counts_from == begin
