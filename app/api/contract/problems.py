"""Error responses: every error is an `application/problem+json` (RFC 9457) that describes what was wrong,
where, and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.status import HTTP_308_PERMANENT_REDIRECT

from app.api.listings.cursors import BadCursor
from app.api.pages.page_paths import is_page
from app.api.pages.page_response import refusal_page
from app.api.requests.accept import has_body, is_json, language_for
from app.api.requests.faults import (
    FURTHER,
    LONGEST_SAID,
    MOST_FAULTS,
    Fault,
    fault_of,
    fault_of_value,
    names_at,
)
from app.api.route_index import CANDIDATES
from app.i18n import Word, translate
from app.kernel.actions.refusals import Refusal, WrongValue
from app.platform.db import DatabaseGone

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
# Without HEAD: the middleware turns it into GET.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: Statuses of the problem codes that the API layer, its middleware and the HTTP protocol use.
STATUSES = {
    "malformed": 400,
    "unreadable": 400,
    "bad_cursor": 400,
    "bad_header": 400,
    "unauthenticated": 401,
    "session_over": 401,
    "from_elsewhere": 403,
    "key_scope": 403,
    "no_such_path": 404,
    "contract_missing": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "too_slow": 408,
    "too_large": 413,
    "shared_number": 404,
    "unsupported_content_encoding": 415,
    "unsupported_media_type": 415,
    "invalid": 422,
    "rate_limited": 429,
    "too_many_streams": 429,
    "too_many_wrong_keys": 429,
    "too_many_deliveries": 429,
    "too_much_unverified": 429,
    "too_many_writes": 429,
    "unverified": 401,
    "head_too_large": 431,
    "failed": 500,
    "database_gone": 503,
    "disk_full": 503,
    "no_room_for_bodies": 503,
    "no_certificate": 503,
}
#: Media types that PATCH accepts (RFC 5789, 3.1): a merge patch, by either name.
PATCHES = "application/merge-patch+json, application/json"
logger = structlog.get_logger()


@cache
def status_of(code: str) -> int:
    """Return the HTTP status of problems with that code; 409 for an unlisted code, which is a check that
    forbids an action now.
    """
    refusals = {kind.CODE: kind.STATUS for kind in Refusal.__subclasses__()}
    return STATUSES.get(code) or refusals.get(code, 409)


class DuplicateMember(HTTPException):
    """An object of the JSON body repeats a member (RFC 8259, 4: the meaning of that is unpredictable)."""

    def __init__(self, name: str) -> None:
        super().__init__(400, name[:LONGEST_SAID])


class TooManyValues(HTTPException):
    """The JSON body holds more values than any request needs, each of which would take time."""

    def __init__(self, most: int) -> None:
        super().__init__(413, str(most))


class WindowConflict(BaseModel):
    """An obstacle to a window: a change of one of its items, or a freeze."""

    kind: str = Field(description="Kind of the obstacle: `change` or `freeze`.", examples=["change"])
    id: UUID = Field(description="Identifier of the change or freeze: a UUID.")
    name: str = Field(description="Number of the change, or kind of the freeze.")
    title: str | None = Field(
        description="Title of the freeze, or of the change; null for a change that the caller may not see."
    )
    ci: str | None = Field(
        description="Key of the configuration item that both need; null for a freeze, and for an overlap "
        "without a "
        "shared item."
    )
    from_at: datetime = Field(description="Beginning of the change's window or of the freeze.")
    until_at: datetime | None = Field(
        description="End of the change's window or of the freeze; null for a change that is still being "
        "implemented "
        "after its window."
    )


class TargetFault(BaseModel):
    """A target that prevents the submission of an agreement, and the reason."""

    target: str = Field(description="Name of the target in the agreement.")
    because: str = Field(
        description="Stable code of the reason, such as `no_threshold`, `tied` or `does_not_add_up`."
    )


class KeptApartPerson(BaseModel):
    """A person who would vote but is excluded from the vote, and the reason."""

    person: UUID = Field(description="Person who is excluded from the vote.")
    because: str = Field(description="Stable code of the reason: `author`, `duty`, `asker`, `carries_out`.")


class ProblemDocument(BaseModel):
    """The reason why a request was refused or failed."""

    type: str = Field(description="Address of a page that explains this kind of problem.")
    title: str = Field(description="Short name of this kind of problem, in the caller's language.")
    status: int = Field(description="HTTP status of the answer.")
    detail: str = Field(
        description="Sentence about this occurrence of the problem, in the caller's language."
    )
    instance: str = Field(description="Path of the refused request.")
    code: str = Field(description="Stable code of the problem.")
    request_id: str = Field(
        description="Identifier of the request, to be quoted when asking for help; its events have it as "
        "`correlation_id`."
    )
    errors: list[Fault] = Field(
        default_factory=list, description="Wrong values of a request with status 422: the first 50 of them."
    )
    state: str | None = Field(default=None, description="Current state of the record (status 409).")
    allowed_actions: list[str] | None = Field(
        default=None, description="Actions that the caller may take on the record now (status 409)."
    )
    version: int | None = Field(default=None, description="Current version of the record (status 412).")
    conflicts: list[WindowConflict] | None = Field(
        default=None,
        description="Changes and freezes that prevent the window, for the code `window_taken` and similar "
        "codes.",
    )
    targets: list[TargetFault] | None = Field(
        default=None, description="Targets that prevent the submission of the agreement."
    )
    left_out: list[KeptApartPerson] | None = Field(
        default=None,
        description="Persons who are excluded from the vote, for the code `too_few_may_decide` and similar "
        "codes.",
    )


def problem(
    request: Request,
    status: int,
    code: str,
    *,
    sentence: str | None = None,
    words: Mapping[str, Word] | None = None,
    errors: Sequence[Fault] = (),
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem as an HTTP response, of a page as a page. `sentence`: the code of another sentence
    than the problem's own; `words`: the values of its placeholders; `errors`: the wrong values; `more`:
    further members of the document.
    """
    language = language_for(request)
    body = document(
        language,
        status,
        code,
        instance=request.url.path,
        request_id=request.state.request_id,
        sentence=sentence,
        words=words,
    )
    if is_page(request.scope["path"]):
        return refusal_page(request, body, [error.message for error in errors], headers or {})
    if errors:
        body["errors"] = [error.model_dump() for error in errors]
    body.update(more or {})
    return Response(to_json(body), status, {"Content-Language": language, **(headers or {})}, MEDIA_TYPE)


