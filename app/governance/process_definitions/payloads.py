"""Payloads of actions on definitions of processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.improvement import FreezeExemption
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.documents.evidence import ExternalDocuments
from app.foundation.process_definitions.records import DefinitionContent, ProcessDefinition, RaciPart
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
    Statement,
    Title,
)

LONGEST_LIMIT = 366 * 24 * 3600
LEVELS = 3
Seconds = Annotated[int, Field(ge=1, le=LONGEST_LIMIT, strict=True)]
Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
Lines = Annotated[tuple[Statement, ...], Field(max_length=LONGEST_LIST), BoundedList]
Persons = Annotated[
    tuple[
        Annotated[
            Reference, ForeignRef("person", GivenDuty.participation, quiet=True, allow_participants=True)
        ],
        ...,
    ],
    Field(max_length=LONGEST_LIST),
    BoundedList,
]


class DefinedActivity(PayloadPart):
    """An activity of a process."""

    title: Title = Field(description="Activity in one line.", examples=["Classify the incident 事件分类"])
    role: Role | None = Field(default=None, description="Role that carries out the activity.")
    time_limit_seconds: Seconds | None = Field(
        default=None, description="Number of seconds that the activity may take; null if there is no limit."
    )
    inputs: Lines = Field(default=(), description="Inputs of the activity.", examples=[["The report"]])
    outputs: Lines = Field(default=(), description="Outputs of the activity.", examples=[["The category"]])
    text: Paragraph | None = Field(default=None, description="Way in which the activity is carried out.")


class DefinedRole(PayloadPart):
    """The part that a role has in a process or in one of its activities."""

    role: Role = Field(description="Role that has the part.")
    part: RaciPart = Field(description="Part of the role: responsible, accountable, consulted or informed.")
    activity: Title | None = Field(
        default=None, description="Activity in which the role has the part; null for the whole process."
    )


class DecisionPoint(PayloadPart):
    """A point at which people decide how a case continues."""

    title: Title = Field(
        description="Question to decide.", examples=["Is it a major incident? 是否重大事件？"]
    )
    outcomes: Annotated[tuple[Statement, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Possible answers, with the consequences of each."
    )


class ControlPoint(PayloadPart):
    """A point at which a case is checked before it continues."""

    title: Title = Field(description="Check to make.", examples=["The solution was tried 方案已验证"])
    role: Role = Field(description="Role that makes the check.")
    risk: Statement = Field(description="Risk against which the check protects.", examples=["It comes back"])


class ProcessInterface(PayloadPart):
    """A process to which cases are handed over."""

    process: ProcessName = Field(description="Process that takes over, such as `problem`, or its name.")
    hand_over: Paragraph = Field(description="Standard of the handover that both sides have agreed.")


class AbsentContent(PayloadPart):
    """A content that the process does not have."""

    name: DefinitionContent = Field(description="Content that is left out.", examples=["templates"])
    reason: Paragraph = Field(
        description="Reason why the process has none.",
        examples=["Cases are handled in the tool. 在系统中处理。"],
    )


class DefinedTerm(PayloadPart):
    """A term of a process."""

    term: Statement = Field(description="Term to define.", examples=["Workaround 变通方法"])
    meaning: Paragraph = Field(description="Meaning of the term.")


class ExpectedStep(PayloadPart):
    """A step of the expected path of cases."""

    event: RecordKey = Field(description="Type of the event.", examples=["incident.reported"])
    needed: bool = Field(default=True, description="True if a case without the step does not fit the path.")
    repeatable: bool = Field(default=False, description="True if the step may occur more than once.")
    anywhere: bool = Field(
        default=False, description="True if the step may occur anywhere in the path, as a hold may."
    )


class ProcessDefinitionFields(Payload, of=ProcessDefinition):
    """The contents of a definition, as they come."""

    title: Title
    level: int = Field(ge=1, le=LEVELS, strict=True)
    parent: ProcessName | None = None
    department: Statement | None = None
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.process_ownership, quiet=True)] | None = None
    executor: Annotated[Reference, ForeignRef("person", GivenDuty.ownership, quiet=True)] | None = None
    purpose: Paragraph | None = None
    begins_with: Statement | None = None
    ends_with: Statement | None = None
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
    external_numbers: ExternalDocuments = Field(default=(), max_length=LONGEST_LIST)
    none_because: Annotated[tuple[AbsentContent, ...], BoundedList] = Field(
        default=(), max_length=len(DefinitionContent)
    )
    kpis: Annotated[tuple[RecordKey, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    cost_share: Percent | None = None
    growth_share: Percent | None = None
    revenue_share: Percent | None = None
    value_share: Percent | None = None
    expected_path: Annotated[tuple[ExpectedStep, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    process_changes: Annotated[
        tuple[Annotated[Reference, ForeignRef("process_change")], ...], BoundedList
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Approved applications for process changes that the edition includes: numbers or ids.",
    )


#: The contents of a definition: the record's fields, each with its name in the payload.
CONTENTS = {
    {"owner": "owner_id", "executor": "executor_id"}.get(name, name): name
    for name in ProcessDefinitionFields.model_fields
    if name not in ("occurred_at", "process_changes")
}


class DraftProcessDefinition(ProcessDefinitionFields, of=ProcessDefinition):
    """A process definition. Fields left out are copied from the published edition, if there is one."""

    process: ProcessName


class EditProcessDefinition(Patch, ProcessDefinitionFields, of=ProcessDefinition):
    """The fields of the draft to change."""


class SubmitProcessDefinition(Payload):
    """The persons who were consulted about the definition."""

    heard: Persons = Field(
        min_length=1, max_length=LONGEST_LIST, description="Persons who were consulted: ids, or `me`."
    )


class DespiteFreezeOfProcess(Payload):
    """The reason why a definition is changed that is frozen, if it is."""

    freeze_exception: FreezeExemption | None = Field(
        default=None,
        description="Reason code why the definition cannot wait, for a process that is frozen "
        "after a cutover, as a member of the committee granted it; it may be left out.",
    )
    freeze_exception_reason: FreeText | None = Field(
        default=None,
        description="Reason in words; required with `freeze_exception`, and only allowed with it.",
    )


class GrantFreezeExceptionProcessDefinition(Payload, of=ProcessDefinition):
    """The exception from the freeze of the process, and its reason."""

    freeze_exception: FreezeExemption = Field(
        description="Reason code why the definition cannot wait.", examples=["law"]
    )
    freeze_exception_reason: FreeText = Field(
        description="Reason in words, which the document prints.",
        examples=["The law has changed. 法规变化。"],
    )


class PilotProcessDefinition(Payload, of=ProcessDefinition):
    """The improvement that pilots the definition."""

    improvement: Annotated[Reference, ForeignRef("improvement")]


class PublishProcessDefinition(DespiteFreezeOfProcess, of=ProcessDefinition):
    """The time from which the definition is in force. Its document gets a number."""

    changes: FreeText = Field(
        description="Changes since the previous edition. They are written into the document.",
        examples=["Faults are classified first. 先分类。"],
    )
    effective_at: Instant | None = Field(
        default=None, description="Time from which the definition is in force; if left out, now."
    )
    differs_in: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Fields in which the edition differs from the previous one. You confirm that each "
        "difference is what was approved. Required if there are any; a refusal lists them.",
        examples=[["activities"]],
    )


class SupersedeProcessDefinition(Payload):
    """The edition that replaces this one."""

    by: Annotated[Reference, ForeignRef("process_definition")] = Field(
        description="Next edition of the definition."
    )


class RetireProcessDefinition(Payload, of=ProcessDefinition):
    """The reason for the retirement, and the application that the heads of the teams have approved."""

    retirement_reason: FreeText
    process_change: Annotated[Reference, ForeignRef("process_change")] | None = Field(
        default=None,
        description="Application to retire the process, which the heads of the teams have approved since "
        "this edition was published: its number or id. Required.",
    )


class TakeNamesProcessDefinition(Payload):
    """The names that were in use before there was a definition."""

    names: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Names that mean this process, regardless of upper and lower case.",
        examples=[["Desktop support"]],
    )
