"""Content negotiation: the media type, language and coding that a client prefers among those offered (RFC
9110, 12.5).
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from app.api.pages.page_paths import is_page
from app.i18n import LANGUAGES, language_of

#: Cookie with the language that a reader has chosen, and nothing else.
LANGUAGE_COOKIE = "ledgerdesk_language"
#: The parameter of a page's address that names its language.
LANGUAGE = "lang"
#: The media type that browsers accept where they open a page.
HTML = "text/html"
#: The media type of records with chosen fields (see `partial`).
PARTIAL = "application/vnd.ledgerdesk.partial+json"


def language_for(request: Request) -> str:
    """Return the language of the response. For a page, a link may choose it by `lang`, and the reader by a
    button, also for papers that pages link to; if the browser has no preference, it is the reader's own.
    """
    accepted = request.headers.get("accept-language")
    if is_page(request.scope["path"]):
        if chosen := _known(request.query_params.get(LANGUAGE)) or _known(_kept_language(request)):
            return chosen
        caller = request.scope.get("state", {}).get("caller")
        if accepted is None and caller is not None:
            return language_of(caller.locale)
    return language_by_button(request) or language_of(accepted)


def language_by_button(request: Request) -> str | None:
    """Return the language that the reader has chosen by a button of a page, if the browser opens a page; None
    for other requests, which name their language by a header.
    """
    opens_page = HTML in request.headers.get("accept", "")
    return _known(_kept_language(request)) if opens_page else None


def _kept_language(request: Request) -> str | None:
    return request.cookies.get(LANGUAGE_COOKIE)


def _known(language: str | None) -> str | None:
    return language if language in LANGUAGES else None


def negotiate(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the client's preferred media type of those offered, the first among equals; None if it accepts
    no offered type.
    """
    if not accept or accept == "*/*":
        return offered[0]
    ranges = dict(_range(part) for part in accept.split(","))
    liking, chosen = max(
        ((_weight_of(kind, ranges), kind) for kind in offered), key=lambda weighed: weighed[0]
    )
    return chosen if liking > 0 else None


def _range(part: str) -> tuple[str, float]:
    """Return a media range and its weight; the weight is 0 if it cannot be parsed."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter.removeprefix("q="))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _weight_of(media_type: str, ranges: dict[str, float]) -> float:
    """Return the weight of the most specific range that covers the media type; 0 without such a range."""
    covering = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((ranges[name] for name in covering if name in ranges), 0.0)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether the client accepts an answer compressed by gzip."""
    ranges = dict(_range(part) for part in (accept_encoding or "").split(","))
    return ranges.get("gzip", ranges.get("*", 0.0)) > 0


def has_body(request: Request) -> bool:
    """Return whether the request has a body."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def is_json(request: Request) -> bool:
    """Return whether the Content-Type is JSON that contains values: `application/json`, or another type that
    ends in `+json`, as FastAPI takes it; but not a JSON Patch, a list of operations (RFC 6902).
    """
    main, _, kind = request.headers.get("content-type", "").split(";")[0].strip().lower().partition("/")
    return main == "application" and (kind == "json" or kind.endswith("+json")) and kind != "json-patch+json"
