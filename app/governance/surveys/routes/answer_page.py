"""The page by which a participant answers a survey without an account: `/survey/{token}`.

Opening it writes nothing, since scanners of mail open every link; its button does. Nothing of an anonymous
answer is in the log of requests but the page's path without the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Path, Request
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, utc_now
from app.api.direct import Router
from app.api.pages.page_headers import FORM_POLICY
from app.api.requests.accept import language_for
from app.api.requests.limits import Quota
from app.api.requests.raw_bodies import SURVEY_PAGE
from app.api.service.pages import page
from app.governance.surveys.answering import LinkedSurvey, answer_by_link, linked_survey
from app.governance.surveys.payloads import BEST, MOST_QUESTIONS, WORST, GivenAnswer
from app.governance.surveys.records import QuestionKind, SurveyQuestion
from app.html.filters import paragraphs
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES
from app.kernel.actions.refusals import Refusal

router = Router(prefix=SURVEY_PAGE.rstrip("/"))
LONGEST_TEXT = 2_000
#: Bytes of the form: for each question a text of Chinese characters, each escaped to nine.
LARGEST_FORM = 65_536
SCORES = range(WORST, BEST + 1)
REQUESTS_PER_MINUTE = 60
#: The table of the sentences of these pages.
TABLE = "survey_page"
NOTHING: Mapping[str, str] = MappingProxyType({})
#: Never kept by a browser or a proxy, nor found by a search engine.
HEADERS = {
    "Content-Security-Policy": FORM_POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

Token = Annotated[str, Path(description="Token of the link.", max_length=100)]


def quota() -> Quota:
    """Return the limit of requests that one address may send to these pages."""
    return Quota("address", REQUESTS_PER_MINUTE, 60)


@router.get("/{token}", include_in_schema=False)
async def get_survey_page(request: Request, token: Token) -> Response:
    """Show the page with the questions. Writes nothing."""
    wording = _wording(request)
    if (refused := _over_quota(request, wording)) is not None:
        return refused
    try:
        linked = await linked_survey(ledger_of(request), token, utc_now())
    except Refusal as refusal:
        return _refusal(wording, refusal)
    return _answer(wording, "title", _form(wording, linked, token))


@router.post("/{token}", include_in_schema=False)
async def send_survey_answers(request: Request, token: Token) -> Response:
    """Answer the survey, as the participant whose link it is."""
    wording, ledger = _wording(request), ledger_of(request)
    if (refused := _over_quota(request, wording)) is not None:
        return refused
    try:
        linked = await linked_survey(ledger, token, utc_now())
    except Refusal as refusal:
        return _refusal(wording, refusal)
    fields = await _fields(request)
    answers = None if fields is None else _answers(linked.questions, fields)
    if fields is None or answers is None:
        form = _form(wording, linked, token, fields or NOTHING, wording.sentence("choose"))
        return _answer(wording, "title", form, 422)
    try:
        await answer_by_link(ledger, token, answers, utc_now(), request.state.request_id, wording.language)
    except Refusal as refusal:
        if refusal.STATUS == 422:
            form = _form(wording, linked, token, fields, wording.sentence("choose"))
            return _answer(wording, "title", form, 422)
        return _refusal(wording, refusal)
    return _answer(wording, "thanks", paragraphs(wording.sentence("thanks_text")))


def _wording(request: Request) -> Wording:
    language = request.query_params.get("lang")
    return Wording(language if language in LANGUAGES else language_for(request), TABLE)


def _answer(wording: Wording, title: str, body: Markup, status: int = 200, **more: str) -> Response:
    """Return the page whose title has that code."""
    words = wording.sentence(title)
    return page(wording.language, words, body, vary="Accept-Language", status=status, more=HEADERS | more)


def _refusal(wording: Wording, refusal: Refusal) -> Response:
    """Return a page that only explains why there is nothing to answer."""
    return _answer(wording, "not_now", paragraphs(refusal.sentence(wording.language)), refusal.STATUS)


def _over_quota(request: Request, wording: Wording) -> Response | None:
    """Return the page that refuses a further request of the same address; None: there may be one."""
    address = request.client.host if request.client else ""
    quotas: Quota = request.app.state.survey_quota
    if quotas.consume(address):
        return None
    seconds = str(quotas.remaining(address).seconds)
    text = paragraphs(wording.sentence("too_many_text"))
    return _answer(wording, "too_many", text, 429, **{"Retry-After": seconds})


async def _fields(request: Request) -> dict[str, str] | None:
    """Return the inputs of the form, by name; None if the body is not a form, or too large."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > LARGEST_FORM:
            return None
    try:
        fields = parse_qs(text.decode("ascii"), errors="strict", max_num_fields=MOST_QUESTIONS)
    except ValueError:
        return None
    return {name: values[0].replace("\r\n", "\n").strip() for name, values in fields.items()}


def _answers(
    questions: tuple[SurveyQuestion, ...], fields: Mapping[str, str]
) -> tuple[GivenAnswer, ...] | None:
    """Return the answers in the form; None if they are missing, or one does not fit its question."""
    names = {QuestionKind.rating: "score", QuestionKind.choice: "choice", QuestionKind.text: "text"}
    answers: list[GivenAnswer] = []
    for question in questions:
        text = fields.get(str(question.key), "")
        if not text:
            continue
        assert question.kind is not None
        if len(text) > LONGEST_TEXT or not (question.kind is QuestionKind.text or text in _PLACES):
            return None
        entry = text if question.kind is QuestionKind.text else int(text)
        try:
            answers.append(
                GivenAnswer.model_validate({"question": question.key, names[question.kind]: entry})
            )
        except ValidationError:
            return None
    return tuple(answers) or None


#: Values that a form sends for a score or a choice.
_PLACES = frozenset(str(place) for place in range(1, 21))


def _form(
    wording: Wording,
    linked: LinkedSurvey,
    token: str,
    entries: Mapping[str, str] = NOTHING,
    problem: str | None = None,
) -> Markup:
    """Return the form of the questions; `problem` is the reason why the sent `entries` cannot be stored."""
    survey = linked.survey
    return render(
        "governance/surveys/routes/answer_form.html",
        wording,
        survey=survey,
        title=survey.title_zh if wording.language == "zh" else survey.title,
        questions=linked.questions,
        scores=SCORES,
        entries=entries,
        problem=problem,
        longest_text=LONGEST_TEXT,
        path=f"{SURVEY_PAGE}{token}",
        other_language=next(language for language in LANGUAGES if language != wording.language),
    )
