"""Paths that take other bodies than JSON: files, deliveries of tools, which are verified by their own secret
instead of a credential of ours, and the forms of pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.api.pages.page_paths import DESK, PORTAL, is_below, is_page

UPLOADS = "/v1/uploads/"
#: The page by which a requester rates a ticket; the token follows.
RATING_PAGE = "/rate/"
#: The page by which a participant answers a survey; the token follows.
SURVEY_PAGE = "/survey/"
FORM_PAGES = (RATING_PAGE, SURVEY_PAGE)
#: The path, as the contract has it, that takes deliveries of tools.
RECEIVE_WEBHOOK = "/v1/webhooks/{source}"
#: The rest of the path is a secret, used by tools that can only be given an address.
WEBHOOK = re.compile(r"/v1/webhooks/[^/]+(?:/(?!preview$).+)?")
#: The path that PagerDuty's Events API v2 has: tools let its host be chosen, and not its path.
ENQUEUE = "/v2/enqueue"
#: Likewise of its change events.
ENQUEUE_CHANGE = "/v2/change/enqueue"
PREVIEW = re.compile(r"/v1/webhooks/[^/]+/preview")
#: The media type of forms that can send files.
MULTIPART = "multipart/form-data"


def is_upload(scope: Mapping[str, Any]) -> bool:
    """Return whether the request uploads a file."""
    path: str = scope["path"]
    return scope["method"] == "PUT" and path.startswith(UPLOADS)


def is_webhook(scope: Mapping[str, Any]) -> bool:
    """Return whether the request delivers a webhook or a mail."""
    path: str = scope["path"]
    return scope["method"] == "POST" and (
        path in (ENQUEUE, ENQUEUE_CHANGE) or WEBHOOK.fullmatch(path) is not None
    )


def is_file(scope: Mapping[str, Any]) -> bool:
    """Return whether the request sends a file, or previews a mail for an administrator: its sender is known
    before its body is read, which may be large and take long.
    """
    if is_upload(scope) or is_form_with_files(scope):
        return True
    return scope["method"] == "POST" and PREVIEW.fullmatch(scope["path"]) is not None


def is_form_with_files(scope: Mapping[str, Any]) -> bool:
    """Return whether the request sends a form that may hold files, at the desk or in the portal."""
    if scope["method"] != "POST" or not is_below(scope["path"], DESK, PORTAL):
        return False
    return any(
        name == b"content-type" and value.lower().startswith(MULTIPART.encode())
        for name, value in scope["headers"]
    )


def takes_any_body(scope: Mapping[str, Any]) -> bool:
    """Return whether the request may have a body of any type, as large as a file. That of a delivery is
    bounded further once its source is known, and comes in the time of any other body.
    """
    return is_file(scope) or is_webhook(scope)


def is_form(scope: Mapping[str, Any]) -> bool:
    """Return whether the request sends the form of a page; small, unless it has files."""
    path: str = scope["path"]
    return scope["method"] == "POST" and (path.startswith(FORM_PAGES) or is_page(path))


def declared_length(headers: Mapping[str, str]) -> int:
    """Return the length of the body according to Content-Length; 0 if the header is missing or unreadable."""
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0
