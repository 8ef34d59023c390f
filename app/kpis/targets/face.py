"""The face of KPI targets: the KPI by its name, and the value to reach."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace

VALUE = {
    "comparator": BilingualLabel("The value must be", "目标要求"),
    "value": BilingualLabel(
        "Value, in the unit of the KPI: seconds for times, 0.95 for 95 %",
        "目标值（按指标单位：时间为秒，95% 为 0.95）",
    ),
    "valid_from_at": BilingualLabel("From (empty: now)", "开始时间（留空：现在）"),
    "valid_until_at": BilingualLabel("Until (empty: no end)", "结束时间（留空：长期有效）"),
}
FACE = RecordFace(
    essentials=("kpi", "comparator", "value"),
    called=BilingualLabel("{kpi}", "{kpi}"),
    primary={"active": ("revise",)},
    forms={
        "add": FormFace(
            first=("kpi", "comparator", "value", "valid_from_at", "valid_until_at"),
            labels=VALUE,
            lists={"kpi": "kpi"},
        ),
        "revise": FormFace(
            first=("comparator", "value", "valid_from_at", "valid_until_at"),
            labels=VALUE,
            filled_from="",
        ),
    },
)
