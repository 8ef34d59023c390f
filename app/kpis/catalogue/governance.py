"""KPIs of governance: audits and their findings, reviews of documents, and risks."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_AUDITS, OF_DOCUMENTS, OF_RISK_EVENTS, OF_STANDING_RISKS
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

governance_kpi = partial(Kpi, owner=Role.quality_manager)

AUDIT_FINDINGS_REPEAT_RATE = governance_kpi(
    process="finding",
    key="audit_findings_repeat_rate",
    en=KpiTexts(
        "Repeated findings",
        "Share of findings that repeat another one of the same process, kind and team within the twelve "
        "months before, among the findings raised in the period. Findings that the team had found itself "
        "are shown separately. Withdrawn findings do not count.",
        "Finer kinds give fewer repeats. A repeat is judged when the finding is raised; the repeated "
        "finding may be withdrawn later.",
    ),
    zh=KpiTexts(
        "重复发现率",
        "期内提出的审核发现中，与此前十二个月内同一流程、同一类型、同一团队的审核发现重复的占比。"
        "团队自查已发现的另行列出；已撤回的不计入。",
        "类型分得越细，重复就越少。是否重复在提出时判定；被重复的那项发现之后也可能被撤回。",
    ),
    fact="raised",
    measure=Measure.repeats_finding,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_AUDITS,
    companions=("findings_self_found_share",),
)

FINDINGS_SELF_FOUND_SHARE = governance_kpi(
    process="finding",
    key="findings_self_found_share",
    en=KpiTexts(
        "Findings that teams had found themselves",
        "Share of findings that the team had found itself and acted on, among the findings raised in the "
        "period. Withdrawn findings do not count.",
        "It does not show faults that neither the team nor an auditor found.",
    ),
    zh=KpiTexts(
        "自查发现占比",
        "期内提出的审核发现中，团队已自查发现并处理的占比；已撤回的不计入。",
        "团队和审核人都没有发现的问题，本指标反映不出来。",
    ),
    fact="raised",
    measure=Measure.self_found,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_AUDITS,
)

SELF_CHECK_ON_TIME = governance_kpi(
    process="audit",
    key="self_check_on_time",
    en=KpiTexts(
        "Self-checks on time",
        "Share of self-checks submitted by the end of the 15th of the following month, among those due in "
        "the period. Missing self-checks count as late; a team without cases must also submit one.",
        "Counted by the day of submission, missing ones would disappear. On time does not mean complete; "
        "see the conclusions of the audits.",
    ),
    zh=KpiTexts(
        "自查按时率",
        "截止日在期内的自查中，按期提交（被查月份次月 15 日结束前）的占比。未提交的算逾期；"
        "当月没有单据的团队也须自查。",
        "如果按提交日统计，未提交的就会被漏掉。按期提交不等于内容完整，请看审核结论。",
    ),
    fact="self_check_due",
    measure=Measure.checked_on_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_AUDITS,
    companions=("summary_on_time",),
)

SUMMARY_ON_TIME = governance_kpi(
    process="audit",
    key="summary_on_time",
    en=KpiTexts(
        "Audit summaries on time",
        "Share of audit summaries that the team's head countersigned by the end of the 25th of the "
        "following month, among those due in the period.",
        "A summary that is written in time but countersigned late is late.",
    ),
    zh=KpiTexts(
        "审核汇总按时率",
        "截止日在期内的审核汇总中，由团队负责人按期会签（被审月份次月 25 日结束前）的占比。",
        "汇总按时写完、但会签逾期的，也算逾期。",
    ),
    fact="summary_due",
    measure=Measure.checked_on_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_AUDITS,
)

DOCUMENT_REVIEWS_OVERDUE = governance_kpi(
    process="document",
    key="document_reviews_overdue",
    en=KpiTexts(
        "Overdue reviews of documents",
        "Share of documents with an overdue review, among the documents with a version in force at the end "
        "of the period, or now if the period is not over. Documents on legal hold and documents under "
        "revision count.",
        "A document without a review date is never overdue. Documents that belong to other records have no "
        "review date.",
    ),
    zh=KpiTexts(
        "文件复审逾期率",
        "期末有有效版本的文件中，复审已逾期的占比。期间未结束的，按当前时刻统计。"
        "处于法律保留或正在修订的文件也计入。",
        "没有确定复审日期的文件不会逾期。属于其他记录的文件没有复审日期。",
    ),
    fact=None,
    measure=Measure.overdue,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.published,
    dimensions=OF_DOCUMENTS,
)

RISKS_BY_LEVEL = governance_kpi(
    process="risk",
    key="risks_by_level",
    en=KpiTexts(
        "Risks by level",
        "Risks that are not closed at the end of the period, or now if the period is not over. By level, "
        "according to the matrix in force then. Risks that are not assessed have no level.",
        "A new matrix restates all levels from its first day; compare only values under one matrix. Many "
        "risks may mean that people look for them.",
    ),
    zh=KpiTexts(
        "风险分布",
        "期末未关闭的风险数。期间未结束的，按当前时刻统计。按风险等级查看，即为各等级的风险数，"
        "等级以当时有效的矩阵为准；尚未评估的风险没有等级。",
        "更换矩阵后，所有等级从新矩阵生效之日起重新评定，因此只宜比较同一矩阵下的数值。风险数多，"
        "也可能说明大家在主动识别风险。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unclosed_risk,
    dimensions=OF_STANDING_RISKS,
)

RISKS_MOVED = governance_kpi(
    process="risk",
    key="risks_moved",
    en=KpiTexts(
        "Risk movements",
        "Risk events in the period. By event, the number identified, closed, and moved to a higher or "
        "lower level by an assessment, according to the matrix at that time.",
        "A level that changes only because of a new matrix is not a movement. The sum of the four kinds of "
        "events means little.",
    ),
    zh=KpiTexts(
        "风险变动",
        "期内的风险变动次数。按风险动态查看，即为新识别、关闭，以及评估后等级上升、下降的次数；"
        "前后等级均按当时的矩阵确定。",
        "因更换矩阵而重新评定等级的，不算变动。四类变动的合计意义不大。",
    ),
    fact="course",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.event,
    dimensions=OF_RISK_EVENTS,
)

KPIS = (
    AUDIT_FINDINGS_REPEAT_RATE,
    FINDINGS_SELF_FOUND_SHARE,
    SELF_CHECK_ON_TIME,
    SUMMARY_ON_TIME,
    DOCUMENT_REVIEWS_OVERDUE,
    RISKS_BY_LEVEL,
    RISKS_MOVED,
)
