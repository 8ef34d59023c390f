"""Answers of pages for people: their headers, compressed where that is worth it; and refusals as pages."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from app.api.pages.page_headers import HEADERS, SCREEN_POLICY
from app.api.pages.page_paths import START, own_address
from app.api.requests.accept import accepts_gzip, language_for
from app.api.service.static_files import GZIP_LEVEL, WORTH_COMPRESSING
from app.html.templates import render
from app.html.wording import Wording

#: The table of the sentences of these pages.
TABLE = "sign_in"
NO_MORE: Mapping[str, str] = MappingProxyType({})
PAGE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": SCREEN_POLICY,
    # Without any referrer, a form that is sent by http would name no origin (Fetch, 3.2), and be refused.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Accept-Language, Authorization, Cookie",
}


def page_response(
    request: Request, html: str, status: int = 200, headers: Mapping[str, str] = NO_MORE
) -> Response:
    """Return the page, compressed if the client accepts that; `headers` are further ones, or others.

    The size of a compressed page can reveal its content next to a text that another person has chosen. So
    pages hold no secret, such as a key or a cookie, except one that is made for that response alone.
    """
    content = html.encode()
    sent = {**PAGE_HEADERS, "Content-Language": language_for(request), **headers}
    if len(content) > WORTH_COMPRESSING and accepts_gzip(request.headers.get("accept-encoding")):
        content = gzip.compress(content, GZIP_LEVEL, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return Response(content, status, sent, "text/html")


def refusal_page(
    request: Request,
    problem: Mapping[str, Any],
    messages: Sequence[str] = (),
    headers: Mapping[str, str] = NO_MORE,
) -> Response:
    """Return the problem document as a page, with ways to go on; `messages`: what is wrong with values."""
    html = refusal_html(language_for(request), problem, messages, page_before(request))
    return page_response(request, html, problem["status"], headers)


def refusal_html(
    language: str, problem: Mapping[str, Any], messages: Sequence[str] = (), back: str | None = None
) -> str:
    """Return the page that shows the problem document; `back`: the page before it."""
    return render(
        "api/pages/refusal.html",
        Wording(language, TABLE),
        title=problem["title"],
        detail=problem["detail"],
        messages=messages,
        back=back,
        start=START,
        request_id=problem["request_id"],
    )


def page_before(request: Request) -> str | None:
    """Return the address of our own page that led here, without its host, or None."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return None
    if not parts.netloc or parts.netloc != request.headers.get("host"):
        return None
    address = own_address(parts._replace(scheme="", netloc="").geturl())
    return None if address == START else address
