"""A mail in its parts, as the standard library's parser splits it, with bounds on what it may hold (pure).

Nothing bounds the time that the parser takes: `app.webhooks.mail.reader` calls it in a process with a limit.
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from itertools import count

from app.webhooks.mail.base64_text import Decoded, decode_base64
from app.webhooks.mail.charsets import decode_text
from app.webhooks.mail.escapes import has_escapes
from app.webhooks.mail.headers import decode_words
from app.webhooks.mail.refusals import MailRefused

PARTS_LIMIT = 100
DEEPEST_NESTING = 10
LARGEST_HEAD = 256 * 1024
MOST_HEADERS = 1000
#: The longest field that parameters are read from; the library's reading of them is not linear.
LONGEST_PARAMETERS = 4096

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
#: Fields whose names begin no sentence: after a line that is no field, they show that the head continues.
_SURE_FIELD = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|sender|received|references|importance|priority|precedence"
    rb"|[a-z0-9]+(?:-[a-z0-9]+)+)[ \t]*:",
    re.IGNORECASE,
)
#: The line that begins a mail in a mailbox file (RFC 4155).
_OF_MAILBOX = re.compile(rb">?From ")
_SPACE_BEFORE_COLON = re.compile(rb"^([!-9;-~]+)[ \t]+:", re.MULTILINE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_MIME_HINT = re.compile(r"\bmime\b|multi-?part", re.IGNORECASE)
#: A name of a file with a semicolon in it, without quotes: no other parameter begins there.
_WITH_SEMICOLON = re.compile(
    r"(;\s*(?:file)?name\s*=\s*)([^\s\";][^\";]*(?:;(?!\s*[\w*-]+\s*=)[^\";]+)+)", re.IGNORECASE
)
_LINE_BREAKS = re.compile(r"[\r\n\x00]+")


class _Unfolding(Compat32):
    """Headers on one line each, otherwise as they were sent: `email.policy.default` decodes each encoded word
    by itself, which tears characters apart that mailers split between two words, and takes 65 s for 40,000
    addresses.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, folded = super().header_source_parse(sourcelines)
        value = _LINE_BREAKS.sub("", folded).strip()
        return name, value[:LONGEST_PARAMETERS] if name.lower().startswith("content-") else value


class MailPart(Message):
    """A part of a mail, or the mail itself. A message that is attached is a file, and not parsed."""

    def get_content_type(self) -> str:
        """Return the type by which the parser looks for parts within."""
        return "application/octet-stream" if self.media_type.startswith("message/") else self.media_type

    @property
    def media_type(self) -> str:
        """The type as the sender declares it, in lower case."""
        return super().get_content_type()

    @property
    def inner_parts(self) -> list[MailPart]:
        """The parts within, which only a multipart has."""
        payload = self.get_payload()
        return [part for part in payload if isinstance(part, MailPart)] if isinstance(payload, list) else []

    def as_sent(self) -> bytes:
        """Return the body in its transfer encoding."""
        payload = vars(self)["_payload"]  # get_payload() replaces bytes above ASCII
        return payload.encode("ascii", "surrogateescape") if isinstance(payload, str) else b""

    def decoded(self) -> Decoded:
        """Return the body without its transfer encoding; damaged ones as much as can be read. Lines that were
        added to text in base64 stay with it.
        """
        encoding = _first_word(self.header("Content-Transfer-Encoding"))
        if encoding == "base64":
            return decode_base64(self.as_sent(), self.media_type, self.parameter("charset"))
        if encoding:
            self.replace_header("Content-Transfer-Encoding", encoding)
        body = self.get_payload(decode=True)
        return Decoded(body if isinstance(body, bytes) else b"")

    def text_before(self) -> str:
        """Return the text before the first part, where gateways write, without the hint for old programs."""
        paragraphs = _as_sent(self.preamble).split("\n\n")
        return "\n\n".join(each for each in paragraphs if not _MIME_HINT.search(each)).strip()

    def text_after(self) -> str:
        """Return the text after the last part."""
        return _as_sent(self.epilogue).strip()

    def headers(self, name: str) -> list[str]:
        """Return the headers of that name as they were sent. Bytes above ASCII are read as UTF-8 (RFC 6532),
        else in the character set that the part declares.
        """
        return [
            self._as_text(value).strip() for key, value in self.raw_items() if key.lower() == name.lower()
        ]

    def header(self, name: str) -> str:
        """Return the first header of that name; empty if there is none."""
        return next(iter(self.headers(name)), "")

    def parameter(self, name: str, header: str = "Content-Type") -> str | None:
        """Return a parameter of a header, decoded (RFC 2231, and RFC 2047 as many mailers have it)."""
        field = Message()
        field[header] = _WITH_SEMICOLON.sub(r'\1"\2"', self.header(header))
        try:
            value = field.get_param(name, header=header)
        except (ValueError, TypeError, IndexError):
            return None
        if isinstance(value, tuple):
            charset, _, text = value
            try:
                return decode_text(text.encode("latin-1"), charset or None)[0]
            except UnicodeEncodeError:
                return text
        return None if value is None else decode_words(str(value))

    def _as_text(self, value: str) -> str:
        sent = value.encode("ascii", "surrogateescape")
        try:
            if not has_escapes(sent):
                return sent.decode("utf-8")
            return decode_text(sent, None)[0]
        except UnicodeDecodeError:
            types = (text for key, text in self.raw_items() if key.lower() == "content-type")
            declared = _CHARSET.search(next(types, ""))
            return decode_text(sent, declared and declared[1])[0]


