"""Rows of HTML tables as lines of text (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from app.common.files.html_attributes import integer_of

_BLANK = frozenset({"", ">"})
_BETWEEN = re.compile(r"(?<=\|) {2}(?=\|)")
#: No table has more columns and rows than this within one of its cells.
_MOST_SPANNED = 100


class Table:
    """A table that is open, and its cells that reach into further columns and rows. `is_data`: it has
    headings, or a row of several cells that hold something; others only arrange a page.
    """

    def __init__(self) -> None:
        self.is_data = False
        #: The rows below into which the cell in that column reaches, and those of cells of this row.
        self._rows_left: dict[int, int] = {}
        self._of_row: dict[int, int] = {}
        #: Further columns of the last cell.
        self._columns = 0

    def empty_before(self, column: int, attributes: dict[str, str]) -> int:
        """Return the number of empty cells that stand before a cell with these attributes, the next one after
        `column` others.
        """
        first = column + self._columns
        while self._rows_left.get(first, 0) > 0:
            first += 1
        self._columns = min(max(integer_of(attributes, "colspan", 1), 1), _MOST_SPANNED) - 1
        rows = min(integer_of(attributes, "rowspan", 1), _MOST_SPANNED) - 1
        if rows > 0:
            self._of_row |= dict.fromkeys(range(first, first + self._columns + 1), rows)
        return first - column

    def end_row(self) -> None:
        """End a row."""
        self._rows_left = {column: left - 1 for column, left in self._rows_left.items() if left > 1}
        self._rows_left |= self._of_row
        self._of_row, self._columns = {}, 0


def row_lines(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a row, whose cells stand side by side with separators between them, so that an
    empty one is seen. The lines of several cells stay in pairs, as `a<br>b` next to `1<br>2`.
    """
    filled = [[line for line in cell if line not in _BLANK] for cell in cells]
    if sum(len(cell) > 1 for cell in filled) < 2:
        return [_row([" ".join(cell) for cell in filled])]
    if len({len(cell) for cell in filled if cell}) > 1:
        # A line that is left empty in one cell stands next to a filled line in another.
        counts = {len(_trimmed(cell)) for cell in cells if _trimmed(cell)}
        filled = [_trimmed(cell) for cell in cells] if len(counts) == 1 else filled
    lines = [["" if each in _BLANK else each for each in line] for line in zip_longest(*filled, fillvalue="")]
    return [_row(line) for line in lines]


def _row(cells: Sequence[str]) -> str:
    return _BETWEEN.sub(" ", " | ".join(cells)).removeprefix("" if cells[0] else " ").rstrip()


def _trimmed(cell: Sequence[str]) -> list[str]:
    """Return the lines without empty ones around them."""
    begin, end = 0, len(cell)
    while begin < end and cell[begin] in _BLANK:
        begin += 1
    while end > begin and cell[end - 1] in _BLANK:
        end -= 1
    return list(cell[begin:end])
