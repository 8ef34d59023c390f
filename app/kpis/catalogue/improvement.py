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
        "期内提出的改进建议数；按来源查看即为各来源的数量。合并到其他建议的也计入提出人所在团队；按提出方可将规则提出的分开查看。",
        "为数量设目标会催生凑数的建议，请看旁列的采纳率。不针对单个流程的建议没有流程。",
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
        "期内由人员提出的改进建议数，折合期末每 100 名在职人员；未结束的期间以当前时刻计。按团队查看即为各团队每百人的建议数。",
        "规则提出的建议不计。期间越长建议越多，而人数不变，请比较等长的期间；小团队的数值偶然性大。",
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
        "期内提出且已选定、未采纳或合并的改进建议中，选定的占比；尚无结论的（含暂缓的）列为“未定”。",
        "按提出期间统计，有未定者时仍会变动。合并的不算选定，尽管其内容可能随其他建议被采纳。",
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
        "期内提出的改进建议中半数得到固化所需的时长，按 Kaplan–Meier 估计。未采纳、合并、否决或恢复原状的永远不会固化：作为竞争事件，始终计入尚未固化者。",
        "半数固化之前没有数值，也可能永远没有，各分组不能相加。旁列已固化者所用的时间，它不反映其余的建议。",
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
        "期内首次固化的改进所采纳的建议，自提出至固化的时长的中位数。",
        "永无结果的不在其内，耗时长的很晚才计入。",
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
        "期内由委员会首次裁定的试点中，首次即通过的占比；其余被延长或终止。",
        "若全部通过，试点便失去检验作用。旁列最终通过的占比。",
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
        "期内由委员会首次裁定且已结束的试点中，最终通过的占比；被延长且仍在进行的列为“未定”。",
        "只要还有试点在进行，数值就会变动。一再延长、直到见效才结束的试点，证明力有限。",
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
        "期内经评估或经结束试点的裁定作出判断的改进中，在每个目标指标上均取得所承诺效果的占比："
        "效果的区间排除“没有变化”，且不低于承诺的 80 %，以判断所指明的日志位置为准。单据太少的视为没有效果，仍计入分母。",
        "改进常在糟糕的月份之后开始，其后本就会好转；趋势、季节和其他变更也包含在效果中。承诺越保守越易达成。多次判断的以最后一次为准。",
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
        "期内作出判断的改进，其所有目标指标中取得所承诺效果的占比：按目标指标而非按改进计。",
        "目标指标多的改进权重大；指标一多，总有一些只是碰巧改善。",
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
        "期内到期的效果检查（改进固化后 3、6、12 个月）中，每个目标指标均保持判断时效果 80 % 以上的占比。",
        "检查在到期时计入，无论能否进行：已恢复原状或无从比较的视为未保持。",
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
