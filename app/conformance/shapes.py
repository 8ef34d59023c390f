"""Answers about how processes ran (schemas)."""

from __future__ import annotations

from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.conformance.parameters import Holding, PathKind, StepKind
from app.conformance.paths import Misfit
from app.kpis.answers.point_parts import LagNotice, LagSeconds, LogPosition, PeriodBegin, PeriodEnd
from app.kpis.cases.drill_down import Instant

#: The address of a list of the cases that a figure counts.
CasesLink = Field(description="The address of the list of these cases.")


class ConformanceDurations(OutputModel):
    """Durations in seconds."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    mean: float
    median: float = Field(description="Half take no longer.")
    p90: float = Field(description="Nine in ten take no longer.")


class ConformancePathStep(OutputModel):
    """A step of the expected path."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    event: str = Field(description="The type of the event.")
    label: str = Field(description="The name of the step, in the language asked for.")
    needed: bool = Field(description="True if a case without it does not fit.")
    repeatable: bool = Field(description="True if it may occur more than once.")
    anywhere: bool = Field(description="True if it may stand at any place of the path.")


class ConformancePath(OutputModel):
    """The path that the cases are held against."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: PathKind
    source: str | None = Field(
        description="The number of the definition that the expected path is of, or `shipped`; null: none."
    )
    steps: list[ConformancePathStep] = Field(description="The steps of the expected path, in order.")
    usual_begins_at: Instant | None = Field(
        description="The begin of the time whose cases make the usual path; null: it is the expected one.",
    )
    usual_ends_at: Instant | None = Field(description="The end of that time, exclusive.")
    usual_variants: int | None = Field(
        description="Number of the most frequent variants that make up 80 % of the cases of that time."
    )
    usual_cases: int | None = Field(description="Number of cases of that time.")


class ConformanceHead(OutputModel):
    """The time of an answer, and how far it has followed the log."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: str = Field(description="The kind of the cases, as `incident`.")
    tz: str
    begin: PeriodBegin
    end: PeriodEnd
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None


class ConformanceMisfit(OutputModel):
    """A step in which cases do not fit the expected path."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    misfit: Misfit
    step: str = Field(description="The type of the event.")
    label: str
    cases: int = Field(description="Number of cases.")
    link: str = CasesLink


class ConformanceWaiting(OutputModel):
    """The time that cases stood in a state."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: str
    label: str
    cases: int = Field(description="Number of cases that stood in it.")
    stays: int = Field(description="Number of times that one did.")
    total_seconds: int
    share: float = Field(description="The share of all time that these cases took.")
    seconds: ConformanceDurations
    link: str = CasesLink


class ConformanceStanding(OutputModel):
    """A state in which cases stand, or in which they ended."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: str
    label: str
    cases: int
    earliest_started_at: Instant = Field(description="The time at which the earliest of them began.")
    link: str = CasesLink


class ConformanceHandover(OutputModel):
    """A team or person that handed cases over, and to whom."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    holding: Holding
    from_id: UUID
    from_key: str | None = Field(description="The key of the team; null: it is a person.")
    to_id: UUID
    to_key: str | None = Field(description="The key of the team; null: it is a person.")
    handovers: int = Field(description="Number of hand-overs.")
    cases: int
    returns: int = Field(description="Number of them to whom the case had been with before.")
    seconds: ConformanceDurations = Field(description="The time until it was handed over.")
    link: str = CasesLink


class ConformancePingPong(OutputModel):
    """Cases that went back to whom they had been with before."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    holding: Holding
    cases: int
    handovers: int = Field(description="Number of all hand-overs.")
    link: str = CasesLink


class ConformanceReturn(OutputModel):
    """A step that led back to a state in which the case had stood before."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    step: str = Field(description="The type of the event.")
    label: str
    state: str = Field(description="The state that it led back to.")
    state_label: str
    returns: int = Field(description="Number of times.")
    cases: int
    link: str = CasesLink


