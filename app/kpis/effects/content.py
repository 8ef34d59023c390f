"""The content of a measured effect, as it is stored and shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.records import CodeEnum
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects.records import MeasuredFigure
from app.kpis.statistics.effects.codes import (
    EffectMethod,
    EffectVerdict,
    IntervalMethod,
    PromiseVerdict,
    TestMethod,
)


class EffectScale(CodeEnum):
    """The scale on which both windows are compared."""

    difference = "difference", "After minus before", "实施后减实施前"
    ratio = "ratio", "After divided by before", "实施后除以实施前"


class WarningCode(CodeEnum):
    """A caution that a reader of an effect must know in addition to the figures."""

    after_signal = (
        "after_signal",
        "The baseline follows a signal: unusual values tend to return to normal by themselves",
        "基线紧随异常信号：异常值往往会自行回落（向均值回归）",
    )
    different_seasons = (
        "different_seasons",
        "The windows lie in different seasons; the year before shows how these differ",
        "两个窗口处于不同季节，可与上年同期对照",
    )
    other_changes = (
        "other_changes",
        "Other changes affected the same scope during this time",
        "同一范围在此期间还有其他变更",
    )
    open_cases = (
        "open_cases",
        "Open cases are not counted and may take longer",
        "仍有未结单据未计入，其耗时可能更长",
    )
    can_change = (
        "can_change",
        "The figures can still change",
        "数据仍可能变化",
    )
    running = "running", "The window after is not over", "实施后的窗口尚未结束"
    standing = (
        "standing",
        "Two points in time are compared: many cases are the same at both, so the interval is too narrow",
        "比较的是两个时点的存量：两端有许多相同的单据，因此区间偏窄",
    )
    percentile = (
        "percentile",
        "The interval is based on percentiles: a corrected interval is not possible for these cases",
        "区间取自百分位法：此数据无法得到校正区间",
    )
    few_days = (
        "few_days",
        "The cases fall on only a few days, and cases of one day are similar: more days give a better answer",
        "单据只分布在少数几天，而同一天的单据相似：天数更多才更可靠",
    )
    many_ties = (
        "many_ties",
        "Many cases of both windows took no business time: medians and pairs show little about them",
        "两个窗口中都有许多单据不占工作时间：中位数与配对比较的参考价值有限",
    )
    different_zeros = (
        "different_zeros",
        "The share of cases that took no business time differs between the windows",
        "两个窗口中不占工作时间的单据占比不同",
    )
    different_closed_days = (
        "different_closed_days",
        "One window has more closed days, which have no business time",
        "其中一个窗口的非工作日更多",
    )
    no_control = (
        "no_control",
        "Not compared with anybody: what happened to all is part of the effect",
        "没有与任何人对照：影响所有人的变化也算在效果之内",
    )
    unusual_baseline = (
        "unusual_baseline",
        "The baseline is worse than usual in the year before: such a value tends to improve by itself",
        "基线比此前一年的常态更差：这样的数值往往会自行好转（向均值回归）",
    )
    trend_before = (
        "trend_before",
        "The value was already changing before the baseline: the trend is part of the effect",
        "基线之前数值已呈变化趋势：该趋势也算在效果之内",
    )
    different_mix = (
        "different_mix",
        "The windows have another mix of cases, which makes up part of the effect",
        "两个窗口的单据构成不同，效果的一部分由此而来",
    )
    short_history = (
        "short_history",
        "The time before the baseline is too short to show how windows differ: the interval is wider",
        "基线之前的时间太短，无法得知此类时段通常相差多少：区间因此更宽",
    )
    good_baseline = (
        "good_baseline",
        "The baseline is better than usual in the year before: such a value tends to worsen by itself",
        "基线比此前一年的常态更好：这样的数值往往会自行变差（向均值回归）",
    )
    seen_before = (
        "seen_before",
        "Earlier windows of the year before had such a value too, without the change",
        "此前一年的时段在没有该变更时也出现过这样的数值",
    )
    step_before = (
        "step_before",
        "The value moved to another level in the year before: restart the limits if the process changed",
        "此前一年数值曾跃至另一水平：若流程已不同，请重新计算界限",
    )
    restarted = (
        "restarted",
        "The time before the baseline counts only since the limits restarted",
        "基线之前的时间只从界限重新计算起计入",
    )
    definition_changed = (
        "definition_changed",
        "The definition of the KPI changed between the windows: the new definition is part of the effect",
        "两个窗口之间指标定义有变：新定义也算在效果之内",
    )
    open_cases_moved = (
        "open_cases_moved",
        "The number of open cases changed: cases that take long stay open, or old ones were closed",
        "未结单据的数量有变：耗时长的单据尚未结束，或旧单据已被清理",
    )
    control_moved = (
        "control_moved",
        "The control changed more than the scope did: most of the effect is the change of the control",
        "对照组的变化大于本范围：效果大部分来自对照组的变化",
    )
    unusual_control = (
        "unusual_control",
        "The baseline of the control is unlike the year before: such a value returns to the usual by itself",
        "对照组的基线与此前一年不同：这样的数值往往会自行回到常态",
    )
    control_differs = (
        "control_differs",
        "The control has another level: what happens to all moves it by other amounts than the scope",
        "对照组处于另一水平：影响所有人的变化对两者的幅度不同",
    )
    recorded_late = (
        "recorded_late",
        "The baseline and the promise were recorded after the change had started",
        "基线与承诺是在变更开始之后才记录的",
    )
    before_agreed_end = (
        "before_agreed_end",
        "The measurement was made before the agreed end",
        "测量早于约定的结束时间",
    )
    measured_before = (
        "measured_before",
        "The same was measured before in overlapping windows: repeated looks find something by chance",
        "同一问题此前已用重叠的窗口测量过：看得多了总会碰巧有所发现",
    )
    no_cases = "no_cases", "A window has no cases", "其中一个窗口没有单据"


class EffectWarning(OutputModel):
    """A warning, with the details that belong to its code."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    code: WarningCode
    months: list[str] = Field(
        default=[], description="Months of the signals, such as 2026-03, each with its rule."
    )
    changes: list[str] = Field(
        default=[],
        description="Numbers of other changes to the same scope, for `other_changes`: at most ten, although "
        "`cases` counts all.",
    )
    cases: int | None = Field(
        default=None,
        description="Number of open cases at the end, for `open_cases` and `open_cases_moved`, or of other "
        "changes, for `other_changes`; otherwise null.",
    )
    cases_before: int | None = Field(
        default=None,
        description="Number of cases open at the end of the baseline, for `open_cases_moved`; or null.",
    )
    dimension: Dimension | None = Field(
        default=None, description="Dimension whose mix differs, for `different_mix`; otherwise null."
    )
    share: float | None = Field(
        default=None,
        description="Share of cases in other groups than before, for `different_mix`, or change of the value "
        "in a year, for `trend_before`; otherwise null.",
    )
    standardised: float | None = Field(
        default=None,
        description="Effect with the mix of the earlier window, for `different_mix` of a mean or share; "
        "otherwise null.",
    )
    days: int | None = Field(
        default=None,
        description="Number of days with cases in the window that has fewer of them, for `few_days`; "
        "otherwise null.",
    )
    times: int | None = Field(
        default=None,
        description="Number of earlier measurements of the same KPI and scope in overlapping windows, for "
        "`measured_before`, or of earlier windows with such a value, for `seen_before`; otherwise null.",
    )
    at: datetime | None = Field(
        default=None,
        description="Time of the recording, for `recorded_late`, agreed end of the measurement, for "
        "`before_agreed_end`, beginning of the first window on the new level, for `step_before`, restart of "
        "the limits, for `restarted`, or of the new definition, for `definition_changed`; otherwise null.",
    )
    final_at: datetime | None = Field(
        default=None,
        description="Time until which the figures can change, for `can_change`; otherwise null.",
    )
    before: float | None = Field(
        default=None,
        description="Figure of the earlier window: its KPI one year before, for "
        "`different_seasons`; the value of the baseline, for `unusual_baseline` and `good_baseline`, of the "
        "scope's, for `control_differs`, or of the control's, for `control_moved` and `unusual_control`; its "
        "share of closed "
        "days, for `different_closed_days`; its share of cases "
        "without business time, for `different_zeros` and `many_ties`; otherwise null.",
    )
    after: float | None = Field(
        default=None,
        description="Figure of the later window, of the kind that `before` has, or the value that a return "
        "to the usual alone would give, for `unusual_baseline`, `good_baseline` and `unusual_control`, or "
        "the value of the control's baseline, for `control_differs`; otherwise null.",
    )


