"""The questionnaire about the risk of a change, as change managers set it; the one that was set last is in
force (lifecycle).

set
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.records import from_row
from app.kernel.access.reads import ReadContext, Versions
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import admin
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Payload, PayloadPart, ShortText, at_most_entries
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.planning.lookups import QUESTIONNAIRE
from app.processes.changes.records import QuestionnaireState as State
from app.processes.changes.records import RiskLevel, RiskQuestionnaire
from app.processes.changes.risk import (
    DEFAULT_QUESTIONNAIRE,
    MOST_ANSWERS,
    MOST_POINTS,
    MOST_QUESTIONS,
    RiskAnswer,
    RiskQuestion,
    level,
    score,
)
from app.processes.changes.templates import CHANGE_MANAGER

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
#: What questions and answers are called in the answers of an assessment.
AnswerKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Threshold = Annotated[int, Field(strict=True, ge=1, le=MOST_QUESTIONS * MOST_POINTS)]


class AnswerChoice(PayloadPart):
    """An answer that can be chosen, and its points."""

    key: AnswerKey = Field(description="What it is called in `risk_answers`.", examples=["no"])
    text_en: ShortText = Field(description="What people read, in English.", examples=["No"])
    text_zh: ShortText = Field(description="What people read, in Chinese.", examples=["不能"])
    points: int = Field(strict=True, ge=0, le=MOST_POINTS, description="What it adds to the risk.")


class AskedQuestion(PayloadPart):
    """A question, and the answers that can be chosen."""

    key: AnswerKey = Field(description="What it is called in `risk_answers`.", examples=["back_out"])
    text_en: ShortText = Field(description="What is asked, in English.", examples=["Can it be taken back?"])
    text_zh: ShortText = Field(description="What is asked, in Chinese.", examples=["能否回退？"])
    answers: Annotated[tuple[AnswerChoice, ...], at_most_entries(MOST_ANSWERS)] = Field(
        min_length=2,
        max_length=MOST_ANSWERS,
        description="What can be answered, in this order.",
        examples=[EXAMPLE_QUESTIONS[0]["answers"]],
    )


class AddRiskQuestionnaire(Payload):
    """Questions about the risk of changes, and the points from which it is medium, and high."""

    questions: Annotated[tuple[AskedQuestion, ...], at_most_entries(MOST_QUESTIONS)] = Field(
        min_length=1,
        max_length=MOST_QUESTIONS,
        description="What is asked when a change is assessed, in this order.",
        examples=[EXAMPLE_QUESTIONS],
    )
    medium_from: Threshold = Field(description="From so many points on the risk is medium.", examples=[5])
    high_from: Threshold = Field(description="From so many points on the risk is high.", examples=[10])


class ReviseRiskQuestionnaire(AddRiskQuestionnaire):
    """The whole new questionnaire: whatever it leaves out is removed."""


def add(questionnaire: RiskQuestionnaire, body: AddRiskQuestionnaire, ctx: ActionContext) -> None:
    """Add a risk questionnaire; changes that were assessed keep their risk."""
    questionnaire.questions = [_question_row(question) for question in body.questions]
    questionnaire.medium_from, questionnaire.high_from = body.medium_from, body.high_from
    questionnaire.set_at = ctx.occurred_at


def revise(questionnaire: RiskQuestionnaire, body: ReviseRiskQuestionnaire, ctx: ActionContext) -> None:
    """Revise the questionnaire; changes that were assessed keep their risk."""
    add(questionnaire, body, ctx)


def _question_row(question: AskedQuestion) -> dict[str, Any]:
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    answers = [
        {"key": answer.key, "points": answer.points, "text_en": answer.text_en, "text_zh": answer.text_zh}
        for answer in question.answers
    ]
    return {
        "answers": answers,
        "key": question.key,
        "text_en": question.text_en,
        "text_zh": question.text_zh,
    }


async def questionnaire_inconsistent(
    reads: ReadContext, questionnaire: RiskQuestionnaire, body: AddRiskQuestionnaire, ctx: ActionContext
) -> None:
    """Refuse if two questions, or two answers of a question, have one key, or if no answers give a medium, or
    a high risk.
    """
    asked: set[str] = set()
    for n, question in enumerate(body.questions):
        if question.key in asked:
            raise WrongValue(pointer=f"/questions/{n}/key", because="question_twice")
        asked.add(question.key)
        chosen: set[str] = set()
        for m, answer in enumerate(question.answers):
            if answer.key in chosen:
                raise WrongValue(pointer=f"/questions/{n}/answers/{m}/key", because="answer_twice")
            chosen.add(answer.key)
    if body.high_from <= body.medium_from:
        raise WrongValue(pointer="/high_from", because="high_not_above_medium")
    most = sum(max(answer.points for answer in question.answers) for question in body.questions)
    if body.high_from > most:
        raise WrongValue({"most": str(most)}, pointer="/high_from", because="out_of_reach")


@dataclass(frozen=True, slots=True)
class QuestionnaireInForce:
    """The questionnaire by which changes are assessed; its `id` is None if nobody has set another one than
    the usual.
    """

    id: UUID | None
    version: int
    questions: tuple[RiskQuestion, ...]
    medium_from: int
    high_from: int

    def score(self, answers: Mapping[str, str]) -> tuple[int, RiskLevel]:
        """Return the points of the answers, given by the keys of their questions, and the level that they
        come to. Raises WrongValue for each question that is not answered, or not asked.
        """
        points, faults = score(self.questions, answers)
        if faults:
            first, *further = (
                WrongValue(dict(one.words), pointer=f"/risk_answers/{one.question}", because=one.because)
                for one in faults
            )
            raise WrongValue(
                first.words, pointer=first.pointer, because=first.because, further=tuple(further)
            )
        return points, level(points, self.medium_from, self.high_from)


async def questionnaire_in_force(reads: ReadContext) -> QuestionnaireInForce:
    """Return the questionnaire that was set last, or the usual one if nobody has set another. If it is
    revised meanwhile, the command is decided again.
    """
    guard = Versions(version="stream_version")
    return questionnaire_of(await reads.row(QUESTIONNAIRE, guard=guard))


def questionnaire_of(row: dict[str, Any] | None) -> QuestionnaireInForce:
    """Return the questionnaire of that row of its table; None: the usual one."""
    if row is None:
        usual = DEFAULT_QUESTIONNAIRE
        return QuestionnaireInForce(None, 0, usual.questions, usual.medium_from, usual.high_from)
    record = from_row(RiskQuestionnaire, row)
    assert record.medium_from is not None
    assert record.high_from is not None
    questions = tuple(
        RiskQuestion(
            question["key"],
            question["text_en"],
            question["text_zh"],
            tuple(RiskAnswer(**answer) for answer in question["answers"]),
        )
        for question in record.questions or ()
    )
    return QuestionnaireInForce(record.id, record.version, questions, record.medium_from, record.high_from)


SETTERS = admin | CHANGE_MANAGER

# fmt: off
LIFECYCLE = Lifecycle(
    kind="risk_questionnaire", plural="risk_questionnaires", zh="风险问卷", record=RiskQuestionnaire, states=State,
    audience=lambda questionnaire: (STAFF,), columns={"staff": ()},
    rows=(
        #      action  中文    from          to         who      event
        action(add,    "设定", NEW_RECORD,  State.set, SETTERS, "risk_questionnaire.added",   wrong=(questionnaire_inconsistent,)),
        action(revise, "修订", [State.set], STAYS,     SETTERS, "risk_questionnaire.revised", wrong=(questionnaire_inconsistent,)),
    ),
)
# fmt: on
