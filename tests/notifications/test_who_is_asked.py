"""Whoever a notice asks for an action may perform it: by their role, and by their part in the record."""

from __future__ import annotations

from app.common.notices import NoticeType
from app.registry import LIFECYCLES
from app.ticketing.routes.asked_actions import ASKED_ACTIONS, AskedActions

#: Actions that notices ask for in sections of their own.
ASKED = ASKED_ACTIONS | {
    NoticeType.complained: AskedActions(("assign_complaint", "answer_complaint")),
    NoticeType.complaint_assigned: AskedActions(("answer_complaint",)),
}


def test_every_role_that_is_asked_for_an_action_may_perform_it() -> None:
    role_count, faults = 0, []
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            for tells in row.consequences.notifies:
                actions = ASKED.get(tells.step)
                names = (
                    () if actions is None else [name for name in actions.names if name in lifecycle.by_name]
                )
                if not names:
                    continue
                allowed = set().union(*(lifecycle[name].policy.roles for name in names))
                role_count += len(tells.roles | tells.instead)
                faults += [
                    f"{lifecycle.kind}.{row.name}: {tells.step} asks {role}"
                    for role in sorted((tells.roles | tells.instead) - allowed)
                ]
    assert role_count > 20
    assert not faults
