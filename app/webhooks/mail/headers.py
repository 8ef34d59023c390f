"""Texts in the headers of mails: encoded words, ids, dates (pure)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from app.kernel.actions.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.webhooks.mail.charsets import decode_text

MOST_IDS = 200
LONGEST_ID = 998

# Some mailers leave question marks in Q words unescaped: such a word ends at the first `?=`, and does not
# count if another one begins before.
_WORD = r"=\?[^?\s]{1,80}\?(?:[bB]\?[ ->@-~]*|[qQ]\?(?:[ -<>@-~]|=(?!\?[^=])|\?(?!=))*)\?="
#: Encoded words with nothing but white space between them, which is not shown.
_WORDS = re.compile(rf"{_WORD}(?:\s*{_WORD})*")
_SPLIT_DIGITS = re.compile(r"(?<=[A-Za-z0-9+/])\?=\s*=\?[^?\s]{1,80}\?[bB]\?")
_ID = re.compile(r"<([^<>]+)>")
# Characters that no line of text may have, as the kernel has it: they end it, or turn its direction.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def decode_words(value: str) -> str:
    """Return the header's text with its encoded words decoded (RFC 2047). Neighbours in one character set are
    decoded together, as mailers split characters between them; neighbours of a wrong word stay as they are.
    """
    return _WORDS.sub(_decoded, value)


def _decoded(words: re.Match[str]) -> str:
    text, guessed = _decoded_words(words[0])
    if guessed:  # some mailers split the digits of one base64 text between words
        joined_text, joined_guessed = _decoded_words(_SPLIT_DIGITS.sub("", words[0]))
        return text if joined_guessed else joined_text
    return text


def _decoded_words(words: str) -> tuple[str, bool]:
    """Return the text of the words, and whether a character set of them was guessed."""
    try:
        pieces = decode_header(words)
    except (HeaderParseError, ValueError):
        return words, True
    # RFC 2231, section 5: the language may follow the character set.
    texts = [decode_text(piece, str(charset).partition("*")[0]) for piece, charset in pieces]
    return "".join(text for text, _ in texts), any(guessed for _, guessed in texts)


def single_line(text: str, longest: int) -> str:
    """Return the text as one line without control characters, cut with `…` if it is longer."""
    line = " ".join(_NOT_IN_A_LINE.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def message_ids(*values: str) -> tuple[str, ...]:
    """Return the message ids in these headers, each once, in their order and with angle brackets."""
    ids: dict[str, None] = {}
    for value in values:
        # Exchange, among others, encodes ids that are longer than a line.
        for listed in _ID.findall(value if "<" in value else decode_words(value)):
            message_id = "".join(_NOT_IN_A_LINE.sub("", listed).split())
            if message_id and len(message_id) <= LONGEST_ID:
                ids.setdefault(f"<{message_id}>")
    return tuple(ids)[:MOST_IDS]


def sent_time(value: str | None) -> datetime | None:
    """Return the instant that a Date header names, in UTC; None if it names none that can be."""
    if not value:
        return None
    try:
        sent = parsedate_to_datetime(value[:200])
        # RFC 5322, 3.3: -0000 is an instant in UTC at an unknown place.
        instant = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return instant if EARLIEST_YEAR <= instant.year < LATEST_YEAR else None
