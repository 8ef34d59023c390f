"""Payloads of actions on changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision
from app.kernel.actions.conditions import Condition, at_least_one_member, in_time_order
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BackOutPlan,
    BoundedList,
    Finding,
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
        description="Configuration items that the change affects. In its window no other change may "
        "affect them or the items that they need.",
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
    """The change to draft. Fields that are needed for its submission can be added later."""

    model_config = example_includes("type", "title", "services")
    type: ChangeType
    title: Title | None = Field(
        default=None,
        description="Title of the change in one line; for a standard change, the default is the "
        "template's title.",
        examples=["Renew the mail relay"],
    )
    template: Annotated[Reference, ForeignRef("change_template")] | None = Field(
        default=None, description="Template of a standard change; left out for other changes."
    )
    reason: FreeText | None = None
    description: FreeText | None = None
    plan: FreeText | None = None
    test_plan: FreeText | None = None
    back_out_plan: Annotated[BackOutPlan, Personal()] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team that implements the change."
    )
    request: Annotated[Reference, ForeignRef("request")] | None = Field(
        default=None, description="Request that the change fulfils; the two are linked."
    )
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.change_request, quiet=True, on_behalf=True)]
        | None
    ) = Field(
        default=None, description="Person on whose behalf the change is drafted; if left out, the caller."
    )

    CONDITIONS = (
        Condition(
            "template_of_standard",
            ("type", "template"),
            lambda body: (body.type is ChangeType.standard) == (body.template is not None),
            faulty="template",
        ),
        at_least_one_member("title_or_template", "title", "template"),
    )


class EditChange(Patch, ChangeFields, of=Change):
    """The fields of the change to edit."""

    REQUESTER_FIELDS = frozenset({"title", "description", "reason"})

    title: Title = Field(default_factory=str, description="Title of the change in one line.")
    reason: FreeText = Field(default_factory=str)
    description: FreeText = Field(default_factory=str)
    plan: FreeText = Field(default_factory=str)
    test_plan: FreeText = Field(default_factory=str)
    back_out_plan: Annotated[BackOutPlan, Personal()] = Field(default_factory=str)


class ResubmitChange(Payload):
    """The answer to the board that deferred the change."""

    answer: FreeText = Field(
        description="Answer to the board's questions.", examples=["The test report is attached."]
    )


class AssessChange(Payload, of=Change):
    """The risk of the change, its effects, and the people and resources that it needs."""

    risk_answers: Annotated[dict[AnswerKey, AnswerKey], StaffOnly()] = Field(max_length=LONGEST_LIST)
    effects: FreeText
    resources: FreeText


class RequestApprovalChange(AskDecision):
    """The question to the persons who approve changes of this risk."""


class RequestEmergencyApprovalChange(AskDecision, of=Change):
    """The question to the emergency board, and the reason why the change cannot wait."""

    cannot_wait: FreeText


class ScheduleChange(Payload, of=Change):
    """The window of the change, and the reason for scheduling it in spite of conflicts."""

    from_at: Instant = Field(description="Beginning of the window.", examples=["2035-03-02T22:00:00Z"])
    until_at: Instant = Field(description="End of the window.", examples=["2035-03-03T02:00:00Z"])
    override_reason: FreeText | None = None
    other_window_reason: FreeText | None = None

    CONDITIONS = (
        in_time_order("window_ends_early", "from_at", "until_at"),
        Condition(
            "window_too_long",
            ("from_at", "until_at"),
            lambda body: body.until_at - body.from_at <= LONGEST_WINDOW,
            faulty="until_at",
        ),
    )


class RescheduleChange(ScheduleChange):
    """The new window of the change, and the reason for it."""

    reason: FreeText = Field(
        description="Reason for the new window.", examples=["The supplier comes a day later."]
    )


class NoteOverlapChange(Payload):
    """The change or freeze that overlaps the window of this change, and the time of the overlap."""

    change: Annotated[Reference, ForeignRef("change")] | None = Field(
        default=None, description="Other change that overlaps; null if a freeze does."
    )
    freeze: Annotated[Reference, ForeignRef("freeze")] | None = Field(
        default=None, description="Freeze that overlaps; null if a change does."
    )
    overlap_from_at: Instant | None = Field(
        default=None, description="Beginning of the overlap, if it is known."
    )
    overlap_until_at: Instant | None = Field(default=None, description="End of the overlap, if it is known.")


class StartChange(Payload, of=Change):
    """The reasons for starting outside the window, and in spite of conflicts."""

    out_of_window_reason: FreeText | None = None
    override_reason: FreeText | None = None


class CompleteChange(Payload, of=Change):
    """The work done, the tests, and deviations from the plan."""

    work_done: FreeText
    tests_run: FreeText
    deviations: FreeText | None = None


class BackOutChange(Payload, of=Change):
    """The reason for backing out, and the time since which the service is restored."""

    reason: FreeText = Field(description="Reason for backing out.", examples=["Mails were delivered twice."])
    service_restored_at: Instant


class ConfirmCauseChange(Payload):
    """The incident that the change caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="Incident that the change caused; the two are linked.", examples=["INC-2026-000001"]
    )
    evidence: Finding | None = Field(
        default=None,
        description="Evidence that the change caused the incident.",
        examples=["The fault began with the restart."],
    )


class ReviewChange(Payload, of=Change):
    """The outcome of the change, the incidents that it caused, and the lessons learned."""

    outcome: ChangeOutcome
    first_pass: bool
    first_pass_reason: FreeText | None = None
    goals_met: FreeText
    caused_incidents: Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList] = (
        Field(
            default=(),
            max_length=LONGEST_LIST,
            description="All incidents that the change caused. Include those that are already confirmed as "
            "caused by the change. The others are linked to the change.",
            examples=[[]],
        )
    )
    lessons: FreeText
