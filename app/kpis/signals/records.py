"""The record of a signal of a KPI's behaviour chart."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.periods import Grain
from app.kpis.questions.scopes import KpiScope, ScopeKind
from app.kpis.statistics.behaviour import Signal


class KpiSignal(Record):
    """A signal: by `rule`, the value of a period is more than the usual variation of the KPI in the scope.

    `begins_at` and `ends_at` bound the period, in the time zone `zone`; `since_at` is the beginning of the
    first period that makes up the signal. `value`, `centre`, `low` and `high` are decimal texts in the unit
    of the KPI, as they stood at the log position `position`. `needs_attention`: for the worse, in the newest
    final period, and not of a team alone. `cause` names a record or an event, `reason` says why in words.
    """

    KIND: ClassVar[str] = "kpi_signal"

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: SignalState | None = required()
    kpi: str | None = required("The key of the KPI.")
    scope: ScopeKind | None = required("The kind of scope: all cases, those of a service or of a team.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service, if it is about one."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team, if it is about one.")
    rule: Signal | None = required("The rule by which it is a signal.")
    grain: Grain | None = required("Length of the period.")
    zone: str | None = required("The time zone of the period.")
    since_at: datetime | None = required("The beginning of the first period that makes up the signal.")
    begins_at: datetime | None = required("The first instant of the period in which the rule was met.")
    ends_at: datetime | None = required("The end, exclusive.")
    tendency: Tendency | None = required("The direction of the change: for the better or for the worse.")
    needs_attention: bool | None = required(
        "True if it is for the worse, in what was the newest final period, and not of a team alone."
    )
    value: str | None = required(
        "The value of the period, in the unit of the KPI, as a decimal text.", examples=["22380"]
    )
    centre: str | None = required("The mean by which it was judged.", examples=["8160.25"])
    low: str | None = required("The lower natural limit.", examples=["0"])
    high: str | None = required("The upper natural limit.", examples=["17580"])
    position: int | None = required("The position of the log at which the figures stood.", sa_type=BigInteger)
    noted_at: datetime | None = required()
    reason: Annotated[str | None, Personal()] = optional(
        "The reason, in the words of the person who explained it.",
        examples=["A power cut stopped the desk for two days."],
    )
    cause: str | None = optional(
        "The number of the record behind it, or the name of an event outside.", examples=["PRB-2026-000007"]
    )
    explained_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    explained_at: Annotated[datetime | None, EnteredAt(SignalState.explained)] = None

    @property
    def title(self) -> str:
        """Return the signal in a line of keys, which is the same in every language."""
        return f"{self.kpi}, {KpiScope(self.service, self.team_id).name}"
