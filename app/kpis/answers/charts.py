"""The XmR chart of a KPI over its completed periods, which separates signals from noise (pure).

Limits restart at each re-basing; signals that were noted at night, and their explanations, stand at their
periods.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel, PersonStub
from app.common.records import CodeEnum
from app.kpis.answers.answer import KpiAnswer
from app.kpis.answers.limits import KpiLimits, natural_limits
from app.kpis.answers.point_parts import (
    FilterWarnings,
    LagNotice,
    LagSeconds,
    LogPosition,
    PeriodBegin,
    PeriodEnd,
    PointTarget,
)
from app.kpis.answers.recorded import Recording
from app.kpis.answers.series import DECIMALS_OF_RATIOS, KpiPoint
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.statistics.behaviour import LEAST_VALUES, Signal
from app.kpis.statistics.stretches import Stretch, moving_ranges, signals_of, stretches


class KpiNotedSignal(OutputModel):
    """A signal that was noted at night, and its explanation."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    number: str = Field(description="Number by which people know the signal.")
    state: SignalState
    rule: Signal
    tendency: Tendency
    since_at: datetime = Field(description="Beginning of the first period of the signal.")
    noted_at: datetime = Field(description="Time at which the signal was noted.")
    reason: str | None = Field(
        description="Reason, in the words of the person who explained the signal; null until it is explained."
    )
    cause: str | None = Field(description="Record or event behind the signal; null if not named.")
    explained_by: PersonStub | None = Field(
        description="Person who explained the signal; null until it is explained."
    )
    explained_at: datetime | None = Field(
        description="Time of the explanation; null until the signal is explained."
    )


class KpiChartRebase(OutputModel):
    """A change, or a new definition of the KPI, after which the natural limits are computed again."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID | None = Field(description="Re-basing; null for a new definition of the KPI.")
    change: str = Field(
        description="Number of the change or another record, or a name; of a new definition, the key of the "
        "KPI and the version."
    )
    reason: str | None = Field(
        default=None, description="Reason for which the limits restart; null for a new definition of the KPI."
    )
    begins_at: datetime = Field(
        description="Time of the change; the limits are computed again from the first period that "
        "begins at this time or later."
    )


class KpiMomentKind(CodeEnum):
    """The kind of an event that is marked on a chart."""

    target_set = "target_set", "Target set", "目标变更"
    change_implemented = "change_implemented", "Change implemented", "变更实施"
    pilot_began = "pilot_began", "Pilot began", "试点开始"
    improvement_implemented = "improvement_implemented", "Improvement implemented", "改进实施"
    cut_over = "cut_over", "Cutover", "正式切换"
    reverted = "reverted", "Improvement reverted", "改进恢复原状"
    major_incident = "major_incident", "Major incident", "重大事件"


class KpiMoment(OutputModel):
    """An event that is marked on a chart, such as a change that was implemented."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: KpiMomentKind
    occurred_at: datetime = Field(description="Time of the event.")
    record: str | None = Field(description="Kind of the record, such as `change`; null for a target.")
    number: str | None = Field(description="Number by which people know the record; null for a target.")
    target: PointTarget | None = Field(description="New target; null if the event is not about a target.")


class KpiChartPoint(OutputModel):
    """A period of a chart."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    begin: PeriodBegin
    end: PeriodEnd
    value: int | float | None = Field(description="Value of the KPI; null if there were no cases.")
    cases: int = Field(description="Number of cases from which the value was computed.")
    recording: Recording = Field(
        description="Part of the period that records of this kind of case cover; one that is only partly "
        "recorded is not compared with the limits."
    )
    running: bool = Field(
        description="True if the period is not over or has not begun; such a period is not compared "
        "with the limits."
    )
    version: int = Field(description="Version of the KPI's definition at the beginning of the period.")
    moving_range: float | None = Field(
        description="Difference from the previous value; null for the first value since a re-basing."
    )
    signals: list[Signal] = Field(
        description="Rules by which the value differs from the usual variation; empty if no cause "
        "needs to be looked for."
    )
    noted: list[KpiNotedSignal] = Field(
        description="Signals that were noted for the period at night, with their explanations. Signals "
        "are noted for watched KPIs, by month, for the organisation, a service or a team."
    )


class KpiStretch(OutputModel):
    """The periods between two re-basings, with their own limits."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    begin: PeriodBegin
    end: PeriodEnd
    values: int = Field(description="Number of completed periods with a value.")
    limits: KpiLimits | None = Field(
        description=f"Natural limits; null if there are fewer than {LEAST_VALUES} values."
    )
    provisional: bool = Field(
        description="True if the limits are based on fewer than 12 values and will still move."
    )


