"""KPIs of problems: how soon the cause is found, and how many incidents the fix prevents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_PROBLEMS, Dimension
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

problem_kpi = partial(Kpi, process="problem", owner=Role.problem_manager)

PROBLEM_CAUSE_SECONDS = problem_kpi(
    key="problem_cause_seconds",
    en=KpiTexts(
        "Time to the cause",
        "Median time from raising a problem to identifying its cause, for problems whose cause was first "
        "identified in the period.",
        "There are few problems; see the cases. Problems without a known cause are missing; "
        "see the estimate that includes them.",
    ),
    zh=KpiTexts(
        "根因定位时间",
        "期内首次确定根因的问题，从提出到确定根因的时长中位数。",
        "问题数量少，请看单据列表。根因未明的不计入，请看“根因定位时间（含未结问题）”。",
    ),
    fact="caused",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    changes=(MEDIAN_LEADS,),
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.uncaused,
    dimensions=OF_PROBLEMS,
)

PROBLEM_CAUSE_KM = problem_kpi(
    key="problem_cause_km",
    en=KpiTexts(
        "Time to the cause, open problems included",
        "Time in which the cause of half of the problems raised in the period is identified, estimated by "
        "Kaplan and Meier. Problems without a cause count with their age so far.",
        "It has no value until half of the problems have a cause, and changes while any lacks one. Values of "
        "parts cannot be added up.",
    ),
    zh=KpiTexts(
        "根因定位时间（含未结问题）",
        "期内提出的问题中，半数确定根因所需的时长，按 Kaplan-Meier 法估计；"
        "根因未明的问题按其至今的存续时间计入。",
        "确定根因的未达半数之前没有数值；只要还有根因未明的问题，数值就会变动；各分组的数值不能相加。",
    ),
    fact="opened",
    measure=Measure.observed,
    aggregate=Aggregate.kaplan_meier,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.opened,
    settling=Settling.ending,
    dimensions=OF_PROBLEMS,
)

KNOWN_ERROR_RATIO = problem_kpi(
    key="known_error_ratio",
    en=KpiTexts(
        "Known errors",
        "Share of problems with a known cause and a workaround, among the problems open at the end of the "
        "period, or now if the period is not over.",
        "Resolving known errors lowers it; read it together with the time to fix.",
    ),
    zh=KpiTexts(
        "已知错误率",
        "期末未解决的问题中，根因与变通方法均已知的占比。期间未结束的，按当前时刻统计。",
        "已知错误解决后占比会下降，请与“问题修复时间”一并查看。",
    ),
    fact=None,
    measure=Measure.known_error,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=OF_PROBLEMS,
)

PROBLEM_FIX_SECONDS = problem_kpi(
    key="problem_fix_seconds",
    en=KpiTexts(
        "Time to fix",
        "Median time from the cause to the final resolution, for problems with a known cause finally "
        "resolved in the period.",
        "Problems with an accepted risk are never fixed and do not count. Accepting many makes this small.",
    ),
    zh=KpiTexts(
        "问题修复时间",
        "期内最终解决且根因已知的问题，从确定根因到最终解决的时长中位数。",
        "接受风险的问题没有修复，不计入；大量接受风险会使数值偏低。",
    ),
    fact="fixed",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    changes=(MEDIAN_LEADS,),
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unfixed,
    settling=Settling.reopening,
    dimensions=OF_PROBLEMS,
)

PROBLEMS_RISK_ACCEPTED = problem_kpi(
    key="problems_risk_accepted",
    en=KpiTexts(
        "Accepted risks",
        "Problems that were closed in the period because their risk was accepted, and not reopened.",
        "These problems count neither in “Time to fix” nor in “Backlog of problems”: read the three "
        "together.",
    ),
    zh=KpiTexts(
        "接受风险的问题",
        "期内因接受风险而关闭且未重新打开的问题数。",
        "这些问题既未修复，也不在积压中，请与“问题修复时间”和“问题积压”对照查看。",
    ),
    fact="risk_accepted",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_PROBLEMS,
)

PROBLEM_BACKLOG = problem_kpi(
    key="problem_backlog",
    en=KpiTexts(
        "Backlog of problems",
        "Problems that are open at the end of the period, or now if the period is not over.",
        "Problems on hold are included; their number is shown next to it. Few problems can mean that no "
        "one looks for causes.",
    ),
    zh=KpiTexts(
        "问题积压",
        "期末未解决的问题数。期间未结束的，按当前时刻统计。",
        "挂起的问题也计入，其数量另行列出。问题少，也可能说明没有人在查找根因。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=(*OF_PROBLEMS, Dimension.age),
)

PROBLEM_BACKLOG_AGE = problem_kpi(
    key="problem_backlog_age",
    en=KpiTexts(
        "Age of open problems",
        "Mean age of the problems that are open at the end of the period, or now if the period is not "
        "over. Median and 90th percentile are shown next to it.",
        "A few very old problems move the mean; see the median, and break it down by age.",
    ),
    zh=KpiTexts(
        "问题积压存续时间",
        "期末未解决的问题，从提出至期末的平均时长；中位数和 P90 另行列出。期间未结束的，按当前时刻统计。",
        "少数存续很久的问题会拉高平均值，请看中位数，并按存续时间查看。",
    ),
    fact=None,
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unended,
    dimensions=(*OF_PROBLEMS, Dimension.age),
)

INCIDENTS_PREVENTED = problem_kpi(
    key="incidents_prevented",
    en=KpiTexts(
        "Incidents prevented",
        "Decrease in linked incidents, per 30 days, from the 90 days before to the 90 days after the final "
        "resolution of a problem. Counts problems finally resolved in the period.",
        "It changes for 90 days after the period. Problems are raised in bad times, and better times "
        "follow anyway; the interval covers only chance. Incidents that no one linked do not count.",
    ),
    zh=KpiTexts(
        "减少的事件数",
        "期内最终解决的问题，解决后 90 天的关联事件数比解决前 90 天减少的数量，折算为每 30 天。",
        "期末之后 90 天内，数值仍会变动。问题常在糟糕的时段提出，之后本来就会好转；区间只反映偶然波动。"
        "未关联到问题的事件不计入。",
    ),
    fact="resolved",
    divisor=3,
    measure=Measure.prevented,
    secondary=Measure.came_before,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.aftermath,
    dimensions=OF_PROBLEMS,
)

PROACTIVE_PROBLEM_SHARE = problem_kpi(
    key="proactive_problem_share",
    en=KpiTexts(
        "Proactive problems",
        "Share of problems that came from a trend or a review, among the problems raised in the period.",
        "It shows who looked for problems, not what was found.",
    ),
    zh=KpiTexts(
        "主动发现问题占比",
        "期内提出的问题中，由趋势分析或回顾发现的占比。",
        "本指标反映谁在查找问题，而不是查出了什么。",
    ),
    fact="opened",
    measure=Measure.proactive,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_PROBLEMS,
)

KPIS = (
    PROBLEM_CAUSE_SECONDS,
    PROBLEM_CAUSE_KM,
    KNOWN_ERROR_RATIO,
    PROBLEM_FIX_SECONDS,
    PROBLEMS_RISK_ACCEPTED,
    PROBLEM_BACKLOG,
    PROBLEM_BACKLOG_AGE,
    INCIDENTS_PREVENTED,
    PROACTIVE_PROBLEM_SHARE,
)
