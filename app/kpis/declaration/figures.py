"""The figures of one period and cut of a question about a KPI, as they are counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.declaration.exposure import Exposure
from app.kpis.declaration.kpi import EXCLUSIONS, Kpi
from app.kpis.statistics.survival import Survival

DECIMALS_OF_SECONDS = 3

#: A cut: the values of the dimensions in `by`, in that order; a point's key is its period's number and cut.
#: The question's periods are numbered from 1; lower numbers are periods before it.
Cut = tuple[str | UUID | None, ...]
PointKey = tuple[int, Cut]
Names = Mapping[str | UUID | None, str]


class Distribution(OutputModel):
    """The durations of the cases in a period and group, in seconds, with percentiles as computed by
    PostgreSQL's percentile_cont.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    mean: float = Field(description="Mean duration in seconds.")
    median: float = Field(description="Median duration in seconds.")
    p90: float = Field(description="90th percentile of the durations in seconds.")
    max: float = Field(description="Longest duration in seconds.")
    zeros: int | None = Field(
        description="Number of cases that took no second, such as those solved outside of the service "
        "hours; null for ages."
    )


@dataclass(slots=True)
class Figures:
    """The figures of one period and cut: one combination of values of the dimensions grouped by. `open_cases`
    is None if the period has not begun or the KPI does not need it.

    `reference` is the number that cases are compared with, where they are (see references.py); `loaded` is
    whether there are records of that time. `total` is the sum of the cases' numbers, the numerator of a mean
    or share; `excluded` counts the excluded cases by reason. `oldest_open_seconds` is None if no case is
    open. `on_hold` counts the open cases on hold, `skewed` the cases whose time was adjusted (see
    kpi.SKEWABLE_FACTS). `days` is the divisor of cases per day, or per agent and day, of which
    `rota_days` are days on the rota. `exposure` has the sums of a KPI of outages in a period that has begun,
    `affected` counts the incidents that caused outage in the agreed time. `elapsed` is the distribution of
    the KPI's measure by the clock on the wall, even if the KPI counts business time. `secondary` has the
    figures of the secondary measure, None without one or without cases.
    """

    cases: int = 0
    total: int = 0
    reference: int = 0
    loaded: bool = True
    elapsed: Distribution | None = None
    survival: Survival | None = None
    open_cases: int | None = None
    oldest_open_seconds: int | None = None
    on_hold: int = 0
    skewed: int = 0
    days: int | float = 0
    rota_days: int = 0
    secondary: Figures | None = None
    exposure: Exposure | None = None
    affected: int = 0
    excluded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EXCLUSIONS, 0))


def add_cases(
    kpi: Kpi,
    figures: Figures,
    excluded: str | None,
    counts: Sequence[int],
    total: Decimal | int | None,
    spread: Sequence[Any],
) -> None:
    """Add to the figures the aggregates of the cases with this reason for exclusion (None: of those that
    count).

    `counts` are the number of cases and of the skewed ones among them; `total` is the sum of their numbers;
    `spread` is their median, p90, maximum, and how many are zero.
    """
    cases, skewed = counts
    if excluded is not None:
        figures.excluded[excluded] = cases
    if excluded is None or kpi.counts_excluded:
        figures.cases += cases
        figures.total += int(total or 0)
        figures.skewed += skewed
    if excluded is None and cases and kpi.is_timed:
        figures.elapsed = distribution(float((total or 0) / cases), *spread)


def distribution(
    mean: float, median: float, p90: float, largest: float, zeros: float | None = None
) -> Distribution:
    """Return the distribution of durations in seconds, rounded as in answers."""
    return Distribution(
        mean=round(mean, DECIMALS_OF_SECONDS),
        median=round(median, DECIMALS_OF_SECONDS),
        p90=round(p90, DECIMALS_OF_SECONDS),
        max=round(largest, DECIMALS_OF_SECONDS),
        zeros=None if zeros is None else int(zeros),
    )
