"""A client of scim2-tester, whose thread sends requests in the loop of the test."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from scim2_client import BaseSyncSCIMClient
from scim2_tester import CheckResult, check_server

from tests.scim.test_provisioning import Provider


class _Client(BaseSyncSCIMClient):
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


async def check_results(provider: Provider) -> list[CheckResult]:
    """Return the results of all checks against the application."""
    client = _Client(provider, asyncio.get_running_loop())
    return list(await asyncio.to_thread(check_server, client))
