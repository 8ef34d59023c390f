"""Targets of agreements, as the clocks read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.common.records import CodeEnum
from app.common.times.business_time import BusinessTime


class Metric(CodeEnum):
    """The metric of a target. Availability and satisfaction are not measured by clocks."""

    response = "response", "Response", "响应"
    resolution = "resolution", "Resolution", "解决"
    restore = "restore", "Restoration of service", "服务恢复"
    fulfilment = "fulfilment", "Fulfilment", "交付"
    update = "update", "Update", "进展通报"
    availability = "availability", "Availability", "可用性"
    satisfaction = "satisfaction", "Satisfaction", "满意度"


#: Metrics that a clock measures.
CLOCK_METRICS = (Metric.response, Metric.resolution, Metric.restore, Metric.fulfilment, Metric.update)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target that a clock measures: so many seconds of business time."""

    id: str
    metric: Metric
    threshold_seconds: int
    #: The key of the calendar.
    calendar: str
    #: Reasons of holds, and states of the case, in which the clock pauses.
    pause_reasons: frozenset[str] = frozenset()
    pause_states: frozenset[str] = frozenset()
    #: Percentages of the threshold at which the clock warns.
    warning_percents: tuple[int, ...] = ()
    #: Attributes of the case that the target is for; one that is not named may have any value.
    conditions: Mapping[str, str] = field(default_factory=dict)


#: Returns the target that applies to a case with these attributes, or None. The agreement is chosen as of the
#: opening, so that the target depends on nothing else.
Targeting = Callable[[Mapping[str, str | None]], Target | None]
#: Returns the business time of the calendar with that key, by its newest version published by that instant.
Calendars = Callable[[str, datetime], BusinessTime]
