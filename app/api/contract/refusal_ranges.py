"""Refusals in the contract. Routes declare the statuses that they may be refused with; the contract describes
them by range, `4XX` and `5XX`, once for all operations, with the codes that each status has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.contract.problems import MEDIA_TYPE, status_of
from app.api.requests.response_headers import range_headers, references
from app.i18n import sentences

#: The content of every refusal.
CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
#: The meaning of each status.
MEANINGS = {
    400: "Not readable, or a bad cursor.",
    401: "No valid key or token.",
    403: "Seen, but not allowed.",
    404: "Not there, or not for this caller.",
    405: "This address has other methods; Allow names them.",
    406: "Accept allows no answer that there is.",
    408: "The request took too long to arrive.",
    409: "The state forbids it; the answer says the state and what is allowed.",
    410: "What was there cannot be read any more: its key was destroyed.",
    412: "Changed since the version that If-Match names.",
    413: "The body is too large.",
    415: "Not JSON.",
    422: "A value is wrong; `errors` says which and why.",
    428: "If-Match must say which version is meant.",
    429: "Too many requests; Retry-After says when to try again.",
    431: "The head of the request is too large.",
    500: "A fault of the server.",
    503: "The database, or the identity provider, does not answer; Retry-After says when to try again.",
}
#: The component of each range: its name, and what its statuses have in common.
COMPONENTS = {
    "4XX": ("ClientError", "Refused; `status` and `code` say why."),
    "5XX": ("ServerError", "Not carried out, or nobody knows: a fault of the server. Ask again later."),
}


def declared_statuses(routes: Iterable[BaseRoute]) -> dict[str, list[int]]:
    """Return the statuses that each route declares to be refused with, by operationId."""
    return {
        str(route.operation_id): sorted(
            int(status) for status, answer in route.responses.items() if _is_refusal(answer)
        )
        for route in routes
        if isinstance(route, APIRoute)
    }


def range_of(status: int | str) -> str:
    """Return the range of the status, as `4XX`."""
    return f"{str(status)[0]}XX"


def share_ranges(document: dict[str, Any]) -> None:
    """Put one reference for each range in the place of the refusals that operations list by status."""
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in [status for status, answer in answers.items() if _is_refusal(answer)]:
                del answers[status]
                name, _ = COMPONENTS[range_of(status)]
                answers[range_of(status)] = {"$ref": f"#/components/responses/{name}"}


def components() -> dict[str, Any]:
    """Return the component of each range of refusals."""
    return {name: _component(kind, meaning) for kind, (name, meaning) in COMPONENTS.items()}


@cache
def codes_by_status() -> dict[int, list[str]]:
    """Return the codes of problems by their status."""
    codes: defaultdict[int, list[str]] = defaultdict(list)
    for code in sorted(sentences("en")["title"]):
        codes[status_of(code)].append(code)
    return dict(sorted(codes.items()))


def _component(kind: str, meaning: str) -> dict[str, Any]:
    codes = {status: names for status, names in codes_by_status().items() if range_of(status) == kind}
    lines = [
        f"- {status}: {MEANINGS[status]} {', '.join(f'`{name}`' for name in names)}."
        for status, names in codes.items()
    ]
    return {
        "description": "\n".join((meaning, "", *lines)),
        "content": CONTENT,
        "headers": references(range_headers(list(codes))),
    }


def _is_refusal(answer: dict[str, Any]) -> bool:
    return MEDIA_TYPE in answer.get("content", {})
