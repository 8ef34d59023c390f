"""Quarters as `2026-Q4`: where they begin and end by the clocks of a zone (pure)."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated

from pydantic import StringConstraints

from app.common.components import Component

Quarter = Annotated[
    str,
    StringConstraints(pattern=r"^(19|2[01])[0-9]{2}-Q[1-4]$"),
    Component("Quarter", "A quarter.", "2026-Q4"),
]


def start_of_quarter(quarter: str, zone: tzinfo) -> datetime:
    """Return the first instant of the quarter in the zone."""
    year, number = map(int, quarter.split("-Q"))
    return datetime(year, 3 * number - 2, 1, tzinfo=zone)


def end_of_quarter(quarter: str, zone: tzinfo) -> datetime:
    """Return the first instant behind the quarter in the zone."""
    year, number = map(int, quarter.split("-Q"))
    return datetime(year + number // 4, 3 * (number % 4) + 1, 1, tzinfo=zone)


def quarter_of(instant: datetime, zone: tzinfo) -> str:
    """Return the quarter of the instant in the zone."""
    local = instant.astimezone(zone)
    return f"{local.year:04}-Q{(local.month + 2) // 3}"


def quarter_before(instant: datetime, zone: tzinfo) -> str:
    """Return the quarter before that of the instant, in the zone."""
    year, number = map(int, quarter_of(instant, zone).split("-Q"))
    return f"{year - (number == 1):04}-Q{(number - 2) % 4 + 1}"
