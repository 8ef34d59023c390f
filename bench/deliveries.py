"""Clients that post the deliveries of a ticketing tool until they are answered, shuffled and often twice, and
the proof that each has its effect exactly once; a reader of the event feed sees it all meanwhile.

The tool is GitHub: an issue is opened, commented on and closed. The mean number of posts of a delivery is
1 / (1 - REPEATED).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import psycopg

from app.webhooks.adapters import adapter
from app.webhooks.intake.signing import signed_headers
from app.webhooks.intake.verification import Credentials
from bench.kill import NOT_ANSWERED, PATIENCE_SECONDS, differing_rows
from bench.lags import wait_until_caught_up
from bench.site import Site, made_token

ADAPTER = "github"
SOURCE_KEY = "soaked-github"
REPEATED = 0.3
COMMENTS = 3
PER_ISSUE = COMMENTS + 2
POLL_SECONDS = 0.05
#: How long the worker may take for all that waits.
PROCESSING_SECONDS = 600.0

PROCESSED = b"select count(*) from plumbing.webhook_delivery where state <> 'waiting'"
WAITING = b"select count(*) from plumbing.webhook_delivery where state = 'waiting'"
ANSWERED = b"select id, state, code, sealed is not null from plumbing.webhook_delivery"
TICKETS = b"""
select e.key, count(*), min(i.state), (select count(*) from fold.comment c where c.record = min(e.record))
from fold.external_reference e join fold.incident i on e.record = 'incident/' || i.id
group by e.key"""
INCIDENTS = b"select count(*) from fold.incident"
POSITIONS = b"select position from log.event"


@dataclass(frozen=True)
class ToolDelivery:
    """A delivery of the tool: its own id, and its body. `case` is the issue that it is of."""

    id: str
    case: str
    body: bytes


def deliveries_of(issues: int, began_at: datetime) -> list[ToolDelivery]:
    """Return the deliveries of so many issues, each with its comments and its end, in the tool's order."""
    return [
        delivery for number in range(1, issues + 1) for delivery in _deliveries_of_issue(number, began_at)
    ]


def _deliveries_of_issue(number: int, began_at: datetime) -> list[ToolDelivery]:
    def delivery(step: int, action: str, state: str, comment: int | None = None) -> ToolDelivery:
        at = (began_at + timedelta(seconds=step)).strftime("%Y-%m-%dT%H:%M:%SZ")
        person = {"login": f"person-{number % 50}", "id": 300 + number % 50}
        issue = {
            "id": 910_000 + number,
            "number": number,
            "title": f"Basket is empty after signing in ({number})",
            "body": f"Wang Wei, wang.wei-{number}@example.org, +86 139 0000 {number:04}, loses it.",
            "state": state,
            "state_reason": "completed" if state == "closed" else None,
            "html_url": f"https://github.example/shop/web/issues/{number}",
            "user": person,
            "assignee": None,
            "created_at": began_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "updated_at": at,
        }
        body: dict[str, Any] = {
            "action": action,
            "issue": issue,
            "repository": {"id": 77, "full_name": "shop/web", "html_url": "https://github.example/shop/web"},
            "sender": person,
        }
        if comment is not None:
            text = f"The {comment}. person has it, too."
            body["comment"] = {"id": 10 * number + comment, "body": text, "user": person, "updated_at": at}
        return ToolDelivery(f"soak-{number}-{step}", str(issue["id"]), json.dumps(body).encode())

    comments = [delivery(n, "created", "open", n) for n in range(1, COMMENTS + 1)]
    return [delivery(0, "opened", "open"), *comments, delivery(COMMENTS + 1, "closed", "closed")]


