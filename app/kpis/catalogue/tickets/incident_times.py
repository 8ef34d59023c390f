"""KPIs of the times of incidents: deadlines met, and the age of open incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import STANDARD, Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)

INCIDENT_RESPONSE_ATTAINMENT = incident_kpi(
    key="incident_response_attainment",
    en=KpiTexts(
        "Responses in time",
        "Share of incidents with a response in time, among those that were responded to in time in the "
        "period or whose response time ran out in it. An incident without a response is missed when its "
        "time runs out. The time is that of the agreement; without one, it is less than 15 minutes by the "
        "calendar of the agreement or service, and by any time for P1.",
        "Exactly 15 minutes is missed; exactly the target of an agreement is met. A late response counts "
        "in the period in which the time ran out, for the team at that time, and not again when it is "
        "given. Time that ran out before the period does not count.",
    ),
    zh=KpiTexts(
        "按时响应率",
        "期内按时首次响应或期限在期内届满的事件中，按时响应的占比；届满仍无人响应即计为未达标。"
        "期限以协议的计时为准；无协议目标的为 15 分钟之内，按协议或服务的日历计，P1 按全部时间计。",
        "恰好 15 分钟计为未达标，恰好达到协议目标计为达标。超时的事件计入期限届满的期间，归当时所属的团队，之后响应时不再计；"
        "届满之前未经响应即已结束的不计。",
    ),
    fact="response_due",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
)

INCIDENT_RESOLUTION_ATTAINMENT = incident_kpi(
    key="incident_resolution_attainment",
    en=KpiTexts(
        "Resolutions in time",
        "Share of incidents resolved in time, among those that were finally resolved in time in the period "
        "or whose resolution time ran out in it. An open incident is missed when its time runs out. The "
        "time is that of the agreement; without one, it is less than 2 hours by the calendar of the "
        "agreement or service.",
        "Exactly 2 hours is missed, and time on hold counts. With an agreement, exactly the target is met, "
        "and the agreement decides whether time on hold counts. A late resolution counts in the period in "
        "which the time ran out, for the team at that time. Reopening withdraws a resolution in time.",
    ),
    zh=KpiTexts(
        "按时解决率",
        "期内按时最终解决或期限在期内届满的事件中，按时解决的占比；届满仍未解决即计为未达标。"
        "期限以协议的计时为准；无协议目标的为 2 小时之内，按协议或服务的日历计。",
        "恰好 2 小时计为未达标，挂起时间计入；恰好达到协议目标计为达标，挂起是否计入以协议为准。超时的事件计入期限届满的期间，归当时所属的团队，"
        "之后解决时不再计；重开会撤销按时解决。",
    ),
    fact="resolution_due",
    measure=Measure.in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    settling=Settling.reopening,
)

BACKLOG_AGE_SECONDS = incident_kpi(
    key="backlog_age_seconds",
    en=KpiTexts(
        "Age of the backlog",
        "Mean age of the incidents that are open at the end of the period, or now if the period is not "
        "over. Median and 90th percentile are shown next to it.",
        "A reopened incident is as old as its first opening. Closing many old incidents improves this "
        "figure and worsens the time to resolve. A few very old incidents move the mean; see the median, "
        "and break it down by age.",
    ),
    zh=KpiTexts(
        "积压存续时间",
        "期末未解决事件自提出以来时长的平均值，旁列中位数和 90 分位数；未结束的期间以当前时刻计。",
        "重开的事件从最初提出起算。集中了结旧事件在此处显得改善，在解决时间中却显得变差。"
        "少数超长事件会拉动平均值，请看中位数并按存续时间查看。",
    ),
    fact=None,
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=(*STANDARD, Dimension.age),
)

INCIDENT_RESOLUTION_KM = incident_kpi(
    key="incident_resolution_km",
    en=KpiTexts(
        "Time to resolve, open incidents included",
        "Time in which half of the incidents reported in the period are finally resolved, estimated by "
        "Kaplan and Meier. Open incidents count with their age so far.",
        "The mean time to resolve ignores incidents that are still open; this one does not. It has no "
        "value before half are resolved, changes as long as any is open, and values of parts cannot be "
        "added up.",
    ),
    zh=KpiTexts(
        "解决时间（含未解决事件）",
        "期内提出的事件中半数最终解决所用的时长（Kaplan-Meier）；未解决的事件按其已存续的时间计入。",
        "平均解决时间看不到无人解决的事件，此指标可与之对照。半数解决之前没有数值；"
        "只要还有未解决的事件就会变动；各分组的数值不能相加。",
    ),
    fact="opened",
    measure=Measure.observed,
    aggregate=Aggregate.kaplan_meier,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.opened,
    settling=Settling.ending,
)

KPIS = (
    INCIDENT_RESOLUTION_KM,
    INCIDENT_RESPONSE_ATTAINMENT,
    INCIDENT_RESOLUTION_ATTAINMENT,
    BACKLOG_AGE_SECONDS,
)
