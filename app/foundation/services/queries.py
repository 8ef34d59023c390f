"""Schemas of services and catalogue items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from app.api.listings.lists import Listing
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.calendars.queries import CALENDARS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services import items, services
from app.foundation.services.records import (
    CatalogueItem,
    Service,
)
from app.kernel.commands.references import is_visible


class PromisedTargetOut(OutputModel):
    """A target that an agreement promises. A condition without a value fits every case."""

    id: str
    metric: str = Field(description="The measure: `response`, `resolution`, `availability` …")
    process: str | None
    priority: str | None
    category: str | None
    service: str | None
    catalogue_item: str | None
    threshold_seconds: int | None = Field(description="Of a clock: seconds of business time.")
    threshold: str | None = Field(description="Target of what is no clock, as a decimal text.")
    kpi: str | None
    comparator: str = Field(description="`lt`: below; `le`: at most; `gt`: above; `ge`: at least.")
    compliance: str | None = Field(description="The share of cases that must meet it; null: all.")
    calendar: str | None = Field(description="The key of its calendar; null: that of the promise.")


class ServicePromiseOut(OutputModel):
    """A promise of a signed agreement about a service."""

    agreement: UUID = Field(description="The agreement: `GET /v1/slas/{id}`, for whoever may see it.")
    number: str
    customer: UUID | None = Field(description="The customer's team; null: all customers.")
    calendar: str = Field(description="The key of the calendar of the agreed service time.")
    valid_from: str
    valid_to: str | None = Field(description="Null: it has no end.")
    targets: list[PromisedTargetOut]


class ServiceOut(RecordOut, of=Service):
    """A service that IT provides to its customers."""

    customers: list[UUID] | None = Field(
        description="The teams that it is for: staff see all, others those that they belong to."
    )
    promises: list[ServicePromiseOut] | None = Field(
        description="Promises of signed agreements, as far as the caller may see them: staff see all, "
        "others what is promised to all customers and to their own; null: none."
    )


class CatalogueItemOut(RecordOut, of=CatalogueItem):
    """A catalogue item of a service, which users can request."""

    form: Annotated[
        dict[str, Any] | None,
        WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
    ] = Field(description="The questions that it asks: a JSON Schema; null: none.")
    approver_persons: list[UUID] | None


#: Who may see the records of these streams.
AUDIENCES = "select stream, audience from log.stream_head where stream = any(%s)"


class ServiceRenderer(Renderer):
    """Renders services. A live one is for everybody; what it says of single customers is for staff and for
    them: a promise for whoever may see its agreement.
    """

    async def render_columns(self, columns: Columns, offered: list[dict[str, Any]] | None = None) -> None:
        """Render the columns without what the caller is not shown."""
        if not self.caller.is_staff:
            if "customers" in columns:
                own = {str(team) for team in self.caller.teams}
                columns["customers"] = [
                    None if teams is None else [team for team in teams if team in own]
                    for teams in columns["customers"]
                ]
            if "promises" in columns:
                columns["promises"] = await self._promises_shown(columns["promises"])
        await super().render_columns(columns, offered)

    async def _promises_shown(self, promises: Sequence[list[dict[str, Any]] | None]) -> list[Any]:
        """Return, of the promises of each service, those to all customers and those of agreements that the
        caller may see.
        """
        agreements = self.ledger.lifecycles["sla"]
        named = {
            promise["agreement"]
            for of_service in promises
            for promise in of_service or ()
            if promise["customer"]
        }
        rows = await self.ledger.db.rows(
            AUDIENCES, ([f"{agreements.kind}/{agreement}" for agreement in named],)
        )
        visible = {
            row["stream"].partition("/")[2]
            for row in rows
            if is_visible(self.ledger, agreements, self.caller, row["audience"])
        }
        return [
            [
                promise
                for promise in of_service or ()
                if not promise["customer"] or promise["agreement"] in visible
            ]
            or None
            for of_service in promises
        ]


SERVICES = Listing(
    lifecycle=services.LIFECYCLE,
    shape=ServiceOut,
    filters=("state", "key", "criticality", "owner", "team", "changed_at"),
    sorts=("proposed_at", "key"),
    expands=(PERSONS, TEAMS, CALENDARS),
    renderer=ServiceRenderer,
)
CATALOGUE_ITEMS = Listing(
    lifecycle=items.LIFECYCLE,
    shape=CatalogueItemOut,
    filters=("state", "key", "service", "fulfilment_path", "default_team", "changed_at"),
    sorts=("drafted_at", "key"),
    expands=(TEAMS, SERVICES),
)
