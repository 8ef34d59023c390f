"""Benchmark of reading over HTTP: one incident, pages of fifty, and a person's work list, each against a
route that does nothing; and how much slower they become with ten times as many incidents.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from bench import load, plans
from bench.cases import FAULT, TEAMS, LargeSite, team_key
from bench.figures import Figure, Threshold, alternate, number, paired_figure
from bench.site import made_token

GET, LIST, SCOPED, TABLE, ACTIONS, WORK, PAGE_LIST, PAGE_RECORD, FEED, MEMORY, ATTENTION = NAMES = (
    *("get", "list", "list_scoped", "list_table", "list_actions"),
    *("work", "page_list", "page_record", "feed", "memory", "attention"),
)
GROWTH = "growth"
PAGE = 50
# Fewest bytes of a page of fifty incidents.
SMALLEST_PAGE = 25_000
# Fields that a table on a screen shows, and the fewest bytes of a page with these fields.
TABLE_FIELDS, SMALLEST_TABLE = "number,title,state,priority,team,assignee,opened_at", 10_000
# Fields of a list with what the caller may do now, beside those that a table shows.
TABLE_ACTIONS = f"{TABLE_FIELDS},actions"
NO_OP = "/livez"
# So many of the newest events are followed by the feed, and a page takes no longer than this.
FOLLOWED, QUICK_FOLLOWED, LONG_SECONDS = 200_000, 20_000, 600.0
REQUESTS, QUICK_REQUESTS = 100_000, 5_000
PLANS = Path("build/plans.txt")


@dataclass
class Reading:
    """Readers of a site. `token` belongs to a caller who may see everything, `scoped` to an agent of one
    team.
    """

    many: LargeSite
    token: str
    scoped: str

    def rate(
        self, clients: int, path: Callable[[], str], token: str = "", *, smallest: int = 0
    ) -> Callable[[], Awaitable[float]]:
        """Returns a function that measures the answers per second, and checks that each has at least
        `smallest` bytes.
        """

        async def measured() -> float:
            found, bodies = await load.run(
                self.many.site.ports["api"],
                clients,
                self.many.run.seconds,
                lambda: load.request("GET", path(), token),
                expect=b"200",
            )
            assert min(map(len, bodies)) >= smallest, f"{path()} is answered with less than {smallest} bytes"
            return found.per_second

        return measured

    async def get(self) -> Figure:
        ids = [row[0] async for row in await self.many.owner.execute("select id from fold.incident")]
        chance = random.Random(1)  # noqa: S311  # not for secrets
        figure = self.rate(32, lambda: f"/v1/incidents/{chance.choice(ids)}", self.token)
        paired = await alternate(self.many.run, self.rate(32, lambda: NO_OP), figure)
        what = f"get one of {self.many.incidents:,} by id / no-op route, 32 clients"
        return paired_figure(GET, what, paired, Threshold(0.30, 0.50))

    async def list(self, clients: int) -> Figure:
        """Measures the first page of each team's list, in turn, for a caller who may see everything."""
        paths = cycle([f"/v1/incidents?state=closed&team={team_key(n)}" for n in range(TEAMS)])
        return await self._list(LIST, clients, lambda: next(paths), self.token)

    async def list_scoped(self, clients: int) -> Figure:
        """Measures the first page for an agent, who may see the incidents of one team, their own, and those
        without a team.
        """
        path = "/v1/incidents?state=closed&priority=P3"
        return await self._list(SCOPED, clients, lambda: path, self.scoped)

    async def list_table(self, clients: int) -> Figure:
        """Measures the same as `list`, with only the fields that a table shows."""
        team = cycle(range(TEAMS))
        path = f"/v1/incidents?state=closed&fields={TABLE_FIELDS}&team="
        return await self._list(TABLE, clients, lambda: path + team_key(next(team)), self.token)

    async def _list(self, name: str, clients: int, path: Callable[[], str], token: str) -> Figure:
        no_op = self.rate(clients, lambda: NO_OP)
        smallest = SMALLEST_TABLE if name == TABLE else SMALLEST_PAGE
        paired = await alternate(self.many.run, no_op, self.rate(clients, path, token, smallest=smallest))
        who = {
            LIST: "state and team",
            SCOPED: "state and priority, for an agent",
            TABLE: "state and team, seven fields of each",
        }[name]
        what = f"list of {PAGE} of {self.many.incidents:,}, {who} / no-op route, {clients} clients"
        return paired_figure(name, what, paired, Threshold(0.12, 0.25))

    async def work(self, clients: int) -> Figure:
        """Measures the work list of an agent of the largest team."""
        no_op = self.rate(clients, lambda: NO_OP)
        paired = await alternate(self.many.run, no_op, self.rate(clients, lambda: "/v1/me/work", self.scoped))
        what = f"/v1/me/work where there are {self.many.incidents:,} / no-op route, {clients} clients"
        return paired_figure(WORK, what, paired, Threshold(0.12, 0.25))

    async def attention(self, who: str, token: str) -> Figure:
        """Measures how long somebody waits for what needs attention, one after the other."""
        port, seconds = self.many.site.ports["api"], self.many.run.seconds
        answers, _ = await load.run(
            port, 1, seconds, lambda: load.request("GET", "/v1/attention", token), expect=b"200"
        )
        what = f"/v1/attention where there are {self.many.incidents:,}, for {who}, p99"
        threshold = Threshold(150, 50, " ms", at_most=True)
        return Figure(ATTENTION, what, f"{number(answers.p99_ms)} ms", answers.p99_ms, threshold)

    async def list_actions(self, clients: int) -> Figure:
        """Measures the same as `list_table`, with what the caller may do with each, against that without."""
        team = cycle(range(TEAMS))

        def path(fields: str) -> str:
            return f"/v1/incidents?state=closed&fields={fields}&team={team_key(next(team))}"

        without = self.rate(clients, lambda: path(TABLE_FIELDS), self.token)
        with_actions = self.rate(clients, lambda: path(TABLE_ACTIONS), self.token)
        paired = await alternate(self.many.run, without, with_actions)
        what = f"list of {PAGE} of {self.many.incidents:,}, with their actions / without, {clients} clients"
        return paired_figure(ACTIONS, what, paired, None)

    async def page_list(self) -> Figure:
        """Measures the desk's page of a list, against the operations that it reads."""
        query = f"state=closed&team={team_key(1)}"
        read = (f"/v1/incidents?{query}&include=sla", "/v1/views?kind=incident", "/v1/me/openings")
        return await self._page(PAGE_LIST, f"/desk/incident?{query}", read)

    async def page_record(self) -> Figure:
        """Measures the desk's page of a record, against the operations that it reads."""
        ((record,),) = await (
            await self.many.owner.execute("select id from fold.incident order by id limit 1")
        ).fetchall()
        record_path = f"/v1/incidents/{record}"
        children = ("comments", "tasks", "attachments", "links", "events", "notices")
        read = (f"{record_path}?include=external_references,sla", *(f"{record_path}/{c}" for c in children))
        return await self._page(PAGE_RECORD, f"/desk/incident/{record}", read)

    async def _page(self, name: str, page: str, read: Sequence[str]) -> Figure:
        """Measures how many pages are answered in the time that their operations take."""
        paths = cycle(read)
        operations = self.rate(8, lambda: next(paths), self.token)

        async def sets_of_operations() -> float:
            return await operations() / len(read)

        paired = await alternate(
            self.many.run, sets_of_operations, self.rate(8, lambda: page, self.token, smallest=2_000)
        )
        what = f"{page.partition('?')[0]} / the {len(read)} operations that it reads, 8 clients"
        return paired_figure(name, what, paired, Threshold(1 / 1.5, 0.9))

    async def feed(self, who: str, token: str) -> Figure:
        """Measures how fast somebody gets to the feed's end by pages, in events of the log a second."""
        port, seen, cursor = self.many.site.ports["api"], 0, ""
        answer = await self.many.owner.execute("select position from log.head")
        ((head,),) = await answer.fetchall()
        count = min(head, QUICK_FOLLOWED if self.many.run.quick else FOLLOWED)
        path, began = f"/v1/events?limit=200&after={head - count}", time.perf_counter()
        while cursor is not None:
            asked = iter([load.request("GET", path + (cursor and f"&cursor={quote(cursor)}"), token)])
            following = partial(next, asked, None)
            _, (body,) = await load.run(port, 1, LONG_SECONDS, following, expect=b"200")
            page = json.loads(body)
            seen, cursor = seen + len(page["items"]), page["next_cursor"]
        rate = count / (time.perf_counter() - began)
        what = f"feed of {head:,} events, the last {count:,} followed by {who}, who sees {seen:,} of these"
        return Figure(FEED, what, f"{number(rate)} events/s", rate)

    async def memory(self) -> Figure:
        """Measures the memory of the API after many requests of every kind of reading, and after half of
        them.
        """
        many, process = self.many, self.many.site.processes["api"]
        count = QUICK_REQUESTS if many.run.quick else REQUESTS
        ids = [row[0] async for row in await many.owner.execute("select id from fold.incident limit 50000")]
        records = cycle([f"/v1/incidents/{one}" for one in ids])
        search = f"/v1/incidents?q={quote(FAULT[1])}&limit=5"
        others = cycle(["/v1/incidents?limit=10", "/v1/me/work", search])
        held: list[float] = []
        for _ in range(2):
            asked = iter(range(count // 2))

            def following(left: Iterator[int] = asked) -> bytes | None:
                n = next(left, None)
                path = next(others) if n is not None and n % 50 == 0 else next(records)
                return None if n is None else load.request("GET", path, self.token)

            await load.run(many.site.ports["api"], 32, many.run.seconds * 100, following, expect=b"200")
            held.append(process.memory_mb)
        what = f"memory of the API after {count:,} requests; after half of them {number(held[0])} MB"
        return Figure(
            MEMORY, what, f"{number(held[1])} MB", held[1], Threshold(300, 150, " MB", at_most=True)
        )


def growth(few: list[Figure], many: list[Figure], times: int) -> list[Figure]:
    """Returns how much longer the same reads take with so many times as many incidents, relative to the no-op
    route.
    """
    grown: list[Figure] = []
    for one, other in zip(few, many, strict=True):
        longer = one.judged / other.judged
        what = f"{other.what.partition(' / ')[0]}: time, against {times} times fewer"
        needed = Threshold(1.3, 1.1, "×", at_most=True)
        grown.append(Figure(GROWTH, what, f"{number(longer)}×", longer, needed))
    return grown


@contextlib.asynccontextmanager
async def reading(many: LargeSite) -> AsyncIterator[Reading]:
    """Starts an API and returns its readers, until the block ends."""
    made = many.site.run("keys", "make", "--role", "agent", "--team", team_key(0), "--json")
    reader = Reading(many, made_token(many.site), json.loads(made)["token"])
    await many.site.serve()
    await reader.rate(32, lambda: NO_OP)()  # not measured: the first requests are slower
    try:
        yield reader
    finally:
        many.site.kill("api")


async def common_figures(many: LargeSite) -> list[Figure]:
    """Measures the figures that are compared between few and many incidents."""
    figures: list[Figure] = []
    async with reading(many) as reader:
        if many.run.is_wanted(GET, GROWTH):
            many.run.announce(f"Getting one of {many.incidents:,}, in turns with a route that does nothing")
            figures.append(await reader.get())
        if many.run.is_wanted(LIST, GROWTH):
            many.run.announce(f"Listing some of {many.incidents:,}, in turns with a route that does nothing")
            figures.append(await reader.list(8))
    return figures


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures of reading, and writes the query plans."""
    run = many.run
    figures = await common_figures(many)
    async with reading(many) as reader:
        if run.is_wanted(LIST):
            figures.append(await reader.list(32))
        for clients in (8, 32):
            if run.is_wanted(SCOPED):
                run.announce(
                    f"Listing for an agent, {clients} clients, in turns with a route that does nothing"
                )
                figures.append(await reader.list_scoped(clients))
        if run.is_wanted(TABLE):
            run.announce("Listing for a table, in turns with a route that does nothing")
            figures.append(await reader.list_table(8))
        if run.is_wanted(ACTIONS):
            run.announce("Listing with actions, in turns with the same without")
            figures.append(await reader.list_actions(8))
        if run.is_wanted(FEED):
            run.announce("Following the feed to its end, as an administrator and as an agent of one team")
            figures.append(await reader.feed("an administrator", reader.token))
            figures.append(await reader.feed("an agent", reader.scoped))
        if run.is_wanted(WORK):
            run.announce("What an agent has to do, in turns with a route that does nothing")
            figures.append(await reader.work(8))
        if run.is_wanted(ATTENTION):
            run.announce("What needs attention, for an administrator and for an agent of one team")
            figures.append(await reader.attention("an administrator", reader.token))
            figures.append(await reader.attention("an agent", reader.scoped))
        if run.is_wanted(PAGE_LIST):
            run.announce("Pages of a list, in turns with the operations that they read")
            figures.append(await reader.page_list())
        if run.is_wanted(PAGE_RECORD):
            run.announce("Pages of a record, in turns with the operations that they read")
            figures.append(await reader.page_record())
        if run.is_wanted(MEMORY):
            run.announce("Asking for much, and looking at the memory")
            figures.append(await reader.memory())
        team = team_key(1)
        paths = {
            "/v1/incidents?limit=50": reader.token,
            f"/v1/incidents?state=closed&team={team}": reader.token,
            "/v1/incidents?state=closed&priority=P3": reader.scoped,
            f"/v1/incidents?team={team}&state_not=closed&sort=priority": reader.token,
            f"/v1/incidents?q={quote(FAULT[1])}": reader.token,
            f"/v1/incidents?q={quote(FAULT[0])}": reader.scoped,
            "/v1/me/work": reader.scoped,
            "/v1/attention": reader.scoped,
        }
        await plans.write(many, paths, PLANS)
    return figures
