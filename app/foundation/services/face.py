"""The face of items of the catalogue: what those who keep it need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormSection, RecordFace, RecordPage
from app.common.people import Role

KEEPERS = frozenset({Role.admin, Role.service_level_manager})

FACE = RecordFace(
    essentials=("service", "fulfilment_path", "target_seconds", "default_team", "key"),
    primary={"draft": ("offer",), "offered": ("edit",), "withdrawn": ("offer",)},
    quick=("edit",),
    pages=(
        RecordPage(
            BilingualLabel("Build the form", "制作表单"), "/desk/administration/items/{id}/form", KEEPERS
        ),
    ),
    forms={
        "draft": FormFace(
            first=("title_en", "title_zh", "service"),
            sections=(
                FormSection(
                    BilingualLabel("What people get", "交付内容"),
                    ("description_en", "description_zh", "scope", "limits", "delivery_standard"),
                ),
                FormSection(
                    BilingualLabel("What they are asked", "申请时填写"),
                    ("title_template", "description_template"),
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
            unasked=frozenset({"form"}),
        ),
        "edit": FormFace(unasked=frozenset({"form"})),
    },
)
