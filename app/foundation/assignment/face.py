"""The face of assignment rules: which tickets, who gets them, and when."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormSection, RecordFace

SCOPE_FIELDS = ("for_service", "for_category", "for_customer", "priorities")
SECTIONS = (
    FormSection(
        BilingualLabel("Only for these tickets (empty: all)", "仅限以下工单（留空：全部）"), SCOPE_FIELDS
    ),
    FormSection(
        BilingualLabel("Only at these times (empty: always)", "仅限以下时间（留空：始终）"),
        ("calendar", "calendar_hours", "hours", "hours_of"),
    ),
)
KIND = {"process": BilingualLabel("Kind of ticket", "工单类型")}
LABELS = {
    "to_team": BilingualLabel("Team that gets the tickets", "接收工单的团队"),
    "choose": BilingualLabel("Who of the team gets a ticket", "由团队中的谁接单"),
    "position": BilingualLabel(
        "Position: the first rule that fits applies", "顺序：按顺序采用第一条适用的规则"
    ),
    "for_service": BilingualLabel("Service", "服务"),
    "for_category": BilingualLabel("Category", "类别"),
    "for_customer": BilingualLabel("Customer", "客户"),
    "priorities": BilingualLabel("Priorities", "优先级"),
    "hours": BilingualLabel("Staffing", "在岗情况"),
    "hours_of": BilingualLabel("Team whose staffing counts", "按哪个团队的在岗情况"),
}
TIMES = {"hours_of": FieldCondition("hours", ("somebody_works", "nobody_works"))}
FACE = RecordFace(
    essentials=("process", "to_team", "position"),
    primary={"active": ("edit",)},
    forms={
        "add": FormFace(
            first=("name", "process", "to_team", "choose", "position"),
            sections=SECTIONS,
            labels=KIND | LABELS,
            defaults={"position": "100"},
            lists={"process": "process"},
            only_with=TIMES,
        ),
        "edit": FormFace(
            first=("name", "to_team", "choose", "position"), sections=SECTIONS, labels=LABELS, only_with=TIMES
        ),
    },
)
