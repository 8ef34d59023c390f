"""Bodies in base64, also with lines that somebody added without encoding them (pure).

Lists append their footer and gateways put a warning above, whatever the encoding of the body is.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from contextlib import suppress
from html import escape
from typing import NamedTuple

_DIGITS = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
#: A line of digits with a few damaged characters: it is long and has no words.
_DAMAGED = re.compile(rb"[!-~]{60,}")
#: Character sets of which ASCII is no part, without the mark of their order: the lines stand within a text.
_WIDE = {"utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
_STANDARD = bytes.maketrans(b"-_", b"+/")
_NO_DIGIT = re.compile(rb"[^A-Za-z0-9+/]+")
#: After the end of the digits a shorter line is a word.
_SHORTEST_FURTHER = 16


class Decoded(NamedTuple):
    """Content of an encoded body; `is_damaged`: some of the body is not in it."""

    content: bytes
    is_damaged: bool = False


def decode_base64(body: bytes, media_type: str, charset: str | None) -> Decoded:
    """Return the encoded bytes of the body. For text the lines around them are kept."""
    lines = [line.strip() for line in body.splitlines()]
    is_text = media_type.startswith("text/")
    if not is_text:
        lines = [line.removeprefix(b">").lstrip() for line in lines]
    digits = b"".join(lines)
    # Some mailers take the digits for addresses (RFC 4648, section 5); lines within texts look like these.
    for form in (digits,) if is_text else (digits, digits.translate(_STANDARD)):
        with suppress(Error):
            return Decoded(b64decode(form + b"=" * (-len(form) % 4), validate=True), _is_cut(form))
    if is_text and (text := _decoded_as_address(digits)) is not None:
        return Decoded(text)
    if not is_text:
        digit_lines = [line for line in lines if _are_digits(line)]
        is_damaged = digit_lines != list(filter(None, lines)) or _has_lost(digit_lines)
        return Decoded(_decoded(digit_lines), is_damaged)
    begin, end = _longest_run(lines)
    above, below = (_added(part, media_type, charset) for part in (lines[:begin], lines[end:]))
    return Decoded(above + _decoded(lines[begin:end]) + below, _has_lost(lines[begin:end]))


def _decoded_as_address(digits: bytes) -> bytes | None:
    """Return the text whose digits are those for addresses; None if they are words that were not encoded."""
    if len(digits) < _SHORTEST_FURTHER or len(digits) % 4:
        return None
    try:
        text = b64decode(digits.translate(_STANDARD), validate=True)
        readable = text.decode()
    except ValueError:
        return None
    return None if any(char < " " and char not in "\t\r\n" for char in readable) else text


def _has_lost(lines: list[bytes]) -> bool:
    """Return whether the lines hold less than was encoded: characters are damaged, or the end is missing."""
    return any(_DIGITS.fullmatch(line) is None for line in lines) or _is_cut(b"".join(lines))


def _is_cut(digits: bytes) -> bool:
    """Return whether the digits end without their padding, as those of a part that was cut do."""
    return len(digits) % 4 != 0


def _are_digits(line: bytes) -> bool:
    return _DIGITS.fullmatch(line) is not None or _DAMAGED.fullmatch(line) is not None


def _longest_run(lines: list[bytes]) -> tuple[int, int]:
    """Return the first line of the digits, and the line after their last one."""
    best, length = (0, 0), 0
    begin = 0
    while begin < len(lines):
        end = begin
        while end < len(lines) and _are_digits(lines[end]) and not _is_beyond(lines, begin, end):
            end += 1
        first = begin
        is_short = end - begin > 1 and len(lines[begin]) < _SHORTEST_FURTHER < len(lines[begin + 1])
        if is_short and not lines[begin].endswith(b"="):
            first += 1  # a word: only the last line of digits is shorter
        if (size := sum(map(len, lines[first:end]))) > length:
            best, length = (first, end), size
        begin = max(end, begin + 1)
    return best


def _is_beyond(lines: list[bytes], begin: int, n: int) -> bool:
    ended = n > begin and lines[n - 1].endswith(b"=")
    return ended and (len(lines[n]) < _SHORTEST_FURTHER or len(lines[n]) % 4 != 0)


def _decoded(lines: list[bytes]) -> bytes:
    pieces: list[bytes] = []
    digits: list[bytes] = []
    for n, line in enumerate(lines):
        digits.append(_NO_DIGIT.sub(b"", line))
        # Text that was encoded separately may follow: its digits start again.
        if line.endswith(b"=") or n == len(lines) - 1:
            joined = b"".join(digits)
            joined = joined[:-1] if len(joined) % 4 == 1 else joined
            pieces.append(b64decode(joined + b"=" * (-len(joined) % 4)))
            digits = []
    return b"".join(pieces)


def _added(lines: list[bytes], media_type: str, charset: str | None) -> bytes:
    text = b"\n".join(lines).strip()
    if not text:
        return b""
    added_text = text.decode("ascii", "surrogateescape")
    if media_type == "text/html":
        added_text = "<br>" + escape(added_text).replace("\n", "<br>") + "<br>"
    added_text = f"\n{added_text}\n"
    if (wide := _WIDE.get((charset or "").lower())) is not None:
        return added_text.encode(wide, "replace")
    return added_text.encode("ascii", "surrogateescape")
