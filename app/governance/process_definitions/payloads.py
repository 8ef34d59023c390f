"""Payloads of actions on definitions of processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.improvement import FreezeExemption
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.process_definitions.records import ProcessDefinition, RaciPart
from app.foundation.process_names import ProcessName
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Paragraph,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Title,
)

LONGEST_LIMIT = 366 * 24 * 3600
LEVELS = 3
Seconds = Annotated[int, Field(ge=1, le=LONGEST_LIMIT, strict=True)]
Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
Lines = Annotated[tuple[ShortText, ...], Field(max_length=LONGEST_LIST), BoundedList]
Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person")], ...], Field(max_length=LONGEST_LIST), BoundedList
]


class DefinedActivity(PayloadPart):
    """An activity of a process."""

    title: Title = Field(description="The activity, in a line.", examples=["Classify the incident 事件分类"])
    role: Role | None = Field(default=None, description="The role that carries it out.")
    time_limit_seconds: Seconds | None = Field(
        default=None, description="The seconds that it may take; null: it has no limit."
    )
    text: Paragraph | None = Field(default=None, description="The way in which it is done.")


class DefinedRole(PayloadPart):
    """The part that a role has in a process, or in one of its activities."""

    role: Role = Field(description="The role.")
    part: RaciPart = Field(description="Its part: responsible, accountable, consulted or informed.")
    activity: Title | None = Field(
        default=None, description="The activity of which it has that part; null: the whole process."
    )


class DecisionPoint(PayloadPart):
    """A point at which it is decided how a case goes on."""

    title: Title = Field(description="The question.", examples=["Is it a major incident? 是否重大事件？"])
    outcomes: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="The possible answers, with what follows from each."
    )


class ControlPoint(PayloadPart):
    """A point at which something is checked before a case goes on."""

    title: Title = Field(description="The check.", examples=["The solution was tried 方案已验证"])
    role: Role = Field(description="The role that checks it.")
    risk: ShortText = Field(description="The risk against which it is checked.", examples=["It comes back"])


class ProcessInterface(PayloadPart):
    """A process that a process hands its cases over to."""

    process: ProcessName = Field(description="The process that takes over: `problem` …, or a name.")
    hand_over: Paragraph = Field(description="The standard of the hand-over that both sides have agreed.")


class DefinedTerm(PayloadPart):
    """A term of a process."""

    term: ShortText = Field(description="The term.", examples=["Workaround 变通方法"])
    meaning: Paragraph = Field(description="Its meaning.")


class ExpectedStep(PayloadPart):
    """A step of the path that cases are expected to take."""

    event: RecordKey = Field(description="The type of the event.", examples=["incident.reported"])
    needed: bool = Field(default=True, description="True if a case without it does not fit.")
    repeatable: bool = Field(default=False, description="True if it may occur more than once.")
    anywhere: bool = Field(
        default=False, description="True if it may stand at any place of the path, as a hold may."
    )


class ProcessDefinitionFields(Payload, of=ProcessDefinition):
    """The contents of a definition, as they come."""

    title: Title
    level: int = Field(ge=1, le=LEVELS, strict=True)
    parent: ProcessName | None = None
    department: ShortText | None = None
    owner: Annotated[Reference, ForeignRef("person")] | None = None
    executor: Annotated[Reference, ForeignRef("person")] | None = None
    purpose: Paragraph | None = None
    begins_with: ShortText | None = None
    ends_with: ShortText | None = None
    activities: Annotated[tuple[DefinedActivity, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    raci: Annotated[tuple[DefinedRole, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    decision_points: Annotated[tuple[DecisionPoint, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    control_points: Annotated[tuple[ControlPoint, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    interfaces: Annotated[tuple[ProcessInterface, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    terms: Annotated[tuple[DefinedTerm, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    inputs: Lines = ()
    outputs: Lines = ()
    customers: Lines = ()
    resources: Lines = ()
    refers_to: Lines = ()
    templates: Lines = ()
    checklists: Lines = ()
    kpis: Annotated[tuple[RecordKey, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    cost_share: Percent | None = None
    growth_share: Percent | None = None
    revenue_share: Percent | None = None
    value_share: Percent | None = None
    expected_path: Annotated[tuple[ExpectedStep, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )


class DraftProcessDefinition(ProcessDefinitionFields, of=ProcessDefinition):
    """The definition of a process. If one is published, what is left out is as there."""

    process: ProcessName


class EditProcessDefinition(Patch, ProcessDefinitionFields, of=ProcessDefinition):
    """The contents of the draft to change."""


class SubmitProcessDefinition(Payload):
    """Those who were heard about the definition."""

    heard: Persons = Field(
        min_length=1, max_length=LONGEST_LIST, description="The persons who were heard: ids, or `me`."
    )


class DespiteFreezeOfProcess(Payload):
    """The reason why a definition is changed that is frozen, if it is."""

    freeze_exception: FreezeExemption | None = Field(
        default=None, description="Of a process that is frozen after a cutover: why it cannot wait."
    )
    freeze_exception_reason: FreeText | None = Field(
        default=None, description="The same in words; only with `freeze_exception`, and then required."
    )


class PilotProcessDefinition(Payload, of=ProcessDefinition):
    """The improvement that pilots the definition."""

    improvement: Annotated[Reference, ForeignRef("improvement")]


class PublishProcessDefinition(DespiteFreezeOfProcess, of=ProcessDefinition):
    """The time from which the definition is in force; the number of its document is given to it."""

    changes: FreeText = Field(
        description="The changes against the edition before, for the document.",
        examples=["Faults are classified first. 先分类。"],
    )
    effective_at: Instant | None = Field(
        default=None, description="The time from which it is in force; now, if left out."
    )


class SupersedeProcessDefinition(Payload):
    """The edition that takes the place of this one."""

    by: Annotated[Reference, ForeignRef("process_definition")] = Field(description="The next edition.")


class RetireProcessDefinition(Payload, of=ProcessDefinition):
    """The reason why the process is no more."""

    retirement_reason: FreeText


class TakeNamesProcessDefinition(Payload):
    """Names that were used before there was a definition."""

    names: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Names that mean this process, however their letters are written.",
        examples=[["Desktop support"]],
    )
