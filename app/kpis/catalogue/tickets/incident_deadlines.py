"""KPIs of the deadlines of incidents: deadlines met, and the age of open incidents."""

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
        "Outside of the hours of the calendar, no time runs, so an incident of the night is easily in time: "
        "see how many arrived within hours. Exactly 15 minutes is missed; exactly the target of an agreement "
        "is met. A late response counts "
        "in the period in which the time ran out, for the team at that time, and not again when it is "
        "given. Without an agreement, an incident that ended before its time ran out and had no response "
        "does not count.",
    ),
    zh=KpiTexts(
        "按时响应率",
        "期内按时响应或响应期限在期内届满的事件中，按时响应的占比；期限届满仍未响应即为未达标。"
        "期限以协议的计时为准；没有协议目标的，须在 15 分钟之内响应，按协议或服务的日历计时，"
        "P1 按自然时间计时。",
        "日历的工作时间以外不计时，夜间提出的事件很容易按时，请看有多少是在工作时间内提出的。"
        "没有协议目标时，恰好 15 分钟为未达标，期限届满之前未经响应就已结束的事件不计入；"
        "有协议目标时，恰好达到目标为达标。超时计入期限届满的期间，归当时所属的团队，之后响应时不再计。",
    ),
    fact="response_due",
    measure=Measure.in_time,
    secondary=Measure.in_hours,
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
        "期内按时最终解决或解决期限在期内届满的事件中，按时解决的占比；期限届满仍未解决即为未达标。"
        "期限以协议的计时为准；没有协议目标的，须在 2 小时之内解决，按协议或服务的日历计时。",
        "没有协议目标时，恰好 2 小时为未达标，挂起时间也计入；有协议目标时，恰好达到目标为达标，"
        "挂起时间是否计入以协议为准。超时计入期限届满的期间，归当时所属的团队，之后解决时不再计；"
        "重新打开会撤销已计的按时解决。",
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
        "期末未解决的事件，从提出至期末的平均时长；中位数和 P90 另行列出。期间未结束的，按当前时刻统计。",
        "重新打开的事件从最初提出起算。集中了结一批旧事件，会使本指标变好，却使解决时间变长。"
        "少数存续很久的事件会拉高平均值，请看中位数，并按存续时间查看。",
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
        "期内提出的事件中，半数最终解决所需的时长，按 Kaplan-Meier 法估计；"
        "未解决的事件按其至今的存续时间计入。",
        "“平均解决时间”不含仍未解决的事件，可与本指标对照。解决未达半数之前没有数值；只要还有未解决的事件，"
        "数值就会变动；各分组的数值不能相加。",
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
