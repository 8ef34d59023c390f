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
        "Of the incidents first responded to in time in the period, or whose time ran out in it, the share "
        "responded to in time; one that nobody has responded to is missed as soon as it has. The time is the "
        "agreement's, by its clock; without one, less than 15 minutes by the calendar of the agreement or of "
        "the service, of a P1 by any.",
        "15 minutes to the second are missed, an agreement's target to the second is met. A late one counts "
        "in the period in which its time ran out, with the team that had it then, and not again when it is "
        "answered. What was over before, without a response, does not count.",
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
        "Of the incidents resolved for good in time in the period, or whose time ran out in it, the share "
        "resolved in time; one that is open is missed as soon as it has. The time is the agreement's, by its "
        "clock; without one, less than 2 hours by the calendar of the agreement or of the service.",
        "2 hours to the second are missed, and time on hold counts; an agreement's target to the second is "
        "met, and it says what holds count. A late one counts in the period in "
        "which its "
        "time ran out, with the team that had it then, and not again when it is resolved. Reopening takes "
        "a resolution "
        "in time back.",
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
        "Mean seconds since the opening of the incidents that are open at the period's end, median and "
        "90th percentile "
        "beside it; of a running period, now.",
        "A reopened one is as old as its first opening. Closing many old ones for good looks like an "
        "improvement here "
        "and like a worse time to resolve. A few very old ones move the mean: see the median, and cut by "
        "age.",
    ),
    zh=KpiTexts(
        "积压存续时间",
        "期末未解决事件自提出以来秒数的平均值，旁列中位数和 90 分位数；未结束的期间以当前时刻计。",
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
        "In how many seconds half of the incidents reported in the period are resolved for good, by Kaplan "
        "and Meier: those that are open count as long as they have been.",
        "The honest counterpart of the mean time to resolve, which does not see what nobody has resolved. "
        "It has no value before half are resolved, moves as long as any is open, and of cuts it cannot be "
        "added up.",
    ),
    zh=KpiTexts(
        "解决时间（含未解决事件）",
        "期内提出的事件中半数最终解决所用的秒数（Kaplan-Meier）；未解决的事件按其已存续的时间计入。",
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
