"""Replay of sample deliveries against a running service, for those who connect a tool: what it answers, and
what becomes of each delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from app.webhooks.adapters import MAIL, adapter, adapter_keys
from app.webhooks.intake.signing import signed_headers
from app.webhooks.intake.verification import ADDRESS_PREFIX, Credentials
from app.webhooks.mapping.document import VerificationScheme
from app.webhooks.sources.samples import samples_of

#: How long a delivery may wait for the worker.
PROCESSING_SECONDS = 30.0
ASK_SECONDS = 0.2
USER_NAME = "sample"


class ReplayedSample(NamedTuple):
    """A sample delivery that was posted: its adapter and title, the status of the answer, and what became of
    it.
    """

    adapter: str
    title: str
    status: int
    outcome: str


async def replay_samples(client: httpx.AsyncClient) -> AsyncIterator[ReplayedSample]:
    """Add a source for each adapter, post the samples of its tool, signed as the tool does it, and yield each
    once it is processed. `client` has the address of the service, and the key of an administrator.

    Raises httpx.HTTPError.
    """
    now = datetime.now(UTC)
    for tool in sorted(adapter_keys()):
        body = {
            "key": f"sample-{tool}-{now:%m%d%H%M%S}".replace("_", "-"),
            "title": f"Sample of {tool}",
            "adapter": tool,
            "zone": "UTC",
            "user_name": USER_NAME,
        }
        answer = await client.post("/v1/webhook_sources", json=body)
        answer.raise_for_status()
        async for replayed in _replay_of(client, tool, answer.json(), now):
            yield replayed


async def _replay_of(
    client: httpx.AsyncClient, tool: str, source: dict[str, Any], now: datetime
) -> AsyncIterator[ReplayedSample]:
    scheme = VerificationScheme(scheme="bearer") if tool == MAIL else adapter(tool).document.verification[0]
    if scheme.scheme == "amazon_sns":
        # Nobody else can sign as Amazon does: the service sends the first one to itself.
        answer = await client.post(f"/v1/webhook_sources/{source['id']}/send_sample")
        outcome = await _outcome(client, source["id"], answer.json()["delivery_id"])
        yield ReplayedSample(tool, samples_of(tool, now)[0].title, answer.status_code, outcome)
        return
    credentials = Credentials([source["secret"]], USER_NAME)
    for sample in samples_of(tool, now):
        raw = sample.raw
        headers = signed_headers(scheme, credentials, raw.headers, raw.body, datetime.now(UTC))
        # The key of an administrator, which the client sends by itself, is not the tool's.
        headers = {"authorization": "", **headers}
        # A secret in the address has a name that no header can have.
        names = [name for name in headers if name.startswith(ADDRESS_PREFIX)]
        query = {name.removeprefix(ADDRESS_PREFIX): headers.pop(name) for name in names}
        address = f"/v1/webhooks/{source['key']}"
        answer = await client.post(address, content=raw.body, headers=headers, params=query)
        outcome = "not taken"
        if answer.status_code == httpx.codes.ACCEPTED:
            outcome = await _outcome(client, source["id"], answer.json()["delivery_id"])
        yield ReplayedSample(tool, sample.title, answer.status_code, outcome)


async def _outcome(client: httpx.AsyncClient, source_id: str, delivery_id: str) -> str:
    """Wait until the response is processed, and print the outcome."""
    path = f"/v1/webhook_sources/{source_id}/deliveries/{delivery_id}"
    answer: dict[str, Any] = {"state": "waiting"}
    async with asyncio.timeout(PROCESSING_SECONDS):
        while answer["state"] == "waiting":  # another process works on it: it can only be asked
            await asyncio.sleep(ASK_SECONDS)
            answer = (await client.get(path)).json()
    if answer["state"] != "processed":
        return f"{answer['state']}: {answer['reason'] or answer['code']}"
    return ", ".join(f"{effect['outcome']} {effect['number'] or ''}".strip() for effect in answer["effects"])
