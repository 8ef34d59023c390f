"""KPIs of the lead time of requests, from submission to delivery, and of its parts."""

from __future__ import annotations

from dataclasses import replace

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_REQUESTS, Dimension
from app.kpis.declaration.kpi import (
    MEDIAN_LEADS,
    Aggregate,
    Basis,
    Direction,
    Kpi,
    KpiTexts,
    Settling,
    Unit,
)
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

REQUEST_LEAD_SECONDS = Kpi(
    key="request_lead_seconds",
    en=KpiTexts(
        "Lead time of requests",
        "Mean time from the submission to the final delivery, for requests finally delivered in the "
        "period. Business time is shown next to it.",
        "It includes approvals and the requester's own time; see the time in each state. Projects take "
        "months and catalogue items minutes; look at each path separately.",
    ),
    zh=KpiTexts(
        "交付周期",
        "期内最终交付的服务请求，从提交到最终交付的平均时长；按工作时间计的时长另行列出。",
        "含审批时间和申请人自己占用的时间，请看“各状态停留时间”。项目要几个月，目录项可能只要几分钟，"
        "请按履行路径分别查看。",
    ),
    process="request",
    owner=Role.process_owner,
    fact="delivered",
    measure=Measure.seconds,
    secondary=Measure.business_seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

STANDARD_LEAD_SECONDS = replace(
    REQUEST_LEAD_SECONDS,
    key="standard_lead_seconds",
    en=KpiTexts(
        "Lead time of standard requests",
        "Mean time from the submission to the final delivery, for requests of the standard path finally "
        "delivered in the period.",
        "It includes approvals and the requester's own time. Open requests that are not assessed may "
        "become projects; they are shown next to it.",
    ),
    zh=KpiTexts(
        "标准请求交付周期",
        "期内最终交付的标准路径服务请求，从提交到最终交付的平均时长。",
        "含审批时间和申请人自己占用的时间。尚未评估的请求可能转为项目，计在未交付数中。",
    ),
    path="standard",
    still_open=StillOpen.unended_standard,
)

PROJECT_LEAD_SECONDS = replace(
    REQUEST_LEAD_SECONDS,
    key="project_lead_seconds",
    en=KpiTexts(
        "Lead time of projects",
        "Median time from the submission to the final delivery, for project requests finally delivered in "
        "the period.",
        "There are few projects, and they differ; see the cases.",
    ),
    zh=KpiTexts(
        "项目交付周期",
        "期内最终交付的项目类请求，从提交到最终交付的时长中位数。",
        "项目数量少、差别大，请看单据列表。",
    ),
    aggregate=Aggregate.median,
    changes=(MEDIAN_LEADS,),
    path="project",
    still_open=StillOpen.unended_project,
)

REQUEST_STATE_SECONDS = Kpi(
    key="request_state_seconds",
    en=KpiTexts(
        "Time of requests in each state",
        "Mean time that requests spent in a state, for requests finally delivered in the period that were "
        "in it. All stays of a request in a state count together, rounded to seconds. It splits the lead "
        "time and can be broken down by state.",
        "Not every request passes every state, so the means do not add up to the lead time; only cases "
        "times means do. Without the breakdown, each state of a request counts once.",
    ),
    zh=KpiTexts(
        "各状态停留时间",
        "期内最终交付的服务请求，交付前在各状态停留的平均时长，只计经过该状态的请求。同一请求在同一状态的多次停留先相加，再取整到秒。请按状态查看，"
        "以了解交付周期的构成。",
        "并非每个请求都经过所有状态，因此各状态的平均值相加不等于平均交付周期；"
        "各状态的请求数乘以平均值再相加，才等于交付周期的总和。不按状态查看时，同一请求的每个状态各计一次。",
    ),
    process="request",
    owner=Role.process_owner,
    fact="state",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=(*OF_REQUESTS, Dimension.state),
)

KPIS = (REQUEST_LEAD_SECONDS, STANDARD_LEAD_SECONDS, PROJECT_LEAD_SECONDS, REQUEST_STATE_SECONDS)
