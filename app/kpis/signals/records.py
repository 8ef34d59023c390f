"""The record of a signal of a KPI's behaviour chart."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import ForeignRef, KeyRef, Record
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

    number: str = ""
    state: SignalState | None = None
    kpi: str | None = None
    scope: ScopeKind | None = None
    service: Annotated[str | None, KeyRef("service")] = None
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    rule: Signal | None = None
    grain: Grain | None = None
    zone: str | None = None
    since_at: datetime | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    tendency: Tendency | None = None
    needs_attention: bool | None = None
    value: str | None = None
    centre: str | None = None
    low: str | None = None
    high: str | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    noted_at: datetime | None = None
    reason: Annotated[str | None, Personal()] = None
    cause: str | None = None
    explained_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    explained_at: Annotated[datetime | None, EnteredAt(SignalState.explained)] = None

    @property
    def title(self) -> str:
        """Return the signal in a line of keys, which is the same in every language."""
        return f"{self.kpi}, {Scope(self.service, self.team_id).name}"
