"""The record of a signal of a KPI's behaviour chart."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.personal import Personal
from app.common.records import ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.periods import Grain
from app.kpis.questions.scopes import KpiScope, ScopeKind
from app.kpis.statistics.behaviour import Signal


class KpiSignal(Record):
    """A signal that a KPI has changed in a scope: by `rule`, the value of a period exceeds its usual
    variation.

    `begins_at` and `ends_at` bound the period, in the time zone `zone`; `since_at` is the beginning of the
    first period that makes up the signal. `value`, `centre`, `low` and `high` are decimal texts in the unit
    of the KPI, as they stood at the log position `position`. `needs_attention`: for the worse, in the newest
    final period, and not of a team alone. `cause` names a record or an event, `reason` explains it in words.
    """

    KIND: ClassVar[str] = "kpi_signal"

    number: str = ""
    state: SignalState | None = required()
    kpi: str | None = required("Key of the KPI.")
    scope: ScopeKind | None = required(
        "Kind of scope: all cases, the cases of a service, or the cases of a team."
    )
    service: Annotated[str | None, KeyRef("service")] = optional("Key of the service; null for other scopes.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the cases; null for other scopes."
    )
    rule: Signal | None = required("Rule that the signal meets.")
    grain: Grain | None = required("Length of the period.")
    zone: str | None = required("Time zone in which the period begins and ends.")
    since_at: datetime | None = required("Beginning of the first period of the signal.")
    begins_at: datetime | None = required("Beginning of the period in which the rule was met.")
    ends_at: datetime | None = required("End of the period, exclusive.")
    tendency: Tendency | None = required("Direction of the change: for the better or for the worse.")
    needs_attention: bool | None = required(
        "True if the signal is for the worse, in the newest completed period, and not for a team alone."
    )
    value: str | None = required(
        "Value of the period, in the unit of the KPI, as a decimal text.", examples=["22380"]
    )
    centre: str | None = required(
        "Mean by which the value was judged, as a decimal text.", examples=["8160.25"]
    )
    low: str | None = required("Lower natural limit, as a decimal text.", examples=["0"])
    high: str | None = required("Upper natural limit, as a decimal text.", examples=["17580"])
    position: int | None = required(
        "Position in the log at which the figures were computed.", sa_type=BigInteger
    )
    noted_at: datetime | None = required("Time at which the signal was noted.")
    reason: Annotated[str | None, Personal()] = optional(
        "Reason, in the words of the person who explained the signal; null until it is explained.",
        examples=["A power cut stopped the desk for two days."],
    )
    cause: str | None = optional(
        "Number of the record behind the signal, or the name of an outside event; null if not named.",
        examples=["PRB-2026-000007"],
    )
    explained_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who explained the signal; null until it is explained."
    )
    explained_at: Annotated[datetime | None, EnteredAt(SignalState.explained)] = None

    @property
    def title(self) -> str:
        """Return the signal in a line of keys, which is the same in every language."""
        return f"{self.kpi}, {KpiScope(self.service, self.team_id).name}"
