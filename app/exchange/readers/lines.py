"""Bytes → lines of text, and lines → rows of cells. Whatever the file holds, little of it is in memory at
once.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.exchange.readers.rows import FileRefused, RefusedRow

BLOCK = 64 * 1024
#: Characters of one row, and the lines that they may stand in.
LARGEST_ROW = 1_000_000
MOST_LINES = 200_000
#: So much of a row that is refused for its size is kept.
KEPT_OF_TOO_LARGE = 10_000
DELIMITERS = ",;\t|"
UTF8 = "utf-8"
ENCODINGS = (UTF8, "latin-1", "gb18030")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")
# So much of what is not ASCII is common in the encoding that it was written in. Read as Chinese, Latin
# letters come out as characters that nobody uses.
COMMON_SHARE = 0.8
# Control characters in Latin-1, which no text has.
_CONTROLS = re.compile(rb"[\x80-\x9f]")

# The limit of the csv module is one for the whole process, and lower than ours.
csv.field_size_limit(LARGEST_ROW)

REASONS = {
    "too_large": f"the line is longer than {LARGEST_ROW:,} characters",
    "undecodable": "the row is not {encoding}; if the file is in another encoding, say in which",
    "looks_like": "the row is not {encoding} and looks like {likely}: say that the file is in {likely}",
    "nul": "the row holds a NUL character",
    "broken_quotes": "a quotation mark is opened and not closed, or closed in the middle of a cell",
    "wrong_cells": "the row has {found} cells, the heading has {wanted}",
}


@dataclass(frozen=True, slots=True)
class LineFault:
    """What makes a row unusable: the code, and the encoding that it looks like, if it is in another one."""

    code: str
    likely: str | None = None

    def reason(self, encoding: str, found: int = 0, wanted: int = 0) -> str:
        """Why it is refused, in words."""
        words = REASONS["looks_like" if self.likely else self.code]
        return words.format(encoding=encoding, likely=self.likely, found=found, wanted=wanted)


TOO_LARGE = LineFault("too_large")
#: The number of a line, the line without its end, and what makes it unusable.
TextLine = tuple[int, str, LineFault | None]
#: The number of the line in which a row begins, its cells, and how many characters it has.
CellRow = tuple[int, list[str], int]


def lines(block: Callable[[int], bytes], encoding: str) -> Iterator[TextLine]:
    """The lines of the file. Raises FileRefused if it is in an encoding that none of ours resembles."""
    if encoding not in ENCODINGS:
        raise FileRefused(f"{encoding!r} is not an encoding: use {', '.join(ENCODINGS)}.")
    number, rest, cut, end = 0, b"", False, b"\n"
    first = block(BLOCK)
    if first.startswith(_OTHER_MARKS):
        raise FileRefused("The file is in UTF-16. Save it as UTF-8, then import it.")
    if b"\n" not in first and b"\r" in first.removesuffix(b"\r"):
        end = b"\r"  # as old programs write, and some spreadsheets still do
    data = first.removeprefix(_BYTE_ORDER_MARK)
    while data:
        *whole, last = data.split(end)
        if whole:
            whole[0] = rest + whole[0]
            for body in whole:
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


def _line(number: int, body: bytes, encoding: str, *, cut: bool) -> TextLine:
    wrong = None
    try:
        text = body.removesuffix(b"\r").decode(encoding)
    except UnicodeDecodeError:
        text, wrong = body.decode(encoding, "replace"), LineFault("undecodable", likely_encoding(body))
    if cut or len(text) > LARGEST_ROW:
        text, wrong = text[:KEPT_OF_TOO_LARGE], TOO_LARGE
    elif "\0" in text:
        wrong = LineFault("nul")
    return number, text, wrong


def likely_encoding(body: bytes) -> str | None:
    """Which of our encodings the bytes look like; None: none of them."""
    for encoding in (UTF8, "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        beyond = [character for character in text if not character.isascii()]
        if encoding == UTF8 or sum(map(_is_common, beyond)) >= COMMON_SHARE * len(beyond):
            return encoding
    return None if _CONTROLS.search(body) else "latin-1"


def _is_common(character: str) -> bool:
    """Whether it is one of the seven thousand characters that most of Chinese is written with."""
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


class DelimitedRows:
    """The rows of a delimited file (RFC 4180), in order. The delimiter is the one that splits the heading
    best.

    A row over several lines that turns out not to be one is refused by its first line alone, so that a
    stray quotation mark costs one row and not all that follow.
    """

    def __init__(self, source: Iterator[TextLine], encoding: str) -> None:
        self._source = source
        self._encoding = encoding
        self._pending: deque[TextLine] = deque()
        self._delimiter = ","
        self._width = 0

    def heading(self) -> list[str]:
        """The first row. Raises FileRefused if there is none."""
        for number, text, wrong in self._source:
            if wrong:
                why = wrong.reason(self._encoding)
                raise FileRefused(f"The heading in line {number} cannot be read: {why}.")
            if text.strip():
                self._delimiter = max(DELIMITERS, key=text.count)
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
                cells = text.split(self._delimiter)
                if len(cells) == self._width:
                    yield number, cells, len(text)
                elif text.strip():
                    yield self._refused([line], LineFault("wrong_cells"), len(cells))

    def _next_line(self) -> TextLine | None:
        return self._pending.popleft() if self._pending else next(self._source, None)

    def _quoted(self, first: TextLine) -> CellRow | RefusedRow:
        """The row that begins in this line, in which there are quotation marks."""
        taken, fits = [first], True
        cells = self._parse([first[1]])
        if cells is None and first[1].count('"') % 2 == 1:
            fits = self._take_quoted_lines(taken)
            cells = self._parse([text for _, text, _ in taken]) if fits else None
        wrong = next((wrong for _, _, wrong in taken if wrong is not None), None)
        if cells is not None and len(cells) == self._width:
            if wrong is not None:
                return self._refused(taken, wrong)
            return first[0], cells, sum(len(text) for _, text, _ in taken)
        kept = next((n for n, (_, text, _) in enumerate(taken) if n and self._is_row(text)), len(taken))
        if not fits and kept == len(taken):
            self._skip_oversized()
            return self._refused(taken, TOO_LARGE)
        if cells is None:
            self._pending.extendleft(reversed(taken[1:]))
            return self._refused([first], first[2] or LineFault("broken_quotes"))
        self._pending.extendleft(reversed(taken[kept:]))
        return self._refused(taken[:kept], wrong or LineFault("wrong_cells"), len(cells))

    def _take_quoted_lines(self, taken: list[TextLine]) -> bool:
        """Takes lines until the quotation marks are closed, or the file ends. Gives whether they fit into the
        largest row.
        """
        size = len(taken[0][1])
        while (line := self._next_line()) is not None:
            taken.append(line)
            _, text, wrong = line
            size += len(text) + 1
            if wrong is TOO_LARGE or size > LARGEST_ROW or len(taken) > MOST_LINES:
                return False
            if text.count('"') % 2 == 1:
                break
        return True

    def _skip_oversized(self) -> None:
        """Leaves out the rest of a row that is too large: up to the end of its cell, or to the next row."""
        while (line := self._next_line()) is not None:
            if self._is_row(line[1]):
                self._pending.appendleft(line)
                return
            if line[1].count('"') % 2 == 1:
                return

    def _parse(self, taken: list[str]) -> list[str] | None:
        try:
            return next(csv.reader(["\n".join(taken)], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return None

    def _is_row(self, text: str) -> bool:
        if text.count(self._delimiter) < self._width - 1:
            return False
        cells = self._parse([text])
        return cells is not None and len(cells) == self._width

    def _refused(self, taken: list[TextLine], wrong: LineFault, found: int = 0) -> RefusedRow:
        text = "\n".join(text for _, text, _ in taken)
        if wrong is TOO_LARGE:
            text = text[:KEPT_OF_TOO_LARGE]
        reason = wrong.reason(self._encoding, found, self._width)
        return RefusedRow(taken[0][0], wrong.code, reason, text, wrong.likely)
