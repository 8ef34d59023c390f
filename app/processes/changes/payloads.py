"""Payloads of actions on changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision
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
from app.processes.changes.records import (
    ChangeOutcome,
    ChangeType,
)

ServiceKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], BoundedList]

CiReferences = Annotated[tuple[Annotated[Reference, ForeignRef("ci")], ...], BoundedList]


class DraftChange(Payload):
    """The change to draft; what its submission needs can be added until then."""

    model_config = example_includes("type", "title", "services")
    type: ChangeType = Field(
        description="Who approves it: its template, the board, or the emergency board.", examples=["normal"]
    )
    title: Title | None = Field(
        default=None,
        description="What changes, in a line; of a standard change, if not as its template.",
        examples=["Renew the mail relay"],
    )
    template: Annotated[Reference, ForeignRef("change_template")] | None = Field(
        default=None, description="The template, its key or id: of a standard change, and only of one."
    )
    reason: FreeText | None = Field(default=None, description="Why it is to be made.")
    description: FreeText | None = Field(default=None, description="What changes.")
    services: ServiceKeys = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The keys of the services that it touches; it counts under the first.",
    )
    cis: CiReferences = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The configuration items that it touches: keys or ids. In its window nobody else may "
        "touch them, nor what they need.",
    )
    no_cis_reason: FreeText | None = Field(
        default=None,
        description="Why it touches no configuration item; must be said if it names none.",
        examples=["A contract is renewed."],
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    plan: FreeText | None = Field(default=None, description="How it is made, step by step.")
    test_plan: FreeText | None = Field(default=None, description="How it is shown to work.")
    back_out_plan: FreeText | None = Field(default=None, description="How it is undone.")
    wanted_from_at: Instant | None = Field(default=None, description="The wanted begin.")
    wanted_until_at: Instant | None = Field(default=None, description="The wanted end.")
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="The team that implements it: its key or id."
    )
    request: Annotated[Reference, ForeignRef("request")] | None = Field(
        default=None, description="The request that it fulfils: its id or number; both are linked."
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is drafted for, if not the caller: a person's id."
    )
    custom: CustomValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_type(self) -> DraftChange:
        if (self.type is ChangeType.standard) != (self.template is not None):
            raise PydanticCustomError("template_of_standard", "name a template of a standard change only")
        if self.title is None and self.template is None:
            raise PydanticCustomError("title_or_template", "say what changes, in a line")
        _check_window(self)
        return self


class ResubmitChange(Payload):
    """What was asked for when the change was deferred."""

    answer: FreeText = Field(description="What was asked for.", examples=["The test report is attached."])


class EditChange(Patch):
    """The fields of the change to alter."""

    REQUESTER_FIELDS = frozenset({"title", "description", "reason"})

    title: Title = Field(default_factory=str, description="What changes, in a line.")
    reason: FreeText = Field(default_factory=str, description="Why it is to be made.")
    description: FreeText = Field(default_factory=str, description="What changes.")
    services: ServiceKeys = Field(
        default_factory=tuple,
        max_length=LONGEST_LIST,
        description="The keys of the services that it touches.",
    )
    cis: CiReferences = Field(
        default_factory=tuple, max_length=LONGEST_LIST, description="The items that it touches: keys or ids."
    )
    no_cis_reason: FreeText | None = Field(default=None, description="Why it touches no configuration item.")
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    plan: FreeText = Field(default_factory=str, description="How it is made, step by step.")
    test_plan: FreeText = Field(default_factory=str, description="How it is shown to work.")
    back_out_plan: FreeText = Field(default_factory=str, description="How it is undone.")
    wanted_from_at: Instant | None = Field(default=None, description="The wanted begin.")
    wanted_until_at: Instant | None = Field(default=None, description="The wanted end.")
    custom: CustomValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_order(self) -> EditChange:
        _check_window(self)
        return self


def _check_window(body: DraftChange | EditChange) -> None:
    begin, end = body.wanted_from_at, body.wanted_until_at
    if begin is not None and end is not None and end <= begin:
        raise PydanticCustomError("window_ends_early", "end after the begin")


class StartChange(Payload):
    """The reasons for starting outside the window, and although something stands in the way."""

    out_of_window_reason: FreeText | None = Field(
        default=None, description="Why it starts outside its window; must be said then."
    )
    override_reason: FreeText | None = Field(
        default=None,
        description="Why it may start although another change holds the same items: stays visible.",
    )


class CompleteChange(Payload):
    """What was done and tested, and what was done otherwise than planned."""

    work_done: FreeText = Field(description="What was done.", examples=["The relay runs version 4."])
    tests_run: FreeText = Field(
        description="What was tested, and how it went.", examples=["A mail each way."]
    )
    deviations: FreeText | None = Field(default=None, description="What was done otherwise than planned.")


class BackOutChange(Payload):
    """Why the change is undone, and since when service is back."""

    reason: FreeText = Field(description="Why.", examples=["Mails were delivered twice."])
    service_restored_at: Instant = Field(
        description="Since when service is as it was before.", examples=["2026-03-02T09:30:00Z"]
    )


class ConfirmCauseChange(Payload):
    """The incident that the change has caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The incident: its id or number; it is linked.", examples=["INC-2026-000001"]
    )
    evidence: FreeText | None = Field(
        default=None, description="What shows it.", examples=["The fault began with the restart."]
    )


