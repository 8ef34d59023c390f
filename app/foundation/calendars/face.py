"""The face of calendars: their hours as a table of the week."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormGrid, FormSection, RecordFace

WEEK = ("mon", "tue", "wed", "thu", "fri")
#: Two spans a day, so that a break at noon can be entered.
GRIDS = {
    "weekly": FormGrid(
        line="weekdays",
        repeats=2,
        usual=tuple({"weekdays": [day], "starts": "09:00", "ends": "17:00"} for day in WEEK),
    )
}
SECTIONS = (
    FormSection(
        BilingualLabel("Holidays and other days", "节假日与特殊日期"),
        ("public_holidays", "holidays", "struck", "working_days"),
    ),
)
LABELS = {
    "weekly": BilingualLabel("Hours of each weekday (empty: closed)", "每周各天的时段（留空：不营业）"),
    "weekly_from": BilingualLabel("Other hours from a later day on", "自某日起的新时段"),
    "public_holidays": BilingualLabel("Public holidays of these countries", "所含国家的法定节假日"),
    "holidays": BilingualLabel("Further days off", "其他休息日"),
    "struck": BilingualLabel("Public holidays on which you work", "照常工作的法定节假日"),
    "working_days": BilingualLabel("Days with hours of their own", "单独规定时段的日期"),
}
FACE = RecordFace(
    essentials=("time_zone", "revision"),
    primary={"active": ("revise",), "retired": ("reinstate",)},
    quick=("edit",),
    forms={
        "add": FormFace(
            first=("name", "key", "time_zone", "weekly"),
            sections=SECTIONS,
            labels=LABELS,
            grids=GRIDS,
        ),
        "revise": FormFace(
            first=("reason", "time_zone", "weekly"),
            sections=SECTIONS,
            labels=LABELS,
            grids=GRIDS,
            filled_from="newest",
        ),
    },
)