class ConformanceRework(OutputModel):
    """Work that was done again."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    cases: int = Field(description="Number of cases that came back to a state, other than out of a wait.")
    share: float | None = Field(description="The share of all cases; null: there are none.")
    link: str = CasesLink
    returns: list[ConformanceReturn]


class ConformanceSummary(ConformanceHead):
    """How the cases of a kind ran that ended in a time, or that are open."""

    path: ConformancePath | None = Field(description="The path that they are held against; null: none.")
    cases: int = Field(description="Number of cases: those that ended, or with `open` those that did not.")
    open_cases: int = Field(description="Number of cases that were not over, begun before the end.")
    variants: int = Field(description="Number of different ways that they took.")
    seconds: ConformanceDurations | None = Field(description="The time that they took; null: none ended.")
    fitting: int | None = Field(description="Number of cases that fit the path; null: there is none.")
    fit_share: float | None = Field(description="The share of the cases that fit.")
    link: str = CasesLink
    misfitting_link: str = Field(description="The address of the list of the cases that do not fit.")
    open_link: str = Field(description="The address of the list of the open cases.")
    misfits: list[ConformanceMisfit]
    standing: list[ConformanceStanding] = Field(description="The states in which they stand now.")
    waiting: list[ConformanceWaiting] = Field(description="The states, by the time spent in them.")
    handovers: list[ConformanceHandover] = Field(description="The most frequent hand-overs.")
    ping_pong: list[ConformancePingPong]
    rework: ConformanceRework


class ConformanceVariant(OutputModel):
    """A way that cases took."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    variant: UUID = Field(description="A hash of its steps.")
    steps: list[str] = Field(description="The types of its events, in order.")
    cases: int
    share: float = Field(description="The share of all cases.")
    cumulative_share: float = Field(description="The share of this one and all that are more frequent.")
    seconds: ConformanceDurations | None = Field(description="The time; null: the cases are open.")
    fitting: int | None = Field(description="Number of these cases that fit; null: there is no path.")
    misfits: list[ConformanceMisfit]
    link: str = CasesLink


class ConformanceVariantPage(ConformanceHead):
    """The variants, the most frequent first."""

    steps: StepKind
    cases: int = Field(description="Number of all cases.")
    variants: int = Field(description="Number of all variants.")
    items: list[ConformanceVariant]
    next_cursor: str | None = Field(description="The cursor of the next page; null on the last.")


class ConformanceNode(OutputModel):
    """A step of the graph."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    step: str = Field(description="The type of the event.")
    label: str
    cases: int
    occurrences: int
    begins: int = Field(description="Number of cases that begin with it.")
    ends: int = Field(description="Number of cases that end with it.")
    place: float = Field(description="The mean place among the steps of the cases, from 1.")
    link: str = CasesLink


class ConformanceEdge(OutputModel):
    """A step that directly followed another one."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    from_step: str = Field(serialization_alias="from", description="The type of the earlier event.")
    to_step: str = Field(serialization_alias="to", description="The type of the later event.")
    count: int = Field(description="Number of times.")
    cases: int
    seconds: ConformanceDurations = Field(description="The time from the one to the other.")
    link: str = CasesLink


class ConformanceGraph(ConformanceHead):
    """The directly-follows graph of the cases."""

    steps: StepKind
    cases: int = Field(description="Number of cases.")
    nodes: list[ConformanceNode] = Field(description="The steps, by their mean place.")
    edges: list[ConformanceEdge] = Field(
        description="The pairs of steps that followed one another, the most frequent first."
    )


class ConformanceCase(OutputModel):
    """A case, and how it went."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    number: str
    link: str = Field(description="The address of the case.")
    state: str | None
    source: str = Field(description="The way it came, as `api` or `import:legacy`.")
    started_at: Instant
    ended_at: Instant | None = Field(description="The time at which it ended; null: it is open.")
    seconds: int | None = Field(description="The time that it took; null: it is open.")
    team_id: UUID | None
    service: str | None
    variant: UUID
    steps: list[str] = Field(description="The types of its events that are steps, in order.")
    fits: bool | None = Field(description="True if it fits the path; null: there is none.")
    skipped: list[str] = Field(description="The needed steps that it lacks.")
    doubled: list[str] = Field(description="The steps that it took more than once, and may only once.")
    out_of_order: list[str] = Field(description="The steps that came after one which should follow them.")
    unexpected: list[str] = Field(description="The steps that the path does not name.")
    late: list[str] = Field(description="The events that note that something was not done in time.")


class ConformanceCasePage(ConformanceHead):
    """The cases, in the order in which they ended, or open ones in which they began."""

    items: list[ConformanceCase]
    next_cursor: str | None = Field(description="The cursor of the next page; null on the last.")
