"""The record of a KPI's target."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Text
from sqlmodel import Field

from app.common.records import FOLD, CodeEnum, Record
from app.kpis.kpi import Comparator


class TargetState(CodeEnum):
    """Whether a target counts, or was a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class KpiTarget(Record):
    """What a KPI is to be, as it was said last; what was said before stands in its events.

    `value` is a decimal text, as in the log. Without one there is no target from `valid_from_at` on.
    """

    KIND: ClassVar[str] = "kpi_target"

    state: TargetState | None = Field(default=None, sa_type=Text)
    kpi: str | None = None
    comparator: Comparator | None = Field(default=None, sa_type=Text)
    value: str | None = None
    valid_from_at: datetime | None = None
    valid_until_at: datetime | None = None
    added_at: datetime | None = None


class KpiTargetTable(KpiTarget, table=True):
    """Where targets stand."""

    __tablename__ = "kpi_target"
    __table_args__: ClassVar = FOLD