def document(
    language: str,
    status: int,
    code: str,
    *,
    instance: str,
    request_id: str,
    sentence: str | None = None,
    words: Mapping[str, Word] | None = None,
) -> dict[str, Any]:
    """Return the members that every problem document has, as JSON data."""
    return {
        "type": f"/problems/{code}",
        "title": translate(language, "title", code),
        "status": status,
        "detail": translate(language, "detail", sentence or code, words),
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }


def add_to(app: FastAPI) -> None:
    """Register handlers so that errors of the application, router and framework are answered as problems."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(BadCursor, _bad_cursor)
    app.add_exception_handler(DatabaseGone, database_gone)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if isinstance(error, WrongValue):
        language = language_for(request)
        faults = [fault_of_value(fault, language) for fault in (error, *error.further)]
        return problem(request, error.STATUS, "invalid", words={"count": str(len(faults))}, errors=faults)
    headers = {} if error.RETRY_SECONDS is None else {"Retry-After": str(error.RETRY_SECONDS)}
    return problem(request, error.STATUS, error.code, words=error.words, more=error.more, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [fault for fault in error.errors() if fault["type"] != FURTHER]
    further = sum(fault["ctx"]["count"] for fault in error.errors() if fault["type"] == FURTHER)
    for fault in faults:
        if fault["type"] == "json_invalid":
            why = str(fault.get("ctx", {}).get("error", "")) or str(fault["msg"])
            return problem(request, 400, "malformed", words={"why": why, "at": str(fault["loc"][-1])})
    of_body = any(fault["loc"][0] == "body" for fault in faults)
    if of_body and has_body(request) and not is_json(request):
        return _unsupported(request)
    language = language_for(request)
    first_faults = faults[:MOST_FAULTS]
    errors = [fault_of(language, fault, _known_names(request, fault["loc"])) for fault in first_faults]
    words = {"count": f"{len(faults) + further:,}", "shown": str(len(first_faults))}
    sentence = "invalid" if len(first_faults) == len(faults) and not further else "very_invalid"
    return problem(request, 422, "invalid", sentence=sentence, words=words, errors=errors)


def unsupported_body(request: Request) -> Response | None:
    """Return the refusal of a body whose Content-Type is not accepted JSON; None if there is no reason to
    refuse.
    """
    says = request.headers.get("content-type")
    return _unsupported(request) if says and has_body(request) and not is_json(request) else None


def _unsupported(request: Request) -> Response:
    headers = {"Accept-Patch": PATCHES} if request.method == "PATCH" else None
    content_type = request.headers.get("content-type", "")[:LONGEST_SAID]
    return problem(request, 415, "unsupported_media_type", words={"said": content_type}, headers=headers)


def _known_names(request: Request, loc: Sequence[Any]) -> list[str]:
    """Return the names that the operation accepts at that place of its body or query."""
    dependant = request.scope["route"].dependant
    parameters = dependant.body_params if loc[0] == "body" else dependant.query_params
    return names_at([parameter.field_info.annotation for parameter in parameters], loc[1:])


async def _framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, DuplicateMember):
        return problem(request, 400, "malformed", sentence="said_twice", words={"member": error.detail})
    if isinstance(error, TooManyValues):
        return problem(request, 413, "too_large", sentence="too_many_values", words={"limit": error.detail})
    of_page = is_page(request.scope["path"])
    if error.status_code == 404:
        return _no_such_path(request, of_page=of_page)
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        return problem(
            request, 405, "method_not_allowed", words={"allowed": allowed}, headers={"Allow": allowed}
        )
    if error.status_code == 400:
        return problem(request, 400, "malformed", sentence="bad_form" if of_page else "undecodable")
    assert error.status_code == 413, f"no problem is written for {error.status_code}"
    return problem(request, 413, "too_large", words={"limit": str(error.detail)})


def _no_such_path(request: Request, *, of_page: bool) -> Response:
    """Return the refusal of a path that does not exist; for a page with a slash at its end, lead to the page
    without.
    """
    if of_page and request.method == "GET" and request.scope["path"].endswith("/"):
        return RedirectResponse(_without_slash(request), HTTP_308_PERMANENT_REDIRECT)
    return problem(request, 404, "no_such_path", sentence="no_such_page" if of_page else None)


def _without_slash(request: Request) -> str:
    """Return the address of the request without the slashes at its end: people type and paste both."""
    path = quote(request.scope["path"].rstrip("/"))
    query = request.scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path


def _methods(request: Request) -> list[str]:
    """Return all methods of this path: the router names only those of the first route that matches."""
    routes = request.scope.get(CANDIDATES) or request.app.router.routes
    scopes = ({**request.scope, "method": method} for method in METHODS)
    methods = [s["method"] for s in scopes if any(r.matches(s)[0] is Match.FULL for r in routes)]
    return ["HEAD", *methods] if "GET" in methods else methods


async def _bad_cursor(request: Request, error: Exception) -> Response:
    return problem(request, 400, "bad_cursor")


async def database_gone(request: Request, error: Exception) -> Response:
    """Return the response if the database does not answer or refuses to work, or its disk is full; the
    server's log has the reason.
    """
    assert isinstance(error, DatabaseGone)
    headers, request_id = {"Retry-After": str(RETRY_SECONDS)}, request.state.request_id
    if error.disk_is_full or request.app.state.disk.is_full:
        logger.error("the disk is full", why=str(error), request_id=request_id)
        return problem(request, 503, "disk_full", headers=headers)
    logger.warning("the database is gone", why=str(error), request_id=request_id)
    return problem(request, 503, "database_gone", headers=headers)


def internal_error(request: Request) -> Response:
    """Return the response to an unexpected exception. The server logs the traceback, with the request id of
    the answer.
    """
    structlog.contextvars.bind_contextvars(request_id=request.state.request_id)
    return problem(request, 500, "failed")
