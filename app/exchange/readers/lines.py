"""Bytes → lines of text, and lines → rows of cells. Whatever the file holds, little of it is in memory at
once.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator

from app.exchange.readers.rows import FileRefused, RefusedRow

BLOCK = 64 * 1024
#: Characters of one row, and the lines that they may stand in.
LARGEST_ROW = 1_000_000
MOST_LINES = 10_000
#: So much of a row that is refused for its size is kept.
KEPT_OF_TOO_LARGE = 10_000
DELIMITERS = ",;\t|"
UTF8 = "utf-8"
ENCODINGS = (UTF8, "latin-1", "gb18030")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")

# The limit of the csv module is one for the whole process, and lower than ours.
csv.field_size_limit(LARGEST_ROW)

REASONS = {
    "too_large": f"the line is longer than {LARGEST_ROW:,} characters",
    "undecodable": "the row is not {encoding}; if the file is in another encoding, say in which",
    "nul": "the row holds a NUL character",
    "broken_quotes": "a quotation mark is opened and not closed, or closed in the middle of a cell",
    "wrong_cells": "the row has {found} cells, the heading has {wanted}",
}


#: The number of a line, the line without its end, and the code of what makes it unusable.
Line = tuple[int, str, str | None]
#: The number of the line in which a row begins, its cells, and how many characters it has.
Row = tuple[int, list[str], int]


def lines(block: Callable[[int], bytes], encoding: str) -> Iterator[Line]:
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


def _line(number: int, body: bytes, encoding: str, *, cut: bool) -> Line:
    wrong = None
    try:
        text = body.removesuffix(b"\r").decode(encoding)
    except UnicodeDecodeError:
        text, wrong = body.decode(encoding, "replace"), "undecodable"
    if cut or len(text) > LARGEST_ROW:
        text, wrong = text[:KEPT_OF_TOO_LARGE], "too_large"
    elif "\0" in text:
        wrong = "nul"
    return number, text, wrong


class Rows:
    """The rows of a delimited file (RFC 4180), in order. The delimiter is the one that splits the heading
    best.

    A row over several lines that turns out not to be one is refused by its first line alone, so that a
    stray quotation mark costs one row and not all that follow.
    """

    def __init__(self, source: Iterator[Line], encoding: str) -> None:
        self._source = source
        self._encoding = encoding
        self._ahead: deque[Line] = deque()
        self._delimiter = ","
        self._width = 0

    def heading(self) -> list[str]:
        """The first row. Raises FileRefused if there is none."""
        for number, text, wrong in self._source:
            if wrong:
                raise FileRefused(f"The heading in line {number} cannot be read: {self._reason(wrong)}.")
            if text.strip():
                self._delimiter = max(DELIMITERS, key=text.count)
                cells = self._parse([text]) or []
                self._width = len(cells)
                return cells
        raise FileRefused("The file is empty.")

    def __iter__(self) -> Iterator[Row | RefusedRow]:
        while (line := self._next()) is not None:
            number, text, wrong = line
            if wrong is not None:
                yield self._refused([line], wrong)
            elif '"' in text:
                yield self._quoted(line)
            elif text:
                cells = text.split(self._delimiter)
                if len(cells) == self._width:
                    yield number, cells, len(text)
                elif text.strip():
                    yield self._refused([line], "wrong_cells", len(cells))

    def _next(self) -> Line | None:
        return self._ahead.popleft() if self._ahead else next(self._source, None)

    def _quoted(self, first: Line) -> Row | RefusedRow:
        """The row that begins in this line, in which there are quotation marks."""
        taken = [first]
        cells = self._parse([first[1]])
        if cells is None and first[1].count('"') % 2 == 1:
            cells = self._over_several(taken)
        if cells is None:
            self._ahead.extendleft(reversed(taken[1:]))
            return self._refused([first], "broken_quotes")
        if len(cells) == self._width:
            return first[0], cells, sum(len(text) for _, text, _ in taken)
        kept = next((n for n, (_, text, _) in enumerate(taken) if n and self._is_row(text)), len(taken))
        self._ahead.extendleft(reversed(taken[kept:]))
        return self._refused(taken[:kept], "wrong_cells", len(cells))

    def _over_several(self, taken: list[Line]) -> list[str] | None:
        """Takes lines until the quotation marks are closed. None if they never are within the largest row."""
        size = len(taken[0][1])
        while (line := self._next()) is not None:
            taken.append(line)
            _, text, wrong = line
            size += len(text)
            if wrong is not None or size > LARGEST_ROW or len(taken) > MOST_LINES:
                return None
            if text.count('"') % 2 == 1:
                return self._parse([text for _, text, _ in taken])
        return None

    def _parse(self, taken: list[str]) -> list[str] | None:
        try:
            return next(csv.reader(["\n".join(taken)], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return None

    def _is_row(self, text: str) -> bool:
        cells = self._parse([text])
        return cells is not None and len(cells) == self._width

    def _reason(self, code: str, found: int = 0) -> str:
        return REASONS[code].format(encoding=self._encoding, found=found, wanted=self._width)

    def _refused(self, taken: list[Line], code: str, found: int = 0) -> RefusedRow:
        text = "\n".join(text for _, text, _ in taken)
        return RefusedRow(taken[0][0], code, self._reason(code, found), text)
