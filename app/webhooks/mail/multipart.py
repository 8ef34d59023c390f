"""A mail split into its parts (RFC 2046), with bounds on their number and nesting (pure).

The standard library's parser goes through every line once for each level of nesting and has no bound on it,
so that a mail of some megabytes could keep it busy for minutes.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from app.webhooks.mail.headers import header, parameter, read_headers
from app.webhooks.mail.refusals import MailRefused

PARTS_LIMIT = 100
DEEPEST_NESTING = 10

_END_OF_HEAD = re.compile(rb"\A\r?\n|\r?\n\r?\n")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@dataclass(frozen=True, slots=True)
class MailPart:
    """A part of a mail, or the mail itself: `media_type` in lower case, `body` as it was sent, and the
    parts within, which only a multipart has.
    """

    headers: Message
    media_type: str
    body: bytes
    parts: tuple[MailPart, ...]

    def content(self) -> bytes:
        """Return the body without its transfer encoding; damaged ones as far as they can be read."""
        encoding = header(self.headers, "Content-Transfer-Encoding").partition(";")[0].strip().lower()
        if encoding == "base64":
            return _decode_base64(self.body)
        return quopri.decodestring(self.body) if encoding == "quoted-printable" else self.body

    def walk(self) -> Iterator[MailPart]:
        """Yield this part and those within, in the mail's order."""
        yield self
        for part in self.parts:
            yield from part.walk()


def split_mail(raw: bytes) -> MailPart:
    """Split the mail. Raises MailRefused if it is split too often, nested too deep, or has too much head."""
    return _Splitter().split(raw, "text/plain", 0)


class _Splitter:
    def __init__(self) -> None:
        self._parts = 0

    def split(self, raw: bytes, default_type: str, depth: int) -> MailPart:
        self._parts += 1
        if self._parts > PARTS_LIMIT:
            raise MailRefused("too_many_parts")
        if depth > DEEPEST_NESTING:
            raise MailRefused("mail_nested_too_deep")
        end = _END_OF_HEAD.search(raw)
        head, body = (raw, b"") if end is None else (raw[: end.start()], raw[end.end() :])
        headers = read_headers(head)
        headers.set_default_type(default_type)
        media_type = headers.get_content_type()
        boundary = parameter(headers, "boundary")
        if not media_type.startswith("multipart/") or not boundary:
            return MailPart(headers, media_type, body, ())
        # RFC 2046, 5.1.5: what stands in a digest is a message unless it says otherwise.
        inner_type = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
        pieces = _between_boundaries(body, boundary.rstrip().encode("utf-8", "replace"))
        parts = tuple(self.split(piece, inner_type, depth + 1) for piece in pieces)
        return MailPart(headers, media_type, body if not parts else b"", parts)


def _between_boundaries(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield what stands between two delimiters; the last may be missing, in a mail that was cut off."""
    delimiter = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)")
    begin: int | None = None
    for found in delimiter.finditer(body):
        if begin is not None:
            # The line break before a delimiter belongs to it.
            yield body[begin : found.start()].removesuffix(b"\n").removesuffix(b"\r")
        if found[1]:
            return
        begin = found.end()
    if begin is not None and begin < len(body):
        yield body[begin:]


def _decode_base64(body: bytes) -> bytes:
    # What a list or a scanner appended behind the padding is not part of it.
    digits = _NOT_BASE64.sub(b"", body.partition(b"=")[0])
    whole = digits[:-1] if len(digits) % 4 == 1 else digits
    try:
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    except binascii.Error:
        return b""
