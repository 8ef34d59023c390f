"""Reads of services for the schedule of changes: those of a customer, and the customers of each."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.api.records.shapes import TeamStub
from app.kernel.ledger import Ledger

# A service that names no customers is for all of them.
OWN_SERVICES = """
select key from fold.service where state = 'live'
  and (coalesce(cardinality(customers), 0) = 0 or customers && %s::text[])"""
CUSTOMERS = "select key, customers from fold.service where key = any(%s)"


async def services_for(ledger: Ledger, teams: Iterable[UUID]) -> list[str]:
    """Return the keys of the live services that are for one of the teams, or for everybody."""
    named = sorted(str(team) for team in teams)
    return [row["key"] for row in await ledger.db.rows(OWN_SERVICES, (named,))]


async def customers_of(ledger: Ledger, services: Iterable[str]) -> dict[str, list[TeamStub]]:
    """Return the teams that the services name as their customers, by the services' keys."""
    rows = await ledger.db.rows(CUSTOMERS, (sorted(services),))
    named = {row["key"]: [UUID(team) for team in row["customers"] or ()] for row in rows}
    stubs = await ledger.directory.teams({team for teams in named.values() for team in teams})
    return {
        service: [TeamStub(id=team, key=stubs[team].key, name=stubs[team].name) for team in teams]
        for service, teams in named.items()
    }
