"""Headers of answers: their descriptions, and which answers have which."""

from __future__ import annotations

from typing import Any

from app.api.contract.deprecations import EXTENSION
from app.api.contract.problems import MEDIA_TYPE

#: Headers by name: the description, and whether it always comes with the answers that list it.
HEADERS = {
    "Accept-Encoding": (
        "Content codings that the server accepts, in answers to a body with another one.",
        False,
    ),
    "Accept-Patch": ("Media types that PATCH accepts, in answers to a request with another one.", False),
    "Allow": ("Methods that this address accepts.", True),
    "Content-Disposition": ("Instruction to save the file, and its name.", True),
    "Content-Language": ("Language of the texts: en or zh.", True),
    "Deprecation": (
        "Time since which something used by the request is deprecated, in the form `@<seconds>`.",
        False,
    ),
    "ETag": (
        "Version of the record with a hash of this answer, for If-Match and If-None-Match; for a file "
        "its SHA-256.",
        True,
    ),
    "Idempotent-Replayed": (
        "`true` if this Idempotency-Key was used before; the answer is the same as for the first request.",
        False,
    ),
    "Ledgerdesk-Position": (
        "Position of the log up to which the answer is complete, for installations with replicas. A "
        "later read that sends this header includes everything up to this position.",
        False,
    ),
    "Link": (
        'Link to the next page (`rel="next"`), or to the explanation of a deprecation (`rel="deprecation"`).',
        False,
    ),
    "Location": ("Address of the new record.", True),
    "RateLimit": ("Number of requests that this key has left, and the seconds until there are more.", False),
    "RateLimit-Policy": ("Number of requests that a key has in a number of seconds.", False),
    "Retry-After": ("Number of seconds to wait before the next attempt.", True),
    "Set-Cookie": ("Session of the browser: HttpOnly, SameSite=Strict.", True),
    "Sunset": ("Time at which the deprecated part will be removed.", False),
    "WWW-Authenticate": ("Ways to authenticate.", True),
    "X-Accel-Buffering": ("`no` asks proxies not to buffer the answer.", True),
    "X-Request-Id": (
        "Identifier of this request, to be quoted in questions; the events have it as `correlation_id`. "
        "A value of your own must not contain names of persons: it is kept when they are erased.",
        True,
    ),
}
#: Headers that problems of a status have.
OF_STATUS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    415: ("Accept-Encoding", "Accept-Patch"),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
#: A header of commands, and of reads that may be answered from a replica, which it is sent back with.
OF_REPLICAS = "Ledgerdesk-Position"
#: Headers of every answer to an authenticated request.
OF_KEYS = ("RateLimit", "RateLimit-Policy")
#: Headers of an answer if the request used something deprecated.
OF_DEPRECATED = ("Deprecation", "Link", "Sunset")


def components() -> dict[str, Any]:
    """Return the contract's component of each header. One that only some refusals have is not required, since
    refusals are described together.
    """
    of_some = {name for names in OF_STATUS.values() for name in names}
    return {
        name: {
            "description": description,
            "required": always and name not in of_some,
            "schema": {"type": "string"},
        }
        for name, (description, always) in HEADERS.items()
    }


def references(names: list[str]) -> dict[str, Any]:
    """Return the headers of an answer as references to their components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def problem_headers(status: int) -> list[str]:
    """Return the headers of a problem with that status, besides those of HTTP itself."""
    return sorted(["Content-Language", "X-Request-Id", *OF_STATUS.get(status, ())])


def range_headers(statuses: list[int]) -> list[str]:
    """Return the headers that problems with these statuses may have, besides those of HTTP itself."""
    of_statuses = {name for status in statuses for name in problem_headers(status)}
    return sorted({*of_statuses, *OF_KEYS, *OF_DEPRECATED})


def headers_of(operation: dict[str, Any], status: int, answer: dict[str, Any]) -> list[str]:
    """Return the headers of the operation's answer with that status, besides those of HTTP itself.
    `operation` has its parameters in place, and declares how its requests are authenticated.
    """
    names: set[str] = set()
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    if {"api_key": []} in operation["security"] and status != 401:
        names.update(OF_KEYS)
    if any(EXTENSION in marked for marked in (operation, *operation.get("parameters", ()))):
        names.update(OF_DEPRECATED)
    if MEDIA_TYPE in answer.get("content", {}):
        return sorted(names.union(problem_headers(status)))
    names |= {"X-Request-Id", *answer.get("headers", ())}
    shows_one = "x-lifecycle" in operation or (
        "304" in operation["responses"] and "application/json" in operation["responses"]["200"]["content"]
    )
    if shows_one:
        names |= {"ETag", "Content-Language"}
    if "x-lifecycle" in operation:
        names.add("Idempotent-Replayed")
    if OF_REPLICAS in parameters:
        names.add(OF_REPLICAS)
    if status == 201:
        names.add("Location")
    if "cursor" in parameters:
        names.add("Link")
    return sorted(names)
