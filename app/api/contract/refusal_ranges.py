"""Refusals in the contract. Routes declare the statuses that they may be refused with; the contract describes
them by range, `4XX` and `5XX`, once for all operations, with the codes that each status has.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

from app.api.contract.problems import MEDIA_TYPE, status_of
from app.api.requests.response_headers import range_headers, references
from app.i18n import sentences

#: The content of every refusal.
CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
#: The meaning of each status.
MEANINGS = {
    400: "The request cannot be read, or its cursor is invalid.",
    401: "The request has no valid key or token.",
    403: "The caller may not do this.",
    404: "The resource does not exist, or the caller may not see it.",
    405: "The address does not accept this method; Allow lists the methods.",
    406: "None of the media types in Accept is available.",
    408: "The request took too long to arrive.",
    409: "The state of the record does not permit this; the answer has the state and the permitted actions.",
    410: "The content can no longer be read, because its key was destroyed.",
    412: "The record has changed since the version in If-Match.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A value is wrong; `errors` lists the values and the reasons.",
    428: "The request needs If-Match with the version of the record.",
    429: "There were too many requests; Retry-After has the time to wait.",
    431: "The head of the request is too large.",
    500: "The server failed.",
    503: "The database or the identity provider does not answer; Retry-After has the time to wait.",
}
#: The component of each range: its name, and what its statuses have in common.
COMPONENTS = {
    "4XX": ("ClientError", "The request was refused, for the reason in `status` and `code`."),
    "5XX": (
        "ServerError",
        "The server failed, and the request may not have been carried out. Try again later.",
    ),
}


def range_of(status: int | str) -> str:
    """Return the range of the status, as `4XX`."""
    return f"{str(status)[0]}XX"


def share_ranges(document: dict[str, Any]) -> None:
    """Put one reference for each range in the place of the refusals that operations list by status."""
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in [status for status, answer in answers.items() if is_refusal(answer)]:
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


def is_refusal(answer: dict[str, Any]) -> bool:
    """Return whether the answer is declared as a refusal."""
    return MEDIA_TYPE in answer.get("content", {})
