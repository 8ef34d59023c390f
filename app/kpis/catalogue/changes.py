"""KPIs of changes: whether they go well, how long they take, and what is altered without one."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_VERDICT, OF_ALTERATIONS, OF_CHANGES, Dimension
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

change_kpi = partial(Kpi, process="change", owner=Role.change_manager)

CHANGE_FIRST_PASS = change_kpi(
    key="change_first_pass",
    en=KpiTexts(
        "Changes right the first time",
        "Of the changes whose implementation ended in the period, the share implemented once, within the "
        "window, not backed out and without an incident confirmed as caused by them; an emergency has no "
        "window. The verdict of the review counts where there is one, before it what the log says.",
        "Standard changes make it high: cut it by type. It moves until the reviews are done, and as "
        "incidents come to light: cut it by verdict to see how many are not reviewed. Of imported changes "
        "the window or the outcome may be unknown: those are left out, and counted as `unknown`.",
    ),
    zh=KpiTexts(
        "变更一次成功率",
        "期内实施结束的变更中，一次实施、在窗口内完成、未回退且未确认引发事件的占比；紧急变更没有窗口。"
        "有评审结论的以评审为准，尚未评审的按记录判定。",
        "标准变更会使数值偏高，请按变更类型查看。评审完成之前及事件陆续发现时仍会变动：按判定方式查看可知有多少尚未评审。"
        "导入的变更可能缺少窗口或结果：此类不计，另以 `unknown` 列出数量。",
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
        "Of the changes whose implementation ended in the period, the share that was backed out, that the "
        "review calls failed, or that is confirmed as the cause of an incident.",
        "It is not the rest of those right the first time: what succeeded with issues is in neither. "
        "Incidents that nobody has linked to their change do not count. Imported changes that were closed "
        "with no word of their outcome are left out, and counted as `unknown`.",
    ),
    zh=KpiTexts(
        "变更失败率",
        "期内实施结束的变更中，已回退、评审判定失败或确认引发事件的占比。",
        "它与一次成功率之和不等于一：“成功但有问题”的两者都不计。未与变更关联的事件不计。"
        "导入后已关闭而未说明结果的变更不计，另以 `unknown` 列出数量。",
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
        "Of the changes started in the period, the share that are emergencies.",
        "An emergency that nobody records as a change makes it small: read it with the unauthorised changes.",
    ),
    zh=KpiTexts(
        "紧急变更占比",
        "期内开始实施的变更中，紧急变更的占比。",
        "未作为变更记录的紧急处置会使数值偏小，请与未授权变更一并查看。",
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
        "Of the alterations of configuration items after they went live, in the period, the share that no "
        "approved change authorised; by team it counts for that of whoever answered for the item.",
        "It knows only the alterations that somebody, or a tool, has recorded. What a change approved "
        "afterwards stays unauthorised: cut it by authorisation to see what is regularised.",
    ),
    zh=KpiTexts(
        "未授权变更",
        "期内对已上线配置项的改动中，没有已批准变更授权的占比；按团队查看时，计入配置项负责人所在的团队。",
        "只包含有人或工具记录的改动。事后补批的仍属未授权：按授权情况查看可知哪些已补办。",
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
        "Mean seconds from handing a change in to its implementation, of the changes implemented for the "
        "first time in the period. A change is handed in by its submission; a standard one, which needs "
        "none, as it is scheduled.",
        "What waits for its window is in it: standard changes are short, so cut it by type. Changes that "
        "were backed out before they were implemented are not in it; nor are those of which nobody knows "
        "when they were handed in, which are counted as `unknown`.",
    ),
    zh=KpiTexts(
        "变更交付周期",
        "期内首次实施完成的变更，自提交至实施完成的平均秒数；无需提交的标准变更自排期起计。",
        "等待窗口的时间计入；标准变更耗时短，请按变更类型查看。实施完成前即回退的不计；提交时间不明的也不计，"
        "另以 `unknown` 列出数量。",
    ),
    fact="implemented",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unimplemented,
    dimensions=OF_CHANGES,
)

CHANGE_BACKLOG = change_kpi(
    key="change_backlog",
    en=KpiTexts(
        "Changes that wait",
        "Changes that are approved and not begun at the period's end; of a running period, now. Their age "
        "counts since they were handed in.",
        "Some wait for a window on purpose: see how old they are.",
    ),
    zh=KpiTexts(
        "待实施变更",
        "期末已批准但未开始实施的变更数；未结束的期间以当前时刻计。存续时间自提交起计。",
        "有些是按计划等待窗口，请看其存续时间。",
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
        "Changes that are implemented or backed out at the period's end, and not reviewed within three "
        "working days; of a running period, now. Their age counts since they were handed in.",
        "What another tool tells of changes without saying when their review was due never falls overdue.",
    ),
    zh=KpiTexts(
        "逾期未评审的变更",
        "期末已实施或已回退、三个工作日内未评审的变更数；未结束的期间以当前时刻计。存续时间自提交起计。",
        "由其他系统导入且未说明评审期限的，不会逾期。",
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
