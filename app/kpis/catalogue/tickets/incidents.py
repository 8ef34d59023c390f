"""KPIs of incidents, with the times to respond and resolve. Their exact definition is what facts/incident.sql
and raw/incident/<key>.sql compute alike.
"""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_SOURCE, STANDARD, Dimension
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
from app.kpis.declaration.still_open import StillOpen

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)

INCIDENTS_OPENED = incident_kpi(
    key="incidents_opened",
    en=KpiTexts(
        "Incidents opened",
        "Incidents reported in the period. Cancelled incidents and duplicates are included and also shown "
        "separately.",
        "An alert storm looks like a bad month. Break it down by channel or by source.",
    ),
    zh=KpiTexts(
        "事件提出数",
        "期内上报的事件数。之后取消或判为重复的也计入，并另行列出。",
        "告警风暴会使当期数值异常偏高，请按渠道或来源查看。",
    ),
    fact="opened",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.opened,
    dimensions=BY_SOURCE,
)

INCIDENTS_RESOLVED = incident_kpi(
    key="incidents_resolved",
    en=KpiTexts(
        "Incidents resolved",
        "Incidents whose final resolution lies in the period. Each incident counts once.",
        "A reopened incident leaves the period in which it was resolved, until it is resolved again.",
    ),
    zh=KpiTexts(
        "事件解决数",
        "期内最终解决的事件数；每个事件只计一次。",
        "事件重新打开后，不再计入原来解决的期间，直到再次解决。",
    ),
    fact="resolved",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
)

INCIDENTS_CLOSED = incident_kpi(
    key="incidents_closed",
    en=KpiTexts(
        "Incidents closed",
        "Incidents that were closed for the last time in the period, including duplicates. Each incident "
        "counts once.",
        "Duplicates are closed without being resolved, so there are more closings than resolutions.",
    ),
    zh=KpiTexts(
        "事件关闭数",
        "期内最后一次关闭的事件数，包括因重复而关闭的；每个事件只计一次。",
        "重复事件未经解决就关闭，因此关闭数多于解决数。",
    ),
    fact="closed",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
)

INCIDENT_RESPONSE_SECONDS = incident_kpi(
    key="incident_response_seconds",
    en=KpiTexts(
        "Mean time to respond (MTTA)",
        "Mean time from the opening to the first acknowledgement or start by a person, for incidents with "
        "a first response in the period. Uses business time where the agreement or the service has a "
        "calendar, without pauses that the agreement allows. P1 incidents use elapsed time.",
        "Incidents without a response are missing from the mean; see the open ones next to it. For "
        "imported histories, the first event that leaves the state “new” counts as the response.",
    ),
    zh=KpiTexts(
        "平均响应时间（MTTA）",
        "期内首次响应的事件，从提出到首次由人响应或开始处理的平均时长（系统规则执行的不算）。"
        "协议（或服务）有日历的按工作时间计，并扣除协议约定的暂停；P1 按自然时间计。",
        "从未响应的事件不计入平均值，请同时查看未响应数。导入的历史，以首次离开“新建”状态为响应，"
        "不论由谁操作。",
    ),
    fact="responded",
    measure=Measure.business_seconds,
    secondary=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unanswered,
    target=TargetValue(Comparator.lt, 900),
)

INCIDENT_RESOLUTION_SECONDS = incident_kpi(
    key="incident_resolution_seconds",
    en=KpiTexts(
        "Mean time to resolve (MTTR, business time)",
        "Mean time from the opening to the final resolution, for incidents with their final resolution in "
        "the period. Uses business time where the agreement or the service has a calendar, without pauses "
        "that the agreement allows and without the time for which the incident was resolved before. "
        "Without a calendar, all time counts, as in the elapsed time to resolve.",
        "MTTR has three meanings. This one is report to final resolution, not restoration or response. "
        "Incidents of nights and weekends can take no business time: see how many, and the elapsed time. "
        "Open incidents are missing, and a few long ones move the mean; see the median next to it.",
    ),
    zh=KpiTexts(
        "平均解决时间（MTTR，工作时间）",
        "期内最终解决的事件，从提出到最终解决的平均时长。协议（或服务）有日历的按工作时间计，"
        "并扣除协议约定的暂停，以及重新打开之前处于已解决状态的时间。没有日历的，全部时间都计入，"
        "与按自然时间的解决时间相同。",
        "MTTR 有三种含义：此处指从提出到最终解决，不是恢复时间，也不是响应时间。夜间和周末的事件可能不占用"
        "工作时间，请看其数量，并对照自然时间。未解决的事件不计入；少数耗时很长的事件会拉高平均值，"
        "请对照中位数。",
    ),
    fact="resolved",
    measure=Measure.business_seconds,
    secondary=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unended,
    settling=Settling.reopening,
    target=TargetValue(Comparator.lt, 7_200),
)

