"""The records of changes, their templates, risk questionnaires and freezes, with states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    KeyRef,
    Record,
    StaffOnly,
    optional,
    required,
)
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ChangeState(CodeEnum):
    """The state of a change."""

    draft = "draft", "Draft", "草稿"
    submitted = "submitted", "Submitted", "已提交"
    assessed = "assessed", "Assessed", "已评估"
    awaiting_approval = "awaiting_approval", "Awaiting approval", "待审批"
    approved = "approved", "Approved", "已批准"
    scheduled = "scheduled", "Scheduled", "已排期"
    implementing = "implementing", "Being implemented", "实施中"
    implemented = "implemented", "Implemented", "已实施"
    backed_out = "backed_out", "Backed out", "已回退"
    closed = "closed", "Closed", "已关闭"
    deferred = "deferred", "Deferred", "已暂缓"
    rejected = "rejected", "Rejected", "已否决"
    cancelled = "cancelled", "Cancelled", "已取消"


#: The states in which work has been done on the items.
IMPLEMENTATION_ENDED = frozenset({ChangeState.implemented, ChangeState.backed_out})
ENDED = frozenset({ChangeState.closed})
OPEN = frozenset(ChangeState) - ENDED - {ChangeState.rejected, ChangeState.cancelled}
#: The states in which what is to be decided on can still be altered.
BEFORE_APPROVAL = frozenset(
    {ChangeState.draft, ChangeState.submitted, ChangeState.assessed, ChangeState.deferred}
)
#: The states in which nothing has been done yet.
BEFORE_IMPLEMENTATION = OPEN - IMPLEMENTATION_ENDED - {ChangeState.implementing}
#: The states in which a change holds a window and its configuration items.
HOLDING = frozenset({ChangeState.scheduled, ChangeState.implementing})


class ChangeType(CodeEnum):
    """The type of a change, which decides who approves it."""

    standard = "standard", "Standard", "标准变更"
    normal = "normal", "Normal", "常规变更"
    emergency = "emergency", "Emergency", "紧急变更"


class RiskLevel(CodeEnum):
    """The level of a change's risk."""

    low = "low", "Low", "低"
    medium = "medium", "Medium", "中"
    high = "high", "High", "高"


class ChangeOutcome(CodeEnum):
    """The outcome of a change, as its review judges it."""

    successful = "successful", "Successful", "成功"
    successful_with_issues = "successful_with_issues", "Successful with issues", "成功但有问题"
    failed = "failed", "Failed", "失败"
    backed_out = "backed_out", "Backed out", "已回退"


class DeferralReason(CodeEnum):
    """The reason why a change was deferred."""

    by_vote = "by_vote", "By the vote", "表决暂缓"
    no_quorum = "no_quorum", "Too few voted in time", "到期未达法定人数"


