"""Rows of HTML tables as lines of text (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

_BLANK = frozenset({"", ">"})
_SPACES = re.compile(" {2,}")


def row_lines(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a row, whose cells stand side by side with separators between them, so that an
    empty one is seen. The lines of several cells stay in pairs, as `a<br>b` next to `1<br>2`.
    """
    filled = [[line for line in cell if line not in _BLANK] for cell in cells]
    if sum(len(cell) > 1 for cell in filled) < 2:
        return [_SPACES.sub(" ", " | ".join(" ".join(cell) for cell in filled)).strip()]
    if len({len(cell) for cell in filled if cell}) > 1:
        # A line that is left empty in one cell stands beside one that is not in another.
        counts = {len(_trimmed(cell)) for cell in cells if _trimmed(cell)}
        filled = [_trimmed(cell) for cell in cells] if len(counts) == 1 else filled
    lines = [["" if each in _BLANK else each for each in line] for line in zip_longest(*filled, fillvalue="")]
    return [_SPACES.sub(" ", " | ".join(line)).strip() for line in lines]


def _trimmed(cell: Sequence[str]) -> list[str]:
    """Return the lines without empty ones around them."""
    begin, end = 0, len(cell)
    while begin < end and cell[begin] in _BLANK:
        begin += 1
    while end > begin and cell[end - 1] in _BLANK:
        end -= 1
    return list(cell[begin:end])
