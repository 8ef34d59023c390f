"""Baselines of KPIs: child records of what froze them (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger

from app.common.records import ChildRecord, Document, optional, required


class KpiBaseline(ChildRecord):
    """The value of a KPI in a window, as it was when it was frozen: later events do not change it.

    `name` is the key of the target within its record. `scope` are the filters of the cases by dimension, the
    window is half open, `zone`, `currency` and `reopen_days` are the settings that were counted by. `value`
    is a decimal text; null: there was none. `position` is that of the log which was read.
    """

    KIND: ClassVar[str] = "kpi_baseline"

    name: str | None = required("The key of its target.")
    kpi: str | None = required("The key of the KPI.")
    scope: Annotated[dict[str, Any] | None, Document()] = None
    begins_at: datetime | None = required()
    ends_at: datetime | None = required("The end, exclusive.")
    zone: str | None = required("The time zone by which days are cut.")
    currency: str | None = required("The currency that costs were counted in.")
    reopen_days: int | None = required("Number of days for which an ended case could be reopened.")
    value: str | None = optional("The value as a decimal text, in the KPI's unit. Null: there was none.")
    cases: int | None = required("Number of cases from which it was computed.")
    position: int | None = required("The position of the log that was read.", sa_type=BigInteger)
    frozen_at: datetime | None = required()
