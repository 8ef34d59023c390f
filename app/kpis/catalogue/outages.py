"""KPIs of outages: how available services were in the time agreed, and how often that was interrupted.

They count time and not cases; what was agreed, and what an outage is, stands in raw/incident/_outages.sql.
"""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_AVAILABILITY, OF_OUTAGES, Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Comparator, Direction, Kpi, KpiTexts, TargetValue, Unit
from app.kpis.declaration.measures import Measure

outage_kpi = partial(Kpi, process="incident", owner=Role.service_level_manager)

SERVICE_AVAILABILITY = outage_kpi(
    key="service_availability",
    en=KpiTexts(
        "Service availability",
        "Part of the agreed service time in the period, up to now, in which services were not down. Agreed "
        "is the calendar of the availability target of the SLA in force for the service; where there is "
        "none, and the service is live, its support hours, or else all hours. Incidents that overlap count "
        "once; degraded time counts by the weight that the SLA gives it, or else not; approved maintenance "
        "is left out if the SLA says so.",
        "99.9 % of a year of all hours allows 8 h 45 min. An outage is not how long its ticket was open, and "
        "often becomes known days later. Services are pooled, not averaged: those of long hours weigh more. "
        "Customers' own SLAs count by agreement or customer only, beside what holds for everybody.",
    ),
    zh=KpiTexts(
        "服务可用率",
        "期内（截至目前）约定服务时间中服务未中断的部分。约定服务时间取服务当时有效的 SLA 可用性目标所用日历；无此目标而服务在运行的，取其支持时间，否则为全天候。"
        "重叠的事件只计一次；降级按 SLA 给定的权重计，未约定则不计；SLA 约定不计的已批准维护予以剔除。",
        "全天候服务 99.9% 的年可用率允许中断 8 小时 45 分。中断时间不等于工单时长，且常在数日后才补录。各服务合并计算而非取平均，服务时间长的权重大。客户专属 SLA "
        "仅在按协议或客户查看时计入。",
    ),
    fact="outage",
    measure=Measure.outage_seconds,
    aggregate=Aggregate.availability,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.exposure,
    target=TargetValue(Comparator.ge, 0.999),
    dimensions=OF_AVAILABILITY,
)

AVAILABILITY_BUDGET_USED = outage_kpi(
    key="availability_budget_used",
    en=KpiTexts(
        "Allowed outage used",
        "Seconds of outage since the beginning of the year in which the period ends, as a part of what the "
        "year allows: what its promised availability leaves of its agreed time. Promised is what the SLA in "
        "force says, or else the target of service availability.",
        "Above 1 the promise of the year is broken. `expected` is what even use would have come to by now, "
        "which misleads early in the year: one outage is a large part of little time.",
    ),
    zh=KpiTexts(
        "可用性预算消耗率",
        "期末所在年度自年初以来的中断秒数，占全年允许中断时间的比例：即全年约定服务时间中承诺可用率以外的部分。承诺取有效 SLA 的可用性目标，否则取服务可用率的目标值。",
        "超过 1 即全年承诺已无法达到。`expected` 为均匀消耗时至今应有的比例，年初易误导：一次中断在短时间内占比很大。",
    ),
    fact="outage",
    measure=Measure.outage_seconds,
    aggregate=Aggregate.of_allowance,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.exposure,
    dimensions=(Dimension.service, Dimension.agreement),
)

OUTAGE_COUNT = outage_kpi(
    key="outage_count",
    en=KpiTexts(
        "Outages",
        "Outages that began in the period. Incidents of one service that overlap or touch are one outage; "
        "what took nothing of the agreed service time is none.",
        "It counts by beginning, and the seconds of outage by what lies in the period: one that lasts over "
        "the month's end counts in one and takes time in both. Its category is that of the incident with "
        "which it began.",
    ),
    zh=KpiTexts(
        "中断次数",
        "期内开始的中断次数。同一服务的事件相互重叠或相接的计为一次；未占用约定服务时间的不计。",
        "次数按开始时间计，中断秒数按落入期内的部分计：跨月的中断只在一个月计次，却在两个月都占用时间。其分类取中断开始时所属事件的分类。",
    ),
    fact="outage",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.exposure,
    dimensions=OF_OUTAGES,
)

OUTAGE_SECONDS = outage_kpi(
    key="outage_seconds",
    en=KpiTexts(
        "Time of outage",
        "Seconds of the agreed service time in the period in which services were down; degraded ones by "
        "their weight. An outage is cut at the period's edges.",
        "It counts by what lies in the period, the number of outages by their beginning. Of incidents that "
        "overlap each second is that of the one which began first, and has its category.",
    ),
    zh=KpiTexts(
        "中断时长",
        "期内约定服务时间中服务中断的秒数，降级按权重计；中断在期间边界处截断。",
        "时长按落入期内的部分计，次数按开始时间计。事件重叠时，每一秒归最先开始的事件及其分类。",
    ),
    fact="outage",
    measure=Measure.outage_seconds,
    aggregate=Aggregate.total,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.exposure,
    dimensions=OF_OUTAGES,
)

MTBF = outage_kpi(
    key="mtbf",
    en=KpiTexts(
        "Mean time between failures (MTBF)",
        "Agreed service seconds in the period without outage, for each outage that began in it. Without an "
        "outage there is no value: `at_least` says how long it was without.",
        "It is of agreed time, not by the clock on the wall. Services are pooled, never averaged: many that "
        "never fail make it long.",
    ),
    zh=KpiTexts(
        "平均故障间隔时间（MTBF）",
        "期内约定服务时间中未中断的秒数，除以期内开始的中断次数。没有中断则无值：`at_least` 给出无中断的时长。",
        "按约定服务时间而非自然时间计。各服务合并计算而不取平均：从不中断的服务多，数值就长。",
    ),
    fact="outage",
    measure=Measure.case,
    aggregate=Aggregate.mean_between,
    unit=Unit.seconds,
    direction=Direction.up,
    basis=Basis.exposure,
    dimensions=(Dimension.service,),
)

FAILURE_RATE = outage_kpi(
    key="failure_rate",
    en=KpiTexts(
        "Failure rate",
        "Outages that began in the period, for each 1,000 hours of agreed service time in it; how many of "
        "its seconds were outage stands beside.",
        "Short hours make it high, for the same outages. One long outage counts as much as a short one: read "
        "it with availability.",
    ),
    zh=KpiTexts(
        "系统故障率",
        "期内每 1000 小时约定服务时间开始的中断次数；旁列其中的中断秒数。",
        "服务时间短则数值高。长中断与短中断同样只计一次，应与可用率一并查看。",
    ),
    fact="outage",
    measure=Measure.case,
    aggregate=Aggregate.per_1000_hours,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.exposure,
    dimensions=(Dimension.service,),
)

KPIS = (
    SERVICE_AVAILABILITY,
    AVAILABILITY_BUDGET_USED,
    OUTAGE_COUNT,
    OUTAGE_SECONDS,
    MTBF,
    FAILURE_RATE,
)
