"""Flags the milestone of a project as overdue once it is not reached in time, and notifies the responsible
people.
"""

from __future__ import annotations

from app.automation.late_rows import LateRow
from app.processes.improvements.records import PROJECT_STATES
from app.processes.requests.lifecycle import IMPLEMENTING_STATES
from app.ticketing.projects.actions import FlagMilestone
from app.ticketing.projects.records import Milestone

#: By kind of project, the states in which its milestones are pursued: `flag_milestone` is open in them.
PURSUED = {"request": IMPLEMENTING_STATES, "improvement": PROJECT_STATES}
RULE = LateRow(
    Milestone,
    "flag_milestone",
    # It can still be reached.
    lambda milestone, _: FlagMilestone(milestone=milestone.id),
    settled_by=("completed_at", "dropped_at", "overdue_at"),
    pursued=PURSUED,
    owner=None,
).rule("flag_overdue_milestones")
