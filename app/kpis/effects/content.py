"""The content of a measured effect, as it is stored and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from app.api.shapes import OutputModel
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

    difference = "difference", "After less before", "之后减之前"
    ratio = "ratio", "After divided by before", "之后除以之前"


class WarningCode(CodeEnum):
    """What a reader of an effect must know besides the figures."""

    after_signal = (
        "after_signal",
        "The baseline follows a signal: what was unusual tends to become usual again by itself",
        "基线紧随异常信号：异常值往往会自行回落（向均值回归）",
    )
    different_seasons = (
        "different_seasons",
        "The windows lie in different seasons, of which the year before says how they differ",
        "两个窗口处于不同季节，可与上年同期对照",
    )
    other_changes = (
        "other_changes",
        "Other changes touched the same scope in this time",
        "同一范围在此期间还有其他变更",
    )
    open_cases = (
        "open_cases",
        "Cases are still open, and not counted: they may take longer",
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
        "It compares two instants: many cases are the same at both, and the interval is too narrow",
        "比较的是两个时点：两端单据多有重合，区间偏窄",
    )
    percentile = (
        "percentile",
        "The interval is that of percentiles: a corrected one cannot be had of these cases",
        "区间取自百分位法：此数据无法得到校正区间",
    )


class EffectWarning(OutputModel):
    """A warning. Which of the details there are depends on the code."""

    model_config = ConfigDict(frozen=True)

    code: WarningCode
    months: list[str] = Field(
        default=[], description="Of signals: the months that they lie in, as 2026-03, with the rule."
    )
    changes: list[str] = Field(default=[], description="Of other changes: the numbers of the first ones.")
    cases: int | None = Field(default=None, description="How many open cases or changes there are.")
    final_at: datetime | None = Field(default=None, description="Until when the figures can change.")
    before: float | None = Field(
        default=None, description="Of seasons: the KPI of the same window a year earlier than before."
    )
    after: float | None = Field(default=None, description="Of seasons: a year earlier than after.")


class EffectSide(OutputModel):
    """The cases of a window."""

    model_config = ConfigDict(frozen=True)

    value: float | None = Field(description="The KPI of the window; null: it has none.")
    cases: int = Field(description="How many cases it was computed from.")
    compared: float | None = Field(
        description="What was compared: the share, the median of a duration, the mean, or the events per "
        "unit of exposure."
    )
    low: float | None = Field(description="The interval of that, where there is one.")
    high: float | None
    exposure: float | None = Field(description="Of a rate: days, agent-days, agreed hours, or deliveries.")


class PromisedOutcome(OutputModel):
    """What was promised, in the scale of the effect, and whether it is shown."""

    model_config = ConfigDict(frozen=True)

    effect: float
    reached: PromiseVerdict


class EffectResult(OutputModel):
    """The result of comparing two windows of a KPI."""

    model_config = ConfigDict(frozen=True)

    method: EffectMethod
    method_version: int = Field(description="With it the same numbers come of the same cases.")
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
    level: float = Field(description="How often such an interval holds the true effect.")
    interval_by: IntervalMethod
    relative_change: float | None = Field(
        description="What was compared, after over before, less 1. Null: there is nothing before."
    )
    difference_of_medians: float | None = Field(description="Of a duration, beside the shift.")
    test: TestMethod | None = Field(description="Null: the interval tells it alone.")
    p_value: float | None
    verdict: EffectVerdict
    promised: PromisedOutcome | None
    warnings: list[EffectWarning]


def as_stored(value: Any) -> Any:
    """Return JSON data as the log keeps it: fractional numbers as the shortest text that is the same."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: as_stored(one) for key, one in value.items()}
    return [as_stored(one) for one in value] if isinstance(value, list) else value
