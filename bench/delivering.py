"""Benchmark of deliveries out: how many events a second a worker sends to one process that takes them, each
signed, by a request of its own.

The events wait when it begins, since the subscription was paused meanwhile, and the worker has nothing else
to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx

from app.platform.settings import PROJECT
from bench import load
from bench.figures import Figure, Run, Threshold, number
from bench.lags import wait_until_caught_up
from bench.site import PATIENCE_SECONDS, POLL_SECONDS, free_port, made_token, site
from bench.writing import BODY

(DELIVERED,) = NAMES = ("deliveries_sent",)
COUNT, QUICK_COUNT = 4_000, 400
CLIENTS = 16
#: So many subscriptions have the same receiver, each with connections of its own.
SUBSCRIPTIONS = 2
OUTWARD = {"OUTWARD_NETWORKS": "127.0.0.0/8", "OUTWARD_HTTP": "true"}


async def measure(run: Run) -> list[Figure]:
    """Measures the rate of deliveries, and what one needs of the worker's processor time."""
    count = QUICK_COUNT if run.quick else COUNT
    run.announce(f"Sending {count:,} events to each of {SUBSCRIPTIONS} subscriptions of one process")
    with site() as installation, receiving() as port:
        installation.settings |= OUTWARD
        token = made_token(installation)
        await installation.serve()
        installation.work()
        headers = {"Authorization": f"Bearer {token}"}
        api = f"http://127.0.0.1:{installation.ports['api']}/v1"
        async with httpx.AsyncClient(base_url=api, headers=headers, timeout=PATIENCE_SECONDS) as client:
            names = [await _subscribe(client, port) for _ in range(SUBSCRIPTIONS)]
            for name in names:
                (await client.post(f"/subscriptions/{name}/pause")).raise_for_status()
            bodies = (json.dumps({"title": f"Mail {n}", **BODY}).encode() for n in range(count))
            requests = (load.request("POST", "/v1/incidents", token, body) for body in bodies)
            asked = lambda: next(requests, None)  # noqa: E731  # one use
            await load.run(installation.ports["api"], CLIENTS, PATIENCE_SECONDS, asked, expect=b"201")
            with installation.administrator() as line:
                await wait_until_caught_up(line)
            worker = installation.processes["worker"]
            used = worker.cpu_seconds
            for name in names:
                (await client.post(f"/subscriptions/{name}/resume")).raise_for_status()
            report = await _received(port, count * SUBSCRIPTIONS)
            used = worker.cpu_seconds - used
    sent = report["count"]
    rate = sent / (report["last_at"] - report["first_at"])
    what = (
        f"{sent:,} waiting deliveries out to one process, {SUBSCRIPTIONS} subscriptions; the worker's own "
        f"processor time: {number(used / sent * 1e3)} ms each"
    )
    return [Figure(DELIVERED, what, f"{number(rate)}/s", rate, Threshold(1_000, 2_000, "/s"))]


@contextlib.contextmanager
def receiving() -> Iterator[int]:
    """Runs a receiver in a process of its own until the block ends. Returns its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.receiver", str(port)]
    process = subprocess.Popen(command, cwd=PROJECT)  # noqa: S603  # ourselves
    try:
        yield port
    finally:
        process.kill()
        process.wait()


async def _subscribe(client: httpx.AsyncClient, port: int) -> str:
    body = {
        "title": "bench",
        "url": f"http://127.0.0.1:{port}/",
        "format": "standard",
        "event_types": ["incident.reported"],
    }
    answer = (await client.post("/subscriptions", json=body)).raise_for_status()
    return str(answer.json()["id"])


async def _received(port: int, count: int) -> dict[str, Any]:
    """Waits until the receiver has so many messages. Returns its report. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            report: dict[str, Any] = (await client.get(f"http://127.0.0.1:{port}/")).json()
            if report["count"] >= count:
                return report
            await asyncio.sleep(POLL_SECONDS * 5)
