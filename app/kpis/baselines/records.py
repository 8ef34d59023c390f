"""Baselines of KPIs: child records of what froze them (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.records import ChildRecord, Document


class KpiBaseline(ChildRecord):
    """The value of a KPI in a window, as it was when it was frozen: later events do not change it.

    `name` is the key of the target within its record. `scope` are the filters of the cases by dimension, the
    window is half open, `zone`, `currency` and `reopen_days` are the settings that were counted by. `value`
    is a decimal text; null: there was none. `position` is that of the log which was read.
    """

    KIND: ClassVar[str] = "kpi_baseline"

    name: str | None = None
    kpi: str | None = None
    scope: Annotated[dict[str, Any] | None, Document()] = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str | None = None
    currency: str | None = None
    reopen_days: int | None = None
    value: str | None = None
    cases: int | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    frozen_at: datetime | None = None
