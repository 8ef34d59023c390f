"""Operations of links: a participant's own link, and answering by its token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of, ledger_of
from app.api.direct import Router
from app.api.records.reads import Name, load_visible, renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.raw_bodies import SURVEY_PAGE
from app.foundation.surveys.lookups import survey_link_token
from app.governance.surveys.answering import answer_by_link
from app.governance.surveys.payloads import MOST_QUESTIONS, GivenAnswers
from app.governance.surveys.queries import SURVEYS
from app.kernel.actions.payloads import PayloadValue
from app.kernel.actions.refusals import NotFound


class SurveyLinkOut(OutputModel):
    """The caller's own link to a survey."""

    token: str = Field(description="Token with which the survey can be answered once.")
    path: str = Field(description="Path of the page on which the survey is answered.")
    url: str | None = Field(description="Address of the page; null if the service has no public address.")


class SurveyAnswers(PayloadValue):
    """The answers of a participant, with the token of their link."""

    token: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="Token of the link.")
    answers: GivenAnswers = Field(
        min_length=1, max_length=MOST_QUESTIONS, description="Answers, one for each question."
    )


def mount(router: Router) -> None:
    """Add the operations."""
    router.endpoint(
        "/answers", "Answer a survey by link", method="POST", refused=(404, 409), status_code=204
    )(answer_survey)
    router.endpoint("/{id}/link", "Get the link to a survey", SurveyLinkOut, refused=(404, 422))(
        get_survey_link
    )


async def answer_survey(request: Request, body: Annotated[SurveyAnswers, Body()]) -> Response:
    """Answer a survey with the token of a link, without authentication. For an anonymous survey, no data
    about the caller is stored, and the answers are recorded when it ends.
    """
    context = context_of(request)
    await answer_by_link(
        ledger_of(request), body.token, body.answers, context.now, context.correlation_id, context.language
    )
    return Response(status_code=204)


async def get_survey_link(request: Request, name: Name) -> Response:
    """Return the caller's own link to a running survey of which the caller is a participant."""
    renderer = renderer_of(request, SURVEYS)
    survey = (await load_visible(renderer, name)).record
    person = caller_of(request).person_id
    token = None if person is None else await survey_link_token(renderer.ledger, survey.id, person)
    if token is None:
        raise NotFound()
    address = renderer.ledger.settings.public_url
    link = {
        "token": token,
        "path": f"{SURVEY_PAGE}{token}",
        "url": None if address is None else f"{address}{SURVEY_PAGE}{token}",
    }
    return Response(to_json(link), headers={"Cache-Control": "no-store"}, media_type="application/json")
