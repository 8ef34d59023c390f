"""The read model and queries of re-basings of natural limits."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, TeamStub
from app.foundation.people.queries import PERSONS, TEAMS
from app.kpis.questions.scopes import ScopeKind
from app.kpis.rebases.lifecycle import LIFECYCLE
from app.kpis.rebases.records import RebaseState


class KpiRebaseOut(RecordOut):
    """A change from which the natural limits of a KPI count anew."""

    state: RebaseState
    kpi: str = Field(description="The KPI's key.")
    scope: ScopeKind = Field(description="Whether it is about all cases, those of a service or of a team.")
    service: str | None = Field(description="The key of the service, if it is about one.")
    team: TeamStub | None = Field(description="The team, if it is about one.")
    change: str = Field(description="The number of the change or another record, or a name.")
    begins_at: datetime = Field(
        description="Limits count anew from the first period that begins then or later."
    )
    added_at: datetime
    added_by: PersonStub | None


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=KpiRebaseOut,
    filters=("state", "kpi", "scope", "service", "team", "begins_at", "added_at"),
    sorts=("added_at", "begins_at"),
    expands=(PERSONS, TEAMS),
)
