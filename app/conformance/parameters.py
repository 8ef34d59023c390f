"""The query parameters of questions about how processes ran."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import CommaSeparated
from app.api.listings.list_queries import Paging
from app.common.records import CodeEnum
from app.conformance.paths import Misfit

MOST_VALUES = 50
Values = Annotated[list[str] | None, CommaSeparated]
EventType = Annotated[str | None, Field(max_length=100)]


class StepKind(CodeEnum):
    """The events of a case that count as its steps."""

    changes = "changes", "Changes of the state", "状态变化"
    all = "all", "All events", "全部事件"


class PathKind(CodeEnum):
    """The path with which cases are compared."""

    expected = "expected", "The expected path", "预期路径"
    usual = "usual", "The usual path", "常规路径"


class Holding(CodeEnum):
    """The level of a handover: between teams or between persons."""

    team = "team", "Team", "团队"
    person = "person", "Person", "人员"


class ConformanceQuery(BaseModel):
    """Query parameters: the time in which cases ended, filters for them, and the path to hold them against.
    Values of one filter are separated by commas; all filters must hold.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Annotated[str | None, Field(alias="from", max_length=40)] = Field(
        None,
        description="Beginning: a date (midnight in `tz`), or a time with a zone; if left out, twelve "
        "months before `to`.",
    )
    end: Annotated[str | None, Field(alias="to", max_length=40)] = Field(
        None, description="End, exclusive; if left out, the end of the current month."
    )
    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="Time zone of dates (IANA); if left out, the organisation's."
    )
    team: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Teams (keys or ids) that had the cases last; `none` for cases without a team.",
    )
    service: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Services (keys) of the cases; `none` for cases without a service.",
    )
    customer: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Customers (keys or ids of their teams); `none` for cases without a customer.",
    )
    source: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Sources of the cases: `ours`, or imported histories, such as `import:legacy`.",
    )
    path: PathKind | None = Field(
        None,
        description="Path with which the cases are compared; if left out, the expected path if there "
        "is one, and for cases of imported histories only, the usual path.",
    )
    usual_from: Annotated[str | None, Field(max_length=40)] = Field(
        None,
        description="Beginning of the time whose cases define the usual path; if left out, the same as "
        "`from`.",
    )
    usual_to: Annotated[str | None, Field(max_length=40)] = Field(
        None,
        description="End, exclusive, of the time whose cases define the usual path; if left out, the "
        "same as `to`.",
    )
    open: bool = Field(False, description="`true` for the cases that began before `to` and have not ended.")


class ConformanceStepQuery(ConformanceQuery):
    """Query parameters: the time, the filters, and which events are steps."""

    steps: StepKind = Field(
        StepKind.changes, description="Events that count as steps: those that change the state, or `all`."
    )


class ConformanceVariantQuery(ConformanceStepQuery, Paging):
    """Query parameters of variants: the time, the filters, which events are steps, and the page."""


class ConformanceGraphQuery(ConformanceStepQuery):
    """Query parameters of the graph: the time, the filters, which events are steps, and the form."""

    format: Literal["json", "svg"] | None = Field(
        None, description="Format of the answer; if left out, the header `Accept` decides."
    )
    lang: Literal["en", "zh"] | None = Field(
        None,
        description="Language of the answer; if left out, the language of the header `Accept-Language`, "
        "or of the caller.",
    )


class ConformanceCaseQuery(ConformanceStepQuery, Paging):
    """Query parameters of cases: the time, the filters, which of the cases, and the page."""

    variant: UUID | None = Field(None, description="Identifier of the variant, from the list of variants.")
    fits: bool | None = Field(
        None, description="`true` for the cases that fit the path, `false` for the cases that do not."
    )
    misfit: Misfit | None = Field(
        None, description="Kind of deviation from the expected path; with `step`, a deviation in that step."
    )
    step: EventType = Field(None, description="Type of an event that is a step of the cases.")
    after: EventType = Field(None, description="Type of the step directly before `step`.")
    state: Annotated[str | None, Field(max_length=60)] = Field(
        None, description="State in which the cases were for some time."
    )
    standing: Annotated[str | None, Field(max_length=60)] = Field(
        None, description="State in which the cases are now."
    )
    came_back: bool | None = Field(
        None,
        description="`true` for the cases that returned to an earlier state. With `step` and `state`, "
        "only cases that returned by that step to that state.",
    )
    handed_over: Holding | None = Field(
        None, description="Level at which the cases were handed over: between teams or between persons."
    )
    handed_from: UUID | None = Field(
        None, description="Identifier of the team or person that handed the cases over."
    )
    handed_to: UUID | None = Field(
        None, description="Identifier of the team or person that took the cases over."
    )
    handed_back: bool | None = Field(
        None, description="`true` for the cases that were handed back to an earlier holder."
    )
