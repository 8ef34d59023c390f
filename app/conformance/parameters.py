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
    """Which events of a case are its steps."""

    changes = "changes", "Changes of the state", "状态变化"
    all = "all", "All events", "全部事件"


class PathKind(CodeEnum):
    """The path that cases are held against."""

    expected = "expected", "The expected path", "预期路径"
    usual = "usual", "The usual path", "惯常路径"


class Holding(CodeEnum):
    """Who hands a case over to whom."""

    team = "team", "Team", "团队"
    person = "person", "Person", "人员"


class ConformanceQuery(BaseModel):
    """Query parameters: the time in which cases ended, filters for them, and the path to hold them against.
    Values of one filter are separated by commas; all filters must hold.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Annotated[str | None, Field(alias="from", max_length=40)] = Field(
        None,
        description="The begin: a date (its midnight in `tz`), or a time with a zone. None: twelve months "
        "before `to`.",
    )
    end: Annotated[str | None, Field(alias="to", max_length=40)] = Field(
        None, description="The end, exclusive. None: the end of the running month."
    )
    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="The time zone of dates (IANA). None: the organisation's."
    )
    team: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Keys or ids of the teams that had the cases last; `none`: without.",
    )
    service: Values = Field(None, max_length=MOST_VALUES, description="Keys of services; `none`: without.")
    customer: Values = Field(
        None, max_length=MOST_VALUES, description="Keys or ids of customers' teams; `none`: without."
    )
    source: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="The sources of the cases: `ours`, or of imported histories, as `import:legacy`.",
    )
    path: PathKind | None = Field(
        None,
        description="The path to hold the cases against. None: the expected one, where there is one; of "
        "imported histories alone the usual one.",
    )
    usual_from: Annotated[str | None, Field(max_length=40)] = Field(
        None, description="The begin of the time whose cases make the usual path. None: `from`."
    )
    usual_to: Annotated[str | None, Field(max_length=40)] = Field(
        None, description="The end of that time, exclusive. None: `to`."
    )
    open: bool = Field(False, description="True for the cases that have not ended, begun before `to`.")


class ConformanceStepQuery(ConformanceQuery):
    """Query parameters: the time, the filters, and which events are steps."""

    steps: StepKind = Field(
        StepKind.changes, description="The events that are steps: those that change the state, or `all`."
    )


class ConformanceVariantQuery(ConformanceStepQuery, Paging):
    """Query parameters of variants: the time, the filters, which events are steps, and the page."""


class ConformanceGraphQuery(ConformanceStepQuery):
    """Query parameters of the graph: the time, the filters, which events are steps, and the form."""

    format: Literal["json", "svg"] | None = Field(
        None, description="The form of the answer. None: as the header `Accept` says."
    )
    lang: Literal["en", "zh"] | None = Field(
        None, description="The language. None: as `Accept-Language` says, or else the caller's own."
    )


class ConformanceCaseQuery(ConformanceStepQuery, Paging):
    """Query parameters of cases: the time, the filters, which of the cases, and the page."""

    variant: UUID | None = Field(None, description="The variant, as the list of variants names it.")
    fits: bool | None = Field(None, description="True: those that fit the path; false: those that do not.")
    misfit: Misfit | None = Field(
        None, description="The way in which they do not fit the expected path; with `step` in that step."
    )
    step: EventType = Field(None, description="The type of an event that is a step of theirs.")
    after: EventType = Field(None, description="The type of the step directly before `step`.")
    state: Annotated[str | None, Field(max_length=60)] = Field(
        None, description="The state in which they stood for a time."
    )
    standing: Annotated[str | None, Field(max_length=60)] = Field(
        None, description="The state in which they stand now."
    )
    came_back: bool | None = Field(
        None,
        description="True: those that came back to a state in which they had stood, by `step` and into "
        "`state` where these are said.",
    )
    handed_over: Holding | None = Field(
        None, description="Those that a team or person handed over to another one."
    )
    handed_from: UUID | None = Field(None, description="The id of whom they were handed over by.")
    handed_to: UUID | None = Field(None, description="The id of whom they were handed over to.")
    handed_back: bool | None = Field(
        None, description="True: those that were handed over to whom they had been with before."
    )
