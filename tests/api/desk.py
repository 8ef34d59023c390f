"""A service desk whose figures are asked for."""

from __future__ import annotations

from typing import Any

from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.people import ago

MTTR = "/v1/kpis/incident_resolution_seconds"


class Desk:
    """A service desk with incidents, somebody who sees all of them, and the facts up to now."""

    def __init__(self, api: Api, follower: Connection, manager: Client, agent: Client) -> None:
        self.api, self.follower, self.manager, self.agent = api, follower, manager, agent

    async def report(self, hours_ago: float, **changes: str) -> str:
        """An incident that was opened so many hours ago; gives its address."""
        opened = ago(hours=hours_ago).isoformat()
        record = await self.agent.post_ok("/v1/incidents", an_incident(occurred_at=opened, **changes))
        return f"/v1/incidents/{record['id']}"

    async def resolve(self, instant: str) -> None:
        await self.agent.post_ok(f"{instant}/acknowledge")
        await self.agent.post_ok(f"{instant}/resolve", RESOLVED)

    async def follow(self) -> None:
        """What the worker does."""
        await catch_up(self.follower, FACTS)

    async def point(self, path: str = MTTR, **parameters: Any) -> Json:
        """The only point of the whole time."""
        (point,) = (await self.manager.read(path, grain="all", **parameters))["points"]
        body: Json = point
        return body
