"""What can be asked about incidents: the shape of the answer, and the filters of the list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.api.lists import Paging, Several, Where
from app.api.shapes import Out, PersonStub, TeamStub, TicketOut
from app.common.priority import Impact, Priority, Urgency
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Channel, Effect, HoldReason, IncidentState, ResolutionCode


class IncidentOut(TicketOut):
    """An unplanned interruption or degradation of a service."""

    state: IncidentState
    state_since: datetime
    title: str | None = Field(description="Null where an imported history has none.")
    description: str | None = Field(description="In the reporter's words. Null when they were erased.")
    channel: Channel | None
    impact: Impact | None
    urgency: Urgency | None
    priority: Priority | None
    effect: Effect | None
    began_at: datetime | None
    service: str | None
    ci: str | None
    category: str | None
    requester: PersonStub | None
    customer: TeamStub | None = Field(description="The requester's team when it was opened.")
    team: TeamStub | None = Field(description="The team that it is assigned to.")
    assignee: PersonStub | None
    opened_at: datetime
    acknowledged_at: datetime | None
    started_at: datetime | None
    hold_reason: HoldReason | None
    wake_up_at: datetime | None
    resolved_at: datetime | None
    resolution_code: ResolutionCode | None
    resolution: str | None = Field(description="What was done. Null when its author was erased.")
    cause: str | None
    service_restored_at: datetime | None
    closed_at: datetime | None
    cancelled_at: datetime | None


class IncidentPage(Out):
    """Incidents that the caller may see, newest first."""

    items: list[IncidentOut]
    next_cursor: str | None = Field(description="Null on the last page.")


class IncidentFilters(Paging):
    """Which incidents. Values of one filter are separated by commas; all filters hold."""

    state: Annotated[list[IncidentState] | None, Several, Field(description="Where they stand.")] = None
    priority: Annotated[list[Priority] | None, Several, Field(description="How urgent they are.")] = None
    team: Annotated[list[str] | None, Several, Field(max_length=50, description="Keys or ids of teams.")] = (
        None
    )


async def where(ledger: Ledger, filters: IncidentFilters) -> Where:
    """The filters as conditions. A team that there is none of has no incidents."""
    conditions = Where()
    conditions.among("state", filters.state)
    conditions.among("priority", filters.priority)
    if filters.team is not None:
        named = set(filters.team)
        teams = (await ledger.directory.teams()).values()
        conditions.among("team_id", [team.id for team in teams if team.key in named or str(team.id) in named])
    return conditions
