"""Bytes split into lines of text, and lines into rows of cells. Only a small part of the file is in memory at
a time, whatever it contains.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.exchange.readers.rows import FileRefused, RefusedRow

BLOCK = 64 * 1024
#: Most characters of one row, and most lines over which it may extend.
LARGEST_ROW = 1_000_000
MOST_LINES = 200_000
#: Characters that are kept of a row refused for its size.
KEPT_OF_TOO_LARGE = 10_000
DELIMITERS = ",;\t|"
#: Bytes by which UTF-16 is recognised.
SAMPLE_BYTES = 8
UTF8, UTF16, WINDOWS = "utf-8", "utf-16", "windows-1252"
ENCODINGS = (UTF8, WINDOWS, "latin-1", "gb18030", UTF16)
#: A file declared as Latin-1 is read as windows-1252, because windows-1252 marks are control characters in
#: Latin-1.
_CODECS = {"latin-1": "cp1252", WINDOWS: "cp1252"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_CODECS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
#: Line by which a file gives Excel its delimiter. It is not a row.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\w\s"]|\t)"?\s*', re.IGNORECASE)
# Share of the characters beyond ASCII that must be common ones if GB 18030 is the right encoding. Latin
# letters decoded as Chinese come out as characters that hardly anyone uses.
COMMON_SHARE = 0.8
# In windows-1252 letters beyond ASCII stand among others; so many in a row are of another alphabet.
_OTHER_ALPHABET = re.compile(rb"[\x80-\xff]{4}")

# The limit of the csv module is one for the whole process, and its default is lower than this.
csv.field_size_limit(LARGEST_ROW)

REASONS = {
    "too_large": f"the line is longer than {LARGEST_ROW:,} characters",
    "undecodable": "the row is not {encoding}; if the file has another encoding, name it",
    "looks_like": "the row is not {encoding} and looks like {likely}: choose {likely} as the encoding",
    "nul": "the row contains a NUL character",
    "broken_quotes": "a quotation mark is opened and not closed, or closed in the middle of a cell",
    "wrong_cells": "the row has {found} cells, the heading has {wanted}",
}


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault that makes a line unusable: its code, and the encoding that the line looks like, if that is
    another than the stated one.
    """

    code: str
    likely: str | None = None

    def reason(self, encoding: str, count: int = 0, expected: int = 0) -> str:
        """Return the reason for refusing the line, as text for users."""
        words = REASONS["looks_like" if self.likely else self.code]
        return words.format(encoding=encoding, likely=self.likely, found=count, wanted=expected)


TOO_LARGE = LineFault("too_large")
#: The number of a line, the line without its end, and its fault if it is unusable.
TextLine = tuple[int, str, LineFault | None]
#: The number of the line in which a row begins, its cells, and its number of characters.
CellRow = tuple[int, list[str], int]


def lines(block: Callable[[int], bytes], encoding: str) -> Iterator[TextLine]:
    """Splits the file into lines. A file whose first bytes mark it as UTF-8 or UTF-16 is read so, whatever
    encoding is declared. Raises FileRefused if the encoding is not a supported one.
    """
    if encoding not in ENCODINGS:
        raise FileRefused(f"{encoding!r} is not an encoding: use {', '.join(ENCODINGS)}.")
    number, rest, cut, end = 0, b"", False, b"\n"
    first = _beginning(block)
    wide = _utf16_codec(first) or ("utf-16-le" if encoding == UTF16 else None)
    if first.startswith(_BYTE_ORDER_MARK):
        encoding = UTF8
    elif wide is not None:
        encoding, block = UTF8, _as_utf8(first, block, wide)
        first = block(BLOCK)
    if b"\n" not in first and b"\r" in first.removesuffix(b"\r"):
        end = b"\r"  # line ends of old programs, and of some spreadsheets still
    data = first.removeprefix(_BYTE_ORDER_MARK)
    while data:
        *complete, last = data.split(end)
        if complete:
            complete[0] = rest + complete[0]
            for body in complete:
                number += 1
                yield _line(number, body, encoding, cut=cut)
                cut = False
            rest = last
        elif not cut:
            rest += last
        if len(rest) > LARGEST_ROW * 4:
            rest, cut = rest[:KEPT_OF_TOO_LARGE], True
        data = block(BLOCK)
    if rest:
        yield _line(number + 1, rest, encoding, cut=cut)


