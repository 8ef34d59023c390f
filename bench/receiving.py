"""Benchmark of webhooks in: how soon a delivery is answered 202, with a worker that processes them beside it.

The bodies name a person and hold their address. The load is open: a delivery is posted when it is due, though
earlier ones may not be answered yet, and its time counts from then.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

import httpx

from bench.deliveries import (
    PER_ISSUE,
    SOURCE_KEY,
    ToolDelivery,
    add_source,
    deliveries_of,
    signed,
    until_processed,
)
from bench.figures import Figure, Run, Threshold, number
from bench.site import Site, made_token, site

RECEIVED, PROCESSED = NAMES = ("webhooks_received", "webhooks_processed")
PER_SECOND = 200
SECONDS, QUICK_SECONDS = 30, 5


async def measure(run: Run) -> list[Figure]:
    """Measures the latency of receipt, and the rate of processing until nothing waits."""
    run.announce(f"Posting {PER_SECOND} deliveries a second, with a worker beside it")
    count = PER_SECOND * (QUICK_SECONDS if run.quick else SECONDS)
    posts = deliveries_of(count // PER_ISSUE, datetime.now(UTC) - timedelta(hours=1))
    random.Random(1).shuffle(posts)  # noqa: S311  # for an order, not for secrets
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        installation.work()
        secret = await add_source(installation, token)
        began = time.perf_counter()
        latencies = await _post(installation, posts, secret)
        processed = await until_processed(installation)
        rate = processed / (time.perf_counter() - began)
    p99 = statistics.quantiles(latencies, n=100)[98] * 1e3
    what = f"webhook in, answered 202, {PER_SECOND}/s, a worker beside it, p99"
    return [
        Figure(RECEIVED, what, f"{number(p99)} ms", p99, Threshold(50, 15, " ms", at_most=True)),
        Figure(PROCESSED, "deliveries of a ticketing tool processed meanwhile", f"{number(rate)}/s", rate),
    ]


async def _post(installation: Site, posts: list[ToolDelivery], secret: str) -> list[float]:
    """Posts each delivery when it is due. Returns the seconds from then to the answer."""
    url = f"http://127.0.0.1:{installation.ports['api']}/v1/webhooks/{SOURCE_KEY}"
    latencies: list[float] = []
    async with (
        httpx.AsyncClient(timeout=20, trust_env=False, limits=httpx.Limits(max_connections=None)) as client,
        asyncio.TaskGroup() as group,
    ):

        async def post(delivery: ToolDelivery, due: float) -> None:
            headers = signed(delivery, secret)
            answer = await client.post(url, content=delivery.body, headers=headers)
            latencies.append(time.perf_counter() - due)
            if answer.status_code != httpx.codes.ACCEPTED:
                raise RuntimeError(f"answered {answer.status_code}: {answer.text[:500]}")

        began = time.perf_counter()
        for n, delivery in enumerate(posts):
            due = began + n / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(post(delivery, due))
    return latencies
