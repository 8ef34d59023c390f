"""Pages that explain each kind of problem: its meaning, what to do, and an example. A problem's `type` leads
here.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Header, Path
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.problems import ProblemDocument, document, status_of
from app.api.contract.responses import problem_page_responses
from app.api.direct import Router
from app.api.records.shapes import OutputModel
from app.api.requests.accept import negotiate
from app.api.requests.faults import Fault
from app.api.service.pages import TABLE, page
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import language_of, sentences, translate
from app.kernel.actions.refusals import NotFound

router = Router(prefix="/problems", tags=["service"])
OFFERED = ("application/json", "text/html")
EXAMPLE_PATH = "/v1/incidents/INC-2026-000123"
EXAMPLE_REQUEST = "019aa0b2-6c1e-7c3a-9d0e-5a4c1f2b3d4e"
#: The remedy of problems without their own sentence, which are checks that forbid an action now.
FORBIDDEN_NOW = "forbidden_now"

Accept = Annotated[
    str | None, Header(description="Media type of the answer; `text/html` returns a page to read.")
]
AcceptLanguage = Annotated[str | None, Header(description="Language of the answer: `en` or `zh`.")]


class ProblemKind(OutputModel):
    """A kind of problem."""

    code: str = Field(description="Stable code of the problem.")
    type: str = Field(
        description="Address of the page about this kind of problem. Each such problem has this address as "
        "its `type`."
    )
    status: int = Field(description="HTTP status of such a problem.")
    title: str = Field(description="Short name of this kind of problem, in the requested language.")


class ProblemKindPage(OutputModel):
    """All kinds of problems, on one page."""

    items: list[ProblemKind]
    next_cursor: None = Field(description="Always null: there is only one page.")


class ProblemExplained(ProblemKind):
    """The explanation of a kind of problem."""

    meaning: str = Field(description="Sentence of the problem, with an example in place of each placeholder.")
    remedy: str = Field(description="Advice on what to do about the problem.")
    example: ProblemDocument


@router.get(
    "", summary="List problem kinds", response_model=ProblemKindPage, responses=problem_page_responses(422)
)
async def list_problem_kinds(accept: Accept = None, accept_language: AcceptLanguage = None) -> Response:
    """Return all kinds of problems that this service reports."""
    language = language_of(accept_language)
    kinds = [_problem_kind(language, code) for code in sorted(sentences(language)["title"])]
    if negotiate(accept, OFFERED) == "text/html":
        wording = Wording(language, TABLE)
        by_status = sorted(kinds, key=lambda kind: (kind["status"], kind["code"]))
        body = render("api/service/problem_kinds.html", wording, kinds=by_status)
        return page(language, wording.sentence("problems"), body)
    return _as_json(language, {"items": kinds, "next_cursor": None})


@router.get(
    "/{code}",
    summary="Get a problem kind",
    response_model=ProblemExplained,
    responses=problem_page_responses(404, 422),
)
async def get_problem_kind(
    code: Annotated[str, Path(max_length=100, description="`code` of the problem.")],
    accept: Accept = None,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Return the meaning of a kind of problem, advice on what to do, and an example."""
    language = language_of(accept_language)
    if code not in sentences(language)["title"]:
        raise NotFound()
    problem = explain_problem(language, code)
    if negotiate(accept, OFFERED) == "text/html":
        example = json.dumps(problem["example"], indent=2, ensure_ascii=False)
        wording = Wording(language, TABLE)
        body = render("api/service/problem_kind.html", wording, problem=problem, example=example)
        return page(language, problem["title"], body)
    return _as_json(language, problem)


def explain_problem(language: str, code: str) -> dict[str, Any]:
    """Return the explanation of problems with that code, as JSON data."""
    words = sentences(language)["example"]
    example = document(
        language, status_of(code), code, instance=EXAMPLE_PATH, request_id=EXAMPLE_REQUEST, words=words
    )
    if code == "invalid":
        message = translate(language, "value", "missing")
        example["errors"] = [Fault(pointer="/title", code="missing", message=message).model_dump()]
    remedies = sentences(language)["remedy"]
    return {
        **_problem_kind(language, code),
        "meaning": example["detail"],
        "remedy": remedies.get(code, remedies[FORBIDDEN_NOW]),
        "example": example,
    }


def _problem_kind(language: str, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "type": f"/problems/{code}",
        "status": status_of(code),
        "title": translate(language, "title", code),
    }


def _as_json(language: str, body: dict[str, Any]) -> Response:
    headers = {"Content-Language": language, "Vary": "Accept, Accept-Language"}
    return Response(to_json(body), headers=headers, media_type="application/json")
