"""The schedule of planned and running changes: all changes for staff, and for customers, in words of their
own, those that touch their services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.listings.filters import CommaSeparated, Time, WhereClause
from app.api.listings.list_queries import MOST_COUNTED, Paging
from app.api.listings.paging import page
from app.api.records.columns import instant_of
from app.api.records.shapes import OutputModel, Renderer, TeamStub
from app.common.priorities.risk_level import RiskLevel
from app.kernel.access.audience_rules import to_everybody
from app.kernel.actions.actor_policy import staff
from app.processes.changes.calendar.entries import CalendarEntry
from app.processes.changes.calendar.lookups import customers_of, services_for
from app.processes.changes.calendar.queries import (
    CALENDAR_STATES,
    FIELDS,
    NO_APPROVED,
    Key,
    entry_of,
    several,
    visible_ci_keys,
)
from app.processes.changes.calendar.sentences import StatusSentences, TimeZoneName, sentence_zone
from app.processes.changes.lifecycle import LIFECYCLE
from app.processes.changes.queries import LISTING
from app.processes.changes.records import HOLDING, Change, ChangeState, ChangeType

#: The states of changes that are planned or running.
PLANNED = (ChangeState.approved, *sorted(HOLDING))
HAS_TIME = "coalesce(r.window_from_at, r.started_at, r.wanted_from_at) is not null"
#: Changes in the schedule: all callers may read it, and `_scope` decides which changes it contains.
SCHEDULED_CHANGES = replace(LIFECYCLE, visible=(to_everybody(),), children=Change.PARTS)
#: Fields that customers do not see.
FOR_STAFF = frozenset({"id", "number", "title", "type", "risk_level", "team"})


class ChangeScheduleQuery(Paging):
    """The changes whose schedule is asked for."""

    begin: Time | None = Field(None, alias="from", description="Changes that end after this time.")
    end: Time | None = Field(None, alias="until", description="Changes that begin before this time.")
    service: Annotated[list[Key] | None, CommaSeparated] = several(
        "Changes that affect one of these services, directly or through an item: keys."
    )
    ci: Annotated[list[Key] | None, CommaSeparated] = several(
        "Changes that name one of these items which the caller may see: keys or ids."
    )
    team: Annotated[list[Key] | None, CommaSeparated] = several("Changes of these teams: keys or ids.")
    type: Annotated[list[ChangeType] | None, CommaSeparated] = several("Changes of these types.")
    risk_level: Annotated[list[RiskLevel] | None, CommaSeparated] = several("Changes of these risk levels.")
    state: Annotated[list[ChangeState] | None, CommaSeparated] = several(
        "Changes in these states; if left out, planned and running changes."
    )
    tz: TimeZoneName = None
    count: Literal["exact"] | None = Field(
        None, description=f"`exact` returns the number of changes in `total`, counted up to {MOST_COUNTED:,}."
    )


class ScheduledChangeOut(OutputModel):
    """A change in the schedule. Customers get its time, their affected services and a sentence."""

    id: UUID | None = Field(description="Identifier of the change; null for customers.")
    number: str | None = Field(description="Number of the change; null for customers.")
    title: str | None = Field(description="Title of the change; null for customers.")
    type: ChangeType | None = Field(description="Type of the change; null for customers.")
    risk_level: RiskLevel | None = Field(
        description="Risk level of the change; null for customers, and until the change is assessed."
    )
    state: ChangeState
    services: list[str] = Field(
        description="Keys of the services that the change affects, directly or through its items; "
        "customers see only their own services."
    )
    cis: list[str] = Field(description="Keys of the affected items that the caller may see.")
    team: TeamStub | None = Field(description="Team that implements the change; null for customers.")
    customers: list[TeamStub] = Field(
        description="Teams that use the affected services; for customers, their own teams."
    )
    from_at: datetime = Field(
        description="Beginning of the window; for an emergency without a window its start, or else the "
        "requested beginning."
    )
    until_at: datetime = Field(
        description="End of the window; for a change in implementation, at least the present time."
    )
    message: str | None = Field(
        description="Sentence for customers about the change, in the requested language; null once the "
        "change is done."
    )


class ChangeSchedule(OutputModel):
    """A page of the schedule of changes by their windows, the earliest first, with emergencies without a
    window last.
    """

    items: list[ScheduledChangeOut]
    next_cursor: str | None
    total: int | None = Field(
        description="Number of changes; null if not requested, or if there are more than are counted."
    )
    total_at_least: int | None = Field(
        description="Number that the changes exceed; null if the total is known or was not requested."
    )


async def schedule_page(renderer: Renderer, query: ChangeScheduleQuery, now: datetime) -> dict[str, Any]:
    """Return one page of the schedule of changes for the renderer's caller. Raises Forbidden if a customer
    filters by what they are not shown, and BadCursor.
    """
    ledger, caller = renderer.ledger, renderer.caller
    own: list[str] | None = None
    if not caller.is_staff:
        _require_open_filters(renderer, query)
        keys = await services_for(ledger, caller.teams)
        own = [key for key in keys if query.service is None or key in query.service]
    renderer.fields, renderer.lifecycle = FIELDS, SCHEDULED_CHANGES
    listed = await page(LISTING, renderer, _list_query(query), within=_scope(own))
    cis = await visible_ci_keys(renderer, listed["items"])
    entries = [entry_of(item, cis, now) for item in listed["items"]]
    customers = await customers_of(ledger, {service for entry in entries for service in entry.services})
    words = StatusSentences(renderer.language, sentence_zone(query.tz, caller, ledger.settings.time_zone))
    reader = _Reader(own, caller.teams, customers, words)
    items = [reader.shown(entry, item) for entry, item in zip(entries, listed["items"], strict=True)]
    return {"items": items} | {name: listed[name] for name in ("next_cursor", "total", "total_at_least")}


def _list_query(query: ChangeScheduleQuery) -> Any:
    """Return the query of the list of changes that chooses the same."""
    parameters = {
        **query.model_dump(include={"ci", "team", "type", "risk_level", "count", "cursor", "limit"}),
        "state": query.state or PLANNED,
        "touched_service": query.service,
        "takes_place_after": query.begin and query.begin.isoformat(),
        "takes_place_before": query.end and query.end.isoformat(),
        "sort": "window_from_at",
    }
    return LISTING.query.model_validate(
        {name: value for name, value in parameters.items() if value is not None}
    )


def _scope(own: Sequence[str] | None) -> WhereClause:
    """Return the condition on changes in the schedule: for customers (`own`: the keys of their services)
    those that touch these services and are planned or running.
    """
    where = WhereClause(depends_on_values=True)
    where.conditions += [HAS_TIME, NO_APPROVED]
    where.restrict_states(
        frozenset(state.value for state in CALENDAR_STATES if own is None or state in HOLDING)
    )
    if own is not None:
        services = f"{where.bind(own)}::text[]"
        where.conditions.append(f"(r.services && {services} or r.ci_services && {services})")
    return where


def _require_open_filters(renderer: Renderer, query: ChangeScheduleQuery) -> None:
    """Raise Forbidden if the query filters by a field that customers do not see."""
    if any(getattr(query, name, None) is not None for name in FOR_STAFF):
        raise renderer.ledger.forbidden(staff, renderer.language)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The reader of the schedule: the keys of their services (None: staff, who see all), their teams, the
    customers of the services on the page, and the sentences in their language.
    """

    own: Sequence[str] | None
    teams: frozenset[UUID]
    customers: Mapping[str, list[TeamStub]]
    words: StatusSentences

    def shown(self, entry: CalendarEntry, item: dict[str, Any]) -> ScheduledChangeOut:
        """Return the change as they may read it. `item` is the rendered change of the entry."""
        services = [service for service in entry.services if self.own is None or service in self.own]
        touched = {
            stub.key: stub
            for service in services
            for stub in self.customers.get(service, ())
            if self.own is None or stub.id in self.teams
        }
        fields = {
            name: getattr(entry, name) for name in ScheduledChangeOut.model_fields if hasattr(entry, name)
        }
        fields |= {
            "services": services,
            "team": item["team"],
            "customers": [touched[key] for key in sorted(touched)],
            "message": self._message(entry, instant_of(item["started_at"])),
        }
        return ScheduledChangeOut(**(fields if self.own is None else fields | dict.fromkeys(FOR_STAFF)))

    def _message(self, entry: CalendarEntry, started_at: datetime | None) -> str | None:
        """Return the sentence for customers about the change; None once it is done."""
        if entry.state is ChangeState.implementing:
            begin = started_at or entry.from_at
            return self.words.sentence("maintenance_until", since=begin, end=entry.until_at)
        if entry.state in PLANNED:
            return self.words.sentence("planned", begin=entry.from_at, end=entry.until_at)
        return None
