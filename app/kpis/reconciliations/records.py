"""The record of one day's reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.records import CodeEnum, Record
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

    state: ReconciliationState | None = None
    day: str | None = None
    verdict: Verdict | None = None
    zone: str | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    compared: int | None = Field(default=None, sa_type=BigInteger)
    differences: int | None = Field(default=None, sa_type=BigInteger)
    differing: list[str] | None = None
    seconds: int | None = Field(default=None, sa_type=BigInteger)
    made_at: Annotated[datetime | None, EnteredAt(ReconciliationState.made)] = None
