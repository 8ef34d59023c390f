"""CORS: pages of the origins named in the settings may call this API and read its headers."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
SENT = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Ledgerdesk-Position",
    "X-Request-Id",
)
#: Headers of answers that a page could not read otherwise.
EXPOSED = (
    "Accept-Patch",
    "Content-Disposition",
    "Content-Language",
    "Deprecation",
    "ETag",
    "Idempotent-Replayed",
    "Ledgerdesk-Position",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-Id",
)
PREFLIGHT_SECONDS = 600


class Cors:
    """ASGI middleware for CORS. Requests from no origin, or from one that is not named, are answered without
    any CORS headers; the browser then keeps the answer from the page.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._allowed = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=METHODS,
            allow_headers=SENT,
            allow_credentials=True,
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = scope["type"] == "http" and Headers(scope=scope).get("origin") in self._origins
        await (self._allowed if named else self._app)(scope, receive, send)
