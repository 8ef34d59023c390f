"""A series of a KPI of any length, in pieces that are answers of their own.

A series in one response has at most so many periods, and so many points. A longer one is sent piece by piece,
each from a snapshot of its own, whose log position is its `position`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime

from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.questions.periods import LARGEST_NUMBER
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Database

#: All the days of the years that the log takes times of (1900 to 2200).
MOST_PERIODS = 110_000
PIECE = LARGEST_NUMBER
#: A piece has a period and the one before it, with which it is compared.
SMALLEST_PIECE = 2


async def series_pieces(
    db: Database, question: KpiQuestion, now: datetime, *, position: int | None = None
) -> AsyncGenerator[KpiAnswer, None]:
    """Yield the answer to the question in pieces of at most PIECE periods, in order; of fewer where these
    would have too many points. Raises CannotAnswer and DatabaseGone, as `answer`.
    """
    first, size, all_bounds = 0, PIECE, question.bounds
    while first < len(all_bounds) - 1:
        begin = max(first - 1, 0)
        piece = replace(question, bounds=all_bounds[begin : begin + size + 1])
        try:
            piece_answer = await answer(db, piece, now, position=position, reuse=True)
        except CannotAnswer as error:
            if error.code != "too_many_points" or size <= SMALLEST_PIECE:
                raise
            size = max(size // 2, SMALLEST_PIECE)
            continue
        points = [point for point in piece_answer.points if point.begin >= all_bounds[first]]
        yield piece_answer.model_copy(update={"points": points})
        first = begin + size
