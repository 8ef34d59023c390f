"""Authentication: an API key in `Authorization: Bearer ldk_…`, an access token of the identity provider, or a
session cookie. The change calendar also accepts a key of its own in the query, and the live stream a ticket.
Every path under /v1 requires it, except webhook deliveries, which their sources sign. Pages offer a sign-in.
Requests are authenticated before they are routed, so no new path is left unprotected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.authentication import key_scopes, sessions, tickets
from app.api.authentication.issuer import IdentityProvider, InvalidToken, IssuerGone, TokenClaims
from app.api.authentication.key_use import KeyUse
from app.api.authentication.logins import person_of
from app.api.authentication.write_rates import too_many_writes
from app.api.branding.lookups import present_branding
from app.api.commands.written_content import WriteQuotas
from app.api.contract.problems import RETRY_SECONDS, database_gone, problem
from app.api.pages.page_paths import SIGN_IN, is_below, is_for_signed_in, take_mark
from app.api.pages.reader_names import reader_name
from app.api.requests import csv_output as tables
from app.api.requests.accept import PARTIAL, language_for, negotiate
from app.api.requests.limits import Quota
from app.api.requests.raw_bodies import is_webhook
from app.common.keys import PREFIX, hash_of, parse
from app.common.people import Caller
from app.common.personal import LOGIN
from app.kernel.access.stored_credential import StoredCredential
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import DoneInPerson, Refusal
from app.kernel.commands.guards import require_own_secret
from app.kernel.ledger import Ledger
from app.platform.db import DatabaseGone
from app.platform.settings import Settings

AUTHENTICATED_PREFIX = "/v1/"
METRICS = "/metrics"
#: The path that assistants send their messages to.
ASSISTANTS = "/mcp"
WRONG_KEYS_SECONDS = 60
NOT_MODIFIED = 304
#: Media types that every path offers.
JSON_TYPES = ("application/json", "application/problem+json")
#: Paths with this suffix answer with the bytes of a file.
CONTENT_SUFFIX = "/content"
#: Paths of KPI figures and their cases, which offer CSV too.
TABLES = re.compile(r"/v1/kpis/[^/]+(/cases)?")
#: Paths of service reports, which are also pages that print.
REPORT_PAGES = re.compile(r"/v1/slas/[^/]+/(reports/[^/]+|report_preview)")
#: Header with the name of an assistant. It only bars actions that people must do themselves.
ASSISTANT_HEADER = "ledgerdesk-assistant"
LONGEST_NAME = 40
_NO_CODE = re.compile(r"[^a-z0-9._-]+")
#: Paths of drawn charts.
CHARTS = re.compile(r"/v1/((kpis|effects)/[^/]+/chart\.svg|conformance/[^/]+/graph)")
SVG = "image/svg+xml"
#: Paths of single lifecycles, which are also written as pages, drawn, and exchanged with other tools.
LIFECYCLES = re.compile(r"/v1/process_definitions/lifecycles/[^/]+")
LIFECYCLE_TYPES = ("text/markdown", "text/vnd.mermaid", "application/xml")
#: Media types of paths of these forms, besides JSON.
OFFERED_BY = {
    LIFECYCLES: LIFECYCLE_TYPES,
    CHARTS: (SVG,),
    REPORT_PAGES: ("text/html",),
    TABLES: (tables.MEDIA_TYPE,),
}
#: Media types of single paths, besides JSON.
OFFERED = {
    key_scopes.CHANGE_CALENDAR: ("text/calendar",),
    f"{key_scopes.CHANGE_CALENDAR}.svg": (SVG,),
    key_scopes.EVENT_STREAM: ("text/event-stream",),
    # Clients open a stream there, and go on without one only where the answer is 405.
    ASSISTANTS: ("text/event-stream",),
}


@dataclass
class TooManyWrongKeys(Exception):
    """Too many wrong credentials have come from the address: no more are checked for `seconds` seconds."""

    seconds: int


class CrossSiteRequest(Exception):
    """A page of another site made the browser send the request with our session cookie."""


class AuthMiddleware:
    """ASGI middleware that authenticates the caller, or answers 401 without saying which part of the
    credential was wrong; and that enforces the caller's rate limit.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, use: KeyUse, issuer: IdentityProvider | None
    ) -> None:
        self._app = app
        self._issuer = issuer
        self._use = use
        metrics = () if settings.open_metrics else (METRICS,)
        self._guarded = (AUTHENTICATED_PREFIX, ASSISTANTS, f"{key_scopes.SCIM}/", *metrics)
        self._origins = settings.trusted_origins
        self._requests = Quota("key", settings.rate_limit, settings.rate_seconds)
        self._writes = WriteQuotas.of_settings(settings)
        self._limit = {"limit": f"{settings.rate_limit:,}", "seconds": str(settings.rate_seconds)}
        #: Ids of keys that this process has accepted; bounded by the number of keys that exist.
        self._in_use: set[UUID] = set()
        self._wrong_keys = Quota("address", settings.wrong_keys, WRONG_KEYS_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_below(scope["path"], SIGN_IN):
            scope["state"]["sign_in"] = SignInAttempt(self, Request(scope))
        if (
            scope["type"] != "http"
            or not (scope["path"].startswith(self._guarded) or is_for_signed_in(scope["path"]))
            or is_webhook(scope)  # verified by its source's own secret
        ):
            await self._app(scope, receive, send)
            return
        in_query = key_scopes.take_credential(scope)
        take_mark(scope)
        request = Request(scope)
        try:
            caller = await self._caller(request, in_query)
        except DatabaseGone as error:
            await (await database_gone(request, error))(scope, receive, send)
        except TooManyWrongKeys as error:
            await _too_many_wrong_keys(request, error)(scope, receive, send)
        except CrossSiteRequest:
            await problem(request, 403, "from_elsewhere")(scope, receive, send)
        except Refusal as refusal:
            await _refused(request, refusal)(scope, receive, send)
        else:
            if caller is None and is_for_signed_in(scope["path"]):
                await self._app(scope, receive, send)
            elif caller is None:
                await _unauthenticated(request)(scope, receive, send)
            else:
                scope["state"]["caller"] = assisted(caller, request.headers.get(ASSISTANT_HEADER))
                scope["state"]["authenticate"] = partial(self._caller, request, in_query)
                if is_for_signed_in(scope["path"]):
                    scope["state"]["caller_name"] = await reader_name(ledger_of(request), caller)
                    scope["state"]["branding"] = await present_branding(ledger_of(request))
                await self._limited(request, caller, receive, send)

    async def _limited(self, request: Request, caller: Caller, receive: Receive, send: Send) -> None:
        """Pass the request on, unless the key or person has used up its rate limit (429), the key is for
        something else (403), or Accept allows no media type that the path offers (406).
        """
        key, scope = str(caller.key_id or caller.person_id), request.scope
        is_allowed = self._requests.consume(key)
        offered = _offered(scope["path"])

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if is_allowed and message["status"] == NOT_MODIFIED:
                    self._requests.refund(key)
                counts = self._requests.headers(self._requests.remaining(key))
                message["headers"] = [*message["headers"], *counts]
                if session_of(request) is not None:
                    MutableHeaders(scope=message).add_vary_header("Cookie")
            await send(message)

        writes = self._writes.rate_of(caller)
        scope["state"]["write_rate"] = writes
        if not is_allowed:
            await self._rate_limited(request, key)(scope, receive, send_counted)
        elif writes.counts(scope["method"], scope["path"]) and not writes.consume():
            await too_many_writes(request)(scope, receive, send_counted)
        elif caller.key_scope is not None and not key_scopes.permits(caller.key_scope, scope):
            await problem(request, 403, "key_scope")(scope, receive, send_counted)
        elif scope["path"] != METRICS and not _is_acceptable(request, offered):
            words = {"offered": " or ".join(offered)}
            await problem(request, 406, "not_acceptable", words=words)(scope, receive, send_counted)
        else:
            await self._app(scope, receive, send_counted)

    def _rate_limited(self, request: Request, key: str) -> Response:
        headers = {"Retry-After": str(self._requests.remaining(key).seconds)}
        return problem(request, 429, "rate_limited", words=self._limit, headers=headers)

    async def _caller(self, request: Request, in_query: str | None) -> Caller | None:
        """Return the caller that the key, token, session or ticket authenticates; None if it is not valid. A
        key in the query must have a scope: addresses are stored in places where no other key may be.

        Raises TooManyWrongKeys, CrossSiteRequest, DatabaseGone; for a token also UnknownLogin, InactiveLogin,
        IssuerGone.
        """
        is_guess = True
        if "authorization" in request.headers:
            sent = _bearer_token(request)
            caller = await (
                self._by_token(request) if self._is_token(request) else self._by_key(request, sent)
            )
        elif in_query is not None and request.scope["path"] == key_scopes.EVENT_STREAM:
            caller, is_guess = await self._by_ticket(request, in_query), False
        elif in_query is not None:
            caller = await self._by_key(request, in_query)
            caller = None if caller is None or caller.key_scope is None else caller
        elif (cookie := request.cookies.get(sessions.cookie_name(request.url.scheme))) is not None:
            caller, is_guess = await self._by_session(request, cookie), False
        else:
            return None
        if caller is None and is_guess:
            self._wrong_keys.consume(_address(request))
        elif caller is not None and caller.key_id is not None:
            self._use.note(caller.key_id, utc_now())
        return caller

    def _is_token(self, request: Request) -> bool:
        """Return whether an identity provider is configured and the credential looks like a token of it."""
        sent = _bearer_token(request) or PREFIX
        return self._issuer is not None and not sent.startswith(PREFIX) and sent.count(".") == 2

    async def _by_token(self, request: Request) -> Caller | None:
        assert self._issuer is not None
        try:
            claims = await self._issuer.verify(
                _bearer_token(request) or "", lambda: self._require_lookup_quota(request)
            )
        except InvalidToken:
            self._require_lookup_quota(request)
            return None
        except IssuerGone:
            self._wrong_keys.consume(_address(request))
            raise
        request.state.token = claims
        try:
            person = await person_of(ledger_of(request), claims, utc_now(), request.state.request_id)
        except Refusal:
            # Each further token of this person costs a database lookup again.
            self._require_lookup_quota(request)
            self._wrong_keys.consume(_address(request))
            raise
        return replace(person, ends_at=claims.ends_at)

    async def _by_key(self, request: Request, sent: str | None) -> Caller | None:
        parsed = None if sent is None else parse(sent)
        if parsed is None:
            return None
        key_id, secret = parsed
        if key_id not in self._in_use:
            # A key in use is not blocked by wrong credentials that others send from the same address.
            self._require_lookup_quota(request)
        api_key = await ledger_of(request).directory.key(key_id)
        if api_key is None:
            self._in_use.discard(key_id)
            return None
        sent = hash_of(secret)
        caller = api_key.caller_with(sent, utc_now())
        if caller is not None:
            self._in_use.add(key_id)
            request.state.key_secret_hash = sent
        return caller

    async def _by_session(self, request: Request, sent: str) -> Caller | None:
        if request.method not in sessions.SAFE_METHODS and not sessions.is_same_origin(
            request.headers, self._origins
        ):
            raise CrossSiteRequest()
        ledger, now = ledger_of(request), datetime.now(UTC)
        cookie = sessions.parse_cookie(sent, ledger.vault.fingerprint)
        if cookie is None:
            return None
        caller = None
        session = await sessions.find_session(ledger.db, cookie, now)
        if session is not None and (session.login is None or self._issuer is not None):
            request.state.session = session
            caller = await sessions.find_session_caller(ledger.directory, session, now)
        request.state.is_session_over = caller is None
        return caller

    async def _by_ticket(self, request: Request, sent: str) -> Caller | None:
        ledger, now = ledger_of(request), utc_now()
        ticket: tickets.TakenTicket | None = request.scope["state"].get("ticket")
        if ticket is None:
            ticket = await tickets.take_ticket(ledger, sent, now)
        if ticket is None or (ticket.credential.login is not None and self._issuer is None):
            return None
        request.state.ticket = ticket
        return await tickets.find_ticket_caller(ledger, ticket, now)

    def _require_lookup_quota(self, request: Request) -> None:
        """Check that the address may have another credential checked. Raises TooManyWrongKeys."""
        if (room := self._wrong_keys.remaining(_address(request))).left <= 0:
            raise TooManyWrongKeys(room.seconds)


class SignInRefused(Exception):
    """Raised with the answer that refuses a sign-in."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class SignInAttempt:
    """A request that signs somebody in by a page. It counts as a request of the key; if it fails, as a wrong
    key of the address.
    """

    def __init__(self, middleware: AuthMiddleware, request: Request) -> None:
        self._middleware = middleware
        self._request = request

    async def caller_of_key(self, sent: str) -> Caller | None:
        """Return the caller with that key; None if it is not valid. Raises SignInRefused, DatabaseGone."""
        middleware, request = self._middleware, self._request
        try:
            caller = await middleware._by_key(request, sent)
        except TooManyWrongKeys as error:
            raise SignInRefused(_too_many_wrong_keys(request, error)) from error
        if caller is None:
            self.note_failure()
            return None
        assert caller.key_id is not None
        key = str(caller.key_id)
        if not middleware._requests.consume(key):
            raise SignInRefused(middleware._rate_limited(request, key))
        if caller.key_scope is not None:
            raise SignInRefused(problem(request, 403, "key_scope"))
        middleware._use.note(caller.key_id, utc_now())
        return caller

    def require_quota(self) -> None:
        """Check that the address has not failed too often. Raises SignInRefused."""
        try:
            self._middleware._require_lookup_quota(self._request)
        except TooManyWrongKeys as error:
            raise SignInRefused(_too_many_wrong_keys(self._request, error)) from error

    def note_failure(self) -> None:
        """Count a failure."""
        self._middleware._wrong_keys.consume(_address(self._request))


def _is_acceptable(request: Request, offered: tuple[str, ...]) -> bool:
    """Return whether Accept allows one of these media types, or JSON with chosen fields."""
    return negotiate(request.headers.get("accept"), (*offered, PARTIAL)) is not None


def _offered(path: str) -> tuple[str, ...]:
    """Return the media types that the path offers."""
    if is_for_signed_in(path):
        return ("text/html",)
    if path.endswith(CONTENT_SUFFIX):
        return (*JSON_TYPES, "application/octet-stream")
    if path.startswith(f"{key_scopes.SCIM}/"):
        return (*JSON_TYPES, key_scopes.SCIM_MEDIA_TYPE)
    if path in OFFERED:
        return (*JSON_TYPES, *OFFERED[path])
    also = (media_types for pattern, media_types in OFFERED_BY.items() if pattern.fullmatch(path))
    return (*JSON_TYPES, *next(also, ()))


def _bearer_token(request: Request) -> str | None:
    """Return the credential after `Bearer`; None if the scheme is another one."""
    scheme, _, text = request.headers["authorization"].partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _unauthenticated(request: Request) -> Response:
    if request.scope["state"].get("is_session_over"):
        return problem(request, 401, "session_over", headers={"WWW-Authenticate": "Bearer"})
    challenge = 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"
    return problem(request, 401, "unauthenticated", headers={"WWW-Authenticate": challenge})


def _too_many_wrong_keys(request: Request, error: TooManyWrongKeys) -> Response:
    return problem(request, 429, "too_many_wrong_keys", headers={"Retry-After": str(error.seconds)})


def _refused(request: Request, refusal: Refusal) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if refusal.STATUS == 503 else None
    return problem(request, refusal.STATUS, refusal.code, words=refusal.words, headers=headers)


def ledger_of(request: Request) -> Ledger:
    """Return the services of this process."""
    ledger: Ledger = request.app.state.ledger
    return ledger


def caller_of(request: Request) -> Caller:
    """Return the caller that the middleware authenticated."""
    # Not `request.state`: Starlette creates that object again at each access.
    caller: Caller = request.scope["state"]["caller"]
    return caller


def assisted(caller: Caller, name: str | None) -> Caller:
    """Return the caller for which an assistant of that name acts; the caller itself without a name. The name
    stays in the log for ever, so only characters of codes are kept of it.
    """
    if name is None:
        return caller
    code = _NO_CODE.sub("-", name[:LONGEST_NAME].lower()).strip("-._")
    return replace(caller, assistant=code or "unnamed")


def require_no_assistant(request: Request) -> None:
    """Raise DoneInPerson if an assistant asks: what comes of the request would not name it."""
    if caller_of(request).assistant is not None:
        raise DoneInPerson({"action": f"{request.method} {request.scope['path']}"})


def require_in_person(request: Request) -> None:
    """Raise DoneInPerson, SupersededSecret or KeyOfAnother unless the person asks with their own secret."""
    require_no_assistant(request)
    require_own_secret(caller_of(request))


def signed_in(request: Request) -> Caller | None:
    """Return the caller of a page, or None if the page is read without a session."""
    caller: Caller | None = request.scope["state"].get("caller")
    return caller


async def still_caller(request: Request) -> Caller | None:
    """Authenticate a request that has waited again; None: its credential is not valid any more.

    Raises DatabaseGone, and what refuses a token.
    """
    caller: Caller | None = await request.scope["state"]["authenticate"]()
    return caller


def session_of(request: Request) -> sessions.Session | None:
    """Return the session that authenticated the caller; None if it was a key or token."""
    # Through `request.state`, each request with a key would raise and catch an AttributeError.
    session: sessions.Session | None = request.scope["state"].get("session")
    return session


def sign_in_attempt(request: Request) -> SignInAttempt:
    """Return the attempt that a request for a page at `/sign-in` is."""
    attempt: SignInAttempt = request.scope["state"]["sign_in"]
    return attempt


def proof_of(request: Request, caller: Caller) -> sessions.SessionProof:
    """Return what the caller came with, a key, a token or a session, to open a session or stream with."""
    if (session := session_of(request)) is not None:
        return sessions.SessionProof(session.key_secret_hash, session.login)
    if caller.key_id is not None:
        return sessions.SessionProof(key_secret_hash=request.state.key_secret_hash, is_sign_in=True)
    claims: TokenClaims = request.state.token
    return proof_of_login(ledger_of(request), claims)


def stored_credential_of(request: Request) -> StoredCredential:
    """Return what the caller came with, to be stored with what a worker does for them later."""
    caller = caller_of(request)
    proof = proof_of(request, caller)
    return StoredCredential(caller.key_id, proof.key_secret_hash, caller.person_id, proof.login)


def proof_of_login(ledger: Ledger, claims: TokenClaims) -> sessions.SessionProof:
    """Return the login of a verified token, to open a session with."""
    return sessions.SessionProof(login=ledger.external_id_fingerprint(LOGIN, claims.login or ""))


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def context_of(request: Request) -> CommandMetadata:
    """Return the metadata of a command that this request carries: caller, time, correlation id, source and
    language.
    """
    caller = caller_of(request)
    return CommandMetadata(
        caller=caller,
        now=utc_now(),
        correlation_id=request.scope["state"]["request_id"],
        source="api" if caller.assistant is None else f"assistant:{caller.assistant}",
        language=language_for(request),
    )


async def _ledger(request: Request) -> Ledger:
    # FastAPI would run a synchronous dependency in a thread, which costs more than most requests do.
    return ledger_of(request)


RequestLedger = Annotated[Ledger, Depends(_ledger)]
