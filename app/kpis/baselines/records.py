"""Baselines of KPIs: child records of what froze them (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger

from app.common.records import ChildRecord, Document, optional, required


class KpiBaseline(ChildRecord):
    """The value of a KPI in a window, as it was when it was frozen: later events do not change it.

    `name` is the key of the target within its record. `scope` are the filters of the cases by dimension, the
    window is half open, `zone`, `currency` and `reopen_days` are the settings at that time. `value` is a
    decimal text; null: no value. `position` is that of the log which was read.
    """

    KIND: ClassVar[str] = "kpi_baseline"

    name: str | None = required("Key of the target to which the baseline belongs.")
    kpi: str | None = required("Key of the KPI.")
    scope: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the cases, by dimension; empty for all cases."
    )
    begins_at: datetime | None = required("Beginning of the window.")
    ends_at: datetime | None = required("End of the window, exclusive.")
    zone: str | None = required("Time zone in which days begin and end.")
    currency: str | None = required("Currency of the counted costs (ISO 4217).")
    reopen_days: int | None = required("Number of days in which an ended case could be reopened.")
    value: str | None = optional(
        "Value as a decimal text, in the unit of the KPI; null if there were no cases."
    )
    cases: int | None = required("Number of cases from which the value was computed.")
    position: int | None = required(
        "Position in the log at which the baseline was measured.", sa_type=BigInteger
    )
    frozen_at: datetime | None = required("Time at which the baseline was measured.")
