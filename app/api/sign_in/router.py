"""Pages to sign in and out: `/sign-in`, by a key; `/sign-in/provider` and `/sign-in/callback`, at the
identity provider; `/sign-out`.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.api.authentication import sessions
from app.api.authentication.auth import (
    SignInRefused,
    ledger_of,
    proof_of,
    proof_of_login,
    session_of,
    sign_in_attempt,
    utc_now,
)
from app.api.authentication.issuer import InactiveLogin, InvalidToken, IssuerGone, UnknownLogin
from app.api.authentication.logins import signed_in_person
from app.api.branding.lookups import present_branding
from app.api.contract.problems import problem
from app.api.direct import Router
from app.api.pages.page_paths import SIGN_IN, SIGN_OUT, own_address
from app.api.pages.page_response import PAGE_HEADERS, TABLE, page_response
from app.api.pages.sent_forms import sent_form
from app.api.requests.accept import language_for
from app.api.sign_in.code_flow import FLOW_SECONDS, CodeFlow, PendingSignIn, open_pending
from app.api.sign_in.sign_in_first import going_on
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES

router = Router(include_in_schema=False)
PROVIDER = f"{SIGN_IN}/provider"
CALLBACK = f"{SIGN_IN}/callback"
#: The parameter of an address that shows a form with what was typed before the session ended.
KEPT_FORM = "kept"
#: The cookie of a sign-in at the provider, whose answer comes from another site.
FLOW_COOKIE = "ledgerdesk_sign_in"
#: The sentence and the status of a sign-in at the provider that has failed, by its reason.
FAILURES: dict[type[Exception], tuple[str, int]] = {
    InvalidToken: ("not_taken", 403),
    IssuerGone: ("provider_gone", 503),
    UnknownLogin: ("unknown_login", 403),
    InactiveLogin: ("inactive_login", 403),
}


@router.get(SIGN_IN)
async def get_sign_in_page(request: Request) -> Response:
    """Return the page to sign in on; `next` is the address to go on to."""
    return await _sign_in_page(request, own_address(request.query_params.get("next")))


@router.post(SIGN_IN)
async def send_sign_in(request: Request) -> Response:
    """Open a session for the key in the form, and go on."""
    ledger = ledger_of(request)
    if not sessions.is_same_origin(request.headers, ledger.settings.trusted_origins):
        return problem(request, 403, "from_elsewhere")
    form = await sent_form(request)
    next_address = own_address(form.first_value("next"))
    try:
        caller = await sign_in_attempt(request).caller_of_key(form.first_value("key").strip())
    except SignInRefused as refused:
        return refused.answer
    if caller is None:
        return await _sign_in_page(request, next_address, "wrong_key", 401)
    opened = await sessions.open_session(ledger, caller, proof_of(request, caller), utc_now())
    answer = RedirectResponse(next_address, 303, PAGE_HEADERS)
    opened.set_cookie(answer, secure=_is_secure(request))
    return answer


@router.post(SIGN_OUT)
async def send_sign_out(request: Request) -> Response:
    """End the session of the cookie, if there is one, and show the page to sign in on."""
    session = session_of(request)
    if session is not None:
        await sessions.delete_session(ledger_of(request).db, session.id)
    answer = RedirectResponse(SIGN_IN, 303, PAGE_HEADERS)
    sessions.set_cookie(answer, "", seconds=0, secure=_is_secure(request))
    return answer


@router.get(PROVIDER)
async def start_provider_sign_in(request: Request) -> Response:
    """Lead to the identity provider, to sign in there."""
    flow, ledger = _flow(request), ledger_of(request)
    next_address = own_address(request.query_params.get("next"))
    redirect_uri = f"{ledger.settings.public_url or str(request.base_url).rstrip('/')}{CALLBACK}"
    try:
        address, pending = await flow.start(redirect_uri, next_address, utc_now(), sign_in_attempt(request))
    except SignInRefused as refused:
        return refused.answer
    except IssuerGone:
        return await _sign_in_page(request, next_address, "provider_gone", 503)
    answer = RedirectResponse(address, 303, PAGE_HEADERS)
    _set_flow_cookie(request, answer, pending.encrypted(ledger.vault), FLOW_SECONDS)
    return answer


@router.get(CALLBACK)
async def finish_provider_sign_in(request: Request) -> Response:
    """Open a session for the person who has signed in at the identity provider, and go on."""
    flow, vault = _flow(request), ledger_of(request).vault
    pending = open_pending(request.cookies.get(_flow_cookie(request)), vault)
    if pending is None or not pending.is_answered_by(request.query_params.get("state", ""), utc_now()):
        return await _sign_in_page(request, "/", "stale", 400)
    answer = await _finished(request, flow, pending)
    _set_flow_cookie(request, answer, "", 0)
    return answer


async def _finished(request: Request, flow: CodeFlow, pending: PendingSignIn) -> Response:
    """Return the answer to the provider's answer, which is one to that sign-in."""
    ledger, attempt, now = ledger_of(request), sign_in_attempt(request), utc_now()
    next_address = own_address(pending.next_address)
    if "error" in request.query_params:
        return await _sign_in_page(request, next_address, "refused_by_provider", 403)
    try:
        claims = await flow.finish(pending, request.query_params.get("code", ""), attempt)
        caller = await signed_in_person(ledger, claims, now, request.state.request_id)
    except SignInRefused as refused:
        return refused.answer
    except (InvalidToken, IssuerGone, UnknownLogin, InactiveLogin) as error:
        attempt.note_failure()
        code, status = FAILURES[type(error)]
        return await _sign_in_page(request, next_address, code, status)
    proof = replace(proof_of_login(ledger, claims), is_sign_in=True)
    opened = await sessions.open_session(ledger, caller, proof, now)
    answer = going_on(request, next_address)
    opened.set_cookie(answer, secure=_is_secure(request))
    return answer


def _flow(request: Request) -> CodeFlow:
    """Return the flow with the configured provider. Raises HTTPException (404) without a provider."""
    flow: CodeFlow | None = request.app.state.code_flow
    if flow is None:
        raise HTTPException(404)
    return flow


async def _sign_in_page(
    request: Request, next_address: str, sentence: str | None = None, status: int = 200
) -> Response:
    """Return the page to sign in on; `sentence`: why signing in has failed."""
    language = language_for(request)
    other_language = next(other for other in LANGUAGES if other != language)
    further = {"next": next_address}
    has_provider = request.app.state.code_flow is not None
    html = render(
        "api/sign_in/sign_in.html",
        Wording(language, TABLE),
        branding=await present_branding(ledger_of(request)),
        problem=sentence,
        keeps_form=KEPT_FORM in parse_qs(urlsplit(next_address).query),
        next=next_address,
        provider=f"{PROVIDER}?{urlencode({**further, 'lang': language})}" if has_provider else None,
        action=f"{SIGN_IN}?{urlencode({'lang': language})}",
        other_language=other_language,
        other_address=f"{SIGN_IN}?{urlencode({**further, 'lang': other_language})}",
    )
    return page_response(request, html, status)


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _flow_cookie(request: Request) -> str:
    return f"__Secure-{FLOW_COOKIE}" if _is_secure(request) else FLOW_COOKIE


def _set_flow_cookie(request: Request, answer: Response, cookie: str, seconds: int) -> None:
    """Set the cookie of the flow for so many seconds; 0 deletes it. The provider's answer is a link from
    another site, to which browsers add no Strict cookie.
    """
    answer.set_cookie(
        _flow_cookie(request),
        cookie,
        max_age=seconds,
        path=SIGN_IN,
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
