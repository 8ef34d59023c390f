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
from app.kernel.visible_records import is_visible


class PromisedTargetOut(OutputModel):
    """A target that an agreement promises. A condition that is null fits every case."""

    id: str
    metric: str = Field(
        description="Metric of the target, such as `response`, `resolution` or `availability`."
    )
    process: str | None = Field(
        description="Process to which the target is limited, such as `incident`; null for every process."
    )
    priority: str | None = Field(
        description="Priority to which the target is limited; null for every priority."
    )
    category: str | None = Field(
        description="Key of the category to which the target is limited; null for every category."
    )
    service: str | None = Field(
        description="Key of the service to which the target is limited; null for every service."
    )
    catalogue_item: str | None = Field(
        description="Key of the catalogue item to which the target is limited; null for every item."
    )
    threshold_seconds: int | None = Field(
        description="Number of business seconds of a clock's target; null for other targets."
    )
    threshold: str | None = Field(
        description="Target value as a decimal text; null for the target of a clock."
    )
    kpi: str | None = Field(description="Key of the KPI that measures the target; null if no KPI does.")
    comparator: str = Field(
        description="Comparison with the target: `lt` for below, `le` for at most, `gt` for above, "
        "`ge` for at least."
    )
    compliance: str | None = Field(
        description="Share of the cases that must meet the target; null for all cases."
    )
    calendar: str | None = Field(
        description="Key of the target's calendar; null to use the calendar of the promise."
    )


class ServicePromiseOut(OutputModel):
    """The promises of a signed agreement about a service."""

    agreement: UUID = Field(
        description="Identifier of the agreement; callers who may see it read it at `GET /v1/slas/{id}`."
    )
    number: str = Field(description="Number by which people know the agreement.")
    customer: UUID | None = Field(description="Team of the customer; null for all customers.")
    calendar: str = Field(description="Key of the calendar of the agreed service time.")
    valid_from: str = Field(description="First day on which the agreement is valid.")
    valid_to: str | None = Field(
        description="Last day on which the agreement is valid; null if it has no end."
    )
    targets: list[PromisedTargetOut] = Field(description="Targets that the agreement promises.")


class ServiceOut(RecordOut, of=Service):
    """A service that IT provides to its customers."""

    customers: list[UUID] | None = Field(
        description="Teams that use the service: staff see all of them, other callers their own."
    )
    promises: list[ServicePromiseOut] | None = Field(
        description="Promises of signed agreements: staff see all of them, other callers those for all "
        "customers and for their own teams. Null if there are no promises."
    )


class CatalogueItemOut(RecordOut, of=CatalogueItem):
    """A catalogue item of a service, which people can request."""

    form: Annotated[
        dict[str, Any] | None,
        WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]}),
    ] = Field(description="Questions of the item as a JSON Schema; null if the item asks none.")
    approver_persons: list[UUID] | None


#: Audiences of the records in these streams.
AUDIENCES = "select stream, audience from log.stream_head where stream = any(%s)"


class ServiceRenderer(Renderer):
    """Renders services. A live one is for everybody; its values for single customers are for staff and for
    them, and a promise for people who may see its agreement.
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
