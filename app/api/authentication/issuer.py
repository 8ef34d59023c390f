"""Client of the OpenID Connect identity provider: fetches and caches its keys, and verifies its access tokens
(RFC 7519, RFC 9068) and ID tokens (OpenID Connect Core 1.0, 3.1.3.7).

Only asymmetric signatures count, and only keys that the provider publishes itself. While the provider does
not answer, known keys stay valid; a token that needs another key is then answered 503 and not 401.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import structlog

from app.api.requests.limits import Quota
from app.kernel.actions.refusals import Refusal
from app.platform.settings import Settings

#: Neither `none` nor symmetric algorithms, whose key both sides have.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Accepted values of an access token's `typ` (RFC 9068, 2.1); many providers send JWT, or nothing.
TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
#: Those of an ID token: it is no access token.
ID_TOKEN_TYPES = frozenset({None, "jwt"})
REQUIRED_CLAIMS = ["exp", "iss", "aud"]
#: The clock skew allowed between the provider and this service.
LEEWAY_SECONDS = 30
#: Tokens that name unknown keys cause at most so many fetches per period, however many tokens come.
REFETCHES, REFETCH_SECONDS = 5, 60
FETCH_SECONDS = 5.0
LARGEST_ANSWER = 262_144
MOST_KEYS = 100
#: The largest number of a person's groups in a token.
MOST_GROUPS = 1_000
LONGEST_LOGIN = 200
ACCEPT_JSON = {"Accept": "application/json"}
DISCOVERY = "/.well-known/openid-configuration"

logger = structlog.get_logger()


@dataclass
class IssuerGone(Refusal):
    """Refusal 503: a key of the identity provider is needed and cannot be fetched."""

    STATUS = 503
    CODE = "issuer_gone"


@dataclass
class UnknownLogin(Refusal):
    """Refusal 403: the token is valid, but no person here has the login that it names."""

    STATUS = 403
    CODE = "unknown_login"


@dataclass
class InactiveLogin(Refusal):
    """Refusal 403: the token is valid, but the person with that login is not active."""

    STATUS = 403
    CODE = "inactive_login"


class InvalidToken(Exception):
    """The token is not the provider's, not for this service, or expired."""


class ProviderUnreachable(Exception):
    """The provider does not answer, or its answer contains no usable keys."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Claims of a verified token: the login (None if no reliable one), its expiry, the person's name, e-mail
    and locale, and their groups at the provider (None if the token omits them).
    """

    login: str | None
    ends_at: datetime
    name: str | None
    email: str | None
    locale: str | None
    groups: tuple[str, ...] | None = None


