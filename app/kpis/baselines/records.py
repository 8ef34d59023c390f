"""Baselines of KPIs: child records of what froze them (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.records import FOLD, ChildRecord, Document


class KpiBaseline(ChildRecord):
    """The value of a KPI in a window, as it was when it was frozen: later events do not change it.

    `name` is the key of the target within its record. `scope` are the filters of the cases by dimension, the
    window is half open, `zone`, `currency` and `reopen_days` are the settings that were counted by. `value`
    is a decimal text; null: there was none. `position` is that of the log which was read.
    """

    KIND: ClassVar[str] = "kpi_baseline"

    name: str | None = None
    kpi: str | None = None
    scope: Annotated[dict[str, Any] | None, Document()] = Field(default=None, sa_type=JSONB)
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str | None = None
    currency: str | None = None
    reopen_days: int | None = None
    value: str | None = None
    cases: int | None = None
    position: int | None = None
    frozen_at: datetime | None = None


class KpiBaselineTable(KpiBaseline, table=True):
    """The table of baselines of KPIs."""

    __tablename__ = "kpi_baseline"
    __table_args__: ClassVar = FOLD