def _beginning(block: Callable[[int], bytes]) -> bytes:
    """Return the first block, which is long enough to distinguish encodings."""
    first = b""
    while len(first) < SAMPLE_BYTES and (data := block(BLOCK)):
        first += data
    return first


def _utf16_codec(first: bytes) -> str | None:
    """Return the codec of a file in UTF-16, by its mark or by how its first characters are stored; None if it
    is in another encoding.
    """
    if first[:2] in _UTF16_CODECS:
        return _UTF16_CODECS[first[:2]]
    even, odd = first[:SAMPLE_BYTES:2], first[1:SAMPLE_BYTES:2]
    if len(even) < SAMPLE_BYTES // 2:
        return None
    if all(even) and not any(odd):
        return "utf-16-le"
    return "utf-16-be" if all(odd) and not any(even) else None


def _as_utf8(first: bytes, block: Callable[[int], bytes], codec: str) -> Callable[[int], bytes]:
    """Return the file in UTF-8. Bytes that are no character there are invalid here too, so that their row is
    refused.
    """
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    pending = [first[2:] if first[:2] in _UTF16_CODECS else first]

    def next_block(size: int) -> bytes:
        while data := pending.pop() if pending else block(size):
            if text := decoder.decode(data):
                return text.encode("utf-8", "surrogatepass")
        return b""

    return next_block


def _line(number: int, body: bytes, encoding: str, *, cut: bool) -> TextLine:
    wrong, codec = None, _CODECS.get(encoding, encoding)
    try:
        text = body.removesuffix(b"\r").decode(codec)
    except UnicodeDecodeError:
        text, wrong = body.decode(codec, "replace"), LineFault("undecodable", likely_encoding(body))
    if cut or len(text) > LARGEST_ROW:
        text, wrong = text[:KEPT_OF_TOO_LARGE], TOO_LARGE
    elif "\0" in text:
        wrong = LineFault("nul")
    return number, text, wrong


def likely_encoding(body: bytes) -> str | None:
    """Return the supported encoding that the bytes look like, or None."""
    for encoding in (UTF8, "gb18030", WINDOWS):
        if encoding == WINDOWS and _OTHER_ALPHABET.search(body):
            return None
        try:
            text = body.decode(_CODECS.get(encoding, encoding))
        except UnicodeDecodeError:
            continue
        beyond = [character for character in text if not character.isascii()]
        if encoding != "gb18030" or sum(map(_is_common, beyond)) >= COMMON_SHARE * len(beyond):
            return encoding
    return None


def _is_common(character: str) -> bool:
    """True if the character is in GB 2312, one of the seven thousand in which most Chinese is written."""
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


