"""KPIs of the costs of incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.kpi import (
    Aggregate,
    Basis,
    Comparator,
    DefinitionChange,
    Direction,
    Kpi,
    KpiTexts,
    Settling,
    TargetValue,
    Unit,
)
from app.kpis.declaration.measures import Measure

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)
#: Until then only the cost of an incident was rounded, and its entries did not add up to it.
ROUNDED_ENTRIES = DefinitionChange(
    since="2026-11-30",
    en="each entry is rounded, and not only their sum, for incidents opened since then.",
    zh="此后提出的事件逐笔取整，此前提出的只对合计取整。",
)

INCIDENT_UNIT_COST = incident_kpi(
    key="incident_unit_cost",
    en=KpiTexts(
        "Cost per incident",
        "Work at its hourly rate and money spent, per incident with its final resolution in the period. "
        "Counts incidents with known cost. Entries are rounded to the hundredth, so that they add up.",
        "All cost of an incident counts at its resolution, even if it is recorded later, so the value can "
        "still change. Incidents without work, with work at no rate, or with an amount in another currency "
        "are excluded; see the share without cost next to it. Time that no one logs costs nothing here.",
    ),
    zh=KpiTexts(
        "单位事件成本",
        "期内最终解决、成本已知的事件，平均每个事件的成本（逐笔四舍五入到百分之一货币单位，各笔之和即为事件成本），即工时费用（按小时费率）加外部费用，"
        "以组织货币单位的百分之一计。",
        "事件的全部成本计入其解决的期间，之后登记的费用也计入，因此数值仍会变动。未登记工时、"
        "工时没有费率或含其他币种金额的事件不计入，请对照“成本不明占比”。没有人登记的工时不产生成本。",
    ),
    fact="resolved",
    measure=Measure.cost,
    companions=("incident_without_cost_share",),
    changes=(ROUNDED_ENTRIES,),
    aggregate=Aggregate.per_case,
    unit=Unit.money,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

INCIDENT_WITHOUT_COST_SHARE = incident_kpi(
    key="incident_without_cost_share",
    en=KpiTexts(
        "Incidents without known cost",
        "Share of incidents with unknown cost, among those with their final resolution in the period: no "
        "work is logged, some work has no rate, or an amount is in another currency.",
        "“Cost per incident” leaves these incidents out, and means little if they are 5 % or more. Logging "
        "their work later lowers this share.",
    ),
    zh=KpiTexts(
        "成本不明占比",
        "期内最终解决的事件中，成本不明的占比：未登记工时、有工时没有费率，或有其他币种的金额。",
        "“单位事件成本”不含这些事件；占比达到 5%，该指标就没有多少参考价值。之后补登工时会使占比下降。",
    ),
    fact="resolved",
    measure=Measure.uncosted,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    target=TargetValue(Comparator.lt, 0.05),
)

INCIDENT_UNIT_COST_OF_BUDGET = incident_kpi(
    key="incident_unit_cost_of_budget",
    en=KpiTexts(
        "Incident cost relative to budget",
        "Cost of the incidents with known cost and their final resolution in the period, relative to their "
        "budget. The budget of an incident is the budget of the cost per incident at the time of its "
        "resolution.",
        "Incidents from a time without a budget, or with a budget in another currency, are excluded; "
        "compare their number with that of the cost per incident. Later budgets and later cost still "
        "change the value.",
    ),
    zh=KpiTexts(
        "事件成本占预算比",
        "期内最终解决、成本已知的事件，成本之和与预算之和的比值。每个事件的预算，"
        "取其解决时适用的“单位事件成本”预算。",
        "解决时没有预算或预算为其他币种的事件不计入，请对照“单位事件成本”的单据数。事后补设预算或登记费用，"
        "都会使数值变动。",
    ),
    fact="resolved",
    measure=Measure.cost,
    changes=(ROUNDED_ENTRIES,),
    secondary=Measure.budgeted,
    budgets_of="incident_unit_cost",
    aggregate=Aggregate.of_budget,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    target=TargetValue(Comparator.lt, 0.9),
)

KPIS = (INCIDENT_UNIT_COST, INCIDENT_UNIT_COST_OF_BUDGET, INCIDENT_WITHOUT_COST_SHARE)