class EffectSide(OutputModel):
    """The cases of a window."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: float | None = Field(
        description="Value of the KPI in the window; null if the KPI has no value there."
    )
    cases: int = Field(description="Number of cases from which the value was computed.")
    compared: float | None = Field(
        description="Estimate that is compared: the mean, the median, the share, or the events per "
        "unit of exposure; in version 1 the median of a duration. Null if not set."
    )
    low: float | None = Field(
        description="Lower end of the estimate's interval; null if no interval was computed."
    )
    high: float | None = Field(
        description="Upper end of the estimate's interval; null if no interval was computed."
    )
    exposure: float | None = Field(
        description="Exposure of a rate: days, agent-days, agreed hours, or deliveries; null for other KPIs."
    )
    median: float | None = Field(
        default=None, description="Median of the cases with a number; null for other KPIs."
    )
    zeros: float | None = Field(
        default=None,
        description="Share of zeros among the cases with a number, for example because no business "
        "time passed; null for other KPIs.",
    )
    p90: float | None = Field(
        default=None, description="90th percentile of the cases with a number; null for other KPIs."
    )
    days: int | None = Field(
        default=None,
        description="Number of days on which the cases began, some of them before the window, or for a rate, "
        "of days in the window; "
        "null if days were not compared.",
    )


class RelativeOutcome(OutputModel):
    """The effect in addition to the mean: the probability that a case after the change has a smaller number
    than a case before it.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: float = Field(
        description="Share of pairs in which the case after the change has the smaller number, where "
        "ties count half; with a control, minus that share in the control."
    )
    low: float | None = Field(
        description="Lower end of the share's interval, with the probability `level`; null if no "
        "interval was computed."
    )
    high: float | None = Field(
        description="Upper end of the share's interval, with the probability `level`; null if no "
        "interval was computed."
    )
    no_effect: float = Field(description="Value of the share if nothing changed: 0.5, or 0 with a control.")


