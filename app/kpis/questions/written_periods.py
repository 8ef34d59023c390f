"""Periods as addresses write them: `2026-10`, `2026-W43`, `2026-Q4`, `2026` (pure)."""

from __future__ import annotations

import re
from datetime import date

from app.kpis.questions.periods import Grain

#: How a period is written, by its grain.
WRITTEN = {
    Grain.year: re.compile(r"(\d{4})"),
    Grain.quarter: re.compile(r"(\d{4})-Q([1-4])"),
    Grain.month: re.compile(r"(\d{4})-(\d{2})"),
    Grain.week: re.compile(r"(\d{4})-W(\d{2})"),
    Grain.day: re.compile(r"(\d{4})-(\d{2})-(\d{2})"),  # a day in it, as addresses were written earlier
}
FIRST_YEAR, LAST_YEAR = 1900, 2199


def parse_period(text: str) -> tuple[Grain, date] | None:
    """Return the grain and the first day of a period as an address writes it, or None."""
    for grain, pattern in WRITTEN.items():
        if match := pattern.fullmatch(text):
            year, *number = (int(part) for part in match.groups())
            if not FIRST_YEAR <= year <= LAST_YEAR:
                return None
            try:
                return grain, _first_of(grain, year, *number)
            except ValueError:  # a month 13, a week 54
                return None
    return None


def _first_of(grain: Grain, year: int, number: int = 1, day: int = 1) -> date:
    if grain is Grain.day:
        return date(year, number, day)
    if grain is Grain.week:
        return date.fromisocalendar(year, number, 1)
    return date(year, 3 * number - 2 if grain is Grain.quarter else number, 1)


def period_key(grain: Grain, first: date) -> str:
    """Return the period that begins on that day, as an address writes it."""
    match grain:
        case Grain.year:
            return f"{first:%Y}"
        case Grain.quarter:
            return f"{first:%Y}-Q{(first.month + 2) // 3}"
        case Grain.week:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        case _:
            return f"{first:%Y-%m}"