class ReviewChange(Payload):
    """How the change went, the incidents that it caused, and what is learnt from it."""

    outcome: ChangeOutcome = Field(description="What came of it.", examples=["successful"])
    first_pass: bool = Field(
        description="Whether it was implemented once, in its window, not backed out, and caused no incident.",
        examples=[True],
    )
    first_pass_reason: FreeText | None = Field(
        default=None, description="Why `first_pass` is otherwise than the log says; must be said then."
    )
    goals_met: FreeText = Field(
        description="Whether its goals were met, and how that was seen.", examples=["Mails arrive."]
    )
    caused_incidents: Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList] = (
        Field(
            default=(),
            max_length=LONGEST_LIST,
            description="The incidents that it caused: ids or numbers. Those confirmed must be among them; "
            "the others are linked.",
            examples=[[]],
        )
    )
    lessons: FreeText = Field(description="What was learnt.", examples=["Restart the relay last."])


AnswerKey = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,49}$")]


class AssessChange(Payload):
    """The risk of the change, what it affects, and the people and means that it takes."""

    risk_answers: Annotated[dict[AnswerKey, AnswerKey], StaffOnly()] = Field(
        max_length=LONGEST_LIST,
        description="The answers to the risk questionnaire: by the key of each question, the key of its "
        "answer. They give score and level.",
    )
    effects: FreeText = Field(
        description="What the change does to services and users.", examples=["No mail for ten minutes."]
    )
    resources: FreeText = Field(
        description="Who and what it takes.", examples=["Two engineers for one night."]
    )


class RequestApprovalChange(AskDecision):
    """The question to those who approve changes of this risk."""


class RequestEmergencyApprovalChange(AskDecision):
    """The question to the emergency board, and why the change cannot wait."""

    cannot_wait: FreeText = Field(
        description="Why it cannot wait for the change advisory board.",
        examples=["Nobody can send mail until it is done."],
    )


#: Longest window of a change.
LONGEST_WINDOW = timedelta(days=92)


class ScheduleChange(Payload):
    """The window of the change, and the reason for taking it although something stands in the way."""

    from_at: Instant = Field(description="When it begins.", examples=["2199-03-02T22:00:00Z"])
    until_at: Instant = Field(description="When it ends.", examples=["2199-03-03T02:00:00Z"])
    override_reason: FreeText | None = Field(
        default=None,
        description="Why it may overlap a freeze, or another change on the same items: stays visible.",
        examples=["Both teams work side by side that night."],
    )

    @model_validator(mode="after")
    def _check_order(self) -> ScheduleChange:
        if self.until_at <= self.from_at:
            raise PydanticCustomError("window_ends_early", "end after the begin")
        if self.until_at - self.from_at > LONGEST_WINDOW:
            raise PydanticCustomError("window_too_long", "take at most 92 days")
        return self


class RescheduleChange(ScheduleChange):
    """The new window of the change, and why it moves."""

    reason: FreeText = Field(description="Why it moves.", examples=["The supplier comes a day later."])


class NoteOverlapChange(Payload):
    """The change or the freeze that overlaps the window of this change, and when."""

    change: Annotated[Reference, ForeignRef("change")] | None = Field(
        default=None, description="The other change: its id or number."
    )
    freeze: Annotated[Reference, ForeignRef("freeze")] | None = Field(
        default=None, description="Or the freeze: its id."
    )
    overlap_from_at: Instant | None = Field(
        default=None, description="When the overlap begins; none: the windows do not say it."
    )
    overlap_until_at: Instant | None = Field(default=None, description="When it ends.")
