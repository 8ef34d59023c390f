"""KPIs of the improvement programme: what is suggested, what becomes of it, and whether its effect lasts."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_IMPROVEMENTS, OF_PROPOSALS, OF_SUGGESTIONS, Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure

suggestion_kpi = partial(Kpi, process="improvement_suggestion", owner=Role.quality_manager)
improvement_kpi = partial(Kpi, process="improvement", owner=Role.quality_manager)

SUGGESTIONS_BY_SOURCE = suggestion_kpi(
    key="suggestions_by_source",
    en=KpiTexts(
        "Suggestions for improvements",
        "Suggestions made in the period. By source, where they come from. Merged suggestions count for the "
        "team of the person who made them. Suggestions by automatic rules can be separated.",
        "A target for it produces noise; read it together with the share adopted. Suggestions that are not "
        "about a single process have no process.",
    ),
    zh=KpiTexts(
        "改进建议数",
        "期内提出的改进建议数，可按来源查看。被合并的建议仍计入提出人所在团队；按提出方查看，"
        "可把系统规则提出的区分开。",
        "若为数量设目标，会催生凑数的建议，请结合“改进建议采纳率”查看。不针对单个流程的建议，"
        "不归入任何流程。",
    ),
    fact="offered",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_SUGGESTIONS,
    companions=("suggestion_adoption_rate",),
)

SUGGESTIONS_PER_100_STAFF = suggestion_kpi(
    key="suggestions_per_100_staff",
    en=KpiTexts(
        "Suggestions per 100 people",
        "Suggestions made by people in the period, per 100 active people at its end, or now if the period "
        "is not over. By team, suggestions per 100 members of the team.",
        "Suggestions by automatic rules do not count. Longer periods have more suggestions for the same "
        "people, so compare periods of equal length. Small teams have large values by chance.",
    ),
    zh=KpiTexts(
        "每百人改进建议数",
        "期内由人员提出的改进建议数，除以期末在职人数，再乘以 100。期间未结束的，按当前的在职人数。"
        "按团队查看，即为各团队每 100 人的建议数。",
        "系统规则提出的建议不计入。期间越长建议越多，而人数不变，因此只宜比较等长的期间。"
        "小团队的数值受偶然因素影响大。",
    ),
    fact="proposed",
    measure=Measure.case,
    aggregate=Aggregate.per_staff,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_PROPOSALS,
    per=100,
)

SUGGESTION_ADOPTION_RATE = suggestion_kpi(
    key="suggestion_adoption_rate",
    en=KpiTexts(
        "Adoption of suggestions",
        "Share of suggestions that were selected, among the suggestions made in the period that were "
        "selected, declined or merged. Other suggestions, deferred ones included, are shown as undecided.",
        "It changes as long as any is undecided. A merged suggestion is not selected, although its content "
        "may be.",
    ),
    zh=KpiTexts(
        "改进建议采纳率",
        "期内提出且已有结论（选定、未采纳或合并）的改进建议中，选定的占比。"
        "尚无结论的（含暂缓的）列为“未判定”。",
        "按提出时间归入期间，只要还有未判定的，数值就会变动。被合并的不算选定，"
        "尽管其内容可能随另一条建议被采纳。",
    ),
    fact="offered",
    measure=Measure.selected,
    secondary=Measure.settled_on,
    aggregate=Aggregate.of_decided,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.opened,
    settling=Settling.ending,
    dimensions=OF_SUGGESTIONS,
)

IDEA_TO_STANDARD_SECONDS = suggestion_kpi(
    key="idea_to_standard_seconds",
    en=KpiTexts(
        "From the idea to the standard",
        "Time in which the improvements of half of the suggestions made in the period are standardised, "
        "estimated by Kaplan and Meier. Declined, merged, rejected and reverted suggestions never become "
        "standard; they are competing events.",
        "It has no value before half are standardised, which may never happen, and values of parts cannot "
        "be added up. The time of standardised ones is shown next to it and ignores all others.",
    ),
    zh=KpiTexts(
        "从建议到固化的时间",
        "期内提出的改进建议中，半数完成固化所需的时长，按 Kaplan-Meier 法估计。未采纳、被合并、"
        "被否决或恢复原状的建议不会再固化，按竞争事件处理，始终视为尚未固化。",
        "固化的建议不到半数时没有数值，也可能始终不到半数；各分组的数值不能相加。已固化建议的用时另行列出，"
        "但它不反映其余建议。",
    ),
    fact="idea",
    measure=Measure.observed,
    aggregate=Aggregate.kaplan_meier,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.opened,
    settling=Settling.ending,
    dimensions=(Dimension.size,),
    companions=("idea_to_standard_ended_seconds",),
)

IDEA_TO_STANDARD_ENDED_SECONDS = suggestion_kpi(
    key="idea_to_standard_ended_seconds",
    en=KpiTexts(
        "From the idea to the standard, standardised ones only",
        "Median time from a suggestion to the first standardisation of its improvement, for improvements "
        "standardised in the period.",
        "Suggestions that never become standard are missing, and slow ones appear late.",
    ),
    zh=KpiTexts(
        "从建议到固化的时间（已固化）",
        "期内首次固化的改进，从提出相应建议到固化的时长中位数。",
        "最终没有固化的建议不计入；耗时长的建议很晚才会计入。",
    ),
    fact="standardised",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=(Dimension.size,),
)

PILOT_PASS_RATE = improvement_kpi(
    key="pilot_pass_rate",
    en=KpiTexts(
        "Pilots passed at once",
        "Share of pilots that the committee passed in its first judgement, among the pilots first judged "
        "in the period. The others were extended or stopped.",
        "If all pilots pass, they test nothing. The number passed in the end is shown next to it.",
    ),
    zh=KpiTexts(
        "试点一次通过率",
        "期内由委员会首次裁定的试点中，首次裁定即通过的占比；其余为延长或终止。",
        "如果全部通过，说明试点没有起到检验作用。最终通过的占比另行列出。",
    ),
    fact="pilot_judged",
    measure=Measure.pilot_passed,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_IMPROVEMENTS,
    companions=("pilot_pass_rate_final",),
)

PILOT_PASS_RATE_FINAL = improvement_kpi(
    key="pilot_pass_rate_final",
    en=KpiTexts(
        "Pilots passed in the end",
        "Share of pilots passed in the end, among the pilots first judged in the period that have ended. "
        "Extended pilots that continue are shown as undecided.",
        "It changes as long as any pilot continues. A pilot that is extended until it shows an effect "
        "proves little.",
    ),
    zh=KpiTexts(
        "试点最终通过率",
        "期内由委员会首次裁定且已结束的试点中，最终通过的占比。已延长、仍在进行的列为“未判定”。",
        "只要还有试点在进行，数值就会变动。一再延长、直到见效才结束的试点，说服力有限。",
    ),
    fact="pilot_judged",
    measure=Measure.finally_passed,
    secondary=Measure.pilot_ended,
    aggregate=Aggregate.of_decided,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.ending,
    dimensions=OF_IMPROVEMENTS,
)

EFFECT_ACHIEVED = improvement_kpi(
    key="effect_achieved",
    en=KpiTexts(
        "Promised effect achieved",
        "Share of improvements with the promised effect on every target KPI, among the improvements judged "
        "in the period. The interval of the effect must exclude no change, and the effect must be at least "
        "80 % of the promise, at the log position of the judgement. Too few cases count as no effect.",
        "Improvements start after bad months, and better months follow anyway; trend, season and other "
        "changes are part of the effect. Modest promises are easy to achieve. If an improvement is judged "
        "several times, the last judgement counts.",
    ),
    zh=KpiTexts(
        "目标达成度",
        "期内作出判断（完成评估，或裁定结束试点）的改进中，每个目标指标都取得承诺效果的占比。"
        "取得承诺效果是指：效果的区间不包含“没有变化”，且效果不低于承诺的 80%；"
        "数据以判断时指明的日志位置为准。单据太少的视为没有效果，仍计入分母。",
        "改进往往在表现糟糕的月份之后启动，之后本来就会好转；趋势、季节和其他变更的影响也包含在效果中。"
        "承诺越保守，越容易达成。多次判断的，以最后一次为准。",
    ),
    fact="judged",
    measure=Measure.achieved,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_IMPROVEMENTS,
    companions=("effect_achieved_targets",),
)

EFFECT_ACHIEVED_TARGETS = improvement_kpi(
    key="effect_achieved_targets",
    en=KpiTexts(
        "Promised effect achieved, by target KPI",
        "Share of target KPIs with the promised effect, among the target KPIs of the improvements judged "
        "in the period.",
        "An improvement with many target KPIs weighs more, and some of many improve by chance.",
    ),
    zh=KpiTexts(
        "目标达成度（按目标指标）",
        "期内作出判断的改进的所有目标指标中，取得承诺效果的占比，即按目标指标统计，而不是按改进统计。",
        "目标指标多的改进权重更大；指标一多，总有一些是碰巧改善的。",
    ),
    fact="target_judged",
    measure=Measure.achieved,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_IMPROVEMENTS,
)

BENEFITS_SUSTAINED = improvement_kpi(
    key="benefits_sustained",
    en=KpiTexts(
        "Benefits sustained",
        "Share of benefit checks in which every target KPI kept at least 80 % of its judged effect, among "
        "the checks due in the period, 3, 6 and 12 months after the standardisation.",
        "A check counts when it is due, even if it could not be made. Reverted improvements, and "
        "improvements without a comparison, kept nothing.",
    ),
    zh=KpiTexts(
        "效果保持率",
        "期内到期的效果检查（固化后 3、6、12 个月各一次）中，每个目标指标都保持判断时效果 80% 以上的占比。",
        "检查到期即计入，不论能否进行：已恢复原状或无从比较的，视为未保持。",
    ),
    fact="benefit_due",
    measure=Measure.benefit_kept,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.due,
    dimensions=OF_IMPROVEMENTS,
)

KPIS = (
    SUGGESTIONS_BY_SOURCE,
    SUGGESTIONS_PER_100_STAFF,
    SUGGESTION_ADOPTION_RATE,
    IDEA_TO_STANDARD_SECONDS,
    IDEA_TO_STANDARD_ENDED_SECONDS,
    PILOT_PASS_RATE,
    PILOT_PASS_RATE_FINAL,
    EFFECT_ACHIEVED,
    EFFECT_ACHIEVED_TARGETS,
    BENEFITS_SUSTAINED,
)
