"""The read model and queries of signals of KPIs."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, TeamStub
from app.foundation.people.queries import PERSONS, TEAMS
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.periods import Grain
from app.kpis.questions.scopes import ScopeKind
from app.kpis.signals.lifecycle import LIFECYCLE
from app.kpis.statistics.behaviour import Signal


class KpiSignalOut(RecordOut):
    """A signal of a KPI's behaviour chart: the value of a period is more than the usual variation."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: SignalState
    kpi: str = Field(description="The KPI's key.")
    scope: ScopeKind = Field(description="Whether it is about all cases, those of a service or of a team.")
    service: str | None = Field(description="The key of the service, if it is about one.")
    team: TeamStub | None = Field(description="The team, if it is about one.")
    rule: Signal
    grain: Grain
    zone: str = Field(description="The time zone that the period is of.")
    since_at: datetime = Field(description="The beginning of the first period that makes up the signal.")
    begins_at: datetime = Field(description="The first instant of the period in which the rule was met.")
    ends_at: datetime = Field(description="The first instant behind it.")
    tendency: Tendency
    needs_attention: bool = Field(
        description="For the worse, in what was the newest final period, and not of a team alone."
    )
    value: str = Field(description="The value of the period, in the unit of the KPI, as a decimal text.")
    centre: str = Field(description="The mean that it was judged by.")
    low: str = Field(description="The lower natural limit.")
    high: str = Field(description="The upper natural limit.")
    position: int = Field(description="The position of the log at which the figures stood.")
    noted_at: datetime
    reason: str | None = Field(description="Why, in the words of whoever explained it.")
    cause: str | None = Field(description="The record or the event behind it.")
    explained_by: PersonStub | None
    explained_at: datetime | None


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=KpiSignalOut,
    filters=("state", "kpi", "scope", "service", "team", "rule", "tendency", "begins_at", "noted_at"),
    sorts=("noted_at", "begins_at"),
    expands=(PERSONS, TEAMS),
)
