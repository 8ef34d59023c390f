"""Benchmark of writing: creating incidents and acting on them over HTTP, with all that a request goes
through, against b4.

A worker follows the log meanwhile, as in `make run`, and competes with the writers for the machine.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from bench import bare, bare_desk, floor, lags, load
from bench.figures import Figure, Run, Threshold, alternate, number, paired_figure
from bench.lags import LagWatch, PgConnection
from bench.site import Site, made_token, site

CREATE, ACT, SINGLE_CLIENT, COMMITS, LAG, UNFOLLOWED, BARE = NAMES = (
    "create",
    "act",
    "create_alone",
    "create_commits",
    "readers_lag",
    "create_without_worker",
    "bare_desk",
)
CLIENTS = floor.CLIENTS
PAGE = 50
# Enough incidents, used in turn, that no two clients act on the same one at a time.
ACTED_ON = 1_000
BODY = {
    "description": "Since nine o'clock no mail has come in. 从九点开始收不到邮件。",
    "channel": "api",
    "impact": "2",
    "urgency": "2",
    "effect": "degraded",
}
# Actions on each incident: these once, and then the two others again and again.
FIRST_ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("acknowledge", {}),
    ("assign", {"person": "me"}),
    ("start", {}),
)
REPEATED_ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hold", {"reason": "awaiting_evidence"}),
    ("resume", {}),
)


@dataclass
class Writing:
    """An API, and the requests sent to it."""

    run: Run
    site: Site
    token: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def floor(self, clients: int) -> floor.Floor:
        """Runs b4 with so many clients."""
        return await floor.measured(self.site, clients, self.run.seconds)

    async def floor_rate(self) -> float:
        return (await self.floor(CLIENTS)).per_second

    async def floor_p50(self) -> float:
        return (await self.floor(1)).p50_ms

    async def create_rate(self) -> float:
        return (await self._load(CLIENTS, self.report, b"201")).per_second

    async def rate(self, what: Callable[[], bytes]) -> float:
        """Returns the answers per second to these requests."""
        return (await self._load(CLIENTS, what, b"200")).per_second

    async def create_p50(self) -> float:
        return (await self._load(1, self.report, b"201")).p50_ms

    def report(self) -> bytes:
        """Returns a request that reports one more incident."""
        n = next(self._numbers)
        return load.request("POST", "/v1/incidents", self.token, self.body(n), key=f"bench-{n}")

    def body(self, n: int) -> bytes:
        """Returns what is said of an incident with that number."""
        return json.dumps({"title": f"Mail does not arrive ({n})", **BODY}).encode()

    async def prepare_acting(self) -> Callable[..., Awaitable[float]]:
        """Reports incidents, and returns a function that measures the rate of actions on them."""
        requests = (self.report() for _ in range(ACTED_ON))
        port = self.site.ports["api"]
        _, bodies = await load.run(port, CLIENTS, 600, lambda: next(requests, None), expect=b"201")
        acts = self._acts([json.loads(body)["id"] for body in bodies])

        async def act_rate(clients: int = CLIENTS) -> float:
            return (await self._load(clients, lambda: next(acts), b"200")).per_second

        return act_rate

    def _acts(self, incidents: list[str]) -> Iterator[bytes]:
        for action, said in itertools.chain(FIRST_ACTIONS, itertools.cycle(REPEATED_ACTIONS)):
            for incident in incidents:
                key = f"bench-{next(self._numbers)}"
                path = f"/v1/incidents/{incident}/{action}"
                yield load.request("POST", path, self.token, json.dumps(said).encode(), key=key)

    async def _load(self, clients: int, what: Callable[[], bytes], expect: bytes) -> load.Measured:
        port = self.site.ports["api"]
        return (await load.run(port, clients, self.run.seconds, what, expect=expect))[0]


async def measure(run: Run) -> list[Figure]:
    """Measures the selected figures of writing."""
    run.announce("Making an installation to write to")
    with site() as installation:
        writing = Writing(run, installation, made_token(installation))
        await installation.serve()
        floor.prepare(embedded_server(installation.data).url(DATABASE, SUPERUSER))
        await writing.create_rate()  # not measured: the first requests are slower
        figures = await _unfollowed(run, writing) if run.is_wanted(UNFOLLOWED) else []
        with installation.administrator() as line:
            lags.install_watch(line)
            installation.work()
            await lags.wait_until_caught_up(line)
            return [
                *await _rates(run, writing, line),
                *(await _followed(run, writing, line) if run.is_wanted(COMMITS, LAG) else ()),
                *(await _beside_bare(run, writing, line) if run.is_wanted(BARE) else ()),
                *figures,
            ]


async def _unfollowed(run: Run, writing: Writing) -> list[Figure]:
    run.announce("Creating without a worker, 32 clients, in turns with b4")
    paired = await alternate(run, writing.floor_rate, writing.create_rate)
    return [paired_figure(UNFOLLOWED, "create over HTTP, 32 clients, no worker / b4", paired, None)]


async def _rates(run: Run, writing: Writing, line: PgConnection) -> list[Figure]:
    """Measures rates, and a latency, alternately with b4. Each measurement begins when the worker has caught
    up.
    """
    figures: list[Figure] = []

    async def when_caught_up(measured: Callable[[], Awaitable[float]]) -> float:
        await lags.wait_until_caught_up(line)
        return await measured()

    async def rate() -> float:
        return await when_caught_up(writing.floor_rate)

    if run.is_wanted(CREATE):
        run.announce("Creating, 32 clients, in turns with b4")
        paired = await alternate(run, rate, writing.create_rate)
        figures.append(
            paired_figure(CREATE, "create over HTTP, 32 clients / b4", paired, Threshold(0.15, 0.40))
        )
    if run.is_wanted(ACT):
        run.announce("Acting, 32 clients, in turns with b4")
        paired = await alternate(run, rate, await writing.prepare_acting())
        what = "act (versioned update and its read), 32 clients / b4"
        figures.append(paired_figure(ACT, what, paired, Threshold(0.10, 0.25)))
    if run.is_wanted(SINGLE_CLIENT):
        run.announce("Creating, 1 client, in turns with b4")
        paired = await alternate(run, partial(when_caught_up, writing.floor_p50), writing.create_p50)
        needed = Threshold(15, 6, "×", at_most=True)
        figures.append(
            paired_figure(SINGLE_CLIENT, "create, 1 client, p50 / p50 of b4", paired, needed, unit=" ms")
        )
    return figures


async def _followed(run: Run, writing: Writing, line: PgConnection) -> list[Figure]:
    """Measures the commits that following the log takes, and how soon consumers have followed."""
    run.announce("Creating, 32 clients, and looking at commits and consumers")
    await lags.wait_until_caught_up(line)
    async with LagWatch(line) as watched:
        await writing.create_rate()
        await lags.wait_until_caught_up(line)
    commits = watched.commits / (watched.last - watched.first)
    lag = watched.p99_ms()
    return [
        Figure(
            COMMITS,
            "commits of PostgreSQL for each create, 32 clients",
            number(commits),
            commits,
            Threshold(0.3, 0.1, at_most=True),
        ),
        Figure(
            LAG,
            "from a create to the last of its consumers, 32 clients, p99",
            f"{number(lag)} ms",
            lag,
            Threshold(100, 50, " ms", at_most=True),
        ),
    ]


@dataclass(frozen=True)
class Compared:
    """A request to the bare desk, the status of its answer, and what is measured of ours beside it."""

    what: str
    clients: int
    needed: Threshold
    asked: Callable[[], bytes]
    expect: bytes
    ours: Callable[[], Awaitable[float]]


async def _beside_bare(run: Run, writing: Writing, line: PgConnection) -> list[Figure]:
    """Measures writing and a list in turns with a bare desk on the same PostgreSQL, the worker running."""
    figures = []
    with bare_desk.served(embedded_server(writing.site.data).url(DATABASE, SUPERUSER)) as (port, child):
        await bare.until_it_listens(child, port)
        for compared in await _compared(writing, port):
            run.announce(f"{compared.what}, {compared.clients} clients, in turns with a bare desk")
            paired = await alternate(
                run, partial(_bare_rate, run, port, compared), partial(_when_caught_up, line, compared)
            )
            what = f"{compared.what}, {compared.clients} clients, a worker running / bare desk"
            figures.append(paired_figure(BARE, what, paired, compared.needed))
    return figures


async def _bare_rate(run: Run, port: int, compared: Compared) -> float:
    asked, expect = compared.asked, compared.expect
    return (await load.run(port, compared.clients, run.seconds, asked, expect=expect))[0].per_second


async def _when_caught_up(line: PgConnection, compared: Compared) -> float:
    await lags.wait_until_caught_up(line)
    return await compared.ours()


async def _compared(writing: Writing, port: int) -> list[Compared]:
    act_rate, acts = await writing.prepare_acting(), await _bare_acts(port)
    opening = load.request("POST", "/tickets", "nobody", writing.body(0))
    page = load.request("GET", f"/v1/incidents?limit={PAGE}", writing.token)
    bare_page = load.request("GET", f"/tickets?limit={PAGE}", "nobody")
    read = partial(writing.rate, lambda: page)
    return [
        Compared("create", CLIENTS, Threshold(0.6, 0.75), lambda: opening, b"201", writing.create_rate),
        Compared("act", CLIENTS, Threshold(0.65, 0.75), lambda: next(acts), b"200", act_rate),
        Compared("act", 1, Threshold(0.45, 0.6), lambda: next(acts), b"200", partial(act_rate, 1)),
        Compared(f"list of {PAGE}", CLIENTS, Threshold(0.65, 0.75), lambda: bare_page, b"200", read),
    ]


async def _bare_acts(port: int) -> Iterator[bytes]:
    """Opens tickets at the bare desk, and returns requests that act on them in turn, again and again."""
    opening = load.request(
        "POST", "/tickets", "nobody", json.dumps({"title": "t", "description": "d"}).encode()
    )
    requests = itertools.repeat(opening, ACTED_ON)
    _, bodies = await load.run(port, CLIENTS, 600, lambda: next(requests, None), expect=b"201")
    paths = [f"/tickets/{json.loads(body)['id']}" for body in bodies]
    actions = itertools.cycle(action for action, _ in REPEATED_ACTIONS)
    acts = itertools.cycle(itertools.product(itertools.islice(actions, 2), paths))
    return (load.request("POST", f"{path}/{action}", "nobody", b"{}") for action, path in acts)
