"""The face of items of the catalogue: what those who keep it need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormSection, RecordFace

FACE = RecordFace(
    essentials=("service", "fulfilment_path", "target_seconds", "default_team", "key"),
    primary={"draft": ("offer",), "offered": ("edit",), "withdrawn": ("offer",)},
    quick=("edit",),
    forms={
        "draft": FormFace(
            first=("title_en", "title_zh", "key", "service"),
            sections=(
                FormSection(
                    BilingualLabel("What people get", "交付内容"),
                    ("description_en", "description_zh", "scope", "limits", "delivery_standard"),
                ),
                FormSection(
                    BilingualLabel("What they are asked", "申请时填写"),
                    ("form", "title_template", "description_template"),
                ),
                FormSection(
                    BilingualLabel("How it is delivered", "交付方式"),
                    ("fulfilment_path", "target_seconds", "default_team", "checklist", "opens"),
                ),
                FormSection(
                    BilingualLabel("Who approves it", "审批"),
                    ("approver_role", "approver_group", "approver_persons", "approval_rule"),
                ),
            ),
            defaults={"fulfilment_path": "standard"},
        ),
    },
)
