"""ETags: `"<version>.<hash of the answer's bytes>"`: the answer varies with caller, language and state."""

from __future__ import annotations

import re
from hashlib import blake2b

_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})(?:\.[0-9a-f]+)?"?')


def etag(version: int, body: bytes) -> str:
    """The tag of an answer that shows a record at that version."""
    return f'"{version}.{blake2b(body, digest_size=8).hexdigest()}"'


def version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header; takes weak and bare ones (proxies weaken, people type). None: no
    condition.

    A tag that is none of ours can match no version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _VERSION.fullmatch(if_match.strip())
    return int(found.group(1)) if found else -1


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has this very answer already."""
    if if_none_match is None:
        return False
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in if_none_match.split(","))
