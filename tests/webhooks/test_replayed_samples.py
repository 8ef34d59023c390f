"""`ledgerdesk demo --webhooks` posts the samples of every tool, and says what becomes of them."""

from __future__ import annotations

import httpx

from app.cli.webhook_samples import replay_samples
from app.common.people import Role
from app.webhooks.adapters import adapter_keys
from tests.client import Api
from tests.extent import in_test_all
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS
from tests.webhooks.tools import processing_deliveries


@in_test_all
async def test_every_sample_is_taken_and_processed(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    async with processing_deliveries(api.ledger) as failures, behind_a_socket(api.app) as (host, port):
        sent = {"Authorization": f"Bearer {admin.token}"}
        async with httpx.AsyncClient(
            base_url=f"http://{host}:{port}", headers=sent, timeout=PATIENCE_SECONDS
        ) as client:
            results = [replay_sample async for replay_sample in replay_samples(client)]
    assert failures == []
    assert {sample.adapter for sample in results} == adapter_keys()
    assert [
        sample
        for sample in results
        if sample.status != 202 or sample.outcome.startswith(("failed", "not taken"))
    ] == []
