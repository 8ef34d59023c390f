"""The query parameters of questions about KPIs."""

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
        description="The instant or the position of the log as of which it is computed: later events are "
        "not in it. Figures that were computed before are kept; others read the whole log up to there."
    ),
]
Values = Annotated[list[str] | None, CommaSeparated]


class KpiChoice(BaseModel):
    """Query parameters: the time zone of the running month."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="The time zone by which the month is cut (IANA). None: the organisation's."
    )


class KpiPeriodChoice(KpiChoice):
    """Query parameters: the time zone and the length of periods."""

    grain: Literal["week", "month", "quarter", "year"] = Field("month", description="Length of a period.")


class KpiZone(BaseModel):
    """Query parameters: the time zone of periods."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="The time zone by which periods are cut (IANA). None: the organisation's."
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
        description="The begin: a date (its midnight in `tz`), or a time with a zone. None: twelve months "
        "before `to`.",
    )
    end: Annotated[str | None, Field(alias="to", max_length=40)] = Field(
        None, description="The end, exclusive. None: the end of the running period."
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

    grain: Grain = Field(Grain.month, description="Length of a period; `all`: one for the whole time.")
    by: Annotated[list[Dimension] | None, CommaSeparated] = Field(
        None, max_length=len(Dimension), description="The dimensions by which each period is cut."
    )
    as_of: PastMoment = None
    last_year: bool = Field(False, description="True to show the same periods of the year before, too.")
    fresh: bool = Field(
        False,
        description="True to wait until all that was written before this request is in it, 2 seconds at the "
        "most; `lag_seconds` tells whether it is.",
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
        None, max_length=MOST_KEYS, description="Keys of KPIs; none: the watched ones."
    )
    judged: Annotated[str | None, Field(max_length=40)] = Field(
        None,
        description="A date in the period that is judged, or a time with a zone. None: the last one over.",
    )
    keep: bool = Field(
        False,
        description="True to keep the figures as they are now, so that they can be asked for again: with the "
        "`as_of` of the answer.",
    )
    recompute: bool = Field(
        False,
        description="True to compute figures `as_of` anew from the log, and compare them with those kept.",
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
        description="Number of cases that will still come; none: at the present pace.",
    )


class KpiCaseQuery(KpiFilters, Paging):
    """Query parameters: the time, filters for the cases, and the page."""


class KpiInfluenceQuery(KpiFilters):
    """Query parameters: the time, the dimension whose parts are left out in turn, and filters."""

    by: Dimension = Field(Dimension.team, description="The parts that are left out, each in turn.")
