"""KPIs of the agreements themselves; those of what they promise are of clocks and of outages."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_AGREEMENTS, OF_SERVICES
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

AGREEMENT_REVIEWS_OVERDUE = Kpi(
    key="agreement_reviews_overdue",
    en=KpiTexts(
        "Overdue reviews of agreements",
        "Share of agreements with an overdue review, among those signed and in force at the end of the "
        "period, or now if the period is not over. A review is overdue if the last one, or the start, is "
        "longer ago than agreed.",
        "Terminated, expired and replaced agreements are not overdue. The representatives are reminded 30 "
        "days before a review is due.",
    ),
    zh=KpiTexts(
        "协议复审逾期率",
        "期末已签署且未终止的协议中，复审已逾期的占比。距上次复审（尚未复审的，"
        "距生效）的时间超过约定的复审间隔即为逾期。期间未结束的，按当前时刻统计。",
        "已终止、已到期或已被取代的协议不算逾期。复审到期前 30 天，系统会提醒双方代表。",
    ),
    process="sla",
    owner=Role.service_level_manager,
    fact=None,
    measure=Measure.overdue,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.in_force,
    dimensions=OF_AGREEMENTS,
)

SERVICES_UNDER_AGREEMENT = Kpi(
    key="services_under_agreement",
    en=KpiTexts(
        "Services under an agreement",
        "Share of services with an SLA in force, among the live services at the end of the period, or now "
        "if the period is not over.",
        "An SLA for everyone without named services covers all services. An SLA with one customer counts "
        "as much as one with all. The figure does not show what is promised.",
    ),
    zh=KpiTexts(
        "协议覆盖率",
        "期末运行中的服务里，有生效服务级别协议（SLA）的占比。期间未结束的，按当前时刻统计。",
        "面向全部客户且未指明服务的协议，视为覆盖全部服务。"
        "只面向一个客户的协议与面向全部客户的协议同样计入。本指标不反映协议承诺了什么。",
    ),
    process="service",
    owner=Role.service_level_manager,
    fact=None,
    measure=Measure.under_agreement,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.standing,
    still_open=StillOpen.live,
    dimensions=OF_SERVICES,
)

KPIS = (AGREEMENT_REVIEWS_OVERDUE, SERVICES_UNDER_AGREEMENT)
