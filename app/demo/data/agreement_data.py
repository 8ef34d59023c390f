"""The demo's agreements on service levels: their promises and parties (data only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.common.priorities.priority import Priority
from app.demo.data.organisation import PLANT_CALENDAR, SUPPLIERS

HOUR = 3600
#: Calendar of agreements that do not name another one.
OFFICE = "shanghai"
#: Key and name of the supplier.
SUPPLIER = SUPPLIERS[0]
#: Hours of business time by priority: what customers are promised, and what each beneath has of it.
RESPONSE_MINUTES = {Priority.P1: 15, Priority.P2: 60, Priority.P3: 240, Priority.P4: 480}
RESOLUTION_HOURS = {Priority.P1: 4, Priority.P2: 8, Priority.P3: 24, Priority.P4: 40}
FINANCE_HOURS = {Priority.P1: 3, Priority.P2: 6, Priority.P3: 16, Priority.P4: 32}
#: Hours of the plant, which works by day and by night.
PLANT_HOURS = {Priority.P1: 3, Priority.P2: 6, Priority.P3: 12, Priority.P4: 24}
FULFILMENT_HOURS = 40
DESK_HOURS = {Priority.P1: 0.5, Priority.P2: 1, Priority.P3: 2, Priority.P4: 4}
TEAM_HOURS = {Priority.P1: 1.5, Priority.P2: 3, Priority.P3: 8, Priority.P4: 12}
SUPPLIER_HOURS = {Priority.P1: 2, Priority.P2: 4, Priority.P3: 14, Priority.P4: 24}


@dataclass(frozen=True)
class DemoAgreement:
    """An agreement: its type and title, the key of the other party (empty: all customers), and by priority
    the hours in which incidents are resolved. `services` are those of a customer, `rests_on` the keys of the
    teams and suppliers whose agreements it rests on, `gap_reason` is why it promises more than these.
    """

    agreement_type: str
    title: str
    party: str
    hours: Mapping[Priority, float]
    services: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    availability: str | None = None
    gap_reason: str | None = None
    calendar: str = OFFICE


GAP_REASON = (
    "The items beneath promise no availability yet; they do from the next contract on. "
    "下层配置项尚未承诺可用性，自下一份合同起承诺。"
)
PLANT_GAP_REASON = (
    "The teams beneath work by day; at night and at weekends one of each is on call. "
    "各团队白天工作，夜间和周末由一人待命。"
)

OLAS = (
    DemoAgreement("OLA", "一线支持 First line", "service-desk", DESK_HOURS),
    *(
        DemoAgreement("OLA", f"二线支持 Second line: {team}", team, TEAM_HOURS)
        for team in ("workplace", "network", "applications", "platform")
    ),
)
UC = DemoAgreement("UC", "线路与互联网 Lines and internet", SUPPLIER[0], SUPPLIER_HOURS, ("internet", "vpn"))
DEFAULT_SLA = DemoAgreement(
    "SLA",
    "全部服务的服务级别 Service levels of all services",
    "",
    RESOLUTION_HOURS,
    rests_on=("service-desk", "network", SUPPLIER[0]),
)
FINANCE_SLA = DemoAgreement(
    "SLA",
    "财务核算的服务级别 Service levels of accounting",
    "finance",
    FINANCE_HOURS,
    ("erp-finance", "payroll"),
    ("service-desk", "applications"),
    "0.995",
    GAP_REASON,
)
PLANT_SLA = DemoAgreement(
    "SLA",
    "苏州工厂三班的服务级别 Service levels of the plant, in three shifts",
    "plant-suzhou",
    PLANT_HOURS,
    ("mes", "erp-production", "files", "lan-suzhou", "wifi-suzhou", "workplace-suzhou"),
    ("service-desk", "applications", "network"),
    gap_reason=PLANT_GAP_REASON,
    calendar=PLANT_CALENDAR[0],
)
REVIEW_MINUTES = "Gone through target by target. 逐项核对了目标。"
REVIEW_RESULTS = "Kept in most months; the exceptions are explained. 多数月份达成，例外均有说明。"
REVIEW_EXPECTATIONS = "To go on as agreed. 按现有约定继续执行。"
UNCHANGED = "None: it goes on as it is. 无影响，照旧执行。"
NOTHING_BENEATH = "What it promises to everybody has been kept for years. 对全体用户的承诺多年来均已兑现。"
TEXT = {
    "SLA": "What is out of order works again within the time of its priority. 故障按优先级在约定时间内恢复。",
    "OLA": "The team has its share of that time. 团队占用其中约定的时间。",
    "UC": "The supplier has its share of that time. 供应商占用其中约定的时间。",
}
SPECIFICATION = (
    "The desk answers and sorts, the team repairs, the supplier mends its lines. "
    "服务台受理分派，团队修复，供应商维护线路。"
)
QUALITY_PLAN = (
    "Counted by the clocks, reported on the fifth working day of the month. "
    "由时钟计量，每月第五个工作日报告。"
)
NEEDS_TEXT = "To know when what is out of order works again. 希望知道故障何时恢复。"
BUSINESS_PROCESS = "日常经营 Daily business"