def _as_sent(text: str | None) -> str:
    return decode_text((text or "").encode("ascii", "surrogateescape"), None)[0].replace("\r\n", "\n")


def _first_word(value: str) -> str:
    """Return the first word of a header that has only one: some mailers end it with `;`, or quote it."""
    return value.lower().replace('"', " ").replace(";", " ").partition("(")[0].strip().partition(" ")[0]


def parse_mail(raw: bytes) -> MailPart:
    """Split the mail. Raises MailRefused if it is split too often, nested too deep, or has too much head."""
    numbers = count(1)

    def new_part() -> MailPart:
        if next(numbers) > PARTS_LIMIT:
            raise MailRefused("too_many_parts")
        return MailPart()

    parser = BytesParser(new_part, policy=_Unfolding())
    mail = parser.parsebytes(with_plain_head(raw))
    assert isinstance(mail, MailPart)
    _add_parts_after_end(mail, parser)
    _refuse_beyond_bounds(mail, 0)
    return mail


def _add_parts_after_end(mail: MailPart, parser: BytesParser[Message]) -> None:
    """Add the parts that follow the line that should end them: gateways append some there."""
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        boundary = part.get_boundary()
        while boundary and f"--{boundary}" in (part.epilogue or ""):
            head = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
            rest = parser.parsebytes((head + (part.epilogue or "")).encode("ascii", "surrogateescape"))
            if not isinstance(rest, MailPart) or not rest.inner_parts:
                break
            for each in rest.inner_parts:
                part.attach(each)
            part.preamble = "\n\n".join(filter(None, (part.preamble, rest.preamble)))
            part.epilogue = rest.epilogue
        waiting += part.inner_parts


def with_plain_head(raw: bytes) -> bytes:
    """Return the mail with a head that the parser reads to its end: fields with one form of line ends, and an
    empty line. Lines between them that are no fields begin the body. Raises MailRefused.
    """
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    elif (first := raw.find(b"\r")) >= 0 and raw.startswith(b"\r\r\n", first):
        raw = raw.replace(b"\r\r\n", b"\r\n")
    raw = raw.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n")
    lines = raw[: LARGEST_HEAD + 1].splitlines(keepends=True)
    end = _end_of_head(lines)
    if end == len(lines) and len(raw) > LARGEST_HEAD:
        raise MailRefused("mail_head_too_large")
    fields: list[bytes] = []
    stray_lines: list[bytes] = []
    target = fields
    for line in lines[:end]:
        if not line.startswith((b" ", b"\t")):
            target = fields if _FIELD.match(line) else stray_lines
        if target is fields or not _OF_MAILBOX.match(line):
            target.append(_SPACE_BEFORE_COLON.sub(rb"\1:", line).rstrip(b"\r\n"))
    is_separated = end < len(lines) and not lines[end].strip()
    body = raw[sum(map(len, lines[: end + is_separated])) :]
    return b"\r\n".join((*fields, b"", *stray_lines, body))


def _end_of_head(lines: list[bytes]) -> int:
    """Return the number of lines before the line that ends the head: an empty one, or the first of a body
    that follows without one.
    """
    blank = (n for n, line in enumerate(lines) if not line.strip() and not _is_folded(lines, n))
    end = next(blank, len(lines))
    sure = max((n for n in range(end) if _SURE_FIELD.match(lines[n])), default=-1)
    for n, line in enumerate(lines[:end]):
        is_field = line.startswith((b" ", b"\t")) or _FIELD.match(line)
        if not is_field and (n > sure or line.startswith(b"--")):
            return n
    return end


def _is_folded(lines: list[bytes], n: int) -> bool:
    """Return whether the line of spaces alone continues a field, as RFC 5322, section 4.2, has it."""
    return bool(lines[n].strip(b"\r\n")) and n + 1 < len(lines) and bool(_SURE_FIELD.match(lines[n + 1]))


def _refuse_beyond_bounds(part: MailPart, depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise MailRefused("mail_nested_too_deep")
    sizes = [len(name) + len(value) for name, value in part.raw_items()]
    if len(sizes) > MOST_HEADERS or sum(sizes) > LARGEST_HEAD:
        raise MailRefused("mail_head_too_large")
    for inner in part.inner_parts:
        _refuse_beyond_bounds(inner, depth + 1)
