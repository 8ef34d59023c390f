"""KPIs of changes: whether they go well, how long they take, and what is altered without one."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_VERDICT, OF_ALTERATIONS, OF_CHANGES, Dimension
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

change_kpi = partial(Kpi, process="change", owner=Role.change_manager)

CHANGE_FIRST_PASS = change_kpi(
    key="change_first_pass",
    en=KpiTexts(
        "Changes right the first time",
        "Share of changes implemented once, within their window, not backed out and without an incident "
        "confirmed as caused by them, among the changes whose implementation ended in the period. "
        "Emergencies have no window. The review decides about the others; before the review, the log does.",
        "Standard changes make it high; break it down by type. It changes with reviews and with incidents "
        "that come to light; break it down by verdict to see missing reviews. Imported changes with "
        "unknown window or outcome are excluded and counted as unknown.",
    ),
    zh=KpiTexts(
        "变更一次成功率",
        "期内实施结束的变更中，一次成功的占比：只实施一次、在变更窗口内完成、未回退，且未被确认引发事件。"
        "紧急变更没有窗口要求。其余变更已评审的以评审结论为准，尚未评审的按系统记录判定。",
        "标准变更会使数值偏高，请按变更类型查看。评审完成或陆续发现引发的事件后，数值会变动；"
        "按判定方式查看可知有多少尚未评审。窗口或结果不明的导入变更不计入，另列为“未知”。",
    ),
    fact="first_judged",
    measure=Measure.at_first,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.verdict,
    target=TargetValue(Comparator.ge, 0.95),
    dimensions=BY_VERDICT,
)

CHANGE_FAILURE_RATE = change_kpi(
    key="change_failure_rate",
    en=KpiTexts(
        "Failed changes",
        "Share of changes that were backed out, judged as failed by the review, or confirmed as the cause "
        "of an incident, among the changes whose implementation ended in the period.",
        "It is not the complement of changes right the first time: changes that succeeded with issues are "
        "in neither. Incidents without a link to the change do not count. Imported changes with unknown "
        "outcome are excluded and counted as unknown.",
    ),
    zh=KpiTexts(
        "变更失败率",
        "期内实施结束的变更中，已回退、被评审判定为失败或被确认引发事件的占比。",
        "“变更失败率”与“变更一次成功率”之和不等于 100%：“成功但有问题”的变更在两者中都不计入。"
        "未与变更关联的事件不影响本指标。结果不明的导入变更不计入，另列为“未知”。",
    ),
    fact="failure_judged",
    measure=Measure.failed,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    settling=Settling.verdict,
    dimensions=BY_VERDICT,
)

EMERGENCY_SHARE = change_kpi(
    key="emergency_share",
    en=KpiTexts(
        "Emergency changes",
        "Share of emergencies, among the changes started in the period.",
        "Emergencies that no one records make it small; read it together with the unauthorised changes.",
    ),
    zh=KpiTexts(
        "紧急变更占比",
        "期内开始实施的变更中，紧急变更的占比。",
        "未登记为变更的紧急处置不计入，会使数值偏低，请与“未授权变更”一并查看。",
    ),
    fact="started",
    measure=Measure.emergency,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_CHANGES,
)

UNAUTHORISED_CHANGES = Kpi(
    key="unauthorised_changes",
    en=KpiTexts(
        "Unauthorised changes",
        "Alterations of live configuration items in the period that no approved change authorised. By "
        "team, they count for the team that owned the item.",
        "Only recorded alterations count. Later approval changes nothing; break it down by authorisation "
        "to see which were regularised.",
    ),
    zh=KpiTexts(
        "未授权变更",
        "期内对已上线配置项的改动中，没有获批变更授权的占比。按团队查看时，归入改动时负责该配置项的团队。",
        "只包含有人或工具登记过的改动。事后补办变更的仍算未授权；按授权情况查看可知哪些已补办。",
    ),
    process="ci",
    owner=Role.configuration_manager,
    fact="altered",
    measure=Measure.unauthorised,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_ALTERATIONS,
)

CHANGE_LEAD_SECONDS = change_kpi(
    key="change_lead_seconds",
    en=KpiTexts(
        "Lead time of changes",
        "Median time from the submission of a change to its implementation, for changes first implemented in "
        "the period. Standard changes count from their scheduling.",
        "It includes the wait for the window. Standard changes are quick, so break it down by type. "
        "Changes backed out before their implementation are missing, and changes with an unknown "
        "submission are counted as unknown.",
    ),
    zh=KpiTexts(
        "变更交付周期",
        "期内首次实施完成的变更，从提交到实施完成的时长中位数。标准变更无需提交，从排期起算。",
        "含等待变更窗口的时间。标准变更耗时短，请按变更类型查看。实施完成前就已回退的变更不计入；"
        "提交时间不明的也不计入，另列为“未知”。",
    ),
    fact="implemented",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    changes=(MEDIAN_LEADS,),
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unimplemented,
    dimensions=OF_CHANGES,
)

CHANGE_BACKLOG = change_kpi(
    key="change_backlog",
    en=KpiTexts(
        "Waiting changes",
        "Changes that are approved but not started at the end of the period, or now if the period is not "
        "over. Their age counts from their submission.",
        "Some wait for a window on purpose; see their age.",
    ),
    zh=KpiTexts(
        "待实施变更",
        "期末已批准但尚未开始实施的变更数。期间未结束的，按当前时刻统计。存续时间从提交起算。",
        "其中有些是按计划等待变更窗口，请结合存续时间判断。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.waiting,
    dimensions=(*OF_CHANGES, Dimension.age),
)

CHANGE_REVIEWS_OVERDUE = change_kpi(
    key="change_reviews_overdue",
    en=KpiTexts(
        "Overdue reviews of changes",
        "Changes that are implemented or backed out at the end of the period and were not reviewed within "
        "three working days, or now if the period is not over. Their age counts from their submission.",
        "Changes reported by other tools without a due date for the review never become overdue.",
    ),
    zh=KpiTexts(
        "逾期未评审的变更",
        "期末已实施或已回退、但三个工作日内未评审的变更数。期间未结束的，按当前时刻统计。"
        "存续时间从提交起算。",
        "由其他系统上报、没有评审期限的变更不会计为逾期。",
    ),
    fact=None,
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.review_overdue,
    dimensions=(*OF_CHANGES, Dimension.age),
)

KPIS = (
    CHANGE_FIRST_PASS,
    CHANGE_FAILURE_RATE,
    EMERGENCY_SHARE,
    UNAUTHORISED_CHANGES,
    CHANGE_LEAD_SECONDS,
    CHANGE_BACKLOG,
    CHANGE_REVIEWS_OVERDUE,
)
