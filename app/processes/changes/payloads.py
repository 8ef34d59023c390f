"""Payloads of actions on changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.common.components import example_includes
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision
from app.kernel.actions.conditions import Condition, at_least_one_member, in_time_order
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    RecordKey,
    Reference,
    Title,
)
from app.processes.changes.records import Change, ChangeOutcome, ChangeType

ServiceKeys = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service")], ...], Field(max_length=LONGEST_LIST), BoundedList
]
CiReferences = Annotated[
    tuple[Annotated[Reference, ForeignRef("ci")], ...], Field(max_length=LONGEST_LIST), BoundedList
]
#: The key of a question, or of an answer, of the risk questionnaire.
AnswerKey = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,49}$")]
#: Longest window of a change.
LONGEST_WINDOW = timedelta(days=92)


class ChangeFields(Payload, of=Change):
    """The fields of a change that can be drafted and edited, except those that an edit cannot empty."""

    services: ServiceKeys = ()
    cis: CiReferences = Field(
        default=(),
        description="The configuration items that it touches. In its window nobody else may touch them, nor "
        "what they need.",
    )
    no_cis_reason: FreeText | None = None
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None
    wanted_from_at: Instant | None = None
    wanted_until_at: Instant | None = None
    custom: CustomValues = Field(default_factory=dict)

    CONDITIONS: ClassVar[tuple[Condition, ...]] = (
        in_time_order("window_ends_early", "wanted_from_at", "wanted_until_at"),
    )


class DraftChange(ChangeFields, of=Change):
    """The change to draft; what its submission needs can be added until then."""

    model_config = example_includes("type", "title", "services")
    type: ChangeType
    title: Title | None = Field(
        default=None,
        description="A line about what changes; if left out of a standard change, its template's.",
        examples=["Renew the mail relay"],
    )
    template: Annotated[Reference, ForeignRef("change_template")] | None = Field(
        default=None, description="The template of a standard change; other changes have none."
    )
    reason: FreeText | None = None
    description: FreeText | None = None
    plan: FreeText | None = None
    test_plan: FreeText | None = None
    back_out_plan: FreeText | None = None
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="The team that implements it."
    )
    request: Annotated[Reference, ForeignRef("request")] | None = Field(
        default=None, description="The request that it fulfils; both are linked."
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="The person whom it is drafted for; if left out, the caller."
    )

    CONDITIONS = (
        Condition(
            "template_of_standard",
            ("type", "template"),
            lambda body: (body.type is ChangeType.standard) == (body.template is not None),
        ),
        at_least_one_member("title_or_template", "title", "template"),
    )


class EditChange(Patch, ChangeFields, of=Change):
    """The fields of the change to alter."""

    REQUESTER_FIELDS = frozenset({"title", "description", "reason"})

    title: Title = Field(default_factory=str, description="A line about what changes.")
    reason: FreeText = Field(default_factory=str)
    description: FreeText = Field(default_factory=str)
    plan: FreeText = Field(default_factory=str)
    test_plan: FreeText = Field(default_factory=str)
    back_out_plan: FreeText = Field(default_factory=str)


class ResubmitChange(Payload):
    """The answer to the board that deferred the change."""

    answer: FreeText = Field(
        description="The answer to what was asked for.", examples=["The test report is attached."]
    )


class AssessChange(Payload, of=Change):
    """The risk of the change, what it affects, and the people and means that it takes."""

    risk_answers: Annotated[dict[AnswerKey, AnswerKey], StaffOnly()] = Field(max_length=LONGEST_LIST)
    effects: FreeText
    resources: FreeText


class RequestApprovalChange(AskDecision):
    """The question to those who approve changes of this risk."""


class RequestEmergencyApprovalChange(AskDecision, of=Change):
    """The question to the emergency board, and why the change cannot wait."""

    cannot_wait: FreeText


class ScheduleChange(Payload, of=Change):
    """The window of the change, and the reason for taking it although something stands in the way."""

    from_at: Instant = Field(description="Begin of the window.", examples=["2199-03-02T22:00:00Z"])
    until_at: Instant = Field(description="End of the window.", examples=["2199-03-03T02:00:00Z"])
    override_reason: FreeText | None = None

    CONDITIONS = (
        in_time_order("window_ends_early", "from_at", "until_at"),
        Condition(
            "window_too_long",
            ("from_at", "until_at"),
            lambda body: body.until_at - body.from_at <= LONGEST_WINDOW,
        ),
    )


class RescheduleChange(ScheduleChange):
    """The new window of the change, and why it moves."""

    reason: FreeText = Field(
        description="The reason for the new window.", examples=["The supplier comes a day later."]
    )


class NoteOverlapChange(Payload):
    """The change or the freeze that overlaps the window of this change, and when."""

    change: Annotated[Reference, ForeignRef("change")] | None = Field(
        default=None, description="The other change, if it is one that overlaps."
    )
    freeze: Annotated[Reference, ForeignRef("freeze")] | None = Field(
        default=None, description="The freeze, if it is one that overlaps."
    )
    overlap_from_at: Instant | None = Field(
        default=None, description="Begin of the overlap, if the windows say it."
    )
    overlap_until_at: Instant | None = Field(
        default=None, description="End of the overlap, if the windows say it."
    )


class StartChange(Payload, of=Change):
    """The reasons for starting outside the window, and although something stands in the way."""

    out_of_window_reason: FreeText | None = None
    override_reason: FreeText | None = None


class CompleteChange(Payload, of=Change):
    """The work that was done, the tests, and deviations from the plan."""

    work_done: FreeText
    tests_run: FreeText
    deviations: FreeText | None = None


class BackOutChange(Payload, of=Change):
    """Why the change is undone, and since when service is back."""

    reason: FreeText = Field(
        description="The reason for undoing it.", examples=["Mails were delivered twice."]
    )
    service_restored_at: Instant


class ConfirmCauseChange(Payload):
    """The incident that the change has caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The incident; both are linked.", examples=["INC-2026-000001"]
    )
    evidence: FreeText | None = Field(
        default=None, description="The evidence.", examples=["The fault began with the restart."]
    )


class ReviewChange(Payload, of=Change):
    """The outcome of the change, the incidents that it caused, and its lessons."""

    outcome: ChangeOutcome
    first_pass: bool
    first_pass_reason: FreeText | None = None
    goals_met: FreeText
    caused_incidents: Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList] = (
        Field(
            default=(),
            max_length=LONGEST_LIST,
            description="The incidents that it caused; those confirmed must be among them, the others are "
            "linked.",
            examples=[[]],
        )
    )
    lessons: FreeText