class IdentityProvider:
    """The configured identity provider, with its keys cached in this process."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.oidc_issuer or ""
        self._audience = settings.oidc_audience
        self._client_id = settings.oidc_client_id
        self._claim = settings.oidc_login_claim
        self._groups_claim = settings.oidc_groups_claim
        self._fresh_seconds = settings.oidc_keys_seconds
        self._keys: dict[str, dict[str, Any]] = {}
        #: The provider's own description; empty until it has been fetched.
        self._description: dict[str, Any] = {}
        self._tried_at: float | None = None
        self._answers = True
        self._fetching: asyncio.Task[None] | None = None
        self._unknown = Quota("unknown key", REFETCHES, REFETCH_SECONDS)

    async def close(self) -> None:
        """Stop fetching keys."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def verify(self, token: str, may_ask: Callable[[], None]) -> TokenClaims:
        """Verify the access token and return its claims. `may_ask` is called before the provider is waited
        for, and raises if that is not allowed.

        Raises InvalidToken, or IssuerGone if the needed key cannot be fetched.
        """
        claims = self._token_claims(await self._verified(token, TYPES, self._audience, may_ask))
        # Many providers put groups only into ID tokens, so an access token without groups proves nothing
        # about membership.
        return replace(claims, groups=claims.groups or None)

    async def verify_id_token(self, token: str, nonce: str, may_ask: Callable[[], None]) -> TokenClaims:
        """Verify the ID token that answers the request with that nonce, and return its claims.

        Raises InvalidToken, IssuerGone.
        """
        claims = await self._verified(token, ID_TOKEN_TYPES, self._client_id, may_ask)
        party = claims.get("azp", self._client_id)
        if party != self._client_id or not hmac.compare_digest(
            str(claims.get("nonce")).encode(), nonce.encode()
        ):
            raise InvalidToken()
        return self._token_claims(claims)

    async def description(self, may_ask: Callable[[], None]) -> dict[str, Any]:
        """Return the provider's own description, fetched at most as long ago as its keys are believed.

        Raises IssuerGone.
        """
        if self._description and not self._is_stale():
            return self._description
        if not self._description:
            may_ask()
            await self._fetch_if_allowed()
        else:
            self._fetch()
        if not self._description:
            raise IssuerGone()
        return self._description

    async def _verified(
        self,
        token: str,
        types: frozenset[str | None],
        audience: str | None,
        may_ask: Callable[[], None],
    ) -> dict[str, Any]:
        """Return the claims of a token of one of these types, for that audience. Raises InvalidToken,
        IssuerGone.
        """
        assert audience is not None, "PyJWT would take a token for anybody"
        try:
            header = jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in ALGORITHMS or "crit" in header or _type(header) not in types:
                raise InvalidToken()
            key = await self._key(kid, may_ask)
            if key.get("alg", algorithm) != algorithm:
                raise InvalidToken()
            claims: dict[str, Any] = jwt.PyJWT(options={"enforce_minimum_key_length": True}).decode(
                token,
                jwt.PyJWK(key, algorithm),
                algorithms=[algorithm],
                audience=audience,
                issuer=self._url,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise InvalidToken() from error
        return claims

    def _token_claims(self, claims: dict[str, Any]) -> TokenClaims:
        try:
            ends_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidToken() from error
        login = _text(claims.get(self._claim))
        if self._claim == "email" and claims.get("email_verified") is not True:
            # Otherwise a person could choose somebody else's address and be logged in as them.
            login = None
        verified = _text(claims.get("email")) if claims.get("email_verified") is True else None
        name = _text(claims.get("name")) or _text(claims.get("preferred_username"))
        groups = None if self._groups_claim is None else groups_in(claims, self._groups_claim)
        return TokenClaims(login, ends_at, name, verified, _text(claims.get("locale")), groups)

    async def _key(self, kid: object, may_ask: Callable[[], None]) -> dict[str, Any]:
        """Return the published key with that id; without an id, the only key. Raises InvalidToken,
        IssuerGone.
        """
        if (key := self._cached_key(kid)) is not None:
            if self._is_stale():
                self._fetch()
            return key
        may_ask()
        await self._fetch_if_allowed()
        if (key := self._cached_key(kid)) is not None:
            return key
        if not self._answers:
            raise IssuerGone()
        raise InvalidToken()

    async def _fetch_if_allowed(self) -> None:
        """Wait until the keys are fetched, unless that was tried too often of late."""
        if self._tried_at is None or self._fetching is not None or self._unknown.consume(""):
            await asyncio.shield(self._fetch())

    def _cached_key(self, kid: object) -> dict[str, Any] | None:
        if isinstance(kid, str):
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if kid is None and len(self._keys) == 1 else None

    def _is_stale(self) -> bool:
        """Return whether the keys are old enough to be fetched again; a failed attempt counts, too."""
        assert self._tried_at is not None
        return time.monotonic() - self._tried_at > self._fresh_seconds

    def _fetch(self) -> asyncio.Task[None]:
        """Return the running task that fetches the keys; start one if necessary."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once(), name="keys of the identity provider")
        return self._fetching

    async def _fetch_once(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._description, self._keys = await _published(self._url)
            self._answers = True
        except Exception as error:  # The known keys stay valid, whatever the provider sends.
            self._answers = False
            logger.warning("the identity provider does not answer", why=str(error) or type(error).__name__)
        finally:
            self._tried_at, self._fetching = time.monotonic(), None


async def _published(issuer: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the provider's description, and its signing keys by their ids. Raises ProviderUnreachable,
    httpx.HTTPError.
    """
    async with httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False, follow_redirects=False) as client:
        about = await _json(client, issuer.removesuffix("/") + DISCOVERY)
        if about.get("issuer") != issuer:
            raise ProviderUnreachable(f"its issuer is {str(about.get('issuer'))[:200]!r}, not {issuer!r}")
        where = about.get("jwks_uri")
        if not isinstance(where, str) or not is_safe(where, issuer):
            raise ProviderUnreachable("it gives no https address for its keys")
        listed = (await _json(client, where)).get("keys")
    if not isinstance(listed, list):
        raise ProviderUnreachable("it lists no keys")
    signing = [key for key in listed if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    keys = {str(key.get("kid", "")): key for key in signing[:MOST_KEYS] if key.get("kty") != "oct"}
    if not keys:
        raise ProviderUnreachable("it lists no signing keys")
    return about, keys


def is_safe(where: str, issuer: str) -> bool:
    """Return whether the address is protected against tampering in transit: by https, or because it has the
    provider's own host and scheme.
    """
    url, issuer_url = urlsplit(where), urlsplit(issuer)
    return url.scheme == "https" or (url.scheme, url.hostname) == (issuer_url.scheme, issuer_url.hostname)


async def _json(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    async with client.stream("GET", url, headers=ACCEPT_JSON) as answer:
        return await json_object(answer)


async def json_object(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that the provider answers. Raises ProviderUnreachable, httpx.HTTPError."""
    url, body = answer.request.url, b""
    if answer.status_code != 200:
        raise ProviderUnreachable(f"{url} responded with status {answer.status_code}")
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise ProviderUnreachable(f"the response of {url} is larger than {LARGEST_ANSWER:,} bytes")
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(document := json.loads(body), dict):
            return document
    raise ProviderUnreachable(f"{url} did not return a JSON object")


def groups_in(claims: dict[str, Any], claim: str) -> tuple[str, ...] | None:
    """Return the names of groups in the claim of that name, or in a nested claim if the name has dots; empty
    without such a claim. None means that nothing follows from the claim: the provider has more groups than
    the token holds (Entra calls it overage), or more than are accepted.
    """
    elsewhere = claims.get("_claim_names")
    names = {claim, claim.partition(".")[0]}
    is_elsewhere = isinstance(elsewhere, dict) and not names.isdisjoint(elsewhere)
    if is_elsewhere or claims.get("hasgroups") is True:
        logger.warning("a token does not contain the person's groups because there are too many", claim=claim)
        return None
    named: Any = claims.get(claim)
    if claim not in claims:
        named = claims
        for step in claim.split("."):
            named = named.get(step) if isinstance(named, dict) else None
    listed = named if isinstance(named, list) else [named]
    if len(listed) > MOST_GROUPS:
        logger.warning("a token names more groups than are accepted", claim=claim, most=MOST_GROUPS)
        return None
    return tuple(dict.fromkeys(name for group in listed if (name := _text(group)) is not None))


def _type(header: dict[str, Any]) -> object:
    token_type = header.get("typ")
    return token_type.lower() if isinstance(token_type, str) else token_type


def _text(claim: object) -> str | None:
    """Return the claim if it can be a name: printable text of limited length, without surrounding spaces;
    else None.
    """
    if not isinstance(claim, str) or not 0 < len(claim) <= LONGEST_LOGIN or not claim.isprintable():
        return None
    return claim if claim == claim.strip() else None
