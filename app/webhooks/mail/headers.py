"""Headers of mails: unfolded, decoded, and what is read from them (pure).

The headers are kept as they were sent, and decoded here. The standard library's structured headers
(`email.policy.default`) decode each encoded word by itself, which tears characters apart that mailers split
between two words, and raise what is in no documentation for many malformed ones.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from app.kernel.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.webhooks.mail.charsets import decode_text
from app.webhooks.mail.refusals import MailRefused

LARGEST_HEAD = 256 * 1024
MOST_HEADERS = 1000
#: The longest field that parameters are read from; the library's reading of them is not linear.
LONGEST_PARAMETERS = 4096
MOST_IDS = 200
LONGEST_ID = 998

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_LINE = re.compile(rb"\r\n|\n|\r")
_CHARSET = re.compile(rb"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# RFC 2047, section 2, with the language of RFC 2231; spaces within are wrong, but common.
_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?\r\n]*)\?=")
_ID = re.compile(r"<([^<>]+)>")
# Characters that no line of text may have, as the kernel has it: they end it, or turn its direction.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def read_headers(head: bytes) -> Message:
    """Return the headers as text, unfolded and otherwise as they were sent, without a body; lines that are
    no header are passed over. Bytes above ASCII are read as UTF-8 (RFC 6532), else in the character set that
    the head declares for the body. Raises MailRefused if there is too much of them.
    """
    if len(head) > LARGEST_HEAD:
        raise MailRefused("mail_head_too_large")
    declared = _CHARSET.search(head)
    charset = declared[1].decode("ascii") if declared else None
    headers = Message()
    for name, value in _fields(head):
        field_name = name.decode("ascii")
        text, _ = decode_text(value, None if value.isascii() else _charset_of(value, charset))
        limited = text[:LONGEST_PARAMETERS] if field_name.lower().startswith("content-") else text
        headers[field_name] = limited.replace("\x00", "").strip()
        if len(headers) > MOST_HEADERS:
            raise MailRefused("mail_head_too_large")
    return headers


def _charset_of(value: bytes, declared: str | None) -> str | None:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return declared
    return "utf-8"


def _fields(head: bytes) -> Iterable[tuple[bytes, bytes]]:
    found: list[tuple[bytes, list[bytes]]] = []
    for line in _LINE.split(head):
        if line[:1] in (b" ", b"\t"):
            if found:
                found[-1][1].append(line)
        elif field := _FIELD.fullmatch(line):
            found.append((field[1], [field[2]]))
    return [(name, b"".join(lines)) for name, lines in found]


def decode_words(value: str) -> str:
    """Return the header's text with its encoded words decoded (RFC 2047). Neighbours in one character set are
    decoded together, as mailers split characters between them; words that are wrong stay as they are.
    """
    pieces: list[str] = []
    pending: list[bytes] = []
    charset, position = "", 0
    for word in _WORD.finditer(value):
        between = value[position : word.start()]
        raw = _decode_word(word[2], word[3])
        if raw is None:
            continue
        if pending and (between.strip() or word[1].lower() != charset):
            pieces.append(decode_text(b"".join(pending), charset)[0])
            pending = []
        # White space between two encoded words is not shown.
        if between.strip() or position == 0:
            pieces.append(between)
        charset, position = word[1].lower(), word.end()
        pending.append(raw)
    if pending:
        pieces.append(decode_text(b"".join(pending), charset)[0])
    return "".join([*pieces, value[position:]])


def _decode_word(encoding: str, text: str) -> bytes | None:
    sent = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(sent, header=True)
    try:
        return base64.b64decode(sent + b"==")
    except binascii.Error:
        return None


def single_line(text: str, longest: int) -> str:
    """Return the text as one line without control characters, cut with `…` if it is longer."""
    line = " ".join(_NOT_IN_A_LINE.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def message_ids(*values: str) -> tuple[str, ...]:
    """Return the message ids in these headers, each once, in their order and with angle brackets."""
    found: dict[str, None] = {}
    for value in values:
        # Exchange, among others, encodes ids that are longer than a line.
        for listed in _ID.findall(value if "<" in value else decode_words(value)):
            message_id = "".join(_NOT_IN_A_LINE.sub("", listed).split())
            if message_id and len(message_id) <= LONGEST_ID:
                found.setdefault(f"<{message_id}>")
    return tuple(found)[:MOST_IDS]


def sent_time(value: str | None) -> datetime | None:
    """Return the instant that a Date header names, in UTC; None if it names none that can be."""
    if not value:
        return None
    try:
        sent = parsedate_to_datetime(value[:200])
        # RFC 5322, 3.3: -0000 is an instant in UTC of a place that is not told.
        found = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if EARLIEST_YEAR <= found.year < LATEST_YEAR else None


def header(headers: Message, name: str) -> str:
    """Return the first header of that name as it was sent; empty if there is none."""
    return str(headers.get(name, ""))


def parameter(headers: Message, name: str, of: str = "Content-Type") -> str | None:
    """Return a parameter of a header, decoded (RFC 2231, and RFC 2047 as many mailers have it)."""
    try:
        value = headers.get_param(name, header=of)
    except (ValueError, TypeError, IndexError):
        return None
    if isinstance(value, tuple):
        charset, _, text = value
        try:
            return decode_text(text.encode("latin-1"), charset or None)[0]
        except UnicodeEncodeError:
            return text
    return None if value is None else decode_words(str(value))
