"""Projects: milestones, progress reports and their overdue flags, of every record that is carried out by a
plan (requests, improvements).

A process mounts them on its lifecycle:

    LIFECYCLE = Lifecycle(..., children=(..., *PROJECT_CHILDREN, *CHILDREN), rows=(
        ...,
        action(report_progress, "汇报进展", OPEN, STAYS, project_manager, "improvement.progress_reported",
               prepare=(current_milestones,), wrong=(invalid_progress,)),
        *flag_rows("improvement", OPEN, tells=(partial(RecipientRule, field="project_manager_id"),)),
    ))

Its record has the fields of `ProjectRecord`; its table has their columns. The action that plans has the
payload's fields `milestones` (of `PlannedMilestone`) and `tasks` (of `PlannedTask`), prepares
`current_milestones` and `unfinished_tasks`, refuses by `check_plan`, and calls `plan_project` and
`begin_reporting`. The lists of milestones and of progress reports come with the children (`mount_children`).
The row that flags overdue reports defines when they are due; the rule that flags overdue milestones has the
states of each kind (`app/automation/tickets/flag_overdue_milestones.py`).
"""