@dataclass
class DeliveryLoad:
    """Clients under way, and the id that each of the tool's deliveries was answered with."""

    site: Site
    secret: str
    posts: list[ToolDelivery]
    #: The ids that 202s answered, by the tool's own id of the delivery: one each.
    answered: dict[str, set[str]] = field(default_factory=dict)
    #: Other events by count: `no answer`, `refused`.
    happened: Counter[str] = field(default_factory=Counter)
    done: int = 0
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, clients: int, posts: Sequence[ToolDelivery]) -> None:
        """Let so many clients post these; each posts the next one when its last one is answered."""
        waiting = iter(posts)
        self._clients = [
            asyncio.create_task(self._client(lambda: next(waiting, None))) for _ in range(clients)
        ]

    async def until_answered(self, count: int) -> None:
        """Wait until so many posts are answered. Raises TimeoutError, or an exception of a client."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.done < count:
                for client in self._clients:
                    if client.done():
                        client.result()
                await asyncio.sleep(POLL_SECONDS)

    async def end(self) -> None:
        """Wait until everything that was begun is posted."""
        await asyncio.gather(*self._clients)

    async def _client(self, next_post: Callable[[], ToolDelivery | None]) -> None:
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            while (delivery := next_post()) is not None:
                await self._insist(client, delivery)
                self.done += 1

    async def _insist(self, client: httpx.AsyncClient, delivery: ToolDelivery) -> None:
        """Post the delivery until it is answered."""
        headers = signed(delivery, self.secret)
        url = f"http://127.0.0.1:{self.site.ports['api']}/v1/webhooks/{SOURCE_KEY}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await client.post(url, content=delivery.body, headers=headers)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code not in NOT_ANSWERED:
                    break
                self.happened["no answer"] += 1
                await asyncio.sleep(POLL_SECONDS)
        if answer.status_code != httpx.codes.ACCEPTED:
            self.happened["refused"] += 1
            return
        self.answered.setdefault(delivery.id, set()).add(answer.json()["delivery_id"])


@dataclass
class FeedReader:
    """A client that follows the event feed, and the positions that it has seen."""

    site: Site
    token: str
    seen: list[int] = field(default_factory=list)

    async def follow(self, until: asyncio.Event) -> None:
        """Read to the end, again and again, until that is set and the end reached once more."""
        cursor: str | None = None
        url = f"http://127.0.0.1:{self.site.ports['api']}/v1/events"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(timeout=20, trust_env=False, headers=headers) as client:
            while True:
                is_last = until.is_set()
                page = await self._page(client, url, {"limit": 200, **({"cursor": cursor} if cursor else {})})
                self.seen += [item["position"] for item in page["items"]]
                cursor = page["resume_cursor"]
                if page["caught_up"]:
                    if is_last:
                        return
                    await asyncio.sleep(POLL_SECONDS)

    async def _page(self, client: httpx.AsyncClient, url: str, query: dict[str, Any]) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.get(url, params=query)
                    if answer.status_code not in NOT_ANSWERED:
                        answer.raise_for_status()
                        page: dict[str, Any] = answer.json()
                        return page
                await asyncio.sleep(POLL_SECONDS)


def signed(delivery: ToolDelivery, secret: str) -> dict[str, str]:
    """Return the headers of the delivery, signed as GitHub does it."""
    scheme = adapter(ADAPTER).document.verification[0]
    sent = {"x-github-event": "issues", "x-github-delivery": delivery.id}
    return signed_headers(scheme, Credentials([secret], None), sent, delivery.body, datetime.now(UTC))


async def add_source(site: Site, token: str) -> str:
    """Add the source of the deliveries. Return its secret."""
    url = f"http://127.0.0.1:{site.ports['api']}/v1/webhook_sources"
    body = {"key": SOURCE_KEY, "title": "GitHub", "adapter": ADAPTER, "zone": "UTC"}
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        answer = await client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
    answer.raise_for_status()
    return str(answer.json()["secret"])


def shuffled_posts(count: int, chance: random.Random) -> list[ToolDelivery]:
    """Return about so many posts: each delivery at least once, REPEATED of all a second time, shuffled."""
    issues = max(1, round(count * (1 - REPEATED) / PER_ISSUE))
    distinct = deliveries_of(issues, datetime.now(UTC) - timedelta(hours=1))
    posts = [*distinct, *chance.sample(distinct, min(len(distinct), count - len(distinct)))]
    chance.shuffle(posts)
    return posts


async def until_processed(site: Site, count: int | None = None) -> int:
    """Wait until so many deliveries are processed, None: until none waits. Return how many are. Raises
    TimeoutError.
    """
    async with asyncio.timeout(PROCESSING_SECONDS):
        while True:  # it is done by another process
            processed = _counted(site, PROCESSED)
            if _counted(site, WAITING) == 0 if count is None else processed >= count:
                return processed
            await asyncio.sleep(POLL_SECONDS)


async def soak_deliveries(
    site: Site, posts: list[ToolDelivery], *, clients: int, kills: int, killed: Callable[[], None]
) -> tuple[DeliveryLoad, DeliveryProof]:
    """Start an API and a worker, let the clients post everything while both are killed and the feed is
    followed, and compare. Raises TimeoutError, or an exception of a client.
    """
    token = made_token(site)
    await site.serve()
    site.work()
    load = DeliveryLoad(site, await add_source(site, token), posts)
    reader, ended = FeedReader(site, token), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.follow(ended))
        await _break(load, clients, kills, killed)
        ended.set()
    return load, await _prove(load, reader)


async def _break(load: DeliveryLoad, clients: int, kills: int, killed: Callable[[], None]) -> None:
    """Post everything in as many parts as kills, and kill the worker in the midst of each, once it has
    processed some more; and PostgreSQL as the first has begun. `killed` is called after each kill of a
    worker. Raises TimeoutError.
    """
    site, size = load.site, -(-len(load.posts) // kills)
    for n in range(kills):
        part = load.posts[n * size : (n + 1) * size]
        before = _counted(site, PROCESSED)
        load.start(clients, part)
        if n == 0:
            # Early, since half of a short part may be posted between two looks.
            await load.until_answered(1)
            site.kill_postgresql()
            await asyncio.to_thread(site.revive_postgresql)
        await load.until_answered(n * size + len(part) // 2)
        await until_processed(site, before + 1)
        site.kill("worker")
        site.work()
        killed()
        await load.end()
    await until_processed(site)
    # Rules append, too, because of what deliveries do: what they have yet to say would come behind the end
    # that the reader of the feed has seen.
    with site.administrator() as line:
        await wait_until_caught_up(line)


def _counted(site: Site, statement: bytes) -> int:
    with site.administrator() as line:
        row = line.execute(statement).fetchone()
    return 0 if row is None else row[0]


@dataclass(frozen=True)
class DeliveryProof:
    """Comparison of what is stored with what was posted. All after `tickets` must be empty."""

    deliveries: int
    tickets: int
    incidents_beside_them: int
    lost: list[str]
    answered_differently: list[str]
    not_processed: list[str]
    wrong_tickets: list[str]
    gaps: list[int]
    seen_otherwise: list[int]
    differing: dict[str, int]

    def faults(self) -> dict[str, int]:
        """Return the number of faults of each kind."""
        return {
            "deliveries answered 202 and lost": len(self.lost),
            "deliveries answered with two ids": len(self.answered_differently),
            "deliveries that failed": len(self.not_processed),
            "incidents beside the tickets": self.incidents_beside_them,
            "tickets doubled, missing, or not as told": len(self.wrong_tickets),
            "gaps in the order of the log": len(self.gaps),
            "events that the feed did not show once": len(self.seen_otherwise),
            "rows that are not the fold of their events": sum(self.differing.values()),
        }


async def _prove(load: DeliveryLoad, reader: FeedReader) -> DeliveryProof:
    """Compare every row with what was posted. Nothing may wait, nor be left to follow, any more."""
    with psycopg.connect(load.site.url) as line:
        stored = {str(row[0]): row for row in line.execute(ANSWERED)}
        tickets = {row[0]: row[1:] for row in line.execute(TICKETS)}
        positions = {row[0] for row in line.execute(POSITIONS)}
        (head,) = line.execute(b"select position from log.head").fetchone() or (0,)
        (incidents,) = line.execute(INCIDENTS).fetchone() or (0,)
    cases = {delivery.case for delivery in load.posts}
    ids = {one for found in load.answered.values() for one in found}
    return DeliveryProof(
        deliveries=len(stored),
        tickets=len(tickets),
        incidents_beside_them=incidents - len(tickets),
        lost=sorted(one for one in ids if one not in stored or not stored[one][3]),
        answered_differently=sorted(key for key, found in load.answered.items() if len(found) > 1),
        not_processed=sorted(f"{key}: {row[2]}" for key, row in stored.items() if row[1] != "processed"),
        wrong_tickets=sorted(
            f"{case}: {tickets.get(case)}"
            for case in cases | tickets.keys()
            if case not in cases or tickets.get(case) != (1, "closed", COMMENTS)
        ),
        gaps=sorted(set(range(1, head + 1)) ^ positions),
        seen_otherwise=_seen_otherwise(reader.seen, positions),
        differing=await differing_rows(load.site.url),
    )


def _seen_otherwise(seen: list[int], positions: set[int]) -> list[int]:
    """Return the positions that were missed, seen again, or seen after a later one."""
    disordered = [later for earlier, later in pairwise(seen) if later <= earlier]
    return sorted({*disordered, *(set(seen) ^ positions)})
