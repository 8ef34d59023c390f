"""`ledgerdesk demo --webhooks` posts the samples of every tool, and says what becomes of them."""

from __future__ import annotations

import asyncio
import contextlib

import httpx

from app.cli.webhook_samples import replay_samples
from app.common.people import Role
from app.log import consumer_group as group
from app.platform.shared_connections import SharedConnections
from app.webhooks.adapters import adapter_keys
from app.webhooks.effects import processing
from tests.client import Api
from tests.extent import goes_round
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS
from tests.webhooks.tools import clock

pytestmark = goes_round("real histories", "app.webhooks.effects", by_file=True)


async def test_every_sample_is_taken_and_processed(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    failures: list[tuple[str, Exception]] = []
    async with SharedConnections(api.ledger.db.url, group.POOL_LIMITS) as lines:
        working = processing.run(lines, api.ledger, clock, failed=lambda *problem: failures.append(problem))
        worker = asyncio.create_task(working)
        async with behind_a_socket(api.app) as (host, port):
            sent = {"Authorization": f"Bearer {admin.token}"}
            async with httpx.AsyncClient(
                base_url=f"http://{host}:{port}", headers=sent, timeout=PATIENCE_SECONDS
            ) as client:
                results = [replay_sample async for replay_sample in replay_samples(client)]
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    assert failures == []
    assert {sample.adapter for sample in results} == adapter_keys()
    assert [
        sample
        for sample in results
        if sample.status != 202 or sample.outcome.startswith(("failed", "not taken"))
    ] == []