class GeometricOutcome(OutputModel):
    """The ratio of the geometric means of the cases above zero, which a few long cases hardly move."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    ratio: float = Field(description="Geometric mean after the change divided by that before it.")
    low: float | None = Field(description="Lower end of the ratio's interval; null if it has none.")
    high: float | None = Field(description="Upper end of the ratio's interval; null if it has none.")
    level: float = Field(description="Probability that such an interval contains the true ratio.")
    decides: bool = Field(
        description="True if the verdict follows this ratio: the cases spread alike in both windows and "
        "zeros are equally frequent, so that the value changes by the same part."
    )


class EffectHistory(OutputModel):
    """The time before the baseline from which the interval knows how much windows differ."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    begins_at: datetime = Field(description="Beginning of that time; it ends where the baseline begins.")
    cases: int = Field(description="Number of cases in that time.")


class BaselineOutcome(OutputModel):
    """The place of the baseline among the windows of its length in the year before and itself."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    rank: int = Field(
        description="Rank of the baseline; 1 is the worst, or the highest of a KPI without a direction. "
        "Equal windows share the middle of their ranks."
    )
    windows: int = Field(description="Number of windows, including the baseline.")
    usual: float = Field(description="Mean value of the earlier windows.")
    expected: float = Field(
        description="Value that a return to the usual alone would give after such a baseline."
    )


class PromisedOutcome(OutputModel):
    """The promised effect on the scale of the measured one, and whether it is shown."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    effect: float = Field(description="Promised effect on the scale of the measured one.")
    reached: PromiseVerdict


class EffectResult(OutputModel):
    """The result of comparing two windows of a KPI."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    method: EffectMethod
    method_version: int = Field(
        description="Version of the method; only the same version computes the same numbers from the "
        "same cases."
    )
    scale: EffectScale
    before: EffectSide
    after: EffectSide
    control_before: EffectSide | None = Field(
        description="Control cases in the earlier window; null if the effect was measured without "
        "control cases."
    )
    control_after: EffectSide | None = Field(
        description="Control cases in the later window; null if the effect was measured without control "
        "cases."
    )
    effect: float | None = Field(
        description="Effect: the difference in the unit of the KPI, or the ratio; with a control, the "
        "difference of differences or the ratio of ratios. Null if it cannot be computed."
    )
    low: float | None = Field(
        description="Lower end of the effect's interval; null if no interval was computed."
    )
    high: float | None = Field(
        description="Upper end of the effect's interval; null if no interval was computed."
    )
    level: float = Field(description="Probability that such an interval contains the true effect.")
    interval_by: IntervalMethod
    relative_change: float | None = Field(
        description="Relative change of the compared estimate: the later value divided by the earlier "
        "one, minus 1. Null if there is no earlier value. For a rate it can differ from "
        "the effect, which compares equal weekdays."
    )
    relative: RelativeOutcome | None = Field(
        default=None,
        description="Effect by pairs, in addition to a mean or median; null if there are no pairs.",
    )
    geometric: GeometricOutcome | None = Field(
        default=None,
        description="Effect by geometric means of durations or amounts; null for other KPIs, and if too few "
        "cases are above zero.",
    )
    history: EffectHistory | None = Field(
        default=None,
        description="Time before the baseline that the interval allows for; null if none was read.",
    )
    baseline: BaselineOutcome | None = Field(
        default=None,
        description="Place of the baseline among earlier windows; null if there are fewer than six.",
    )
    holidays: list[date] = Field(
        default=[],
        description="Holidays in both windows, by the calendars of the services: counts compare them with "
        "each other; empty for other KPIs.",
    )
    figure: MeasuredFigure = Field(default=MeasuredFigure.kpi, description="Figure that is compared.")
    longer_than: int | None = Field(
        default=None, description="Number of seconds that counts as long; null for other figures."
    )
    difference_of_medians: float | None = Field(
        description="Median after the change minus the median before, for cases with a number; null for "
        "other KPIs."
    )
    test: TestMethod | None = Field(
        description="Test that gave the p value; null if only the interval is used."
    )
    p_value: float | None = Field(description="p value of the test; null if no test was made.")
    verdict: EffectVerdict
    promised: PromisedOutcome | None = Field(description="Promised effect; null if not promised.")
    warnings: list[EffectWarning] = Field(description="Warnings about the comparison.")


def as_stored(value: Any) -> Any:
    """Return JSON data as the log keeps it: fractional numbers as the shortest text that is the same."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: as_stored(item) for key, item in value.items()}
    return [as_stored(item) for item in value] if isinstance(value, list) else value
