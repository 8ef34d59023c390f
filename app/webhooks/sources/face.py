"""The face of webhook sources: what administrators need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormSection, RecordFace, RecordPage
from app.common.people import Role

MAIL = ("mail",)
TICKET_TARGET = FormSection(
    BilingualLabel("Where its tickets go", "工单去向"), ("team", "service", "category")
)
NAME = BilingualLabel("What do you call this source?", "来源名称")
FACE = RecordFace(
    essentials=("adapter", "owner", "team", "service", "silent_since_at"),
    primary={"active": ("edit",), "paused": ("resume",)},
    quick=("rotate",),
    pages=(
        RecordPage(
            BilingualLabel("Send a test delivery", "发送测试推送"),
            "/desk/administration/sources/{id}/test",
            frozenset({Role.admin}),
            frozenset({"active"}),
        ),
        RecordPage(
            BilingualLabel("Mapping", "映射"),
            "/desk/administration/sources/{id}/mapping",
            frozenset({Role.admin}),
            frozenset({"active", "paused"}),
        ),
    ),
    forms={
        "add": FormFace(
            first=("adapter", "title"),
            sections=(TICKET_TARGET,),
            unasked=frozenset({"occurred_at", "mapping"}),
            labels={
                "adapter": BilingualLabel("Which tool sends?", "发送方工具"),
                "title": NAME,
            },
            only_with={
                name: FieldCondition("adapter", MAIL)
                for name in ("unknown_senders", "automatic_mails", "forms", "monitors")
            },
        ),
        # The mapping has a page of its own, with a form and a preview.
        "edit": FormFace(
            first=("title", "owner"),
            sections=(TICKET_TARGET,),
            unasked=frozenset({"mapping"}),
            labels={"title": NAME},
        ),
    },
)
