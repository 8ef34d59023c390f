"""The demo's maintenance plans with their readings, and its quality target, broken down to a team and its
people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.demo.data.organisation import CONFIGURATION_MANAGER


@dataclass(frozen=True)
class MaintenanceFound:
    """A finding of a round, for which an incident is opened; the number of the reading that shows it."""

    title: str
    description: str
    reading: int


@dataclass(frozen=True)
class MaintenanceTemplate:
    """A plan with monthly rounds, the first so many days before the end. `readings` are those of each round,
    in order; of further ones the last again. The round `late` is done after it was due.
    """

    name: str
    title: str
    service: str
    team: str
    by: str
    first: float
    items: tuple[str, ...]
    limits: tuple[Mapping[str, Any], ...]
    readings: tuple[tuple[str, ...], ...]
    late: int | None = None
    faults: Mapping[int, MaintenanceFound] = field(default_factory=dict)


#: Days that a team has for a round, after how many it is done, and when it is done late.
DAYS, DONE_AFTER, LATE_AFTER = 3, 1.2, 5.1
PLANNER = CONFIGURATION_MANAGER
#: The latest round is the sixth, some days before the end.
LATEST = 5
FULL_STORE = MaintenanceFound(
    "备份存储即将写满 The backup store is nearly full",
    "占用 93 %，超过上限。It is at 93 %, above the limit.",
    1,
)
STORE_MENDED = "Old backups are moved to the archive. 旧备份已移入归档库。"
MAINTENANCE = (
    MaintenanceTemplate(
        "backup-store",
        "每月检查备份 Backups, each month",
        "backup",
        "platform",
        "Elena Petrova",
        155.5,
        ("昨夜备份成功 Last night's backup succeeded", "抽一份文件恢复 A file was restored"),
        (
            {"name": "存储占用 Store in use", "unit": "%", "upper": "85"},
            {"name": "恢复时间 Time to restore", "unit": "min", "upper": "60"},
        ),
        (("61", "22"), ("66", "24"), ("70", "21"), ("76", "30"), ("82", "25"), ("93", "27")),
        faults={LATEST: FULL_STORE},
    ),
    MaintenanceTemplate(
        "line",
        "每月检查两地专线 The line between the sites, each month",
        "wan",
        "network",
        "Tomasz Nowak",
        155.1,
        ("路由器无告警 No alarms on the routers", "备用电源已测试 The spare power was tested"),
        (
            {"name": "丢包 Packets lost", "unit": "%", "upper": "1"},
            {"name": "延迟 Delay", "unit": "ms", "lower": "1", "upper": "220"},
        ),
        (("0.2", "182"), ("0.1", "179"), ("0.4", "185"), ("0.2", "180")),
        late=2,
    ),
)
#: The KPI of the quality target, and its goals: of the organisation, of the team, and of the team's people.
TARGET_KPI, COMPARATOR = "reopened_share", "le"
GOAL, TARGET_TEAM, TEAM_GOAL = "0.05", "service-desk", "0.04"
#: One of them accepts, another sends it back.
PERSON_GOALS = {"林晓雨": "0.03", "Sofia Rossi": "0.03"}
RETURNED_BY = "Sofia Rossi"
RETURN_REASON = "夜班单据不同，应有自己的目标。The night shift has other cases, and needs a goal of its own."
#: The day before the end on which it was set.
TARGET_SET = 160
