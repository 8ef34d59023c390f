"""What a client likes best of what can be answered: media types, languages and codings (RFC 9110, 12.5)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from app.i18n import language_of


def language_for(request: Request) -> str:
    """The language to answer the request in."""
    return language_of(request.headers.get("accept-language"))


def negotiate(accept: str | None, offered: Sequence[str]) -> str | None:
    """The best liked of the media types offered, the first of equals; None if the client takes none."""
    if not accept or accept == "*/*":
        return offered[0]
    ranges = dict(_range(part) for part in accept.split(","))
    liking, chosen = max(((_weight_of(kind, ranges), kind) for kind in offered), key=lambda found: found[0])
    return chosen if liking > 0 else None


def _range(part: str) -> tuple[str, float]:
    """A media range and its weight; one that cannot be read is not liked."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter.removeprefix("q="))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _weight_of(media_type: str, ranges: dict[str, float]) -> float:
    """The weight of the closest range that covers it."""
    covering = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((ranges[name] for name in covering if name in ranges), 0.0)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether an answer may be compressed by gzip."""
    ranges = dict(_range(part) for part in (accept_encoding or "").split(","))
    return ranges.get("gzip", ranges.get("*", 0.0)) > 0


def has_body(request: Request) -> bool:
    """Whether something is sent besides the headers."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def is_json(request: Request) -> bool:
    """Whether it is JSON that says values: `application/json`, or another kind that ends in `+json`, as
    FastAPI reads it; and not a list of operations on them (RFC 6902).
    """
    main, _, kind = request.headers.get("content-type", "").split(";")[0].strip().lower().partition("/")
    return main == "application" and (kind == "json" or kind.endswith("+json")) and kind != "json-patch+json"
