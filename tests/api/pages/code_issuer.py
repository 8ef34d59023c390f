"""A provider that people sign in at: it gives codes, and exchanges each once for tokens."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.api.issuers import LocalIssuer

CLIENT, SECRET = "the desk", "a secret: with signs%"


class CodeIssuer(LocalIssuer):
    """A provider at which everybody who comes is signed in. `claims` are those of the ID tokens to come,
    besides the usual ones; `token_answer`: the answer of its token endpoint, instead of tokens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {}
        self.token_answer: Response | None = None
        self.exchanges = 0
        #: The requests for which a code was given and not used yet, by the code.
        self.granted: dict[str, dict[str, str]] = {}
        self.app.add_api_route("/token", self._token, methods=["POST"])
        self.app.add_api_route("/authorize", self._authorize)

    async def _about(self) -> dict[str, Any]:
        endpoints = {
            "authorization_endpoint": f"{self.url}/authorize?realm=desk",
            "token_endpoint": f"{self.url}/token",
        }
        return {**endpoints, **await super()._about()}

    def sign_in(self, address: str) -> str:
        """The address that somebody is led back to who has signed in at that address."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorize"
        request = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        assert request["realm"] == "desk"
        assert (request["response_type"], request["client_id"]) == ("code", CLIENT)
        assert (request["scope"], request["code_challenge_method"]) == ("openid profile email", "S256")
        code = f"code-{len(self.granted)}-{self.exchanges}"
        self.granted[code] = request
        return f"{request['redirect_uri']}?{urlencode({'code': code, 'state': request['state']})}"

    async def _authorize(self, request: Request) -> Response:
        return RedirectResponse(self.sign_in(str(request.url)), 303)

    async def _token(self, request: Request) -> Response:
        self.exchanges += 1
        if self.token_answer is not None:
            return self.token_answer
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        granted = self.granted.pop(sent["code"], None)
        credentials = base64.b64encode(b"the+desk:a+secret%3A+with+signs%25").decode()
        if granted is None or request.headers["authorization"] != f"Basic {credentials}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert sent["grant_type"] == "authorization_code"
        if challenge != granted["code_challenge"] or sent["redirect_uri"] != granted["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {"aud": CLIENT, "nonce": granted["nonce"], **self.claims}
        return JSONResponse(
            {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(**claims)}
        )
