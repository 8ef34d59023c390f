"""The records of change templates, risk questionnaires and freezes, with states and codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.priorities.risk_level import RiskLevel
from app.common.records import (
    ChildRecord,
    CodeEnum,
    Document,
    ForeignRef,
    Record,
    optional,
    required,
)
from app.common.state_fields import EnteredAt

#: Longest freeze in days: a longer one needs another decision.
LONGEST_DAYS = 366
#: The longest window of a standard change in minutes, unless its template names another one, and at most.
USUAL_WINDOW_MINUTES, MOST_WINDOW_MINUTES = 480, 1_440


class TemplateState(CodeEnum):
    """The state of a change template: only an approved template can be used."""

    draft = "draft", "Draft", "草稿"
    approved = "approved", "Approved", "已批准"
    retired = "retired", "Retired", "已停用"


class TemplateOutgrowth(CodeEnum):
    """The reason why an approved template is not used any more before it is approved again."""

    risk = "risk", "Service more important than at the approval", "服务等级高于获批时"
    failures = "failures", "Changes failed", "变更屡次失败"


class ChangeTemplate(Record):
    """A pre-approved template of standard changes; its texts name no persons."""

    KIND: ClassVar[str] = "change_template"

    state: TemplateState | None = required()
    key: str | None = required(
        "Key of the template in changes and figures: unique, never changed.", examples=["relay-restart"]
    )
    title: str | None = required("Title of the change in one line.", examples=["Restart the mail relay"])
    description: str | None = optional(
        "Cases in which the template is used, and cases in which it is not.",
        examples=["Only if no mail waits."],
    )
    services: list[str] | None = optional("Keys of the services that such a change may affect.")
    ci_ids: list[str] | None = optional(
        "Identifiers of the configuration items that such a change may affect. If the template names "
        "neither items nor classes, these are the items of its services."
    )
    ci_classes: list[str] | None = optional(
        "Classes of the configuration items that such a change may affect, if these items serve one of "
        "`services`; of a template without services, all items of the classes.",
        examples=[["server"]],
    )
    plan: str | None = required("Steps of the change.", examples=["1. Drain. 2. Restart."])
    test_plan: str | None = optional(
        "Tests that show the success of the change.", examples=["Send a mail to yourself."]
    )
    back_out_plan: str | None = required(
        "Steps that undo the change if it fails.", examples=["Start the standby relay."]
    )
    risk_level: RiskLevel | None = required(
        "Risk of every change that is made from the template, as approved.", examples=["low"]
    )
    window_minutes: int | None = optional(
        f"Longest window of such a change in minutes; null for {USUAL_WINDOW_MINUTES}.", examples=[120]
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that implements such a change unless its draft names another one."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who drafted the template, or last edited the draft."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(TemplateState.draft)] = required()
    approved_at: Annotated[datetime | None, EnteredAt(TemplateState.approved)] = None
    approved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person with whose vote the template was approved; null until then."
    )
    retired_at: Annotated[datetime | None, EnteredAt(TemplateState.retired)] = None
    outgrown_at: datetime | None = optional(
        "Time since which the reasons of the approval are no longer true, so that the template is not used "
        "before it is approved again; null if it is used."
    )
    outgrown_because: TemplateOutgrowth | None = optional(
        "Reason why the template is not used before it is approved again; null if it is used."
    )
    renewed_at: datetime | None = optional(
        "Time of the last renewal of the approval; null if there was none."
    )

    @property
    def touched_services(self) -> list[str]:
        """Return the services whose owners decide on it."""
        return self.services or []

    @property
    def longest_window(self) -> timedelta:
        """Return the longest window of its changes, which counts as maintenance of the services."""
        return timedelta(minutes=self.window_minutes or USUAL_WINDOW_MINUTES)

    @property
    def has_scope(self) -> bool:
        """Return whether it names what its changes may affect; older templates need not."""
        return bool(self.services or self.ci_ids or self.ci_classes)

    def covers(self, ci_id: str, ci_class: str | None, services: Sequence[str] | None) -> bool:
        """Return whether its changes may affect the configuration item of this class and these services: an
        unnamed item may only serve the services of the template.
        """
        if ci_id in (self.ci_ids or ()):
            return True
        serves = bool(services) and {*(services or ())} <= {*(self.services or ())}
        if self.ci_classes:
            return ci_class in self.ci_classes and (serves or not self.services)
        return serves and not self.ci_ids


class QuestionnaireState(CodeEnum):
    """The state of a risk questionnaire."""

    set = "set", "Set", "已设定"


class RiskQuestionnaire(Record):
    """The questions about the risk of a change. The newest questionnaire with a second person's agreement is
    in force.

    `questions` are `{"key": …, "text_en": …, "text_zh": …, "answers": [{"key": …, "text_en": …, "text_zh": …,
    "points": 0}]}`.
    """

    KIND: ClassVar[str] = "risk_questionnaire"

    state: QuestionnaireState | None = required()
    questions: list[dict[str, Any]] | None = optional("Questions of an assessment, in order.")
    medium_from: int | None = required("Number of points from which the risk is medium.", examples=[5])
    high_from: int | None = required("Number of points from which the risk is high.", examples=[10])
    set_at: datetime | None = required(
        "Time at which the questionnaire was set; it applies to assessments from then on."
    )
    edition: int | None = optional(
        "Number of the newest edition, the revision included; null for a questionnaire from before editions "
        "were counted, whose edition is 1."
    )
    revision: Annotated[dict[str, Any] | None, Document()] = optional(
        "Revision that awaits the agreement of a second person; null if there is none."
    )
    awaits_agreement: bool | None = optional(
        "True if the questionnaire is not used yet, since a second person has to agree to it."
    )
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who agreed to the questionnaire last; null if nobody had to."
    )

    @property
    def is_unagreed(self) -> bool:
        """Whether the questionnaire or its revision awaits the agreement of a second person."""
        return bool(self.awaits_agreement or self.revision)


class FreezeKind(CodeEnum):
    """The kind of a period without changes."""

    freeze = "freeze", "Change freeze", "变更冻结"
    maintenance_ban = "maintenance_ban", "Maintenance ban", "禁止维护"


class FreezeState(CodeEnum):
    """The state of a freeze, which is over after its period."""

    declared = "declared", "Declared", "已宣布"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"


class Freeze(Record):
    """A period in which changes may not be made: of everything, or of some services and classes of items."""

    KIND: ClassVar[str] = "freeze"

    state: FreezeState | None = required()
    freeze_kind: FreezeKind | None = required(
        "Kind of the freeze: `freeze` or `maintenance_ban`.", examples=["freeze"]
    )
    title: str | None = required(
        "Purpose of the freeze in one line, without names of persons, as calendars show it.",
        examples=["Closing of the year"],
    )
    reason: str | None = required(
        "Reason for the freeze, without names of persons, as all staff read it.",
        examples=["The books are closed. 年终结账。"],
    )
    from_at: datetime | None = required("Beginning of the period.", examples=["2034-12-28T00:00:00Z"])
    until_at: datetime | None = required(
        f"End of the period, at most {LONGEST_DAYS} days after its begin.", examples=["2035-01-04T00:00:00Z"]
    )
    everything: bool | None = required(
        "True if the freeze applies to all changes; otherwise it applies to `services` and `ci_classes`.",
        examples=[True],
    )
    services: list[str] | None = optional("Keys of the services whose changes are frozen.")
    ci_classes: list[str] | None = optional("Classes of the items whose changes are frozen.")
    hit_change_ids: list[str] | None = optional(
        "Identifiers of the changes that were in the freeze when it was declared or last moved."
    )
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)
    ] = optional("Person who is responsible for the freeze.")
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
        "Change that may be made in the freeze.", examples=["CHG-2026-000123"]
    )
    decision_id: UUID | None = required("Decision on the exception, as listed by `GET …/decisions`.")
    reason: Annotated[str | None, Personal()] = optional(
        "Reason why the change cannot wait.", examples=["The certificate expires."]
    )
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who asked for the exception."
    )
    asked_at: datetime | None = required("Time at which the exception was requested.")
    granted_at: datetime | None = optional("Time at which the exception was granted; null if it was not.")
    refused_at: datetime | None = optional("Time at which the exception was refused; null if it was not.")
