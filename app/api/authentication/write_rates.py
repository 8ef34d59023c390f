"""The refusal of more than a caller may make: records, comments, files and follows."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.api.commands.written_content import WriteRate
from app.api.contract.problems import problem


def write_rate_of(request: Request) -> WriteRate:
    """Return the rate of what the caller makes, for what makes several at once or calls other operations."""
    rate: WriteRate = request.scope["state"]["write_rate"]
    return rate


def too_many_writes(request: Request) -> Response:
    """Return the refusal of one more of what the caller makes, with the time to wait."""
    rate = write_rate_of(request)
    words, headers = {"limit": f"{rate.quota.limit:,}"}, {"Retry-After": str(rate.retry_seconds)}
    return problem(request, 429, "too_many_writes", words=words, headers=headers)
