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
CasesLink = Field(description="Address of the list of these cases.")


class ConformanceDurations(OutputModel):
    """Durations in seconds."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    mean: float = Field(description="Mean duration.")
    median: float = Field(description="Median: half of the cases take no longer.")
    p90: float = Field(description="90th percentile: nine of ten cases take no longer.")


class ConformancePathStep(OutputModel):
    """A step of the expected path."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    event: str = Field(description="Type of the event.")
    label: str = Field(description="Name of the step, in the requested language.")
    needed: bool = Field(description="True if a case without the step does not fit the path.")
    repeatable: bool = Field(description="True if the step may occur more than once.")
    anywhere: bool = Field(description="True if the step may occur anywhere in the path.")


class ConformancePath(OutputModel):
    """The path with which the cases are compared."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: PathKind
    source: str | None = Field(
        description="Number of the process definition that the expected path comes from, or `shipped` for "
        "the built-in path; null for the usual path, which comes from earlier cases."
    )
    steps: list[ConformancePathStep] = Field(description="Steps of the expected path, in order.")
    usual_begins_at: Instant | None = Field(
        description="Beginning of the time whose cases define the usual path; null for the expected path.",
    )
    usual_ends_at: Instant | None = Field(
        description="End, exclusive, of the time whose cases define the usual path; null for the "
        "expected path."
    )
    usual_variants: int | None = Field(
        description="Number of the most frequent variants that make up 80 % of the cases of that time; "
        "null for the expected path."
    )
    usual_cases: int | None = Field(description="Number of cases of that time; null for the expected path.")


class ConformanceHead(OutputModel):
    """The time of an answer, and how far it has followed the log."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: str = Field(description="Kind of the cases, such as `incident`.")
    tz: str = Field(description="Time zone of dates.")
    begin: PeriodBegin
    end: PeriodEnd
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None


class ConformanceMisfit(OutputModel):
    """A step in which cases deviate from the expected path."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    misfit: Misfit
    step: str = Field(description="Type of the event.")
    label: str = Field(description="Name of the step, in the requested language.")
    cases: int = Field(description="Number of cases.")
    link: str = CasesLink


class ConformanceWaiting(OutputModel):
    """The time that cases spent in a state."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: str = Field(description="Code of the state.")
    label: str = Field(description="Label of the state, in the requested language.")
    cases: int = Field(description="Number of cases that were in the state.")
    stays: int = Field(description="Number of stays in the state, of all cases together.")
    total_seconds: int = Field(
        description="Number of seconds that the cases spent in the state, all together."
    )
    share: float = Field(description="Share of the state in the total time of the cases, from 0 to 1.")
    share_of_work: float | None = Field(
        description="Share of the state in the time until the work was done, from 0 to 1; null for a state "
        "in which the work is done and the case waits to be closed."
    )
    seconds: ConformanceDurations
    link: str = CasesLink


class ConformanceStanding(OutputModel):
    """A state in which cases are now, or in which they ended."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: str = Field(description="Code of the state.")
    label: str = Field(description="Label of the state, in the requested language.")
    cases: int = Field(description="Number of cases in the state.")
    earliest_started_at: Instant = Field(description="Time at which the oldest of these cases began.")
    link: str = CasesLink


class ConformanceHandover(OutputModel):
    """Handovers from one team or person to another."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    holding: Holding
    from_id: UUID = Field(description="Identifier of the team or person that handed the cases over.")
    from_key: str | None = Field(description="Key of the team that handed the cases over; null for a person.")
    to_id: UUID = Field(description="Identifier of the team or person that took the cases over.")
    to_key: str | None = Field(description="Key of the team that took the cases over; null for a person.")
    handovers: int = Field(description="Number of handovers.")
    cases: int = Field(description="Number of cases that were handed over.")
    returns: int = Field(description="Number of handovers back to an earlier holder of the case.")
    seconds: ConformanceDurations = Field(description="Time from receiving a case to handing it over.")
    link: str = CasesLink


class ConformancePingPong(OutputModel):
    """Cases that were handed back to an earlier holder."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    holding: Holding
    cases: int = Field(description="Number of cases that were handed back.")
    handovers: int = Field(description="Number of all handovers.")
    link: str = CasesLink


class ConformanceReturn(OutputModel):
    """A step that led back to an earlier state of the case."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    step: str = Field(description="Type of the event.")
    label: str = Field(description="Name of the step, in the requested language.")
    state: str = Field(description="Code of the state to which the step led back.")
    state_label: str = Field(description="Label of the state, in the requested language.")
    returns: int = Field(description="Number of times that this happened.")
    cases: int = Field(description="Number of cases in which this happened.")
    link: str = CasesLink


