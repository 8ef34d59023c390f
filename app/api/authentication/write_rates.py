"""The rate of what a caller makes: records, comments, files and follows."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from app.api.contract.problems import problem
from app.api.requests.limits import WriteRate

#: Requests that make records, comments, files or follows, in which a person may drown others.
WRITES = {
    "POST": re.compile(r"/v1/[a-z_]+(/[^/]+/(comment|attach|follow))?|/(desk|portal)/.*"),
    "PUT": re.compile(r"/v1/uploads/.*"),
}


def is_write(method: str, path: str) -> bool:
    """Return whether the request makes a record, comment, file or follow."""
    pattern = WRITES.get(method)
    return pattern is not None and pattern.fullmatch(path) is not None


def write_rate_of(request: Request) -> WriteRate:
    """Return the rate of what the caller makes, for what makes several at once or calls other operations."""
    rate: WriteRate = request.scope["state"]["write_rate"]
    return rate


def too_many_writes(request: Request) -> Response:
    """Return the refusal of one more of what the caller makes, with the time to wait."""
    rate = write_rate_of(request)
    words, headers = {"limit": f"{rate.quota.limit:,}"}, {"Retry-After": str(rate.retry_seconds)}
    return problem(request, 429, "too_many_writes", words=words, headers=headers)
