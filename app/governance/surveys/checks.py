"""Checks of actions on surveys, beyond state and role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.governance.surveys.payloads import (
    ComplainFromAnswer,
    GivenAnswer,
    PlannedQuestion,
    PlanSurvey,
    RespondSurveyResponse,
    SuggestFromAnswer,
)
from app.governance.surveys.preparation import AskedSurvey
from app.governance.surveys.records import (
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyResponse,
    SurveyResult,
    SurveyState,
)
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue

LEAST_CHOICES = 2


async def period_invalid(reads: ReadContext, survey: Survey, body: PlanSurvey, ctx: ActionContext) -> None:
    """Refuse a survey that ends before it starts or in the past, and a reminder outside of its period."""
    if body.ends_at <= max(body.opens_at, ctx.counts_from):
        raise WrongValue(pointer="/ends_at", because="not_ahead")
    if body.remind_at is not None and not body.opens_at < body.remind_at < body.ends_at:
        raise WrongValue(pointer="/remind_at", because="outside_of_the_period")


async def questions_invalid(reads: ReadContext, survey: Survey, body: PlanSurvey, ctx: ActionContext) -> None:
    """Refuse questions with one key, and choices that are missing, too few, or not in both languages."""
    keys: set[str] = set()
    for n, question in enumerate(body.questions):
        if question.key in keys:
            raise WrongValue(pointer=f"/questions/{n}/key", because="each_once")
        keys.add(question.key)
        _check_choices(question, f"/questions/{n}/choices")


def _check_choices(question: PlannedQuestion, pointer: str) -> None:
    if question.kind is QuestionKind.choice:
        if len(question.choices) < LEAST_CHOICES:
            raise WrongValue({"least": str(LEAST_CHOICES)}, pointer=pointer, because="too_few_choices")
    elif question.choices or question.choices_zh:
        raise WrongValue(pointer=pointer, because="only_of_choices")
    if len(question.choices_zh) != len(question.choices):
        raise WrongValue(pointer=f"{pointer}_zh", because="same_number_in_both_languages")
    if len(set(question.choices)) < len(question.choices):
        raise WrongValue(pointer=pointer, because="each_once")


async def comparison_invalid(
    reads: ReadContext, survey: Survey, body: PlanSurvey, ctx: ActionContext
) -> None:
    """Refuse a comparison with a survey of another series, or one whose results are not published."""
    earlier = ctx.ref(Survey, "compare_with")
    if earlier is None:
        return
    if body.series is None or earlier.series != body.series:
        raise WrongValue(pointer="/compare_with", because="of_another_series")
    if earlier.state is not SurveyState.published:
        raise WrongValue(pointer="/compare_with", because="results_not_published")


async def cannot_be_answered(
    reads: ReadContext, response: SurveyResponse, body: RespondSurveyResponse, ctx: ActionContext
) -> None:
    """Refuse answers by name to an anonymous survey, to one that does not run, and by anybody who is not
    asked.
    """
    survey = ctx.required_ref(Survey, "survey")
    if ctx.prepared(AskedSurvey).participant is None:
        raise PreparationRefused("not_a_survey_participant")
    if survey.anonymous:
        raise WrongValue(pointer="/survey", because="survey_is_anonymous")
    if survey.state is not SurveyState.running or survey.ends_at is None or ctx.now >= survey.ends_at:
        raise WrongValue(pointer="/survey", because="survey_does_not_run")
    check_answers(ctx.prepared(AskedSurvey).questions, body.answers)


def check_answers(questions: Iterable[SurveyQuestion], answers: Iterable[GivenAnswer]) -> None:
    """Refuse answers that do not fit their questions, and mandatory ones left out. Raises WrongValue."""
    questions_by_key: Mapping[str, SurveyQuestion] = {str(question.key): question for question in questions}
    answered: set[str] = set()
    for n, answer in enumerate(answers):
        question = questions_by_key.get(answer.question)
        if question is None:
            words = {"kind": "survey_question", "name": answer.question}
            raise WrongValue(words, pointer=f"/answers/{n}/question", because="unknown_reference")
        if answer.question in answered:
            raise WrongValue(pointer=f"/answers/{n}/question", because="each_once")
        answered.add(answer.question)
        _check_answer(question, answer, f"/answers/{n}")
    if missing := next(
        (key for key, question in questions_by_key.items() if question.mandatory and key not in answered),
        None,
    ):
        raise WrongValue({"question": missing}, pointer="/answers", because="question_unanswered")


def _check_answer(question: SurveyQuestion, answer: GivenAnswer, pointer: str) -> None:
    fields = {"score": QuestionKind.rating, "choice": QuestionKind.choice, "text": QuestionKind.text}
    for name, kind in fields.items():
        if (getattr(answer, name) is not None) != (question.kind is kind):
            because = "missing" if question.kind is kind else "not_of_this_question"
            raise WrongValue(pointer=f"{pointer}/{name}", because=because)
    if answer.choice is not None and answer.choice > len(question.choices or ()):
        raise WrongValue(pointer=f"{pointer}/choice", because="no_such_choice")


async def answer_taken_up(
    reads: ReadContext,
    record: SurveyResponse | SurveyResult,
    body: SuggestFromAnswer | ComplainFromAnswer,
    ctx: ActionContext,
) -> None:
    """Refuse an answer of which something was made already (`taken_up_already`)."""
    if ctx.required_ref(SurveyAnswer, "answer").taken_up is not None:
        raise WrongValue(pointer="/answer", because="taken_up_already")
