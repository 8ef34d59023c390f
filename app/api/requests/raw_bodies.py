"""Paths that take other bodies than JSON: files, deliveries of tools, which are verified by their own secret
instead of a credential of ours, and the form of a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UPLOADS = "/v1/uploads/"
#: The page by which a requester rates a ticket; the token follows.
RATING_PAGE = "/rate/"
#: The path, as the contract has it, that takes deliveries of tools.
RECEIVE_WEBHOOK = "/v1/webhooks/{source}"
WEBHOOK = re.compile(r"/v1/webhooks/[^/]+")
PREVIEW = re.compile(r"/v1/webhooks/[^/]+/preview")


def is_upload(scope: Mapping[str, Any]) -> bool:
    """Return whether the request uploads a file."""
    path: str = scope["path"]
    return scope["method"] == "PUT" and path.startswith(UPLOADS)


def is_webhook(scope: Mapping[str, Any]) -> bool:
    """Return whether the request delivers a webhook or a mail."""
    return scope["method"] == "POST" and WEBHOOK.fullmatch(scope["path"]) is not None


def is_file(scope: Mapping[str, Any]) -> bool:
    """Return whether the request sends a file, or shows an administrator what a mail would tell: its sender
    is known before its body is read, which may be large and take long.
    """
    return is_upload(scope) or (scope["method"] == "POST" and PREVIEW.fullmatch(scope["path"]) is not None)


def takes_any_body(scope: Mapping[str, Any]) -> bool:
    """Return whether the request may have a body of any type, as large as a file. That of a delivery is
    bounded further once its source is known, and comes in the time of any other body.
    """
    return is_file(scope) or is_webhook(scope)


def is_form(scope: Mapping[str, Any]) -> bool:
    """Return whether the request sends the form of a page that needs no account; small, unlike a file."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith(RATING_PAGE)


def declared_length(headers: Mapping[str, str]) -> int:
    """Return how long the body is, as Content-Length says; 0 if it says nothing that can be read."""
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0
