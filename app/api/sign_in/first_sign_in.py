"""The page at which the first administrator of a new installation signs in: `/sign-in/first`."""

from __future__ import annotations

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from app.api.authentication import sessions
from app.api.authentication.auth import SignInRefused, ledger_of, proof_of, sign_in_attempt, utc_now
from app.api.authentication.first_administrator import (
    FIRST_SIGN_IN,
    AdministratorExists,
    FirstAdministrator,
    add_first_administrator,
    has_people,
    is_valid_link,
)
from app.api.contract.problems import problem
from app.api.direct import Router
from app.api.pages.page_response import TABLE, page_response
from app.api.pages.sent_forms import sent_form
from app.api.requests.accept import language_for
from app.html.templates import render
from app.html.wording import Wording

router = Router(include_in_schema=False)
#: The page that the first administrator goes on to.
FIRST_STEPS = "/desk/first-steps"


@router.get(FIRST_SIGN_IN)
async def get_first_sign_in(request: Request) -> Response:
    """Return the form that asks for the administrator's name, if the link is valid."""
    secret = request.query_params.get("link", "")
    refusal = await _refusal(request, secret)
    return refusal or _page(request, secret=secret)


@router.post(FIRST_SIGN_IN)
async def send_first_sign_in(request: Request) -> Response:
    """Add the first administrator, open a session for their key, and show the key once."""
    ledger, attempt = ledger_of(request), sign_in_attempt(request)
    if not sessions.is_same_origin(request.headers, ledger.settings.trusted_origins):
        return problem(request, 403, "from_elsewhere")
    form = await sent_form(request)
    secret, name = form.first_value("link"), form.first_value("name").strip()
    refusal = await _refusal(request, secret)
    if refusal is not None:
        return refusal
    language, now = language_for(request), utc_now()
    try:
        added = await add_first_administrator(ledger, name, language, now, request.state.request_id)
        caller = await attempt.caller_of_key(added.token)
    except ValidationError:
        return _page(request, secret=secret, name=name, refused="wrong_name", status=422)
    except AdministratorExists:
        return _page(request, refused="already_set_up", status=410)
    except SignInRefused as refused:
        return refused.answer
    assert caller is not None, "the key has just been made"
    opened = await sessions.open_session(ledger, caller, proof_of(request, caller), now)
    answer = _page(request, name=name, added=added)
    opened.set_cookie(answer, secure=request.url.scheme == "https")
    return answer


async def _refusal(request: Request, secret: str) -> Response | None:
    """Return the page that explains why the link is refused; None if it is valid."""
    ledger, attempt = ledger_of(request), sign_in_attempt(request)
    try:
        attempt.require_quota()
    except SignInRefused as refused:
        return refused.answer
    if not is_valid_link(secret, ledger.vault.fingerprint, utc_now()):
        attempt.note_failure()
        return _page(request, refused="wrong_link", status=403)
    if await has_people(ledger.db):
        return _page(request, refused="already_set_up", status=410)
    return None


def _page(
    request: Request,
    *,
    secret: str = "",
    name: str = "",
    refused: str = "",
    added: FirstAdministrator | None = None,
    status: int = 200,
) -> Response:
    html = render(
        "api/sign_in/first_sign_in.html",
        Wording(language_for(request), TABLE),
        action=FIRST_SIGN_IN,
        link=secret,
        name=name,
        refused=refused,
        token=None if added is None else added.token,
        first_steps=FIRST_STEPS,
    )
    return page_response(request, html, status)
