"""KPIs of the agreements themselves; those of what they promise are of clocks and of outages."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.dimensions import OF_AGREEMENTS
from app.kpis.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Measure, StillOpen, Unit

AGREEMENT_REVIEWS_OVERDUE = Kpi(
    key="agreement_reviews_overdue",
    en=KpiTexts(
        "Overdue reviews of agreements",
        "Of the agreements that are signed and have not ended at the period's end, the share whose review "
        "is overdue: the last one, or the beginning, is longer ago than the agreed time; of a running "
        "period, now.",
        "What is terminated, expired or replaced is not overdue. Whoever answers for an agreement is "
        "reminded 30 days before its review is due.",
    ),
    zh=KpiTexts(
        "协议评审逾期率",
        "期末已签署且未终止的协议中，评审逾期的占比：距上次评审（或生效）已超过约定的评审周期；未结束的期间以当前时刻计。",
        "已终止、到期或被取代的协议不算逾期。评审到期前 30 天提醒协议负责人。",
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

KPIS = (AGREEMENT_REVIEWS_OVERDUE,)
