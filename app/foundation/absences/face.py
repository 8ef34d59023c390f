"""The face of absences: people state their own, and leads those of their team."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace

LABELS = {
    "from_at": BilingualLabel("Away from", "不在的开始时间"),
    "until_at": BilingualLabel("Back at", "返回时间"),
    "deputy": BilingualLabel("Who stands in? (votes, and is on call)", "由谁代理？（代为表决和值班）"),
}
LABELS_OF_NEW = {
    "person": BilingualLabel(
        "Who is away? (me: you; a lead can name a member of the team)",
        "谁不在？（me 指您本人；负责人可填写团队成员）",
    ),
    "reason": BilingualLabel("Reason (only the absent person sees it)", "原因（仅缺勤者本人可见）"),
}
FACE = RecordFace(
    essentials=("person", "from_at", "until_at", "deputy"),
    primary={"planned": ("edit",)},
    quick=("edit",),
    forms={
        "plan": FormFace(
            first=("from_at", "until_at", "deputy", "person", "reason"),
            unasked=frozenset({"occurred_at"}),
            labels=LABELS | LABELS_OF_NEW,
        ),
        "edit": FormFace(first=("from_at", "until_at", "deputy"), labels=LABELS),
    },
)
