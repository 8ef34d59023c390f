"""Benchmark of webhooks in: how soon a delivery is answered 202, with a worker that processes them beside it.

Agents read lists meanwhile. The bodies name a person and hold their address. The load is open: a delivery is
posted when it is due, though earlier ones may not be answered yet, and its time counts from then.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from bench import load
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
from bench.site import made_token, site

RECEIVED, PROCESSED = NAMES = ("webhooks_received", "webhooks_processed")
PER_SECOND = 200
SECONDS, QUICK_SECONDS = 60, 5
#: Lists that are read meanwhile, as the desk asks for them.
READS_PER_SECOND = 10
LIST = "/v1/incidents?limit=50&state=new,in_progress"
WARM_UP = 200


async def measure(run: Run) -> list[Figure]:
    """Measures the latency of receipt, and the rate of processing until nothing waits."""
    run.announce(f"Posting {PER_SECOND} deliveries a second, with a worker beside it")
    count = WARM_UP + PER_SECOND * (QUICK_SECONDS if run.quick else SECONDS)
    posts = deliveries_of(count // PER_ISSUE, datetime.now(UTC) - timedelta(hours=1))
    random.Random(1).shuffle(posts)  # noqa: S311  # for an order, not for secrets
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        installation.work()
        secret = await add_source(installation, token)
        requests = [_request(delivery, secret) for delivery in posts]
        first, requests = requests[:WARM_UP], requests[WARM_UP:]
        # Not measured: the first deliveries are slower, and the worker has to start.
        await load.run_paced(installation.ports["api"], first, PER_SECOND, expect=b"202")
        warmed_up = await until_processed(installation)
        worker, port = installation.processes["worker"], installation.ports["api"]
        reads = [load.request("GET", LIST, token)] * (len(requests) * READS_PER_SECOND // PER_SECOND)
        began, used = time.perf_counter(), worker.cpu_seconds
        latencies, _ = await asyncio.gather(
            load.run_paced(port, requests, PER_SECOND, expect=b"202"),
            load.run_paced(port, reads, READS_PER_SECOND, expect=b"200", connections=4),
        )
        backlog = warmed_up + len(requests) - await until_processed(installation, 0)
        processed = await until_processed(installation)
        rate = (processed - warmed_up) / (time.perf_counter() - began)
        used = (worker.cpu_seconds - used) / (processed - warmed_up)
    p99 = statistics.quantiles(latencies, n=100)[98] * 1e3
    what = f"webhook in, answered 202, {PER_SECOND}/s, a worker beside it, p99"
    done = (
        f"deliveries of a ticketing tool processed meanwhile, beside {READS_PER_SECOND} lists a second; "
        f"waiting when the last is posted: {backlog:,}; the worker's own processor time: "
        f"{number(used * 1e3)} ms each"
    )
    return [
        Figure(RECEIVED, what, f"{number(p99)} ms", p99, Threshold(50, 15, " ms", at_most=True)),
        Figure(PROCESSED, done, f"{number(rate)}/s", rate),
    ]


def _request(delivery: ToolDelivery, secret: str) -> bytes:
    lines = [f"POST /v1/webhooks/{SOURCE_KEY} HTTP/1.1", "Host: bench", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in signed(delivery, secret).items()]
    lines += [f"Content-Length: {len(delivery.body)}", "", ""]
    return "\r\n".join(lines).encode() + delivery.body
