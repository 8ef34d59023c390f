"""What reading costs: getting one incident and listing fifty over HTTP, against a route that does nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle

from bench import load
from bench.cases import TEAMS, Many, team_key
from bench.figures import Figure, Needed, compared, in_turns
from bench.site import made_token

GET, LIST, SCOPED = NAMES = ("get", "list", "list_scoped")
PAGE = 50
# No page of fifty incidents is smaller.
SMALLEST_PAGE = 25_000
NO_OP = "/livez"


@dataclass
class Reading:
    """Who reads. `token` sees everything, `scoped` is an agent's of one team."""

    many: Many
    token: str
    scoped: str

    def rate(
        self, clients: int, path: Callable[[], str], token: str = "", *, smallest: int = 0
    ) -> Callable[[], Awaitable[float]]:
        """What measures the answers per second; each has so many bytes at least."""

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
        paired = await in_turns(self.many.run, self.rate(32, lambda: NO_OP), figure)
        what = f"get one of {self.many.incidents:,} by id / no-op route, 32 clients"
        return compared(GET, what, paired, Needed(0.30, 0.50))

    async def list(self, clients: int) -> Figure:
        """Page one of every team in turn, as somebody sees it who sees everything."""
        paths = cycle([f"/v1/incidents?state=closed&team={team_key(n)}" for n in range(TEAMS)])
        return await self._list(LIST, clients, lambda: next(paths), self.token)

    async def list_scoped(self, clients: int) -> Figure:
        """Page one, as somebody sees it who sees the incidents of a team, their own, and those of no team."""
        path = "/v1/incidents?state=closed&priority=P3"
        return await self._list(SCOPED, clients, lambda: path, self.scoped)

    async def _list(self, name: str, clients: int, path: Callable[[], str], token: str) -> Figure:
        no_op = self.rate(clients, lambda: NO_OP)
        paired = await in_turns(self.many.run, no_op, self.rate(clients, path, token, smallest=SMALLEST_PAGE))
        who = {LIST: "state and team", SCOPED: "state and priority, for an agent"}[name]
        what = f"list of {PAGE} of {self.many.incidents:,}, {who} / no-op route, {clients} clients"
        return compared(name, what, paired, Needed(0.12, 0.25))


async def measure(many: Many) -> list[Figure]:
    """The figures of reading that are asked for."""
    run = many.run
    made = many.site.run("keys", "make", "--role", "agent", "--team", team_key(0), "--json")
    reading = Reading(many, made_token(many.site), json.loads(made)["token"])
    await many.site.serve()
    figures: list[Figure] = []
    await reading.rate(32, lambda: NO_OP)()  # what is slow only once is not what is measured
    if run.wants(GET):
        run.say("Getting, in turns with a route that does nothing")
        figures.append(await reading.get())
    for clients in (8, 32):
        if run.wants(LIST):
            run.say(f"Listing, {clients} clients, in turns with a route that does nothing")
            figures.append(await reading.list(clients))
        if run.wants(SCOPED):
            run.say(f"Listing for an agent, {clients} clients, in turns with a route that does nothing")
            figures.append(await reading.list_scoped(clients))
    many.site.kill("api")
    return figures