class KpiBehaviour(OutputModel):
    """The behaviour chart (XmR) of a KPI, with the values that signal a change."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str = Field(description="Key of the KPI.")
    unit: str = Field(description="Unit of the values.")
    grain: str = Field(description="Length of the periods.")
    tz: str = Field(description="Time zone in which periods begin and end.")
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    limits: KpiLimits | None = Field(
        description=f"Natural limits of the last stretch; null if fewer than {LEAST_VALUES} of its "
        "completed periods have a value."
    )
    provisional: bool = Field(
        description="True if the limits are based on fewer than 12 values and will still move."
    )
    stretches: list[KpiStretch] = Field(
        description="Stretches of time between re-basings; one stretch without re-basings."
    )
    rebases: list[KpiChartRebase] = Field(description="Re-basings of the KPI, the oldest first.")
    moments: list[KpiMoment] = Field(
        description="Events in the time and scope of the chart, the earliest first, for records that "
        "the caller may see."
    )
    moments_left_out: int = Field(
        description="Number of changes and major incidents that are not among the moments. The newest 12 "
        "of each kind are included, but no changes if there are more and neither a service nor "
        "a team is selected."
    )
    points: list[KpiChartPoint] = Field(description="Periods of the chart, the oldest first.")


@dataclass(frozen=True, slots=True)
class ChartMarks:
    """Notes on a chart by people and rules: re-basings, noted signals by the beginning of their period, and
    moments, with the number of omitted ones.
    """

    rebases: Sequence[KpiChartRebase] = ()
    noted: Mapping[datetime, Sequence[KpiNotedSignal]] = field(default_factory=dict)
    moments: Sequence[KpiMoment] = ()
    moments_left_out: int = 0


NO_MARKS = ChartMarks()


def behaviour(kpi: Kpi, series: KpiAnswer, now: datetime, marks: ChartMarks = NO_MARKS) -> KpiBehaviour:
    """Return the chart of an answer that has no cuts."""
    over = [point for point in series.points if point.end <= now and _counts_in_limits(point)]
    values = [point.value for point in over if point.value is not None]
    redefined = definition_breaks(kpi)
    rebases = [
        rebase
        for rebase in sorted([*marks.rebases, *redefined], key=attrgetter("begins_at"))
        if series.points[0].begin < rebase.begins_at < series.points[-1].end
    ]
    begins = [point.begin for point in over]
    parts = stretches(values, [bisect_left(begins, rebase.begins_at) for rebase in rebases])
    signals_by_place = {
        point.begin: (rules, None if moved is None else round(moved, DECIMALS_OF_RATIOS))
        for point, rules, moved in zip(over, signals_of(parts), moving_ranges(values, parts), strict=True)
    }
    stretches_shown = [_stretch(kpi, part, values, over) for part in parts]
    return KpiBehaviour(
        key=series.key,
        unit=series.unit,
        grain=series.grain,
        tz=series.tz,
        position=series.position,
        lag_seconds=series.lag_seconds,
        limits=stretches_shown[-1].limits if stretches_shown else None,
        provisional=bool(stretches_shown) and stretches_shown[-1].provisional,
        stretches=stretches_shown,
        rebases=rebases,
        moments=list(marks.moments),
        moments_left_out=marks.moments_left_out,
        points=[
            _point(kpi, point, signals_by_place.get(point.begin, ([], None)), now, marks)
            for point in series.points
        ],
    )


def definition_breaks(kpi: Kpi) -> list[KpiChartRebase]:
    """Return the new definitions of the KPI that make values incomparable with those before."""
    return [
        KpiChartRebase(id=None, change=f"{kpi.key} v{version}", begins_at=change.breaks_at)
        for version, change in enumerate(kpi.changes, start=2)
        if change.breaks_at is not None
    ]


def _counts_in_limits(point: KpiPoint) -> bool:
    """Return whether the point has a value of a wholly recorded period."""
    return point.value is not None and point.recording is Recording.whole


def _point(
    kpi: Kpi,
    point: KpiPoint,
    signals_and_value: tuple[list[Signal], float | None],
    now: datetime,
    marks: ChartMarks,
) -> KpiChartPoint:
    signals, moved = signals_and_value
    return KpiChartPoint(
        begin=point.begin,
        end=point.end,
        value=point.value,
        cases=point.cases,
        recording=point.recording,
        running=point.end > now,
        version=kpi.version_at(point.begin),
        moving_range=moved,
        signals=signals,
        noted=list(marks.noted.get(point.begin, ())),
    )


def _stretch(kpi: Kpi, part: Stretch, values: Sequence[float], over: Sequence[KpiPoint]) -> KpiStretch:
    centre, moving_range = part.chart.centre, part.chart.moving_range
    limits = None
    if centre is not None and moving_range is not None:
        limits = natural_limits(kpi, values[part.first : part.last], centre, moving_range)
    return KpiStretch(
        begin=over[part.first].begin,
        end=over[part.last - 1].end,
        values=part.last - part.first,
        limits=limits,
        provisional=part.provisional,
    )
