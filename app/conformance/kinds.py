"""The kinds of records that have cases, the ends of a case, and the events that are steps: all of it follows
from their lifecycles and paths. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from app.conformance.paths import OVERDUE
from app.foundation.process_definitions.expected_paths import ExpectedPath
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Lifecycle

#: The names of actions that undo what had ended, or do away with it long after: they are no part of how a
#: case runs.
UNDOING = frozenset(
    {"object_to_statement", "reopen", "retire", "revert", "revert_by_decision", "roll_back", "supersede"}
)
#: The states into which a case is withdrawn, which KPIs leave out, and the action that closes a duplicate.
WITHDRAWN, AS_DUPLICATE = frozenset({"cancelled", "duplicate", "rejected"}), "mark_duplicate"
#: The codes of states in which a case only waits. To go on from one is no return.
WAITING = ("on_hold", "deferred")
#: The SQL of the steps of a case `c` that are compared with a path: changes of the state, and the events of
#: the types `named`.
HELD_STEPS = """array(
  select one.type from unnest(c.all_steps, c.all_changes) with ordinality as one(type, changes, n)
  where one.changes or one.type = any(%(named)s::text[]) order by one.n)"""


def with_cases(lifecycles: Iterable[Lifecycle[Any]]) -> list[Lifecycle[Any]]:
    """Return those of the lifecycles whose records are cases: they have numbers, and something ends them."""
    return [lifecycle for lifecycle in lifecycles if lifecycle.code is not None and ends_of(lifecycle)]


@cache
def ends_of(lifecycle: Lifecycle[Any]) -> frozenset[str]:
    """Return the codes of the states that end a case: they can only be left by undoing the end."""
    return frozenset(
        state.value
        for state, leaving in lifecycle.leaving.items()
        if all(
            row.name in UNDOING or row.stays or outcomes(lifecycle, row, state) == (state,) for row in leaving
        )
    )


@cache
def withdrawals_of(lifecycle: Lifecycle[Any]) -> frozenset[str]:
    """Return the types of the events that withdraw a case, or close it as a duplicate: a path of its own."""
    return frozenset(
        event
        for row in lifecycle.rows
        if row.name == AS_DUPLICATE
        or (row.leads_to and not row.stays and all(state.value in WITHDRAWN for state in row.leads_to))
        for event in row.events
    )


@cache
def waiting_to_close(lifecycle: Lifecycle[Any]) -> frozenset[str]:
    """Return the codes of the states in which the work is done and a case waits to be closed: it goes on from
    them only to its end, or by undoing what was done.
    """
    ends = ends_of(lifecycle)
    return frozenset(
        state.value
        for state, leaving in lifecycle.leaving.items()
        if state.value not in ends
        and any(row.name in UNDOING and not row.stays for row in leaving)
        and all(
            row.name in UNDOING
            or row.stays
            or all(after.value in ends or after == state for after in outcomes(lifecycle, row, state))
            for row in leaving
        )
    )


def named_events(lifecycle: Lifecycle[Any], path: ExpectedPath) -> list[str]:
    """Return the types of the events that are steps although they leave the state unchanged: those that the
    path names, whether or not they can move a case, and those by which something is noted as overdue.
    """
    named = {step.event for step in path.steps if not step.anywhere}
    for former, present in lifecycle.successors.items():
        if not named.isdisjoint((former, present)):
            named |= {former, present}
    return sorted(named | {event for event in lifecycle.event_types if event.endswith(OVERDUE)})
