"""The face of changes: what those who plan and approve them need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormSection, RecordFace

REASON_HEADING = BilingualLabel("What and why", "变更内容与原因")

#: The face of templates: what is voted on stands open.
TEMPLATE_FACE = RecordFace(
    essentials=("risk_level", "services", "window_minutes"),
    texts=("description", "plan", "test_plan", "back_out_plan"),
)
FACE = RecordFace(
    essentials=("assignee", "team", "type", "risk_level", "services", "requester"),
    spans=(("window_from_at", "window_until_at"), ("wanted_from_at", "wanted_until_at")),
    texts=("reason", "plan", "test_plan", "back_out_plan", "effects", "resources", "risk_answers"),
    spoken_fields=("description", "work_done", "tests_run", "deviations"),
    primary={
        "draft": ("submit", "schedule"),
        "submitted": ("assess",),
        "deferred": ("resubmit",),
        "assessed": ("request_approval",),
        "approved": ("schedule",),
        "scheduled": ("start",),
        "implementing": ("complete",),
        "implemented": ("review",),
        "backed_out": ("review",),
    },
    quick=("schedule", "reschedule", "assign", "edit"),
    forms={
        "draft": FormFace(
            first=("title", "type", "template"),
            sections=(
                FormSection(REASON_HEADING, ("reason", "description", "services", "cis", "no_cis_reason")),
                FormSection(BilingualLabel("When", "时间"), ("wanted_from_at", "wanted_until_at")),
                FormSection(
                    BilingualLabel("How", "实施方案"), ("plan", "test_plan", "back_out_plan", "team")
                ),
            ),
            defaults={"type": "normal"},
            only_with={"template": FieldCondition("type", ("standard",))},
        ),
        "schedule": FormFace(
            prefills={
                "from_at": BilingualLabel("{wanted_from_at}", "{wanted_from_at}"),
                "until_at": BilingualLabel("{wanted_until_at}", "{wanted_until_at}"),
            },
        ),
    },
)
