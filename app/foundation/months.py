"""Months as `2026-11`: where they begin and end by the clocks of a zone (pure)."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated

from pydantic import StringConstraints

from app.common.components import Component

Month = Annotated[
    str,
    StringConstraints(pattern=r"^(19|2[01])[0-9]{2}-(0[1-9]|1[0-2])$"),
    Component("Month", "A month.", "2026-11"),
]


def start_of_month(month: str, zone: tzinfo) -> datetime:
    """Return the first instant of the month in the zone."""
    year, number = map(int, month.split("-"))
    return datetime(year, number, 1, tzinfo=zone)


def end_of_month(month: str, zone: tzinfo) -> datetime:
    """Return the first instant behind the month, as `2026-11`, in the zone."""
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)


def month_of(instant: datetime, zone: tzinfo) -> str:
    """Return the month of the instant in the zone."""
    return f"{instant.astimezone(zone):%Y-%m}"


def month_before(instant: datetime, zone: tzinfo) -> str:
    """Return the month before that of the instant, in the zone."""
    local = instant.astimezone(zone)
    return f"{local.year - (local.month == 1):04}-{(local.month - 2) % 12 + 1:02}"
