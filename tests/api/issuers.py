"""A small identity provider on 127.0.0.1: it publishes keys, changes them, and signs what it is told to."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.responses import Response

from tests.served import behind_a_socket

AUDIENCE = "ledgerdesk"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def new_key(algorithm: str = "ES256") -> Private:
    """A key to sign with."""
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(kid: str, private: Private) -> dict[str, Any]:
    """What is published of it."""
    public: Any = private.public_key()
    maker: Any = RSAAlgorithm
    if isinstance(private, ec.EllipticCurvePrivateKey):
        maker = ECAlgorithm
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        maker = OKPAlgorithm
    return {**json.loads(maker.to_jwk(public)), "kid": kid, "use": "sig"}


class LocalIssuer:
    """A provider whose keys can be changed. `asked` counts how often somebody wanted them;
    while it is `broken` they are not to be had."""

    def __init__(self) -> None:
        self.url = ""
        self.private: dict[str, Private] = {}
        self.listed: list[dict[str, Any]] = []
        self.says: dict[str, Any] = {}
        self.asked = 0
        self.broken = False
        self.app = FastAPI()
        self.app.add_api_route("/.well-known/openid-configuration", self._about)
        self.app.add_api_route("/keys", self._keys)
        self.publish("first")

    def publish(self, *kids: str, algorithm: str = "ES256") -> None:
        """These are its keys from now on: those that are new are made."""
        for kid in kids:
            self.private.setdefault(kid, new_key(algorithm))
        self.listed = [published(kid, self.private[kid]) for kid in kids]

    def token(
        self,
        kid: str | None = "first",
        *,
        algorithm: str = "ES256",
        headers: dict[str, Any] | None = None,
        key: Any = None,
        **claims: Any,
    ) -> str:
        """A token of the person with the login `sub`; a claim that is None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "lin", "iat": now, "exp": now + 300}
        claims_sent = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        named = {"kid": kid, **(headers or {})} if kid is not None else headers
        return jwt.encode(claims_sent, key or self.private[kid or "first"], algorithm, headers=named)

    async def _about(self) -> dict[str, Any]:
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.says}

    async def _keys(self) -> Response:
        self.asked += 1
        if self.broken:
            return Response("<p>Come back later", 502, media_type="text/html")
        return Response(json.dumps({"keys": self.listed}), media_type="application/json")


@contextlib.asynccontextmanager
async def issuing(issuer: LocalIssuer) -> AsyncIterator[LocalIssuer]:
    """It answers on an address of its own until the block ends."""
    async with behind_a_socket(issuer.app) as (host, port):
        issuer.url = issuer.url or f"http://{host}:{port}"
        yield issuer