class ConformanceRework(OutputModel):
    """Work that was repeated."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    cases: int = Field(description="Number of cases that returned to an earlier state, except after waiting.")
    share: float | None = Field(
        description="Share of these cases among all cases, from 0 to 1; null if there are no cases."
    )
    link: str = CasesLink
    returns: list[ConformanceReturn] = Field(
        description="Steps that led back to an earlier state, the most frequent first."
    )


class ConformanceSummary(ConformanceHead):
    """The course of the cases of a kind that ended in a period, or that are open."""

    path: ConformancePath | None = Field(
        description="Path with which the cases are compared; null if they are not compared with a path."
    )
    cases: int = Field(description="Number of cases: those that ended, or with `open` those that did not.")
    open_cases: int = Field(
        description="Number of cases that began before the end of the period and are open."
    )
    variants: int = Field(description="Number of different variants.")
    seconds: ConformanceDurations | None = Field(description="Durations of the cases; null if no case ended.")
    fitting: int | None = Field(description="Number of cases that fit the path; null if there is no path.")
    fit_share: float | None = Field(
        description="Share of the cases that fit the path, from 0 to 1; null if there is no path."
    )
    link: str = CasesLink
    misfitting_link: str = Field(description="Address of the list of the cases that do not fit the path.")
    open_link: str = Field(description="Address of the list of the open cases.")
    misfits: list[ConformanceMisfit] = Field(
        description="Steps in which cases deviate from the path, the most frequent first."
    )
    standing: list[ConformanceStanding] = Field(description="States in which the cases are now.")
    waiting: list[ConformanceWaiting] = Field(description="States by the time spent in them.")
    handovers: list[ConformanceHandover] = Field(description="Most frequent handovers.")
    ping_pong: list[ConformancePingPong] = Field(description="Handovers back to an earlier holder, by level.")
    rework: ConformanceRework


class ConformanceVariant(OutputModel):
    """A variant: a sequence of steps that cases took."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    variant: UUID = Field(description="Identifier of the variant: a hash of its steps.")
    steps: list[str] = Field(description="Types of the events, in order.")
    cases: int = Field(description="Number of cases of the variant.")
    share: float = Field(description="Share of the variant among all cases, from 0 to 1.")
    cumulative_share: float = Field(
        description="Share of this and all more frequent variants together, from 0 to 1."
    )
    seconds: ConformanceDurations | None = Field(description="Durations of the cases; null for open cases.")
    fitting: int | None = Field(
        description="Number of these cases that fit the path; null if there is no path."
    )
    misfits: list[ConformanceMisfit] = Field(
        description="Steps in which the cases of the variant deviate from the path."
    )
    link: str = CasesLink


class ConformanceVariantPage(ConformanceHead):
    """The variants, the most frequent first."""

    steps: StepKind
    cases: int = Field(description="Number of all cases.")
    variants: int = Field(description="Number of all variants.")
    items: list[ConformanceVariant]
    next_cursor: str | None


class ConformanceNode(OutputModel):
    """A step in the graph."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    step: str = Field(description="Type of the event.")
    label: str = Field(description="Name of the step, in the requested language.")
    cases: int = Field(description="Number of cases that have the step.")
    occurrences: int = Field(description="Number of times that the step occurred.")
    begins: int = Field(description="Number of cases that begin with the step.")
    ends: int = Field(description="Number of cases that end with the step.")
    place: float = Field(description="Mean place of the step among the steps of a case, from 1.")
    link: str = CasesLink


class ConformanceEdge(OutputModel):
    """A pair of steps, of which the second directly followed the first."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    from_step: str = Field(serialization_alias="from", description="Type of the earlier event.")
    to_step: str = Field(serialization_alias="to", description="Type of the later event.")
    count: int = Field(description="Number of times.")
    cases: int = Field(description="Number of cases in which this happened.")
    seconds: ConformanceDurations = Field(description="Time from the earlier step to the later one.")
    link: str = CasesLink


class ConformanceGraph(ConformanceHead):
    """The directly-follows graph of the cases."""

    steps: StepKind
    cases: int = Field(description="Number of cases.")
    nodes: list[ConformanceNode] = Field(description="Steps, by their mean place.")
    edges: list[ConformanceEdge] = Field(
        description="Pairs of steps that followed each other, the most frequent first."
    )


class ConformanceCase(OutputModel):
    """A case and its course."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    number: str = Field(description="Number by which people know the case.")
    link: str = Field(description="Address of the case.")
    state: str | None = Field(description="Code of the current state of the case; null if it is not known.")
    source: str = Field(description="Source of the case, such as `api` or `import:legacy`.")
    started_at: Instant = Field(description="Time at which the case began.")
    ended_at: Instant | None = Field(description="Time at which the case ended; null for an open case.")
    seconds: int | None = Field(description="Duration of the case in seconds; null for an open case.")
    team_id: UUID | None = Field(description="Team that had the case last; null if no team had it.")
    service: str | None = Field(description="Key of the service of the case; null if it has none.")
    variant: UUID = Field(description="Identifier of the variant that the case followed.")
    steps: list[str] = Field(description="Types of the events that are steps, in order.")
    fits: bool | None = Field(description="True if the case fits the path; null if there is no path.")
    skipped: list[str] = Field(description="Needed steps that the case lacks.")
    doubled: list[str] = Field(
        description="Steps that the case took more than once although they may occur only once."
    )
    out_of_order: list[str] = Field(description="Steps that came after a step which should follow them.")
    unexpected: list[str] = Field(description="Steps that the path does not have.")
    late: list[str] = Field(description="Events that record a missed deadline.")


class ConformanceCasePage(ConformanceHead):
    """The cases in the order in which they ended, or in which open cases began."""

    items: list[ConformanceCase]
    next_cursor: str | None
