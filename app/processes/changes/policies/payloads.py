"""Payloads of actions on change templates, risk questionnaires and freezes."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.priorities.risk_level import RiskLevel
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.payloads import unique_keys
from app.foundation.cis.records import CiClass
from app.foundation.decisions.payloads import AskBoard, AskDecision
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BackOutPlan,
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
    at_most_entries,
)
from app.processes.changes.payloads import AnswerKey, CiReferences
from app.processes.changes.policies.records import (
    MOST_WINDOW_MINUTES,
    ChangeTemplate,
    Freeze,
    FreezeException,
    FreezeKind,
    RiskQuestionnaire,
    TemplateOutgrowth,
)
from app.processes.changes.policies.risk import (
    MOST_ANSWERS,
    MOST_POINTS,
    MOST_QUESTIONS,
)

Classes = Annotated[
    tuple[CiClass, ...],
    Field(max_length=len(CiClass), json_schema_extra={"uniqueItems": True}),
    BoundedList,
    AfterValidator(unique_keys),
]
Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...],
    Field(max_length=LONGEST_LIST, json_schema_extra={"uniqueItems": True}),
    BoundedList,
    AfterValidator(unique_keys),
]


class FreezeTexts(Payload, of=Freeze):
    """The texts about a freeze."""

    title: Title
    reason: Paragraph


class DeclareFreeze(FreezeTexts, of=Freeze):
    """A period without changes: of everything, or of some services and classes of items."""

    freeze_kind: FreezeKind
    from_at: Instant
    until_at: Instant
    everything: bool = False
    services: Services = ()
    ci_classes: Classes = ()
    owner: (
        Annotated[Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)]
        | None
    ) = Field(default=None, description="Person who is responsible for the freeze; if left out, the caller.")


class MoveFreeze(Payload, of=Freeze):
    """The new period of the freeze, and the reason for it."""

    from_at: Instant
    until_at: Instant
    reason: FreeText = Field(
        description="Reason for the new period.", examples=["The auditors come a day later."]
    )


class EditFreeze(Patch, FreezeTexts, of=Freeze):
    """Fields to change, except the period, which `move` changes; fields left out stay unchanged."""

    owner: Annotated[
        Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)
    ] = Field(default_factory=str)


class AskExceptionFreeze(AskDecision, of=FreezeException):
    """The change to except from the freeze, the reason, and the question to the voters."""

    change: Annotated[Reference, ForeignRef("change")]
    reason: FreeText


EXAMPLE_QUESTIONS = [
    {
        "key": "back_out",
        "text_en": "Can it be taken back?",
        "text_zh": "能否回退？",
        "answers": [
            {"key": "yes", "text_en": "Yes", "text_zh": "能", "points": 0},
            {"key": "no", "text_en": "No", "text_zh": "不能", "points": 10},
        ],
    }
]
Threshold = Annotated[int, Field(strict=True, ge=1, le=MOST_QUESTIONS * MOST_POINTS)]


class AnswerChoice(PayloadPart):
    """A possible answer, and its points."""

    key: AnswerKey = Field(description="Key of the answer in `risk_answers`.", examples=["no"])
    text_en: ShortText = Field(description="Answer in English.", examples=["No"])
    text_zh: ShortText = Field(description="Answer in Chinese.", examples=["不能"])
    points: int = Field(
        strict=True, ge=0, le=MOST_POINTS, description="Number of points that the answer adds to the risk."
    )


class AskedQuestion(PayloadPart):
    """A question and its possible answers."""

    key: AnswerKey = Field(description="Key of the question in `risk_answers`.", examples=["back_out"])
    text_en: ShortText = Field(description="Question in English.", examples=["Can it be taken back?"])
    text_zh: ShortText = Field(description="Question in Chinese.", examples=["能否回退？"])
    answers: Annotated[tuple[AnswerChoice, ...], at_most_entries(MOST_ANSWERS)] = Field(
        min_length=2,
        max_length=MOST_ANSWERS,
        description="Possible answers, in this order.",
        examples=[EXAMPLE_QUESTIONS[0]["answers"]],
    )


class AddRiskQuestionnaire(Payload, of=RiskQuestionnaire):
    """Questions about the risk of changes, and the numbers of points from which it is medium and high."""

    questions: Annotated[tuple[AskedQuestion, ...], at_most_entries(MOST_QUESTIONS)] = Field(
        min_length=1, max_length=MOST_QUESTIONS, examples=[EXAMPLE_QUESTIONS]
    )
    medium_from: Threshold
    high_from: Threshold


class ReviseRiskQuestionnaire(AddRiskQuestionnaire):
    """The whole new questionnaire: everything that it leaves out is removed."""


class ChangeTemplateFields(Payload, of=ChangeTemplate):
    """The fields of a template that can be edited."""

    title: Title
    description: Paragraph | None = None
    services: Services = ()
    cis: CiReferences = Field(
        default=(), description="Configuration items that such a change may affect: ids or keys."
    )
    ci_classes: Classes = ()
    plan: Paragraph
    test_plan: Paragraph | None = None
    back_out_plan: BackOutPlan
    risk_level: RiskLevel
    window_minutes: Annotated[int, Field(ge=1, le=MOST_WINDOW_MINUTES, strict=True)] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None


class DraftChangeTemplate(ChangeTemplateFields, of=ChangeTemplate):
    """A template of standard changes, to be approved. It names services, items or classes."""

    model_config = example_includes("ci_classes")
    key: RecordKey


class OutgrowChangeTemplate(Payload):
    """The reason why the template is not used any more before it is approved again."""

    because: TemplateOutgrowth = Field(description="Reason.", examples=["failures"])


class ApproveChangeTemplate(AskBoard):
    """The question whether changes may be made by the template without further approval."""


class RenewChangeTemplate(AskBoard):
    """The question whether changes may be made again by a template that has outgrown its approval."""


class EditChangeTemplate(Patch, ChangeTemplateFields):
    """Fields to change; fields left out stay unchanged."""
