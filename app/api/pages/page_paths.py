"""Paths of pages for people: which there are, which know who is signed in, and which an address may lead to
(pure).
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

START = "/"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
API_DOCS = "/docs"
#: Everything at these paths and below them is a page.
DESK, PORTAL, DASHBOARD = "/desk", "/portal", "/dashboard"
#: Single pages that are rendered for the person who is signed in.
SINGLE_PAGES = frozenset({START, SIGN_OUT})
#: Files that pages load: they are the same for everybody.
STATIC_FILES = (f"{DESK}/static/", f"{DASHBOARD}/static/")
LONGEST_ADDRESS = 2_000
#: A slash, not followed by another sign that browsers take for a slash, and then no space and no backslash,
#: which browsers leave out or turn into a slash.
_OWN_ADDRESS = re.compile(r"/(?!/)[!-\[\]-~]*", re.ASCII)
#: The parameter of a page that has been asked for once more by itself.
MARK = "once_more"


def is_page(path: str) -> bool:
    """Return whether a page for people is at the path, so that its refusals are pages, too."""
    return is_below(path, DESK, PORTAL, DASHBOARD, SIGN_IN) or path in SINGLE_PAGES or path == API_DOCS


def is_for_signed_in(path: str) -> bool:
    """Return whether the page shows more to people who are signed in, so that its requests are
    authenticated.
    """
    if path in SINGLE_PAGES:
        return True
    return is_below(path, DESK, PORTAL, DASHBOARD) and not path.startswith(STATIC_FILES)


def is_below(path: str, *prefixes: str) -> bool:
    """Return whether the path is one of the prefixes, or below one of them."""
    return path in prefixes or path.startswith(_folders(prefixes))


@cache
def _folders(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}/" for prefix in prefixes)


def take_mark(scope: MutableMapping[str, Any]) -> None:
    """Remove the mark from the request's query, so that no page has to know it, and note it in the state."""
    query: bytes = scope["query_string"]
    if MARK.encode() not in query:
        return
    pairs = query.split(b"&")
    rest = [pair for pair in pairs if pair.partition(b"=")[0] != MARK.encode()]
    scope["query_string"] = b"&".join(rest)
    scope["state"][MARK] = len(rest) < len(pairs)


def own_address(text: str | None) -> str:
    """Return the text if it is an address of this service, without its scheme and host, to go on to; else
    that of the first page. Nothing else may be gone on to: a link could lead to somebody else's page.
    """
    if text is None or len(text) > LONGEST_ADDRESS or not _OWN_ADDRESS.fullmatch(text):
        return START
    path = urlsplit(text).path
    return START if is_below(path, SIGN_IN, SIGN_OUT) else text


def record_page(public_url: str | None, kind: str, name: Any, *, for_staff: bool) -> str | None:
    """Return the address of a record's page: at the desk, or for people who are no staff in the portal; None
    without a public address of this service.
    """
    root = DESK if for_staff else PORTAL
    return None if public_url is None else f"{public_url}{root}/{kind}/{name}"
