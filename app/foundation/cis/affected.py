"""Services affected by the failure of configuration items, and those services' customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel, Renderer, TeamStub
from app.foundation.services.records import Criticality, ServiceState
from app.foundation.services.services import LIFECYCLE
from app.kernel.visible_records import is_visible
from app.platform.db import Row

#: Largest number of services and of customers in a response, the nearest first; a response marks that some
#: are left out.
MOST_AFFECTED = 1_000
SERVICES = """
select s.id, s.key, s.name_en, s.name_zh, s.criticality, s.state, s.customers, h.audience
from fold.service s join log.stream_head h on h.stream = 'service/' || s.id
where s.key = any(%s)"""


class ServiceStub(OutputModel):
    """A service, as other answers refer to it."""

    id: UUID
    name_en: str = Field(description="Name of the service in English.")
    name_zh: str = Field(description="Name of the service in Chinese.")
    criticality: Criticality
    state: ServiceState


class AffectedServiceOut(OutputModel):
    """An affected service."""

    key: str = Field(description="Key of the service.")
    distance: int = Field(
        description="Distance of the nearest item that the service depends on; 0 for the failing item."
    )
    service: ServiceStub | None = Field(
        description="The service; null if no service with this key is recorded, or if the caller may "
        "not see it."
    )


class AffectedCustomerOut(OutputModel):
    """A team that is a customer of an affected service."""

    customer: TeamStub
    distance: int = Field(description="Distance of the nearest service that the team uses.")


async def services_and_customers(
    renderer: Renderer, distances: Mapping[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bool]:
    """Return the services of those keys and their customers, the nearest first, and whether more were left
    out. Retired services and customers are not affected.
    """
    rows = await renderer.ledger.db.rows(SERVICES, (list(distances),))
    retired = {row["key"] for row in rows if row["state"] == ServiceState.retired}
    keys = sorted(distances.keys() - retired, key=lambda key: (distances[key], key))
    caller = renderer.caller
    visible = {
        row["key"]: row for row in rows if is_visible(renderer.ledger, LIFECYCLE, caller, row["audience"])
    }
    services = [
        {"key": key, "distance": distances[key], "service": _stub(visible.get(key))}
        for key in keys[:MOST_AFFECTED]
    ]
    customers = await _customers(renderer, [visible[key] for key in keys if key in visible], distances)
    return services, customers[:MOST_AFFECTED], max(len(keys), len(customers)) > MOST_AFFECTED


def _stub(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else {name: row[name] for name in ServiceStub.model_fields}


async def _customers(
    renderer: Renderer, services: Sequence[Row], distances: Mapping[str, int]
) -> list[dict[str, Any]]:
    nearest: dict[UUID, int] = {}
    for row in services:  # the nearest come first
        for customer in row["customers"] or ():
            nearest.setdefault(UUID(customer), distances[row["key"]])
    teams = await renderer.ledger.directory.teams(nearest) if nearest else {}
    customers = [
        {"customer": {"id": team, "key": teams[team].key, "name": teams[team].name}, "distance": distance}
        for team, distance in nearest.items()
    ]
    return sorted(customers, key=lambda row: (row["distance"], row["customer"]["key"]))
