"""ETags, `"<version>.<hash of the answer's bytes>"`: the answer varies with caller, language and state."""

from __future__ import annotations

import re
from hashlib import blake2b

#: The members of a list of tags. A tag made by another server may contain a comma between its quotation
#: marks.
_MEMBER = re.compile(r'(?:[^",]|"[^"]*"?)+')
#: Suffix that a compressing proxy appends to a tag: Apache `-gzip` and `-br`, others `;gzip`, `--gzip`.
_CODING = r"[-+~;:.][\w+~;:.-]{1,40}"
_VERSION = re.compile(rf'(?:W/)?("?)(\d{{1,9}})(?:\.[0-9a-f]+(?:{_CODING})?\1(?:{_CODING})?|\1)')
_CODED = re.compile(_CODING)


def etag(version: int, body: bytes) -> str:
    """Return the ETag of an answer that shows a record at that version."""
    return f'"{version}.{blake2b(body, digest_size=8).hexdigest()}"'


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """Return the versions in an If-Match header, any of which will do (RFC 9110, 13.1.1); accepts weak and
    bare tags (proxies weaken them, people type them), and tags that a compressing proxy has extended. None:
    no condition.

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
    return any(_is_same(member.strip(), tag) for member in _MEMBER.findall(if_none_match))


def _is_same(sent: str, tag: str) -> bool:
    """Return whether a tag is ours, perhaps extended by a compressing proxy: it was the same answer then."""
    sent = sent.removeprefix("W/")
    if sent in (tag, "*"):
        return True
    own = tag.removesuffix('"')
    if not own or not sent.startswith(own):
        return False
    added = sent.removeprefix(own)
    inner = added.removesuffix('"') if not added.startswith('"') else added.removeprefix('"')
    return _CODED.fullmatch(inner) is not None
