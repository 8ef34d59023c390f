"""The client of a request behind proxies: configured proxies are trusted, and others are reported in the
log.
"""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

#: Largest number of addresses that the log warns about, since any client may send the header.
MOST_WARNINGS = 100
logger = structlog.get_logger()


class NamedProxies:
    """ASGI middleware that takes the client's address and scheme from X-Forwarded-For and X-Forwarded-Proto
    of the configured proxies, and warns once of each other address that sends the former: behind an
    unconfigured proxy, all clients have one address, and share its limits.
    """

    def __init__(self, app: ASGIApp, proxies: str) -> None:
        self._app = ProxyHeadersMiddleware(app, proxies)  # type: ignore[arg-type]  # uvicorn's types are its own
        self._warned: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["client"] is not None:
            self._warn_of(scope["client"][0], scope)
        await self._app(scope, receive, send)  # type: ignore[arg-type]  # as above

    def _warn_of(self, address: str, scope: Scope) -> None:
        if address in self._warned or address in self._app.trusted_hosts:
            return
        if len(self._warned) < MOST_WARNINGS and any(n == b"x-forwarded-for" for n, _ in scope["headers"]):
            self._warned.add(address)
            logger.warning(
                "X-Forwarded-For from an address that is not in LEDGERDESK_PROXIES is ignored, "
                "so all clients behind it share the limits of one address",
                address=address,
            )
