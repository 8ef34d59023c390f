"""The face of releases: what those who plan and pass them need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace

FACE = RecordFace(
    essentials=("assignee", "team", "service", "stage", "target_at"),
    texts=(
        "plan",
        "stages_reason",
        "go_conditions",
        "deployed_what",
        "late_reason",
        "roll_back_reason",
        "lessons",
    ),
    spoken_fields=("description",),
    primary={
        "planned": ("pass_gate",),
        "in_stage": ("pass_gate",),
        "ready": ("deploy", "request_go"),
        "deployed": ("end_support",),
        "supported": ("close",),
    },
    quick=("assign", "edit"),
    forms={
        "plan": FormFace(
            first=("title", "service", "changes", "target_at", "team", "plan"),
            labels={"changes": BilingualLabel("Which changes?", "包含的变更")},
        ),
    },
)
