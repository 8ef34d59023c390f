"""KPIs of the number of requests and of their durations."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_REQUESTS, Dimension
from app.kpis.declaration.kpi import (
    MEDIAN_LEADS,
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

request_kpi = partial(Kpi, process="request", owner=Role.process_owner)

REQUESTS_OPENED = request_kpi(
    key="requests_opened",
    en=KpiTexts(
        "Requests submitted",
        "Requests submitted in the period.",
        "Cancelled and rejected requests are included and also shown separately. The fulfilment path of a "
        "request is unknown before its assessment.",
    ),
    zh=KpiTexts(
        "服务请求提交数",
        "期内提交的服务请求数。",
        "已取消和已驳回的也计入，并另行列出。请求在评估之前，履行路径未知。",
    ),
    fact="opened",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.opened,
    dimensions=OF_REQUESTS,
)

REQUESTS_DELIVERED = request_kpi(
    key="requests_delivered",
    en=KpiTexts(
        "Requests delivered",
        "Requests whose final delivery lies in the period.",
        "A reopened request counts only when it is delivered again.",
    ),
    zh=KpiTexts(
        "服务请求交付数",
        "期内最终交付的服务请求数。",
        "重新打开的请求，只计入再次交付的期间。",
    ),
    fact="delivered",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

REQUEST_RESPONSE_SECONDS = request_kpi(
    key="request_response_seconds",
    en=KpiTexts(
        "Response time of requests",
        "Mean time from the submission to the first assessment or start, for requests first assessed or "
        "started in the period. Uses business time where the agreement or the service has a calendar.",
        "Requests without a response are missing from the mean; see the open ones.",
    ),
    zh=KpiTexts(
        "请求响应时间",
        "期内首次评估或开始处理的服务请求，从提交到首次评估或开始处理的平均时长。"
        "协议（或服务）有日历的按工作时间计。",
        "尚未响应的不计入平均值，请同时查看未响应数。",
    ),
    fact="responded",
    measure=Measure.business_seconds,
    secondary=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unanswered,
    dimensions=OF_REQUESTS,
)

REQUEST_HANDLING_SECONDS = request_kpi(
    key="request_handling_seconds",
    en=KpiTexts(
        "Handling time of requests",
        "Mean time that requests of the standard path were worked on, without holds, for requests finally "
        "delivered in the period. Uses business time where the agreement or the service has a calendar.",
        "Waiting before the start belongs to the lead time. A request that was handled and delivered in "
        "one step counts from its recorded start; by phone and chat it counts as zero, otherwise it is "
        "excluded. Starting everything at the end of the day makes this small; see the share handled at "
        "once.",
    ),
    zh=KpiTexts(
        "平均处理时间",
        "期内最终交付的标准路径服务请求，扣除挂起后的平均处理时长。协议（或服务）有日历的按工作时间计。",
        "开始处理之前的等待属于交付周期，不属于处理时间。处理与交付一步完成的，"
        "填写了开始时间的从该时间起算，来自热线或即时消息的计为零，其余不计入。若都到下班前才点“开始处理”，"
        "数值会偏低，请对照“即时完成占比”。",
    ),
    fact="handled",
    measure=Measure.business_seconds,
    secondary=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unended_standard,
    settling=Settling.reopening,
    target=TargetValue(Comparator.lt, 1_800),
    dimensions=OF_REQUESTS,
)

REQUEST_AT_ONCE_SHARE = request_kpi(
    key="request_at_once_share",
    en=KpiTexts(
        "Requests handled at once",
        "Share of requests delivered within 10 seconds of their start, among requests of the standard path "
        "that were finally delivered in the period and have a known start.",
        "The higher this is, the less the handling time means: starting and delivering in one step does "
        "not show how long the work took.",
    ),
    zh=KpiTexts(
        "即时完成占比",
        "期内最终交付、且开始时间已知的标准路径服务请求中，开始后 10 秒内交付的占比。",
        "占比越高，“平均处理时间”越不可信：点“开始处理”后随即交付，看不出实际用时。",
    ),
    fact="handled",
    measure=Measure.at_once,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

REQUEST_ON_TIME = request_kpi(
    key="request_on_time",
    en=KpiTexts(
        "Requests delivered on time",
        "Share of requests delivered in time, among those that were finally delivered in time in the "
        "period or whose promised time ran out in it. The catalogue item promises the time. An open "
        "request is late when its time runs out.",
        "Requests without a catalogue item have no promise and do not count. A late delivery counts in the "
        "period in which the time ran out, for the team at that time.",
    ),
    zh=KpiTexts(
        "请求按时交付率",
        "期内按承诺时间最终交付、或承诺时间在期内届满的服务请求中，按时交付的占比；届满仍未交付即为逾期。"
        "承诺时间来自服务目录项。",
        "没有选目录项的请求没有承诺时间，不计入。逾期计入承诺时间届满的期间，归当时所属的团队。",
    ),
    fact="due",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_REQUESTS,
)

PROJECT_ON_TIME = Kpi(
    key="project_on_time",
    en=KpiTexts(
        "Projects delivered on time",
        "Share of project requests and improvements delivered by the date of their first approved plan, "
        "among those that were delivered by it in the period or whose date passed in it. The date of an "
        "improvement is that of its last milestone.",
        "Measured against the latest plan, it would always be 100 %.",
    ),
    zh=KpiTexts(
        "项目按时交付率",
        "项目类请求和改进按时交付的占比；统计期内按时交付的，以及计划日期在期内届满的。"
        "按时是指不晚于首个获批计划的日期交付（改进为移交）；改进的日期取其最后一个里程碑的日期。",
        "若以最新计划为准，结果将永远是 100%。",
    ),
    process="request",
    also=("improvement",),
    owner=Role.process_owner,
    fact="project_promised",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_REQUESTS,
)

APPROVAL_WAIT_SECONDS = request_kpi(
    key="approval_wait_seconds",
    en=KpiTexts(
        "Waiting for approvals",
        "Median time that requests waited for an approval that was given or refused in the period. Mean "
        "and 90th percentile are shown next to it.",
        "A few long waits do not move the median; see the 90th percentile. Open approvals are shown next to "
        "it and not included. By the approver's role, approvals by groups and named people appear together.",
    ),
    zh=KpiTexts(
        "审批等待时间",
        "期内得出结论的审批，从提请到得出结论的等待时长中位数；平均值和 P90 另行列出。",
        "少数等待很久的审批不影响中位数，请看 P90。仍在等待的不计入，另行列出。按审批角色查看时，"
        "由小组或指定人员审批的合为一类。",
    ),
    fact="approved",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    changes=(MEDIAN_LEADS,),
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.undecided,
    dimensions=(*OF_REQUESTS, Dimension.approver_role),
)

TASKS_ON_TIME = request_kpi(
    key="tasks_on_time",
    en=KpiTexts(
        "Tasks done on time",
        "Share of tasks done by their first due date, among the tasks of requests whose first due date "
        "lies in the period.",
        "Measured against moved dates, it would always be 100 %. Tasks without a date, tasks dropped "
        "before it, and tasks of incidents and problems do not count.",
    ),
    zh=KpiTexts(
        "任务按时完成率",
        "首个截止时间在期内的服务请求任务中，在该时间之前完成的占比。",
        "若以改期后的截止时间为准，结果将永远是 100%。没有截止时间的、截止前取消的，"
        "以及事件和问题的任务不计入。",
    ),
    fact="task",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_REQUESTS,
)

REQUEST_BACKLOG = request_kpi(
    key="request_backlog",
    en=KpiTexts(
        "Backlog of requests",
        "Requests that are open at the end of the period, or now if the period is not over.",
        "Requests on hold are included; their number is shown next to it.",
    ),
    zh=KpiTexts(
        "请求积压",
        "期末尚未交付的服务请求数。期间未结束的，按当前时刻统计。",
        "挂起的请求也计入，其数量另行列出。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=(*OF_REQUESTS, Dimension.age),
)

KPIS = (
    REQUESTS_OPENED,
    REQUESTS_DELIVERED,
    REQUEST_RESPONSE_SECONDS,
    REQUEST_HANDLING_SECONDS,
    REQUEST_AT_ONCE_SHARE,
    REQUEST_ON_TIME,
    PROJECT_ON_TIME,
    APPROVAL_WAIT_SECONDS,
    TASKS_ON_TIME,
    REQUEST_BACKLOG,
)
