"""The record of one day's reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger

from app.common.records import CodeEnum, Record, required
from app.common.state_fields import EnteredAt


class ReconciliationState(CodeEnum):
    """The state of a reconciliation, which never changes."""

    made = "made", "Made", "已完成"


class Verdict(CodeEnum):
    """The outcome of a reconciliation: whether facts and raw events give the same figures."""

    agreed = "agreed", "They agree", "一致"
    differs = "differs", "They differ", "不一致"


class Reconciliation(Record):
    """The result of a nightly comparison of the KPIs' stored facts with their definitions over raw events.

    `day` is the date of the night in `zone`, which also bounds the months compared. `position` is the last
    log position that both computations read. `differing` lists the first differences, as `<kpi>/<what>`.
    """

    KIND: ClassVar[str] = "reconciliation"

    state: ReconciliationState | None = required()
    day: str | None = required("Date of the night in `zone`.", examples=["2026-11-20"])
    verdict: Verdict | None = required("Verdict: whether facts and raw events give the same figures.")
    zone: str | None = required("Time zone of the night and of the compared months.")
    position: int | None = required(
        "Position in the log up to which the stored and the recomputed figures were compared.",
        sa_type=BigInteger,
    )
    compared: int | None = required(
        "Number of figures that were compared. The figures of single cases are not included.",
        sa_type=BigInteger,
    )
    differences: int | None = required(
        "Number of differences that were found, both in figures and in single cases.", sa_type=BigInteger
    )
    differing: list[str] | None = required(
        "First differences, each once: `<kpi>/<figure>`. `ledgerdesk reconcile` shows more."
    )
    seconds: int | None = required("Number of seconds that the reconciliation took.", sa_type=BigInteger)
    made_at: Annotated[datetime | None, EnteredAt(ReconciliationState.made)] = required(
        "Time at which the reconciliation was made."
    )
