"""Tools that post webhooks, as tests play them: they sign with the secret of their source."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log import consumer_group as group
from app.platform.shared_connections import SharedConnections
from app.webhooks.adapters import MAIL, adapter
from app.webhooks.effects import processing
from app.webhooks.intake.signing import signed_headers
from app.webhooks.intake.verification import Credentials
from app.webhooks.mapping.document import VerificationScheme
from tests.client import Api, Client, Json
from tests.webhooks.amazon import signed_body


def clock() -> datetime:
    """The present."""
    return datetime.now(UTC)


@dataclass
class Tool:
    """A tool with its source."""

    api: Api
    admin: Client
    source: Json

    @property
    def path(self) -> str:
        """Where it posts."""
        return f"/v1/webhooks/{self.source['key']}"

    def signed(self, body: bytes, **headers: str) -> dict[str, str]:
        """Headers that show the secret as the tool's adapter says first; a mail server has a bearer token."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        credentials = Credentials((self.source["secret"],), self.source["user_name"])
        scheme = VerificationScheme(scheme="bearer")
        if self.source["adapter"] != MAIL:
            scheme = adapter(self.source["adapter"]).document.verification[0]
        sent = {"content-type": "application/json"} | named
        return signed_headers(scheme, credentials, sent, body, clock())

    async def post(self, body: Any, **headers: str) -> Any:
        """Post a delivery, and return the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.source["adapter"] == "amazon_sns":
            raw = signed_body(raw)
        sent = self.signed(raw, **headers)
        # What no header can be called stands in the address.
        query = {name[1:]: sent.pop(name) for name in list(sent) if name.startswith("?")}
        return await self.api.with_token(None).post(self.path, content=raw, headers=sent, params=query)

    async def deliver(self, body: Any, **headers: str) -> Json:
        """Post a delivery, have it processed, and return what became of it."""
        answer = await self.post(body, **headers)
        assert answer.status_code == 202, answer.text
        await process_all(self.api.ledger)
        path = f"/v1/webhook_sources/{self.source['id']}/deliveries/{answer.json()['delivery_id']}"
        return await self.admin.read(path)

    async def tickets(self) -> list[Json]:
        """All incidents, the first opened first."""
        return list((await self.admin.read("/v1/incidents", sort="opened_at"))["items"])


async def a_source(api: Api, admin: Client, adapter: str = "github", **more: Any) -> Tool:
    """A tool whose source was just added."""
    body = {"key": f"{adapter}-1", "title": "A tool", "adapter": adapter, **more}
    return Tool(api, admin, await admin.post_ok("/v1/webhook_sources", body))


@contextlib.asynccontextmanager
async def processing_deliveries(ledger: Ledger) -> AsyncIterator[list[Exception]]:
    """Process deliveries as they come in, as a worker does; yield what fails meanwhile."""
    failures: list[Exception] = []
    async with SharedConnections(ledger.db.url, group.POOL_LIMITS) as lines:
        working = processing.run(lines, ledger, clock, failed=lambda _, error: failures.append(error))
        worker = asyncio.create_task(working)
        yield failures
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


async def process_all(ledger: Ledger, clock: Clock = clock) -> None:
    """Process all deliveries that wait, at that time."""
    waiting = await ledger.db.rows(processing.WAITING_SOURCES)
    while waiting:
        for row in waiting:
            source_id: UUID = row["id"]
            await processing.process_source(ledger, source_id, clock)
        waiting = await ledger.db.rows(processing.WAITING_SOURCES)
