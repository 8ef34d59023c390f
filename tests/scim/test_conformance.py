"""The conformance checks of scim2-tester, all of them, against the application."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from tests.scim.test_provisioning import Provider, admin, desk, provider

__all__ = ["admin", "desk", "provider"]


class Client(BaseSyncSCIMClient):
    """A client of the checks, whose thread sends requests in the loop of the test."""

    def __init__(self, provider: Provider, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._sender, self._loop = provider, loop

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return True

    def _parse_json(self, response: Any) -> Any:
        return json.loads(response.text)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        path = url if url.startswith("http") else f"/scim/v2{url}"
        sent = self._sender.request(method, path, **options)
        return asyncio.run_coroutine_threadsafe(sent, self._loop).result(60)


async def test_all_checks_of_scim2_tester_pass(provider: Provider) -> None:
    client = Client(provider, asyncio.get_running_loop())
    results = await asyncio.to_thread(check_server, client)
    failed = [
        f"{r.title} {r.resource_type} {r.status.name}: {r.reason}"
        for r in results
        if r.status is not Status.SUCCESS
    ]
    assert len(results) >= 83
    assert failed == [], "\n".join(failed)
