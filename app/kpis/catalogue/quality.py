"""KPIs of quality: corrective actions and maintenance rounds by their due dates."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_CORRECTIONS, OF_MAINTENANCE
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Unit
from app.kpis.declaration.measures import Measure

CORRECTIVE_ACTIONS_ON_TIME = Kpi(
    process="corrective_action",
    owner=Role.quality_manager,
    key="corrective_actions_on_time",
    en=KpiTexts(
        "Corrective actions on time",
        "Share of corrective actions verified by their first due date, among those whose first due date "
        "lies in the period and has passed. Actions dropped before it do not count.",
        "Measured against the last due date, it would always be 100 %. A moved date changes nothing and is "
        "shown with each case. An action that is done but not verified in time is late.",
    ),
    zh=KpiTexts(
        "纠正措施按期率",
        "最初期限在期内且已过的纠正措施中，在该期限前通过验证的占比。期限前取消的不计入。",
        "若以调整后的期限为准，结果将永远是 100%，因此一律以最初期限为准；期限的调整见各项措施。"
        "已完成但未按期验证的，也算逾期。",
    ),
    fact="due",
    measure=Measure.on_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_CORRECTIONS,
)

MAINTENANCE_ON_TIME = Kpi(
    process="maintenance",
    owner=Role.quality_manager,
    key="maintenance_on_time",
    en=KpiTexts(
        "Maintenance on time",
        "Share of maintenance rounds done by their due date, among those whose due date lies in the period "
        "and has passed. Rounds cancelled before it do not count.",
        "A round that is only ticked off is also on time; look at its readings and findings.",
    ),
    zh=KpiTexts(
        "维护按期率",
        "期限在期内且已过的维护轮次中，按期完成的占比。期限前取消的不计入。",
        "只打勾、没有实际检查的也会计为按期，请结合读数和发现查看。",
    ),
    fact="due",
    measure=Measure.on_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_MAINTENANCE,
)

KPIS = (CORRECTIVE_ACTIONS_ON_TIME, MAINTENANCE_ON_TIME)