class DelimitedRows:
    """The rows of a delimited file (RFC 4180), in order. The delimiter is the one that a line such as `sep=;`
    before the heading states, else the one that occurs most often in the heading.

    If a quotation mark seems to open a row over several lines and these make no valid row, only the first
    line is refused, so that a stray quotation mark costs one row and not all that follow. Cells that are
    missing at the end of a row are empty.
    """

    def __init__(self, source: Iterator[TextLine], encoding: str) -> None:
        self._source = source
        self._encoding = encoding
        self._pending: deque[TextLine] = deque()
        self._delimiter = ","
        self._stated_delimiter: str | None = None
        self._width = 0

    def heading(self) -> list[str]:
        """Return the cells of the first row. Raises FileRefused if it is missing or cannot be read."""
        for number, text, wrong in self._source:
            if wrong:
                why = wrong.reason(self._encoding)
                raise FileRefused(f"The heading in line {number} cannot be read: {why}.")
            if self._stated_delimiter is None and (stated := _SEPARATOR_LINE.fullmatch(text)):
                self._stated_delimiter = stated["delimiter"]
            elif text.strip():
                self._delimiter = self._stated_delimiter or max(DELIMITERS, key=text.count)
                cells = self._parse([text]) or []
                self._width = len(cells)
                return cells
        raise FileRefused("The file is empty.")

    def __iter__(self) -> Iterator[CellRow | RefusedRow]:
        while (line := self._next_line()) is not None:
            number, text, wrong = line
            if '"' in text and wrong is not TOO_LARGE:
                yield self._quoted(line)
            elif wrong is not None:
                yield self._refused([line], wrong)
            elif text:
                cells = self._filled(text.split(self._delimiter))
                if len(cells) == self._width:
                    yield number, cells, len(text)
                elif text.strip():
                    yield self._refused([line], LineFault("wrong_cells"), len(cells))

    def _filled(self, cells: list[str]) -> list[str]:
        """Return the cells with empty ones for those that programs leave out at the end of a row. A line of
        one cell is no row of a table: it may be the note below it.
        """
        return cells + [""] * (self._width - len(cells)) if len(cells) > 1 else cells

    def _next_line(self) -> TextLine | None:
        return self._pending.popleft() if self._pending else next(self._source, None)

    def _quoted(self, first: TextLine) -> CellRow | RefusedRow:
        """Reads the row that begins in this line, which contains quotation marks."""
        row_lines, fits = [first], True
        cells = self._parse([first[1]])
        if cells is None and first[1].count('"') % 2 == 1:
            fits = self._take_quoted_lines(row_lines)
            cells = self._parse([text for _, text, _ in row_lines]) if fits else None
        wrong = next((wrong for _, _, wrong in row_lines if wrong is not None), None)
        if cells is not None and not any(self._is_row(text) for _, text, _ in row_lines[1:]):
            cells = self._filled(cells)
        if cells is not None and len(cells) == self._width:
            if wrong is not None:
                return self._refused(row_lines, wrong)
            return first[0], cells, sum(len(text) for _, text, _ in row_lines)
        length = next(
            (n for n, (_, text, _) in enumerate(row_lines) if n and self._is_row(text)), len(row_lines)
        )
        if not fits and length == len(row_lines):
            self._skip_oversized()
            return self._refused(row_lines, TOO_LARGE)
        if cells is None:
            self._pending.extendleft(reversed(row_lines[1:]))
            return self._refused([first], first[2] or LineFault("broken_quotes"))
        self._pending.extendleft(reversed(row_lines[length:]))
        return self._refused(row_lines[:length], wrong or LineFault("wrong_cells"), len(cells))

    def _take_quoted_lines(self, text_lines: list[TextLine]) -> bool:
        """Appends lines to `text_lines` until the quotation marks are closed or the file ends. Returns
        whether they fit into the largest row.
        """
        size = len(text_lines[0][1])
        while (line := self._next_line()) is not None:
            text_lines.append(line)
            _, text, wrong = line
            size += len(text) + 1
            if wrong is TOO_LARGE or size > LARGEST_ROW or len(text_lines) > MOST_LINES:
                return False
            if text.count('"') % 2 == 1:
                break
        return True

    def _skip_oversized(self) -> None:
        """Skips the rest of a row that is too large: up to the end of its quoted cell, or to the next valid
        row.
        """
        while (line := self._next_line()) is not None:
            if self._is_row(line[1]):
                self._pending.appendleft(line)
                return
            if line[1].count('"') % 2 == 1:
                return

    def _parse(self, row_lines: list[str]) -> list[str] | None:
        try:
            return next(csv.reader(["\n".join(row_lines)], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return None

    def _is_row(self, text: str) -> bool:
        if text.count(self._delimiter) < self._width - 1:
            return False
        cells = self._parse([text])
        return cells is not None and len(cells) == self._width

    def _refused(self, text_lines: list[TextLine], wrong: LineFault, count: int = 0) -> RefusedRow:
        text = "\n".join(text for _, text, _ in text_lines)
        if wrong is TOO_LARGE:
            text = text[:KEPT_OF_TOO_LARGE]
        reason = wrong.reason(self._encoding, count, self._width)
        return RefusedRow(text_lines[0][0], wrong.code, reason, text, wrong.likely)
