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
from app.kpis.questions.scopes import Scope, ScopeKind
from app.kpis.statistics.behaviour import Signal


class KpiSignal(Record):
    """A signal: by `rule`, the value of a period is more than the usual variation of the KPI in the scope.

    `begins_at` and `ends_at` bound the period, in the time zone `zone`; `since_at` is the beginning of the
    first period that makes up the signal. `value`, `centre`, `low` and `high` are decimal texts in the unit
    of the KPI, as they stood at the log position `position`. `needs_attention`: for the worse, in the newest
    final period, and not of a team alone. `cause` names a record or an event, `reason` says why in words.
    """

    KIND: ClassVar[str] = "kpi_signal"

    number: str = Field(default="", description="What people call it; accepted wherever the id is.")
    state: SignalState | None = required()
    kpi: str | None = required("The KPI's key.")
    scope: ScopeKind | None = required("Whether it is about all cases, those of a service or of a team.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service, if it is about one."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team, if it is about one.")
    rule: Signal | None = required()
    grain: Grain | None = required()
    zone: str | None = required("The time zone that the period is of.")
    since_at: datetime | None = required("The beginning of the first period that makes up the signal.")
    begins_at: datetime | None = required("The first instant of the period in which the rule was met.")
    ends_at: datetime | None = required("The first instant behind it.")
    tendency: Tendency | None = required()
    needs_attention: bool | None = required(
        "For the worse, in what was the newest final period, and not of a team alone."
    )
    value: str | None = required("The value of the period, in the unit of the KPI, as a decimal text.")
    centre: str | None = required("The mean that it was judged by.")
    low: str | None = required("The lower natural limit.")
    high: str | None = required("The upper natural limit.")
    position: int | None = required("The position of the log at which the figures stood.", sa_type=BigInteger)
    noted_at: datetime | None = required()
    reason: Annotated[str | None, Personal()] = optional("Why, in the words of whoever explained it.")
    cause: str | None = optional("The record or the event behind it.")
    explained_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    explained_at: Annotated[datetime | None, EnteredAt(SignalState.explained)] = None

    @property
    def title(self) -> str:
        """Return the signal in a line of keys, which is the same in every language."""
        return f"{self.kpi}, {Scope(self.service, self.team_id).name}"