class Change(Ticket):
    """A change of services and configuration items.

    `service` is the key of the first of `services`, under which it counts; `ci_ids` are the ids of the items
    that it touches, `ci_classes` their classes, `ci_services` the services that they serve and
    `needed_ci_ids` the items that these need, as they were when it was scheduled (classes and services before
    then as they were when the items were named). `no_cis_reason` says why it touches no item. `template` is
    the key of the template of a standard change. `risk_answers` are the points of the answers by the keys of
    the questions of the questionnaire in force, whose id is `questionnaire_id`; `risk_score` is their sum.

    `window_from_at` and `window_until_at` are the window that it was scheduled for; from `booked_from_at` to
    `booked_until_at` it holds its items. `overrides` are the streams of the changes and freezes that it was
    scheduled over, with `override_reason`; `excepted_freezes` are those of the freezes that except it.
    `implementer_ids` are those who started, completed or backed it out: none of them reviews it.
    `started_by_voter`: an emergency that somebody started who had voted for it; its review looks at that.
    `first_pass`: implemented once, within its window, not backed out, without an incident that it caused.
    """

    KIND: ClassVar[str] = "change"

    state: ChangeState | None = required()
    type: ChangeType | None = required()
    template: Annotated[str | None, KeyRef("change_template")] = optional(
        "The key of a standard change's template, where its plans stand."
    )
    request_id: Annotated[UUID | None, ForeignRef("request")] = optional("The request that it fulfils.")
    reason: Annotated[str | None, Personal()] = None
    description: Annotated[str | None, Personal()] = None
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that it counts under."
    )
    services: list[str] | None = optional("Keys of all services that it touches.")
    ci_ids: list[str] | None = optional("Ids of the configuration items that it touches.")
    ci_services: list[str] | None = optional(
        "Keys of the services of these items, as they were when it was scheduled or else drafted."
    )
    no_cis_reason: Annotated[str | None, Personal()] = optional("Why it touches no item.")
    category: Annotated[str | None, KeyRef("category", per_process=True)] = None
    plan: Annotated[str | None, Personal()] = None
    test_plan: Annotated[str | None, Personal()] = None
    back_out_plan: Annotated[str | None, Personal()] = None
    wanted_from_at: datetime | None = None
    wanted_until_at: datetime | None = None
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who drafted it, where it is somebody else's."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(ChangeState.submitted, first=True)] = optional(
        "When it was first submitted."
    )
    questionnaire_id: Annotated[UUID | None, ForeignRef("risk_questionnaire")] = None
    risk_answers: Annotated[dict[str, Any] | None, StaffOnly()] = optional(
        "For staff: answers by the keys of their questions."
    )
    risk_score: Annotated[int | None, StaffOnly()] = optional(
        "For staff: the points of the answers together."
    )
    risk_level: RiskLevel | None = None
    effects: Annotated[str | None, Personal()] = optional("What it does to services and users.")
    resources: Annotated[str | None, Personal()] = optional("Who and what it takes.")
    conflicts_found: list[str] | None = optional(
        "Numbers of changes and kinds of freezes in its wanted window when it was assessed."
    )
    assessed_at: Annotated[datetime | None, EnteredAt(ChangeState.assessed)] = None
    assessed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    approval_id: UUID | None = optional("The decision on its approval.")
    cannot_wait: Annotated[str | None, Personal()] = optional("Why an emergency cannot wait for the board.")
    approval_requested_at: datetime | None = None
    approved_at: Annotated[datetime | None, EnteredAt(ChangeState.approved)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(ChangeState.rejected)] = None
    deferred_at: Annotated[datetime | None, EnteredAt(ChangeState.deferred)] = None
    deferral_reason: DeferralReason | None = None
    ci_classes: list[str] | None = optional(
        "Classes of its items when it was scheduled, or before then when they were named."
    )
    needed_ci_ids: list[str] | None = optional(
        "Ids of the items that its items need, as they were when it was scheduled."
    )
    window_from_at: datetime | None = None
    window_until_at: datetime | None = None
    scheduled_at: Annotated[datetime | None, EnteredAt(ChangeState.scheduled)] = None
    booked_from_at: datetime | None = optional("Since when it holds its items.")
    booked_until_at: datetime | None = optional(
        "Until when. Past it, too, nothing else starts on them until it is implemented or backed out."
    )
    overrides: list[str] | None = optional(
        "The changes and freezes that it was scheduled over: `change/<id>`, `freeze/<id>`."
    )
    excepted_freezes: list[str] | None = optional("The freezes that it is excepted from: `freeze/<id>`.")
    override_reason: Annotated[str | None, Personal()] = None
    started_at: Annotated[datetime | None, EnteredAt(ChangeState.implementing)] = None
    out_of_window_reason: Annotated[str | None, Personal()] = optional(
        "Why it was started outside its window."
    )
    implementer_ids: list[str] | None = optional("Ids of those who implemented it.")
    started_by_voter: bool | None = optional(
        "Whether somebody started it who had voted for it, which an emergency alone allows: "
        "its review looks at that."
    )
    implemented_at: Annotated[datetime | None, EnteredAt(ChangeState.implemented)] = None
    work_done: Annotated[str | None, Personal()] = None
    tests_run: Annotated[str | None, Personal()] = None
    deviations: Annotated[str | None, Personal()] = None
    backed_out_at: Annotated[datetime | None, EnteredAt(ChangeState.backed_out)] = None
    back_out_reason: Annotated[str | None, Personal()] = None
    service_restored_at: datetime | None = None
    review_due_at: datetime | None = None
    review_overdue_at: Annotated[datetime | None, ClearedBy(entering={ChangeState.closed})] = optional(
        "Since when its review is flagged as overdue."
    )
    reviewed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = None
    outcome: ChangeOutcome | None = None
    first_pass: bool | None = optional(
        "Whether it was implemented once, in its window, and caused no incident."
    )
    first_pass_reason: Annotated[str | None, Personal()] = None
    goals_met: Annotated[str | None, Personal()] = None
    caused_incident_ids: list[str] | None = optional("Ids of the incidents that it caused.")
    lessons: Annotated[str | None, Personal()] = None
    closed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(ChangeState.cancelled)] = None

    @property
    def touched_services(self) -> tuple[str, ...]:
        """The keys of the services that it touches: those that it names, then those of its items."""
        return tuple(dict.fromkeys([*(self.services or ()), *(self.ci_services or ())]))


