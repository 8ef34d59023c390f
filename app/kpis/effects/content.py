"""The content of a measured effect, as it is stored and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.records import CodeEnum
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
        "There is no comparison with cases outside the pilot",
        "没有对照组：未与试点之外的单据比较",
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
        "The same effect was measured before: frequent looks may find something by chance",
        "同一效果此前已测量过：测量次数越多，越可能碰巧得出有效果的结果",
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
        description="Number of open cases, for `open_cases`, or of other changes, for `other_changes`; "
        "otherwise null.",
    )
    days: int | None = Field(
        default=None,
        description="Number of days with cases in the window that has fewer of them, for `few_days`; "
        "otherwise null.",
    )
    times: int | None = Field(
        default=None,
        description="Number of earlier measurements of the same effect, for `measured_before`; otherwise "
        "null.",
    )
    at: datetime | None = Field(
        default=None,
        description="Time of the recording, for `recorded_late`, or agreed end of the measurement, for "
        "`before_agreed_end`; otherwise null.",
    )
    final_at: datetime | None = Field(
        default=None,
        description="Time until which the figures can change, for `can_change`; otherwise null.",
    )
    before: float | None = Field(
        default=None,
        description="Figure of the earlier window: its KPI one year before, for "
        "`different_seasons`; its share of closed days, for `different_closed_days`; its share of cases "
        "without business time, for `different_zeros` and `many_ties`; otherwise null.",
    )
    after: float | None = Field(
        default=None,
        description="Figure of the later window, of the kind that `before` has; otherwise null.",
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
    days: int | None = Field(
        default=None,
        description="Number of days on which the cases began, or for a rate, of days in the window; "
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
    level: float = Field(
        description="Probability that such an interval contains the true effect; 0.975 if the value "
        "and the relative effect have an interval each and either can show an effect."
    )
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
