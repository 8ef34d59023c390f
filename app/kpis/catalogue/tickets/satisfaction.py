"""KPIs of what people think of what was done for them: ratings and complaints, of incidents and requests."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_COMPLAINTS
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

satisfaction_kpi = partial(Kpi, process="request", also=("incident",), owner=Role.quality_manager)
complaint_kpi = partial(Kpi, process="request", also=("incident",), owner=Role.service_level_manager)

CSAT = satisfaction_kpi(
    key="csat",
    en=KpiTexts(
        "Customer satisfaction",
        "Mean rating by requesters, from 1 to 5, for incidents and requests first rated in the period. The "
        "last rating within 30 days of the first counts. Ratings by staff are excluded.",
        "People who do not answer may think otherwise; read it together with the response rate and the "
        "sampling rate. A mean hides unhappy people; look at the share of 4 and 5. It can still change for "
        "30 days.",
    ),
    zh=KpiTexts(
        "满意度",
        "期内首次评价的事件和服务请求，申请人评分（1 至 5 分）的平均值。"
        "每张单据取首次评价后 30 天内的最后一次评分；工作人员的评价不计入。",
        "未评价者的看法可能不同，请结合“评价率”和“抽样率”查看。平均分会掩盖不满意的人，请看“4 至 5 分占比”。"
        "30 天内数值仍会变动。",
    ),
    fact="rated",
    measure=Measure.score,
    aggregate=Aggregate.score,
    unit=Unit.score,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.rating,
    target=TargetValue(Comparator.gt, 4.0),
    companions=("csat_satisfied_share", "csat_response_rate", "csat_sampling_rate"),
    compares_years=True,
)

CSAT_SATISFIED_SHARE = satisfaction_kpi(
    key="csat_satisfied_share",
    en=KpiTexts(
        "Satisfied requesters",
        "Share of cases with a last rating of 4 or 5 within 30 days, among the incidents and requests "
        "first rated in the period.",
        "It does not include people who did not answer. A 3 counts as much against it as a 1.",
    ),
    zh=KpiTexts(
        "4 至 5 分占比",
        "期内首次评价的事件和服务请求中，首次评价后 30 天内的最后一次评分为 4 分或 5 分的占比。",
        "不反映未评价者的看法。3 分和 1 分一样，都不算满意。",
    ),
    fact="rated",
    measure=Measure.satisfied,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.rating,
)

CSAT_RESPONSE_RATE = satisfaction_kpi(
    key="csat_response_rate",
    en=KpiTexts(
        "Response to rating requests",
        "Share of cases rated within 30 days, among the incidents and requests whose requester was asked "
        "for a rating in the period.",
        "It can still rise for 30 days. Below a fifth, the satisfaction depends more on who answers than "
        "on the work.",
    ),
    zh=KpiTexts(
        "评价率",
        "期内邀请评价的事件和服务请求中，30 天内得到评价的占比。",
        "邀请后 30 天内，数值仍会上升。低于 20% 时，满意度更多取决于谁来评价，而不是服务本身。",
    ),
    fact="rating_asked",
    measure=Measure.rated,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.rating,
)

CSAT_SAMPLING_RATE = satisfaction_kpi(
    key="csat_sampling_rate",
    en=KpiTexts(
        "Sampling of ratings",
        "Incidents and requests whose requester was asked for a rating in the period, per incident "
        "resolved and request delivered in it.",
        "Requesters are asked when an incident is closed, some days after its resolution. No one is asked "
        "twice a week, and staff are never asked, so it stays below the configured rate.",
    ),
    zh=KpiTexts(
        "抽样率",
        "期内邀请申请人评价的事件和服务请求数，除以期内最终解决的事件与最终交付的服务请求数之和。",
        "事件关闭时才邀请评价，比解决晚几天；同一人每周至多邀请一次，也不邀请工作人员，"
        "因此低于各服务设定的比例。",
    ),
    fact="rating_asked",
    measure=Measure.case,
    aggregate=Aggregate.per_delivery,
    unit=Unit.number,
    direction=Direction.none,
    basis=Basis.event,
)

COMPLAINTS_YOY = satisfaction_kpi(
    key="complaints_yoy",
    en=KpiTexts(
        "Complaints compared with the year before",
        "Complaints about incidents and requests in the period, divided by those in the same period of the "
        "year before, minus 1. -0.2 means a fifth fewer. Merged complaints count once.",
        "There is no value if the year before has fewer than ten complaints, or if its records start "
        "later. Small numbers change by chance; see the interval. Fewer cases cause fewer complaints; see "
        "the complaints per 1,000 cases. 29 February has no year before.",
    ),
    zh=KpiTexts(
        "投诉同比",
        "期内对事件和服务请求的投诉数与上年同期之比减 1，例如 -0.2 表示减少 20%。合并的投诉计为一件。",
        "上年同期的投诉不足 10 件，或系统中没有上年同期的完整记录时，没有数值，以免把记录缺失误当成变化。"
        "数量小时受偶然因素影响大，请看区间。单据减少，投诉也会减少，请看“每千单投诉数”。"
        "2 月 29 日没有上年同期。",
    ),
    fact="complained",
    measure=Measure.case,
    aggregate=Aggregate.year_over_year,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    target=TargetValue(Comparator.le, -0.2),
    dimensions=OF_COMPLAINTS,
    companions=("complaints_per_thousand",),
    compares_years=True,
)

COMPLAINTS_PER_THOUSAND = satisfaction_kpi(
    key="complaints_per_thousand",
    en=KpiTexts(
        "Complaints per 1,000 cases delivered",
        "Complaints about incidents and requests in the period, per 1,000 incidents resolved and requests "
        "delivered in it. Merged complaints count once.",
        "A complaint may be about a case of an earlier period. By subject, it is the complaints about that "
        "subject per 1,000 of all cases.",
    ),
    zh=KpiTexts(
        "每千单投诉数",
        "期内对事件和服务请求的投诉数，除以期内最终解决的事件与最终交付的服务请求数之和，再乘以 1000。"
        "合并的投诉计为一件。",
        "被投诉的单据可能属于以前的期间。按投诉内容查看时，分母仍为全部单据。",
    ),
    fact="complained",
    measure=Measure.case,
    aggregate=Aggregate.per_delivery,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_COMPLAINTS,
    per=1_000,
    compares_years=True,
)

COMPLAINT_ANSWER_SECONDS = complaint_kpi(
    key="complaint_answer_seconds",
    en=KpiTexts(
        "Time to answer complaints",
        "Median time from a complaint to its answer, for complaints answered in the period. The number of "
        "waiting complaints and the share answered in time are shown next to it.",
        "Unanswered complaints are missing; see the open ones, and the median that includes them.",
    ),
    zh=KpiTexts(
        "投诉答复时间",
        "期内答复的投诉，从提出到答复的时长中位数；待答复数和按时答复的占比另行列出。",
        "尚未答复的不计入，请看待答复数和“投诉答复时间（含未答复）”。",
    ),
    fact="complaint_answered",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.complaint_unanswered,
    dimensions=OF_COMPLAINTS,
    companions=("complaint_answered_in_time", "complaint_answer_km"),
)

COMPLAINT_ANSWERED_IN_TIME = complaint_kpi(
    key="complaint_answered_in_time",
    en=KpiTexts(
        "Complaints answered in time",
        "Share of complaints answered within the agreed working days, among the complaints answered in the "
        "period.",
        "An overdue complaint counts only when it is answered; see how many are waiting.",
    ),
    zh=KpiTexts(
        "投诉按时答复率",
        "期内答复的投诉中，在约定工作日内答复的占比。",
        "逾期的投诉到答复时才计入，请同时查看待答复数。",
    ),
    fact="complaint_answered",
    measure=Measure.answered_in_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    dimensions=OF_COMPLAINTS,
)

COMPLAINT_ANSWER_KM = complaint_kpi(
    key="complaint_answer_km",
    en=KpiTexts(
        "Time to answer complaints, open ones included",
        "Median time from a complaint to its answer, for complaints made in the period, estimated by "
        "Kaplan and Meier. Unanswered complaints count with their age so far.",
        "It can still change while one is open. It has no value before half are answered.",
    ),
    zh=KpiTexts(
        "投诉答复时间（含未答复）",
        "期内提出的投诉，从提出到答复的时长中位数，按 Kaplan-Meier 法估计；"
        "未答复的投诉按其至今的存续时间计入。",
        "答复未达半数之前没有数值；只要还有未答复的投诉，数值就会变动。",
    ),
    fact="complained",
    measure=Measure.observed,
    aggregate=Aggregate.kaplan_meier,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    settling=Settling.ending,
    dimensions=OF_COMPLAINTS,
)

KPIS = (
    CSAT,
    CSAT_SATISFIED_SHARE,
    CSAT_RESPONSE_RATE,
    CSAT_SAMPLING_RATE,
    COMPLAINTS_YOY,
    COMPLAINTS_PER_THOUSAND,
    COMPLAINT_ANSWER_SECONDS,
    COMPLAINT_ANSWERED_IN_TIME,
    COMPLAINT_ANSWER_KM,
)
