"""The query parameters of questions about KPIs. `QuestionParameters` has the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.api.listings.filters import CommaSeparated
from app.api.listings.list_queries import AsOf, Paging
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import QuestionParameters

MOST_VALUES = 50
#: More than there are KPIs.
MOST_KEYS = 300
MOST_CASES = 10_000_000
PastMoment = Annotated[
    AsOf | None,
    Field(
        description="Point in time, or position in the event log: the figures are those of then, without "
        "later events. Stored figures are returned if there are any; otherwise the figures are computed "
        "from all events up to that point."
    ),
]
Values = Annotated[list[str] | None, CommaSeparated]


class KpiChoice(BaseModel):
    """Query parameters: the time zone of the running month."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None,
        description="Time zone in which the month begins and ends (IANA); if left out, the organisation's.",
    )


class KpiPeriodChoice(KpiChoice):
    """Query parameters: the time zone and the length of periods."""

    grain: Literal["week", "month", "quarter", "year"] = Field("month", description="Length of a period.")


class KpiZone(BaseModel):
    """Query parameters: the time zone of periods."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="Time zone in which periods begin and end (IANA); if left out, the organisation's."
    )


if TYPE_CHECKING:
    DimensionFilters = KpiZone
else:
    #: A parameter for each dimension, as its row describes it.
    DimensionFilters = create_model(
        "DimensionFilters",
        __base__=KpiZone,
        **{
            dimension.value: (
                Values,
                Field(None, max_length=MOST_VALUES, description=dimension.description),
            )
            for dimension in Dimension
        },
    )


class KpiCuts(DimensionFilters):
    """Filters for the cases. Values of one filter are separated by commas; all filters must hold."""

    def filter_values(self) -> dict[str, list[str]]:
        """Return the values of the filters by dimension."""
        return {dimension.value: getattr(self, dimension.value) or [] for dimension in Dimension}


class KpiFilters(KpiCuts):
    """Query parameters: the time, and filters for the cases."""

    begin: Annotated[str | None, Field(alias="from", max_length=40)] = Field(
        None,
        description="Beginning: a date (midnight in `tz`), or a time with a zone; if left out, twelve "
        "months before `to`.",
    )
    end: Annotated[str | None, Field(alias="to", max_length=40)] = Field(
        None, description="End, exclusive; if left out, the end of the current period."
    )

    def to_parameters(self, grain: Grain, by: list[Dimension]) -> QuestionParameters:
        """Return the parameters of the question."""
        return QuestionParameters(
            grain=grain.value,
            begin=self.begin,
            end=self.end,
            zone=self.tz,
            by=[dimension.value for dimension in by],
            filters=self.filter_values(),
        )


class KpiQuery(KpiFilters):
    """Query parameters: the time, the length of periods, the dimensions to group by, and filters."""

    grain: Grain = Field(
        Grain.month, description="Length of a period; `all` for the whole time as one period."
    )
    by: Annotated[list[Dimension] | None, CommaSeparated] = Field(
        None, max_length=len(Dimension), description="Dimensions by which each period is grouped."
    )
    as_of: PastMoment = None
    last_year: bool = Field(False, description="`true` adds the same periods one year earlier.")
    fresh: bool = Field(
        False,
        description="`true` waits, for at most 2 seconds, until the figures include everything written "
        "before the request; `lag_seconds` shows whether they do.",
    )


class KpiBehaviourQuery(KpiFilters):
    """Query parameters: the time of a chart, the length of periods, and filters."""

    grain: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="Length of a period."
    )
    as_of: PastMoment = None


class KpiBehavioursQuery(KpiBehaviourQuery):
    """Query parameters: those of a chart, which KPIs, and the period that is judged."""

    keys: Annotated[list[str] | None, CommaSeparated] = Field(
        None, max_length=MOST_KEYS, description="Keys of KPIs; if left out, the watched KPIs."
    )
    judged: Annotated[str | None, Field(max_length=40)] = Field(
        None,
        description="Date in the period that is judged, or a time with a zone; if left out, the last "
        "completed period.",
    )
    keep: bool = Field(
        False,
        description="`true` stores the present figures, so that they can be requested again with the "
        "`as_of` of the answer.",
    )
    recompute: bool = Field(
        False,
        description="`true` recomputes the figures for `as_of` from the log, and compares them with "
        "the stored ones.",
    )


class KpiForecastQuery(KpiCuts):
    """Query parameters: the running period, the cases expected in it, and filters."""

    grain: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="Length of the period."
    )
    more_cases: int | None = Field(
        None,
        ge=0,
        le=MOST_CASES,
        description="Number of further cases; if left out, by the present pace.",
    )


class KpiCaseQuery(KpiFilters, Paging):
    """Query parameters: the time, filters for the cases, and the page."""


class KpiInfluenceQuery(KpiFilters):
    """Query parameters: the time, the dimension whose parts are left out in turn, and filters."""

    by: Dimension = Field(
        Dimension.team, description="Dimension whose parts are left out, one after the other."
    )
