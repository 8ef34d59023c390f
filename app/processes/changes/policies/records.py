"""The records of change templates, risk questionnaires and freezes, with states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.priorities.risk_level import RiskLevel
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    Record,
    optional,
    required,
)
from app.common.state_fields import EnteredAt

#: Longest freeze in days: whoever wants no changes for longer decides so again.
LONGEST_DAYS = 366


class TemplateState(CodeEnum):
    """The state of a template: only an approved one can be used."""

    draft = "draft", "Draft", "草稿"
    approved = "approved", "Approved", "已批准"
    retired = "retired", "Retired", "已停用"


class ChangeTemplate(Record):
    """A pre-approved template of standard changes; its texts name no persons."""

    KIND: ClassVar[str] = "change_template"

    state: TemplateState | None = required()
    key: str | None = required(
        "The key in changes and figures: unique, never changed.", examples=["relay-restart"]
    )
    title: str | None = required("A line about what changes.", examples=["Restart the mail relay"])
    description: str | None = optional(
        "The cases in which it is used, and those in which it is not.", examples=["Only if no mail waits."]
    )
    services: list[str] | None = optional("Keys of the services that such a change touches.")
    plan: str | None = required("The steps of the change.", examples=["1. Drain. 2. Restart."])
    test_plan: str | None = optional(
        "The test that shows that it worked.", examples=["Send a mail to yourself."]
    )
    back_out_plan: str | None = required(
        "The steps that undo it if it does not work.", examples=["Start the standby relay."]
    )
    risk_level: RiskLevel | None = required(
        "The risk of every change made from it, as approved.", examples=["low"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team that implements such a change, if its draft names no other."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who drafted it, or edited the draft last."
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
    "points": 0}]}`.
    """

    KIND: ClassVar[str] = "risk_questionnaire"

    state: QuestionnaireState | None = required()
    questions: list[dict[str, Any]] | None = optional("The questions of an assessment, in their order.")
    medium_from: int | None = required("Number of points from which on the risk is medium.", examples=[5])
    high_from: int | None = required("Number of points from which on the risk is high.", examples=[10])
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
    """A period in which changes may not be made: of everything, or of some services and classes of items."""

    KIND: ClassVar[str] = "freeze"

    state: FreezeState | None = required()
    freeze_kind: FreezeKind | None = required("The kind of the period.", examples=["freeze"])
    title: str | None = required(
        "A line about its purpose. Calendars show it: name no persons here.", examples=["Closing of the year"]
    )
    reason: str | None = required(
        "The reason why nothing may change. All staff read it: name no persons here.",
        examples=["The books are closed. 年终结账。"],
    )
    from_at: datetime | None = required("Begin of the period.", examples=["2198-12-28T00:00:00Z"])
    until_at: datetime | None = required(
        f"End of the period, at most {LONGEST_DAYS} days after its begin.", examples=["2199-01-04T00:00:00Z"]
    )
    everything: bool | None = required(
        "True if it is for every change; otherwise `services` and `ci_classes` name those that it is for.",
        examples=[True],
    )
    services: list[str] | None = optional("Keys of the services whose changes it is for.")
    ci_classes: list[str] | None = optional("Classes of the items whose changes it is for.")
    hit_change_ids: list[str] | None = optional(
        "Ids of the changes that were scheduled in it when it was declared or moved last."
    )
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The person who answers for it."
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

    change_id: Annotated[UUID | None, ForeignRef("change")] = required(
        "The change that may be made all the same.", examples=["CHG-2026-000123"]
    )
    decision_id: UUID | None = required("The decision on it: `GET …/decisions` lists it.")
    reason: Annotated[str | None, Personal()] = optional(
        "The reason why it cannot wait.", examples=["The certificate expires."]
    )
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    asked_at: datetime | None = required()
    granted_at: datetime | None = None
    refused_at: datetime | None = None
