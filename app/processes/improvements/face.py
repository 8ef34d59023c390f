"""The face of improvements: what those who propose and judge them need on their pages."""

from __future__ import annotations

from app.common.faces import FieldCondition, FormFace, RecordFace

FACE = RecordFace(
    essentials=("process", "assignee", "project_manager", "process_owner", "planned_at"),
    spans=(("pilot_begins_at", "pilot_ends_at"),),
    quick=("assign", "edit"),
    forms={
        "select": FormFace(
            first=("title", "suggestions", "reason", "scope", "process"),
            only_with={
                "process": FieldCondition("scope", ("process",)),
                "aspect": FieldCondition("scope", ("process",)),
            },
        ),
        # The plan of a rollout replaces the plan before: what a person leaves unchanged must stay.
        "roll_out": FormFace(
            filled_from="",
            filled_as={
                "advice": "rollout_advice",
                "scope": "rollout_scope",
                "departments": "rollout_departments",
                "contributions": "rollout_contributions",
                "schedule": "rollout_schedule",
                "told": "rollout_told",
                "teams": "concerned_team_ids",
                "release": "release_id",
                "steps": "rollout_steps",
            },
            filled_rows={"steps": {}},
        ),
    },
)