class TemplateState(CodeEnum):
    """The state of a template: only an approved one can be used."""

    draft = "draft", "Draft", "草稿"
    approved = "approved", "Approved", "已批准"
    retired = "retired", "Retired", "已停用"


class ChangeTemplate(Record):
    """A pre-approved template of standard changes; its texts name no persons."""

    KIND: ClassVar[str] = "change_template"

    state: TemplateState | None = required()
    key: str | None = required()
    title: str | None = required()
    description: str | None = None
    services: list[str] | None = optional("The keys of the services that such a change is of.")
    plan: str | None = required()
    test_plan: str | None = None
    back_out_plan: str | None = required()
    risk_level: RiskLevel | None = required()
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Who implements such a change, if nobody says otherwise."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who drafted it, or changed the draft last."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(TemplateState.draft)] = required()
    approved_at: Annotated[datetime | None, EnteredAt(TemplateState.approved)] = None
    approved_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    retired_at: Annotated[datetime | None, EnteredAt(TemplateState.retired)] = None


class QuestionnaireState(CodeEnum):
    """The state of a risk questionnaire."""

    set = "set", "Set", "已设定"


class RiskQuestionnaire(Record):
    """The questions about the risk of a change. The questionnaire that was set last is in force.

    `questions` are `{"key": …, "text_en": …, "text_zh": …, "answers": [{"key": …, "text_en": …, "text_zh": …,
    "points": 0}]}`; the risk is medium from `medium_from` points on, and high from `high_from`.
    """

    KIND: ClassVar[str] = "risk_questionnaire"

    state: QuestionnaireState | None = required()
    questions: list[dict[str, Any]] | None = None
    medium_from: int | None = required("From so many points on the risk is medium.")
    high_from: int | None = required("From so many points on the risk is high.")
    set_at: datetime | None = required()


class FreezeKind(CodeEnum):
    """The kind of a period without changes."""

    freeze = "freeze", "Change freeze", "变更冻结"
    maintenance_ban = "maintenance_ban", "Maintenance ban", "维护禁止"


class FreezeState(CodeEnum):
    """The state of a freeze; it is over once its time is."""

    declared = "declared", "Declared", "已宣布"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"


class Freeze(Record):
    """A period in which changes may not be made: of all services, or of those in `services` and of the items
    of the classes in `ci_classes`.

    `hit_change_ids` are the changes that were scheduled in it when it was declared or moved last.
    """

    KIND: ClassVar[str] = "freeze"

    state: FreezeState | None = required()
    freeze_kind: FreezeKind | None = required()
    title: str | None = required()
    reason: str | None = required()
    from_at: datetime | None = required()
    until_at: datetime | None = required()
    everything: bool | None = required("Whether it is for every change.")
    services: list[str] | None = optional("Else for changes of these services: their keys.")
    ci_classes: list[str] | None = optional("And for changes of items of these classes.")
    hit_change_ids: list[str] | None = None
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "Who answers for it."
    )
    declared_at: Annotated[datetime | None, EnteredAt(FreezeState.declared)] = required()
    withdrawn_at: Annotated[datetime | None, EnteredAt(FreezeState.withdrawn)] = None

    @property
    def display_name(self) -> str:
        """The title, since freezes have no numbers."""
        return self.title or ""


class FreezeException(ChildRecord):
    """An exception from a freeze for one change: asked for as a decision, and granted by its approval."""

    KIND: ClassVar[str] = "freeze_exception"

    change_id: Annotated[UUID | None, ForeignRef("change")] = required()
    decision_id: UUID | None = required("The decision on it: `GET …/decisions` lists it.")
    reason: Annotated[str | None, Personal()] = optional("Why it cannot wait.")
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    asked_at: datetime | None = required()
    granted_at: datetime | None = None
    refused_at: datetime | None = None
