"""ETags, `"<version>.<hash of the answer's bytes>"`: the answer varies with caller, language and state."""

from __future__ import annotations

import re
from hashlib import blake2b

#: The members of a list of tags. A tag made by another server may contain a comma between its quotation
#: marks.
_MEMBER = re.compile(r'(?:[^",]|"[^"]*"?)+')
_VERSION = re.compile(r'(?:W/)?("?)(\d{1,9})(?:\.[0-9a-f]+)?\1')


def etag(version: int, body: bytes) -> str:
    """Return the ETag of an answer that shows a record at that version."""
    return f'"{version}.{blake2b(body, digest_size=8).hexdigest()}"'


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """Return the versions in an If-Match header, any of which will do (RFC 9110, 13.1.1); accepts weak and
    bare tags (proxies weaken them, people type them). None: no condition.

    A tag that this service did not make matches no version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    matches = (_VERSION.fullmatch(member.strip()) for member in _MEMBER.findall(if_match))
    return frozenset(int(tag[2]) for tag in matches if tag)


def matches(if_none_match: str | None, tag: str) -> bool:
    """Return whether the client already has the answer with this tag."""
    if if_none_match is None:
        return False
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in if_none_match.split(","))
