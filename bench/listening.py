"""Benchmark of the live stream: how soon an event that was committed has come to very many listeners of one
API process, while tickets are created.

The time counts from the event's `recorded_at`, shortly before its commit, to the arrival of its bytes. The
listeners, who are agents of several teams and requesters, live in this process and share the machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from bench import load
from bench.figures import Figure, Run, Threshold, number
from bench.site import PATIENCE_SECONDS, Site, made_token, site
from bench.writing import BODY

(LISTENERS,) = NAMES = ("listeners",)
COUNT, QUICK_COUNT = 1_000, 100
#: Each caller has so many streams.
EACH = 40
#: Every so manyth caller is a requester, who sees their own tickets alone.
REQUESTERS = 5
PER_SECOND, SECONDS, QUICK_SECONDS = 10, 20, 3
#: Few, since the server closes what is not used for five seconds.
CONNECTIONS = 16
WARM_UP = 20
POSITION = re.compile(rb"id: (\d+)\ndata: ")
TIMES = "select position, extract(epoch from recorded_at)::float8 from log.event where position > %s"


@dataclass
class _Listener(asyncio.Protocol):
    """A client that follows the stream. `arrivals`: positions, and when they came."""

    request: bytes
    arrivals: list[tuple[int, float]] = field(default_factory=list)
    is_open: bool = False
    is_lost: bool = False
    _rest: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self.request)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True

    def data_received(self, data: bytes) -> None:
        now = time.time()
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            self.is_open = True
            if found := POSITION.search(block):
                self.arrivals.append((int(found[1]), now))


async def measure(run: Run) -> list[Figure]:
    """Measures the time from commit to listener, and what the API needs meanwhile."""
    count = QUICK_COUNT if run.quick else COUNT
    run.announce(f"Creating {PER_SECOND} tickets a second, with {count:,} listeners")
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        port = installation.ports["api"]
        api = installation.processes["api"]
        before = api.memory_mb
        listeners = await _listening(port, await _keys(port, token, count // EACH), count)
        await _create(port, token, WARM_UP)
        first = await _caught_up(installation, listeners)
        used = api.cpu_seconds
        latencies = await _create(port, token, PER_SECOND * (QUICK_SECONDS if run.quick else SECONDS))
        await _caught_up(installation, listeners)
        used = api.cpu_seconds - used
        waits = _waits(installation, listeners, first)
        memory = api.memory_mb
    p50, p99 = (statistics.quantiles(waits, n=100)[n] * 1e3 for n in (49, 98))
    created = statistics.quantiles(latencies, n=100)[98] * 1e3
    what = (
        f"commit to each of {count:,} listeners, {PER_SECOND} tickets a second ({len(waits):,} messages), p99"
        f"; median {number(p50)} ms; a create meanwhile, p99: {number(created)} ms; the API's own processor "
        f"time, of creates too: {number(used / len(waits) * 1e6)} µs a message; "
        f"memory of the API {number(memory)} MB, {number(before)} MB without listeners"
    )
    return [Figure(LISTENERS, what, f"{number(p99)} ms", p99, Threshold(200, 60, " ms", at_most=True))]


async def _keys(port: int, token: str, count: int) -> list[str]:
    """Returns keys of so many persons."""
    headers = {"Authorization": f"Bearer {token}"}
    keys = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", headers=headers) as client:

        async def post(path: str, body: object) -> dict[str, str]:
            made: dict[str, str] = (await client.post(path, json=body)).raise_for_status().json()
            return made

        for n in range(count):
            role = "agent" if n % REQUESTERS else "requester"
            person = await post("/persons", {"name": f"Listener {n}", "roles": [role]})
            keys.append((await post("/keys", {"name": "bench", "person": person["id"]}))["token"])
    return keys


async def _listening(port: int, keys: Sequence[str], count: int) -> list[_Listener]:
    """Returns so many listeners with these keys, all of whose streams have begun."""
    loop = asyncio.get_running_loop()
    listeners = []
    for _, key in zip(range(count), itertools.cycle(keys), strict=False):
        listener = _Listener(load.request("GET", "/v1/events/stream?kind=incident", key))
        await loop.create_connection(lambda made=listener: made, "127.0.0.1", port)  # type: ignore[misc]
        listeners.append(listener)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all(each.is_open for each in listeners):  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.05)
    return listeners


async def _create(port: int, token: str, count: int) -> list[float]:
    bodies = (json.dumps({"title": f"Mail {n}", **BODY}).encode() for n in range(count))
    requests = [load.request("POST", "/v1/incidents", token, body) for body in bodies]
    return await load.run_paced(port, requests, PER_SECOND, expect=b"201", connections=CONNECTIONS)


async def _caught_up(installation: Site, listeners: Sequence[_Listener]) -> int:
    """Waits until the agents have the newest event. Returns its position. Raises RuntimeError if one of them
    has lost its stream.
    """
    with installation.administrator() as line:
        (head,) = line.execute("select position from log.head").fetchone() or (0,)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(each.arrivals and each.arrivals[-1][0] < head for each in listeners):
            if any(each.is_lost for each in listeners):
                raise RuntimeError("a listener has lost its stream")
            await asyncio.sleep(0.05)
    return head


def _waits(installation: Site, listeners: Sequence[_Listener], first: int) -> list[float]:
    """Returns the seconds from each event after that position to each of its listeners.

    Raises RuntimeError if one of them has lost its stream, or missed an event.
    """
    with installation.administrator() as line:
        recorded: dict[int, float] = dict(line.execute(TIMES, (first,)).fetchall())  # type: ignore[arg-type]
    waits = []
    for listener in listeners:
        arrivals = [(position, at) for position, at in listener.arrivals if position > first]
        if listener.is_lost or (arrivals and [position for position, _ in arrivals] != sorted(recorded)):
            raise RuntimeError("a listener has lost its stream or missed an event")
        waits += [at - recorded[position] for position, at in arrivals]
    return waits
