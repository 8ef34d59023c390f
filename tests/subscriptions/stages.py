"""A stage for tests of subscriptions: who subscribes, a clock that the test moves, and a sender."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.platform.db import Connection
from app.subscriptions.progress import SubscriptionProgress
from app.subscriptions.sending import Sender
from tests.client import Api, Client, Json, an_incident
from tests.subscriptions.receivers import Receiver

PATH = "/v1/subscriptions"


@dataclass
class Stage:
    """Subscriptions of an administrator, and what sends."""

    api: Api
    connection: Connection
    receiver: Receiver
    admin: Client
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 15.0
    _sender: Sender | None = None

    @property
    def sender(self) -> Sender:
        if self._sender is None:
            self._sender = Sender(self.api.ledger, self.connection, lambda: self.now, seconds=self.seconds)
            self._sender.shared.chance = lambda: 0.0
        return self._sender

    async def begin_anew(self) -> None:
        """Another worker takes over, with nothing but what was saved."""
        await self.close()
        self._sender = None

    async def close(self) -> None:
        if self._sender is not None:
            await self._sender.close()

    async def subscribe(self, client: Client | None = None, **fields: object) -> Json:
        body = {"title": "Warehouse", "url": self.receiver.url, "kinds": ["incident"]} | fields
        return await (client or self.admin).post_ok(PATH, body)

    async def incident(self, **fields: object) -> Json:
        return await self.admin.post_ok("/v1/incidents", an_incident(**fields))

    async def step(self, incident: Json, text: str = "Seen.") -> Json:
        """Another event of the incident's stream."""
        return await self.admin.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": text})

    async def send(self, seconds: float = 0) -> None:
        """Send all that is due so many seconds later."""
        self.now += timedelta(seconds=seconds)
        for _ in range(200):
            if not await self.sender.send_due():
                return
        raise AssertionError("the sender does not come to rest")

    def progress(self, subscription: Json) -> SubscriptionProgress:
        return self.sender.queues[UUID(subscription["id"])].progress

    async def attempts(self, subscription: Json, **query: str) -> list[Json]:
        return list((await self.admin.read(f"{PATH}/{subscription['id']}/attempts", **query))["items"])
