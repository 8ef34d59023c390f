"""KPIs of the clocks of agreements with customers: what was met, what was breached and why."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_CAUSE, OF_CLOCKS
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure

clock_kpi = partial(Kpi, process="incident", also=("request", "problem"), owner=Role.service_level_manager)

SLA_ATTAINMENT = clock_kpi(
    key="sla_attainment",
    en=KpiTexts(
        "SLA attainment",
        "Share of clocks of customer agreements that met their target, among those that stopped in time in "
        "the period or were breached in it. Each clock counts once.",
        "A breach counts when it happens, even for open cases: a breach in May on a case that ends in June "
        "counts in May only. Reopening withdraws a met target until the clock stops again. Cases without "
        "an agreement have no clocks. Cancelled cases, duplicates and rejected requests are excluded.",
    ),
    zh=KpiTexts(
        "SLA 达成率",
        "期内按时停止或在期内超时的客户协议计时中，按时停止（达标）的占比；每个计时只计一次。",
        "超时在发生时计入，单据未结也计：五月超时、六月结束的只计入五月。单据重新打开会撤销已计的达标，"
        "直到计时再次停止。没有适用协议的单据没有计时。已取消、重复和已驳回的单据不计入。",
    ),
    fact="clock_decided",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    settling=Settling.reopening,
    dimensions=OF_CLOCKS,
)

SLA_ATTAINMENT_OPENED = clock_kpi(
    key="sla_attainment_opened",
    en=KpiTexts(
        "SLA attainment of cases opened",
        "Share of clocks that met their target, among the decided clocks of customer agreements on cases "
        "opened in the period. Clocks that neither stopped nor were breached are shown as undecided.",
        "It changes as long as any clock is undecided. Quick cases are decided first, so a recent period "
        "looks better than it will be.",
    ),
    zh=KpiTexts(
        "SLA 达成率（按提出期间）",
        "期内提出的单据，其客户协议计时中已有结果的，达标的占比。既未停止也未超时的计时列为“未判定”。",
        "按提出时间归入期间，只要还有未判定的，数值就会变动。用时短的先有结果，因此近期数值往往偏高。",
    ),
    fact="clock_opened",
    measure=Measure.met,
    secondary=Measure.decided,
    aggregate=Aggregate.of_decided,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.opened,
    settling=Settling.reopening,
    dimensions=OF_CLOCKS,
)

SLA_BREACHES_BY_CAUSE = clock_kpi(
    key="sla_breaches_by_cause",
    en=KpiTexts(
        "SLA breaches by cause",
        "Clocks of customer agreements that were breached in the period. By cause, each breach counts for "
        "its stated cause, or as unknown.",
        "Causes that are stated later change the split, not the total. The size of unknown shows how "
        "reliable the rest is.",
    ),
    zh=KpiTexts(
        "SLA 超时（按原因）",
        "期内超时的客户协议计时数。按原因查看时，归入所说明的原因；未说明的归入“未知”。",
        "之后补充说明原因，只改变构成，不改变总数。“未知”越多，其余构成越不可信。",
    ),
    fact="clock_breached",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=BY_CAUSE,
)

SLA_WARNED_SAVED = clock_kpi(
    key="sla_warned_saved",
    en=KpiTexts(
        "Saved after a warning",
        "Share of clocks that still met their target after a warning, among the clocks of customer "
        "agreements that stopped in the period and had warned at 75 % of the target or later.",
        "Ignored warnings make it small; targets that are always met in the last quarter make it large. "
        "Clocks that never reached the warning are excluded.",
    ),
    zh=KpiTexts(
        "预警后挽回率",
        "客户协议的计时在预警后最终仍达标的占比。统计期内停止、且曾发出预警的计时；只计用时达到目标 75% 或更高时的预警。",
        "预警无人理会，数值就偏低；总是拖到最后四分之一时间才完成，数值就偏高。未触发预警的计时不计入。",
    ),
    fact="clock_stopped",
    measure=Measure.met,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_CLOCKS,
)

SLA_BREACHES_WITHDRAWN = clock_kpi(
    key="sla_breaches_withdrawn",
    en=KpiTexts(
        "SLA breaches withdrawn",
        "Breaches of customer agreements that were withdrawn in the period. The causes are another "
        "priority or service, a late event, or a corrected calendar.",
        "Removing a breach by changing the priority shows here. Imported histories never report a breach, "
        "so nothing is withdrawn there.",
    ),
    zh=KpiTexts(
        "SLA 超时撤销数",
        "期内被撤销的客户协议超时数。撤销的原因包括优先级或服务变更、补录、日历更正等。",
        "靠更改优先级消除的超时，会在这里显现。导入的历史单据不记录超时，也就没有撤销。",
    ),
    fact="clock_withdrawn",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=BY_CAUSE,
)

KPIS = (
    SLA_ATTAINMENT,
    SLA_ATTAINMENT_OPENED,
    SLA_BREACHES_BY_CAUSE,
    SLA_WARNED_SAVED,
    SLA_BREACHES_WITHDRAWN,
)
