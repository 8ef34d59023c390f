"""The line that each request leaves in the server's log: the request, the caller, the response, and the
duration.

The line holds no name and no secret: paths appear as the contract writes them, without the values of their
parameters, and the caller by their id.
"""

from __future__ import annotations

import logging
from functools import cache

import structlog
from fastapi import FastAPI
from starlette.types import Scope

from app.common.people import Caller

logger = structlog.get_logger()

#: Asked by machines every few seconds.
OF_MACHINES = frozenset({"/livez", "/readyz", "/metrics"})
#: Stands for a segment of a path that may be anything: an id, a name, a secret.
HIDDEN = "…"
MOST_SEGMENTS = 10


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Write the line of a finished request. `status` 0: the client had gone."""
    path = scope["path"]
    state = scope["state"]
    caller: Caller | None = state.get("caller")
    logger.log(
        logging.DEBUG if path in OF_MACHINES else logging.INFO,
        "request",
        request_id=state["request_id"],
        method=scope["method"],
        path=_shown_path(scope),
        status=status or None,
        milliseconds=round(seconds * 1000, 1),
        caller=None if caller is None else caller.actor,
    )


def _shown_path(scope: Scope) -> str:
    """Return the path as the contract writes it; of one that is not there the words that others have."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is not None:
        return template
    words = _words(scope["app"])
    segments = scope["path"].split("/")[:MOST_SEGMENTS]
    return "/".join(segment if segment in words else HIDDEN for segment in segments)


@cache
def _words(app: FastAPI) -> frozenset[str]:
    """Return the segments of the application's paths that are no parameters."""
    paths = [str(getattr(route, "path", "")) for route in app.routes]
    return frozenset(part for path in paths for part in path.split("/") if "{" not in part)
