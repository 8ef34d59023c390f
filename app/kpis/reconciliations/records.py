"""The record of one day's reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.records import FOLD, CodeEnum, Record
from app.common.state_fields import EnteredAt


class ReconciliationState(CodeEnum):
    """The state of a reconciliation, which never changes."""

    made = "made", "Made", "已完成"


class Verdict(CodeEnum):
    """The outcome of a reconciliation: the facts and the raw events give the same figures, or not."""

    agreed = "agreed", "They agree", "一致"
    differs = "differs", "They differ", "不一致"


class Reconciliation(Record):
    """The result of one night's comparison of the KPIs' facts with their definitions over raw events.

    `day` is the date of the night in `zone`, which also bounds the months compared. `position` is the last
    log position that both computations read. `differing` lists the first differences, as `<kpi>/<what>`.
    """

    KIND: ClassVar[str] = "reconciliation"

    state: ReconciliationState | None = Field(default=None, sa_type=Text)
    day: str | None = None
    verdict: Verdict | None = Field(default=None, sa_type=Text)
    zone: str | None = None
    position: int | None = None
    compared: int | None = None
    differences: int | None = None
    differing: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    seconds: int | None = None
    made_at: Annotated[datetime | None, EnteredAt(ReconciliationState.made)] = None


class ReconciliationTable(Reconciliation, table=True):
    """The table of the reconciliations."""

    __tablename__ = "reconciliation"
    __table_args__: ClassVar = FOLD
