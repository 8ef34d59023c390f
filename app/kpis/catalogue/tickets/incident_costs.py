"""KPIs of the costs of incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.kpi import (
    Aggregate,
    Basis,
    Comparator,
    Direction,
    Kpi,
    KpiTexts,
    Settling,
    TargetValue,
    Unit,
)
from app.kpis.declaration.measures import Measure

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)

INCIDENT_UNIT_COST = incident_kpi(
    key="incident_unit_cost",
    en=KpiTexts(
        "Cost per incident",
        "Work at its hourly rate and money spent, per incident with its final resolution in the period. "
        "Counts incidents with known cost.",
        "All cost of an incident counts at its resolution, even if it is recorded later, so the value can "
        "still change. Incidents without work, with work at no rate, or with an amount in another currency "
        "are excluded; see the share without cost next to it. Time that no one logs costs nothing here.",
    ),
    zh=KpiTexts(
        "单位事件成本",
        "最终解决时间在期内且成本已知的事件，平均每个事件的工时费用（按小时费率）与外部费用之和，"
        "以组织货币单位的百分之一计。",
        "事件的全部成本计入其解决的期间，之后登记的也计入，故数值仍会变动。未登记工时、工时无费率或含其他货币金额的事件不计，"
        "请对照成本不明占比；无人登记的时间在此不计成本。",
    ),
    fact="resolved",
    measure=Measure.cost,
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
        "The cost per incident does not include these; from 5 % on it means little. Work that is logged "
        "later lowers this share.",
    ),
    zh=KpiTexts(
        "成本不明占比",
        "最终解决时间在期内的事件中，成本不明的占比：未登记工时、有工时无费率，或有金额不是组织的货币。",
        "单位事件成本不含这些事件：达到 5% 时其参考价值有限。期后补登工时会使其下降。",
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
        "单位事件成本占预算比",
        "最终解决时间在期内且成本已知的事件，其成本之和与预算之和的比："
        "每个事件的预算为单位事件成本在其解决时间的预算。",
        "所在时间没有预算或预算为其他货币的事件不计，请与单位事件成本的单据数对照。"
        "为已过去的时间设定预算会使数值变动，之后登记的费用也会。",
    ),
    fact="resolved",
    measure=Measure.cost,
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
