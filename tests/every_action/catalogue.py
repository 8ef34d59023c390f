"""What is said of services, catalogue items and calendars."""

from __future__ import annotations

from collections.abc import Callable

from app.foundation.calendars.lifecycle import AddCalendar, EditCalendar, ReviseCalendar
from app.foundation.services.items import EXAMPLE_FORM, DraftCatalogueItem, EditCatalogueItem
from app.foundation.services.services import EditService, ProposeService
from app.kernel.actions.payloads import Payload
from tests.client import Json
from tests.every_action.world_data import CALENDAR, IDS, NUMBERS, TEAM

_SERVICE = {
    "name_en": "E-mail",
    "name_zh": "电子邮件",
    "description_en": "Mail for all.",
    "description_zh": "全员邮箱。",
    "owner": "me",
    "team": TEAM,
    "customers": [TEAM],
    "calendar": CALENDAR,
}
_ITEM = {
    "title_en": "A laptop",
    "title_zh": "笔记本电脑",
    "description_en": "A laptop for work.",
    "description_zh": "办公用笔记本电脑。",
    "scope": "Set up, with mail.",
    "limits": "One per person.",
    "delivery_standard": "Handed over, and it starts.",
    "form": EXAMPLE_FORM,
    "fulfilment_path": "standard",
    "target_seconds": 259_200,
    "default_team": TEAM,
    "checklist": ["Order it", "装好系统"],
}
_HOURS = {
    "time_zone": "Asia/Shanghai",
    "weekly": [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}],
    "weekly_from": [
        {"from_date": "2027-07-01", "weekly": [{"weekdays": ["mon"], "starts": "22:00", "ends": "06:00"}]}
    ],
    "public_holidays": [{"country": "CN", "years": [2026, 2027]}],
    "holidays": [{"date": "2026-12-31", "name_en": "Stocktaking", "name_zh": "盘点"}],
    "struck": ["2026-10-07"],
    "working_days": [{"date": "2026-12-26", "hours": [{"starts": "09:00", "ends": "12:00"}]}],
}

#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AddCalendar: lambda: {"key": f"calendar-{next(NUMBERS)}", "name": "Office hours 办公时间", **_HOURS},
    ReviseCalendar: lambda: {**_HOURS, "reason": "The last Friday is one of rest."},
    EditCalendar: lambda: {"name": "Office"},
    ProposeService: lambda: {**_SERVICE, "key": f"mail-{next(NUMBERS)}", "criticality": "high"},
    EditService: lambda: {**_SERVICE, "criticality": "critical"},
    DraftCatalogueItem: lambda: {
        **_ITEM,
        "key": f"laptop-{next(NUMBERS)}",
        "service": IDS["service"],
        "approver_role": "management",
        "approval_rule": "unanimous",
    },
    EditCatalogueItem: lambda: {
        **_ITEM,
        "approver_persons": [],
        "approver_role": "department_head",
        "approval_rule": "majority",
        "fulfilment_path": "project",
    },
}
