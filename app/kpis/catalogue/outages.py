"""KPIs of outages: how available services were in the time agreed, and how often that was interrupted.

They count time and not cases; what was agreed, and what an outage is, stands in raw/incident/_outages.sql.
"""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_AVAILABILITY, OF_OUTAGES, Dimension
from app.kpis.declaration.kpi import (
    Aggregate,
    Basis,
    Comparator,
    DefinitionChange,
    Direction,
    Kpi,
    KpiTexts,
    TargetValue,
    Unit,
)
from app.kpis.declaration.measures import Measure

#: Until then a single report of a user was an outage.
CONFIRMED_OUTAGES = DefinitionChange(
    since="2026-11-29",
    en="an outage that only users report counts from its beginning, once staff, an alert or enough users "
    "have confirmed it.",
    zh="仅由用户上报的中断，经工作人员、告警或足够数量的用户确认后，才从其开始时间起计入。",
    of_every_period=True,
)
outage_kpi = partial(Kpi, process="incident", owner=Role.service_level_manager, changes=(CONFIRMED_OUTAGES,))

SERVICE_AVAILABILITY = outage_kpi(
    key="service_availability",
    en=KpiTexts(
        "Service availability",
        "Share of the agreed service time in the period, up to now, in which services were not down. "
        "Agreed service time follows the calendar of the availability target of the SLA; without one, the "
        "support hours of a live service, or all hours. Overlapping incidents count once. Degraded time "
        "counts with the weight in the SLA. Approved maintenance is excluded if the SLA says so.",
        "With all hours, 99.9 % of a year allows 8 h 45 min. An outage differs from the age of its ticket "
        "and often becomes known days later. Services are pooled, so services with long hours weigh more. "
        "SLAs of single customers count only by agreement or customer.",
    ),
    zh=KpiTexts(
        "服务可用率",
        "截至目前，期内约定服务时间中服务未中断的比例。约定服务时间取当时有效 SLA 的可用性目标所用的日历；"
        "没有可用性目标而服务在运行的，取服务的支持时间，没有支持时间则为全天候。重叠的事件只计一次。"
        "性能下降按 SLA 约定的权重计入，未约定则不计入。SLA 约定不计的已批准维护予以剔除。",
        "全天候服务 99.9% 的年可用率允许中断 8 小时 45 分。中断时间不等于单据的处理时长，"
        "而且常常几天后才补录。多个服务合并计算，而不是取平均值，因此服务时间长的权重更大。"
        "客户专属的 SLA 只在按协议或客户查看时计入。",
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
        "Allowed downtime used",
        "Downtime since the start of the year in which the period ends, relative to the allowed downtime "
        "of the year. The SLA in force, or else the target of service availability, sets the allowed "
        "downtime.",
        "Above 1, the promise for the year is broken. The expected value assumes even use, which misleads "
        "early in the year: one outage is a large part of a short time.",
    ),
    zh=KpiTexts(
        "可用性预算消耗率",
        "期末所在年度从年初至今的中断时长，与全年允许中断时长之比。"
        "全年允许中断时长是全年约定服务时间中承诺可用率以外的部分；承诺可用率取有效 SLA 的可用性目标，"
        "没有则取“服务可用率”的目标值。",
        "超过 1，说明全年承诺已无法兑现。预期值按全年均匀消耗计算，年初容易误导：时间还短，"
        "一次中断就占很大比例。",
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
        "Outages that started in the period. Overlapping or adjacent incidents of one service are one "
        "outage. An outage outside the agreed service time does not count.",
        "This counts by the start; the downtime counts by the time within the period. An outage over the "
        "end of a month counts in one month and takes time in both. Its category is that of its first "
        "incident. A reopened incident is two outages: resolving too early shortens the downtime and adds "
        "to this number.",
    ),
    zh=KpiTexts(
        "中断次数",
        "期内开始的中断次数。同一服务的事件相互重叠或首尾相接的计为一次；没有占用约定服务时间的不计入。",
        "次数按开始时间计，时长按落入期内的部分计：跨月的中断只在一个月计次数，却在两个月都计时长。"
        "中断的分类取其开始时所属事件的分类。重新打开的事件计为两次中断：过早解决会缩短时长，却增加次数。",
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
        "Downtime",
        "Part of the agreed service time in the period in which services were down. Degraded time counts "
        "with its weight. Outages are cut at the limits of the period.",
        "This counts by the time within the period; the number of outages counts by their start. With "
        "overlapping incidents, each second belongs to the one that started first, with its category.",
    ),
    zh=KpiTexts(
        "中断时长",
        "期内约定服务时间中服务中断的时长，性能下降按权重计；跨期的中断只计落入期内的部分。",
        "时长按落入期内的部分计，“中断次数”按开始时间计。多个事件重叠时，"
        "重叠的时间归最先开始的事件及其分类。",
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
        "Agreed service time in the period without downtime, per outage that started in it. Without an "
        "outage there is no value, but a lower bound.",
        "This is service time, not elapsed time. Services are pooled, so many reliable services make it "
        "long.",
    ),
    zh=KpiTexts(
        "平均故障间隔时间（MTBF）",
        "期内约定服务时间中未中断的时长，除以期内开始的中断次数。没有中断时没有数值，只给出下限，"
        "即未中断的时长。",
        "按约定服务时间而非自然时间计算。多个服务合并计算，而不是取平均值：从不中断的服务越多，数值越大。",
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
        "Outages that started in the period, per 1,000 hours of agreed service time. The share of downtime "
        "is shown next to it.",
        "Short service hours make it high for the same outages. A long outage counts as much as a short "
        "one; read it together with the availability.",
    ),
    zh=KpiTexts(
        "系统故障率",
        "期内每 1000 小时约定服务时间里开始的中断次数；这些中断的时长另行列出。",
        "约定服务时间短，数值就高。中断不论长短都只计一次，请与“服务可用率”一并查看。",
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