INCIDENT_RESOLUTION_ELAPSED_SECONDS = incident_kpi(
    key="incident_resolution_elapsed_seconds",
    en=KpiTexts(
        "Time to resolve (elapsed time)",
        "Median elapsed time from the opening to the final resolution, for incidents with their final "
        "resolution in the period. All hours count, also those for which the incident was on hold or "
        "resolved before.",
        "Open incidents are missing; see the open ones. Customers feel this time, and agreements promise the "
        "other: compare it with the time to restore, not with business time.",
    ),
    zh=KpiTexts(
        "解决时间（自然时间）",
        "期内最终解决的事件，从提出到最终解决的自然时间中位数。所有时间都计入，包括挂起的时间，"
        "以及重新打开之前处于已解决状态的时间。",
        "未解决的事件不计入，请同时查看未解决数。客户感受到的是自然时间，协议承诺的是工作时间："
        "请与恢复时间对照，不要与工作时间比较。",
    ),
    fact="resolved",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unended,
    settling=Settling.reopening,
)

FIRST_RESOLUTION_SECONDS = incident_kpi(
    key="first_resolution_seconds",
    en=KpiTexts(
        "Mean time to first resolution",
        "Mean time from the opening to the first resolution, for incidents first resolved in the period, "
        "whether or not they were reopened.",
        "If this is short and the time to the final resolution is long, incidents are closed too early.",
    ),
    zh=KpiTexts(
        "平均首次解决时间",
        "期内首次解决的事件，从提出到首次解决的平均时长，不论之后是否重新打开。",
        "如果首次解决快而最终解决慢，说明事件过早被标为已解决。",
    ),
    fact="first_resolved",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.never_resolved,
    companions=("reopen_rate", "incident_resolution_elapsed_seconds"),
)

INCIDENT_CLOSE_SECONDS = incident_kpi(
    key="incident_close_seconds",
    en=KpiTexts(
        "Mean time to close",
        "Mean time from the opening to the last closing, for incidents closed for the last time in the "
        "period.",
        "Automatic closing adds the days that it waits.",
    ),
    zh=KpiTexts(
        "平均关闭时间",
        "期内最后一次关闭的事件，从提出到最后一次关闭的平均时长。",
        "自动关闭的事件会多计等待关闭的天数。",
    ),
    fact="closed",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unclosed,
    settling=Settling.reopening,
)

REOPENED_SHARE = incident_kpi(
    key="reopened_share",
    en=KpiTexts(
        "Share reopened",
        "Share of incidents that had been reopened at least once, among those with their final resolution "
        "in the period.",
        "This is not the reopen rate, which counts resolutions. This one counts incidents.",
    ),
    zh=KpiTexts(
        "曾重开事件占比",
        "期内最终解决的事件中，至少重新打开过一次的占比。",
        "与“重开率”不同：重开率按解决次数统计，本指标按事件统计。",
    ),
    fact="resolved",
    measure=Measure.reopened,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

REASSIGNED_SHARE = incident_kpi(
    key="reassigned_share",
    en=KpiTexts(
        "Share reassigned",
        "Share of incidents that changed their team at least once, among those with their final resolution "
        "in the period. The first team is not a change.",
        "A service desk that passes everything on makes this high without any harm.",
    ),
    zh=KpiTexts(
        "曾转派事件占比",
        "期内最终解决的事件中，至少更换过一次团队的占比；首次分派不算更换。",
        "服务台的例行转派会使数值偏高，并不说明有问题。",
    ),
    fact="resolved",
    measure=Measure.reassigned,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

REASSIGNMENTS_PER_CASE = incident_kpi(
    key="reassignments_per_case",
    en=KpiTexts(
        "Reassignments per incident",
        "Changes of team after the first team, per incident with its final resolution in the period.",
        "Changes of the person within a team are hand-overs and do not count. Passing on by the service "
        "desk counts.",
    ),
    zh=KpiTexts(
        "单均转派次数",
        "期内最终解决的事件，平均每个事件在首次分派之后更换团队的次数。",
        "团队内更换处理人不计入（见“单均换人次数”）；服务台的转派计入。",
    ),
    fact="resolved",
    measure=Measure.reassignments,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

BACKLOG = incident_kpi(
    key="backlog",
    en=KpiTexts(
        "Backlog",
        "Incidents that are open at the end of the period, or now if the period is not over.",
        "Incidents on hold are included; their number is shown next to it.",
    ),
    zh=KpiTexts(
        "事件积压",
        "期末尚未解决的事件数。期间未结束的，按当前时刻统计。",
        "挂起的事件也计入，其数量另行列出。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=(*STANDARD, Dimension.age),
)

KPIS = (
    INCIDENTS_OPENED,
    INCIDENTS_RESOLVED,
    INCIDENTS_CLOSED,
    INCIDENT_RESPONSE_SECONDS,
    INCIDENT_RESOLUTION_SECONDS,
    INCIDENT_RESOLUTION_ELAPSED_SECONDS,
    FIRST_RESOLUTION_SECONDS,
    INCIDENT_CLOSE_SECONDS,
    REOPENED_SHARE,
    REASSIGNED_SHARE,
    REASSIGNMENTS_PER_CASE,
    BACKLOG,
)
