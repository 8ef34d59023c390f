"""The way from a page to the sign-in, for readers who are not signed in."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.api.authentication.sessions import cookie_name
from app.api.pages.page_paths import MARK, SIGN_IN, START, own_address
from app.api.pages.page_response import PAGE_HEADERS, TABLE, page_before, page_response
from app.api.requests.accept import language_for
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES

#: Value by which browsers mark a request that comes from a page of another site.
CROSS_SITE = "cross-site"


def sign_in_first(request: Request, form_address: str | None = None) -> Response:
    """Return the answer to a page's request of somebody who is not signed in: the way to the sign-in, and
    from there back.

    The session's cookie is left out by browsers that follow a link of another site, as in a mail. Such a page
    asks for itself once more, and then the cookie comes, if there is one.

    `form_address`: where the form is shown with what the request has sent; None if that is not kept.
    """
    if request.method == "GET" and "hx-request" not in request.headers:
        address = _address(request)
        if _may_lack_cookie(request):
            mark = "&" if "?" in address else "?"
            return going_on(request, f"{address}{mark}{MARK}=1")
    else:
        address = form_address or page_before(request) or START
    language = request.query_params.get("lang")
    chosen = {"lang": language} if language in LANGUAGES else {}
    target = f"{SIGN_IN}?{urlencode({'next': address, **chosen})}"
    if "hx-request" in request.headers:  # a redirect would be followed by the script, and shown within a page
        return Response(status_code=401, headers={**PAGE_HEADERS, "HX-Redirect": target})
    return RedirectResponse(target, 303, PAGE_HEADERS)


def going_on(request: Request, address: str) -> Response:
    """Return a page that goes on to the address by itself. Its request then comes from one of our pages,
    which a redirect from elsewhere cannot achieve.
    """
    html = render("api/sign_in/going_on.html", Wording(language_for(request), TABLE), address=address)
    return page_response(request, html)


def _may_lack_cookie(request: Request) -> bool:
    """Return whether a browser may have left out the cookie; old browsers, and all browsers by http, do not
    mark the origin of a request.
    """
    if request.scope["state"].get(MARK) or cookie_name(request.url.scheme) in request.cookies:
        return False
    return request.headers.get("sec-fetch-site", CROSS_SITE) == CROSS_SITE


def _address(request: Request) -> str:
    """Return the address that was asked for, as the browser wrote it."""
    path = request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return own_address(f"{path}?{query}" if query else path)
