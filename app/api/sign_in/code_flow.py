"""Signing in at the identity provider: the authorization code flow of OpenID Connect (Core 1.0, 3.1) with
PKCE (RFC 7636, S256), state and nonce.

The ID token, and not the access token, identifies the person who signed in: only the ID token is made for
this client and answers this very request (`aud`, `nonce`). An access token is for the service that accepts
it, and may be unreadable.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote_plus, urlencode

import httpx
import structlog
from cryptography.exceptions import InvalidTag

from app.api.authentication.auth import SignInAttempt
from app.api.authentication.issuer import (
    ACCEPT_JSON,
    FETCH_SECONDS,
    IdentityProvider,
    InvalidToken,
    IssuerGone,
    ProviderUnreachable,
    TokenClaims,
    is_safe,
    json_object,
)
from app.api.requests.limits import Quota
from app.common.keys import new_secret
from app.kernel.access.vault import Vault
from app.platform.settings import Settings

#: How long somebody may take to sign in at the provider.
FLOW_SECONDS = 600
LONGEST_CODE = 4_096
LONGEST_FLOW_COOKIE = 4_096
#: Answers of a token endpoint to a code that is wrong, expired or used (RFC 6749, 5.2).
WRONG_CODE = frozenset({400, 401, 403})
logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in that has begun at the provider, as the browser keeps it in an encrypted cookie: the values
    that its answer must match, the address to go on to, and the time at which it is over.
    """

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    next_address: str
    ends_at: float

    def encrypted(self, vault: Vault) -> str:
        """Return the value of its cookie."""
        return urlsafe_b64encode(vault.encrypt_sign_in(json.dumps(asdict(self)).encode())).decode("ascii")

    def is_answered_by(self, state: str, now: datetime) -> bool:
        """Return whether an answer with that state is one to this sign-in, and in time."""
        return hmac.compare_digest(state.encode(), self.state.encode()) and now.timestamp() < self.ends_at


def open_pending(cookie: str | None, vault: Vault) -> PendingSignIn | None:
    """Return the sign-in that the cookie keeps; None if it is not one of ours."""
    if cookie is None or len(cookie) > LONGEST_FLOW_COOKIE:
        return None
    try:
        return PendingSignIn(**json.loads(vault.decrypt_sign_in(urlsafe_b64decode(cookie.encode("ascii")))))
    except (InvalidTag, ValueError, TypeError):
        return None


class CodeFlow:
    """The flow with the configured provider, in this process."""

    def __init__(self, settings: Settings, provider: IdentityProvider) -> None:
        self._issuer = settings.oidc_issuer or ""
        self._client_id = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret
        self._scopes = settings.oidc_scopes
        self._provider = provider
        self._used = Quota("state", 1, FLOW_SECONDS)

    async def start(
        self, redirect_uri: str, next_address: str, now: datetime, attempt: SignInAttempt
    ) -> tuple[str, PendingSignIn]:
        """Return the provider's address to sign in at, and the sign-in that begins there.

        Raises IssuerGone, SignInRefused.
        """
        pending = PendingSignIn(
            new_secret(),
            new_secret(),
            new_secret(),
            redirect_uri,
            next_address,
            now.timestamp() + FLOW_SECONDS,
        )
        digest = sha256(pending.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scopes,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": urlsafe_b64encode(digest).decode("ascii").rstrip("="),
            "code_challenge_method": "S256",
        }
        endpoint = await self._endpoint("authorization_endpoint", attempt)
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", pending

    async def finish(self, pending: PendingSignIn, code: str, attempt: SignInAttempt) -> TokenClaims:
        """Exchange the code, and return the claims of the person who has signed in.

        Raises InvalidToken, also for a sign-in that was finished before; IssuerGone, SignInRefused.
        """
        attempt.require_quota()
        if not 0 < len(code) <= LONGEST_CODE or not self._used.consume(pending.state):
            raise InvalidToken()
        endpoint = await self._endpoint("token_endpoint", attempt)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                token = await self._id_token(endpoint, pending, code)
        except (ProviderUnreachable, httpx.HTTPError, TimeoutError) as error:
            logger.warning(
                "the identity provider cannot exchange the code", why=str(error) or type(error).__name__
            )
            raise IssuerGone() from error
        return await self._provider.verify_id_token(token, pending.nonce, attempt.require_quota)

    async def _endpoint(self, name: str, attempt: SignInAttempt) -> str:
        """Return the provider's address of that name. Raises IssuerGone, SignInRefused."""
        endpoint = (await self._provider.description(attempt.require_quota)).get(name)
        try:
            if isinstance(endpoint, str) and is_safe(endpoint, self._issuer):
                return endpoint
        except ValueError:  # no address at all
            pass
        logger.warning("the identity provider gives no https address for this", name=name)
        raise IssuerGone()

    async def _id_token(self, endpoint: str, pending: PendingSignIn, code: str) -> str:
        """Return the ID token for the code. Raises InvalidToken, ProviderUnreachable, httpx.HTTPError."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect_uri,
            "client_id": self._client_id,
            "code_verifier": pending.verifier,
        }
        headers = dict(ACCEPT_JSON)
        if self._secret is not None:
            credentials = f"{quote_plus(self._client_id)}:{quote_plus(self._secret.get_secret_value())}"
            headers["Authorization"] = f"Basic {b64encode(credentials.encode()).decode('ascii')}"
        async with (
            httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", endpoint, data=form, headers=headers) as answer,
        ):
            if answer.status_code in WRONG_CODE:
                logger.warning("the identity provider refused the code", status=answer.status_code)
                raise InvalidToken()
            token = (await json_object(answer)).get("id_token")
        if not isinstance(token, str):
            raise InvalidToken()
        return token
