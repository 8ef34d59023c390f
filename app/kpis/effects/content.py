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
    """How both windows are compared."""

    difference = "difference", "After minus before", "之后减之前"
    ratio = "ratio", "After divided by before", "之后除以之前"


class WarningCode(CodeEnum):
    """What a reader of an effect must know besides the figures."""

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
    running = "running", "The window after is not over", "之后的窗口尚未结束"
    standing = (
        "standing",
        "Two points in time are compared: many cases are the same at both, so the interval is too narrow",
        "比较的是两个时点：两端单据多有重合，区间偏窄",
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
        "两个窗口中都有许多单据不占工作时间：中位数与配对说明不了多少",
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
        "没有与试点之外的任何人对照",
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
        "同一效果此前已测量过：看得多了总会碰巧有所发现",
    )
    no_cases = "no_cases", "A window has no cases", "其中一个窗口没有单据"


class EffectWarning(OutputModel):
    """A warning. Which of the details there are depends on the code."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    code: WarningCode
    months: list[str] = Field(default=[], description="The months of the signals, as 2026-03, with the rule.")
    changes: list[str] = Field(default=[], description="The numbers of the first of the other changes.")
    cases: int | None = Field(default=None, description="Number of open cases or changes.")
    days: int | None = Field(default=None, description="Number of days of the smaller side, if they are few.")
    times: int | None = Field(default=None, description="Number of earlier measurements of the same.")
    at: datetime | None = Field(
        default=None, description="Time at which it was recorded; or until which it was agreed to measure."
    )
    final_at: datetime | None = Field(default=None, description="Time until which the figures can change.")
    before: float | None = Field(
        default=None,
        description="The KPI, of seasons of the same window a year earlier than before, of shares of the "
        "window before.",
    )
    after: float | None = Field(default=None, description="The same of the window after.")


class EffectSide(OutputModel):
    """The cases of a window."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: float | None = Field(description="The KPI of the window; null: it has none.")
    cases: int = Field(description="Number of cases from which it was computed.")
    compared: float | None = Field(
        description="The compared estimate: the mean, the median, the share, or the events per unit of "
        "exposure. By version 1 of a duration: its median."
    )
    low: float | None = Field(description="The interval of that, where there is one.")
    high: float | None
    exposure: float | None = Field(
        description="The exposure of a rate: days, agent-days, agreed hours, or deliveries."
    )
    median: float | None = Field(default=None, description="The median of cases with a number.")
    zeros: float | None = Field(
        default=None,
        description="The share of the cases with a number that have 0, as of no business time.",
    )
    days: int | None = Field(
        default=None,
        description="Number of days on which the cases began; of a rate, of days of the window. Null: it was "
        "not compared by day.",
    )


class RelativeOutcome(OutputModel):
    """What a mean cannot say: how often a case after has less than one before."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: float = Field(
        description="The share of pairs in which the case after has less than the one before, ties half. "
        "With a control: less the same share there."
    )
    low: float | None = Field(description="The end of its interval, at `level`. Null: it has none.")
    high: float | None
    no_effect: float = Field(description="The value if nothing changed: 0.5, with a control 0.")


class PromisedOutcome(OutputModel):
    """What was promised, in the scale of the effect, and whether it is shown."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    effect: float
    reached: PromiseVerdict


class EffectResult(OutputModel):
    """The result of comparing two windows of a KPI."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    method: EffectMethod
    method_version: int = Field(description="The seed with which the same numbers come of the same cases.")
    scale: EffectScale
    before: EffectSide
    after: EffectSide
    control_before: EffectSide | None
    control_after: EffectSide | None
    effect: float | None = Field(
        description="The difference, in the unit of the KPI, or the ratio; with a control the difference of "
        "differences, or the ratio of ratios. Null: it cannot be computed."
    )
    low: float | None = Field(description="The lower end of the interval; null: it has none.")
    high: float | None = Field(description="The upper end; null: it has none.")
    level: float = Field(
        description="The probability that such an interval holds the true effect. 0.975 where the value and "
        "the relative effect have one each, and either may tell an effect."
    )
    interval_by: IntervalMethod
    relative_change: float | None = Field(
        description="The relative change of the compared estimate: after over before, less 1. Null: there is "
        "nothing before. A rate is compared with like weekdays: its effect differs from this where the "
        "windows have others."
    )
    relative: RelativeOutcome | None = Field(
        default=None,
        description="The effect by pairs, beside a mean or a median. Null: there are no pairs to compare.",
    )
    difference_of_medians: float | None = Field(
        description="The median after less that before, of cases with a number."
    )
    test: TestMethod | None = Field(description="The p value; null: the interval tells it alone.")
    p_value: float | None
    verdict: EffectVerdict
    promised: PromisedOutcome | None
    warnings: list[EffectWarning]


def as_stored(value: Any) -> Any:
    """Return JSON data as the log keeps it: fractional numbers as the shortest text that is the same."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: as_stored(item) for key, item in value.items()}
    return [as_stored(item) for item in value] if isinstance(value, list) else value
