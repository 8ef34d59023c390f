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
        "Work at its hourly rate and what was paid, per incident whose final resolution lies in the period, "
        "of those whose cost is known; in hundredths of the organisation's currency.",
        "All that a case cost counts when it is resolved, also what is logged or booked later: the value can "
        "still move. Cases without work, with work at no rate, or with any amount in another currency are "
        "left out: see the share without cost beside it. Time that nobody logs costs nothing here.",
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
        "Of the incidents whose final resolution lies in the period, the share whose cost is not known: no "
        "work is logged, some has no rate, or an amount is in another currency than the organisation's.",
        "The cost per incident says nothing of these: from 5 % on it tells little. "
        "Work that is logged after the period lowers it.",
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
        "Cost of incidents as a part of the budget",
        "What the incidents cost whose final resolution lies in the period and whose cost is known, as a "
        "part of what they may cost: of each the budget of `incident_unit_cost` for the time at which it "
        "was resolved.",
        "Cases of a time without a budget, or with one in another currency, are left out: compare their "
        "number with that of the cost per incident. A budget that is set for a time that is over moves the "
        "value, and so does cost that is logged or booked later.",
    ),
    zh=KpiTexts(
        "单位事件成本占预算比",
        "最终解决时间在期内且成本已知的事件，其成本之和与预算之和的比："
        "每个事件的预算为 `incident_unit_cost` 在其解决时间的预算。",
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
