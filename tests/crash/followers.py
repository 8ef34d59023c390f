"""Followers of the log of an installation that is broken meanwhile: a feed reader, a listener and a
subscriber of one account; and the writers of what they follow.

Each keeps what it was given, as it was given. Whoever is cut off comes again with the last that they have.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.kill import NOT_ANSWERED
from bench.site import Site
from tests.client import Json, an_incident
from tests.listening import listening
from tests.subscriptions.receivers import Receiver
from tests.waiting import PATIENCE_SECONDS, until

AGAIN_SECONDS = 0.02
#: A listener that gets nothing for so long, or has so many events, is cut.
LISTEN_SECONDS, MOST_EVENTS = 1.0, 40


@dataclass
class Account:
    """An account of the installation, and the client that speaks for it until it is answered."""

    site: Site
    token: str
    id: str = ""

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.site.ports["api"]

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """What is answered, after as many attempts as it takes."""
        url = f"http://{self.address[0]}:{self.address[1]}{path}"
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            httpx.AsyncClient(timeout=40, trust_env=False, headers=headers) as client,
        ):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.request(method, url, **options)
                    if answer.status_code not in NOT_ANSWERED and not _is_begun(answer):
                        assert answer.is_success, answer.text
                        return answer.json()
                await asyncio.sleep(AGAIN_SECONDS)

    async def post(self, path: str, body: Json, key: str | None = None) -> Json:
        """The answer to what is posted; it is done once if it has a key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer: Json = await self.ask("POST", path, json=body, headers=headers)
        return answer


def _is_begun(answer: httpx.Response) -> bool:
    """Whether the command was sent before and is under way, or had to wait too long."""
    return answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] in ("still_running", "busy")


@dataclass
class Followers:
    """A feed reader, a listener and a subscriber of one account, which all begin after one position.

    `path` is the receiver's for the subscription, `begin` that position, and `marker` the id of the event at
    which reader and listener end, once it is known.
    """

    account: Account
    path: str
    begin: int = 0
    marker: str | None = None
    from_feed: list[Json] = field(default_factory=list)
    from_stream: list[Json] = field(default_factory=list)
    #: How often the listener has connected.
    connections: int = 0

    async def subscribe(self, admin: Account, receiver: Receiver) -> Json:
        """Adds the account's subscription to all that it sees."""
        url = receiver.url.replace("/hook", self.path)
        subscription = {"title": self.path, "url": url, "person": self.account.id}
        return await admin.post("/v1/subscriptions", subscription)

    def sent(self, receiver: Receiver) -> list[Json]:
        """The events that the receiver was sent, as often as it was, from the beginning on."""
        events = [request.event for request in receiver.received if request.path == self.path]
        return [event for event in events if event["position"] > self.begin]

    async def read_feed(self) -> None:
        """Goes on from cursor to cursor until the marker has come."""
        more: dict[str, str] = {"after": str(self.begin)}
        while not self._is_complete(self.from_feed):
            page = await self.account.ask("GET", "/v1/events", params={"limit": "50", "wait": "1", **more})
            self.from_feed += page["items"]
            more = {"after": str(self.begin), "cursor": page["resume_cursor"]}

    async def listen(self) -> None:
        """Listens, is cut off again and again, and goes on after the last id, until the marker has come."""
        last_id = self.begin
        while not self._is_complete(self.from_stream):
            try:
                async with listening(self.account.address, self.account.token, last_id) as listener:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(listener.count(MOST_EVENTS), LISTEN_SECONDS)
            except (httpx.TransportError, AssertionError):  # the API is killed, or has no database
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            self.connections += 1
            last_id = max(last_id, listener.last_id)
            self.from_stream += [content["event"] for content in listener.events]

    def _is_complete(self, events: Sequence[Json]) -> bool:
        return self.marker is not None and any(event["id"] == self.marker for event in events)


@dataclass
class Writers:
    """Clients that report tickets and comment on them until they are ended; `words`: in each of their texts.

    `team` gets each new ticket. `records` are tickets of before. Of all of them one chosen by chance is
    commented on, for staff alone or for all.
    """

    accounts: Sequence[Account]
    words: str
    team: str
    records: list[str]
    chance: random.Random
    written: int = 0
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, number: int) -> None:
        """Writes as one of the clients, until it is ended."""
        account, n = self.accounts[number], 0
        while not self._ending.is_set():
            n += 1
            key = f"writer-{number}-{n}"
            if n % 5 == 1:
                body = an_incident(title=key, description=f"{self.words} {key}")
                record = await account.post("/v1/incidents", body, key)
                await account.post(
                    f"/v1/incidents/{record['id']}/assign", {"team": self.team}, f"{key}-assign"
                )
                self.records.append(record["id"])
                self.written += 1
            comment = {
                "text": f"{self.words} {key}",
                "visibility": self.chance.choice(["internal", "public", "public"]),
            }
            about = self.chance.choice(self.records)
            await account.post(f"/v1/incidents/{about}/comment", comment, f"{key}-comment")
            self.written += 1

    async def have_written(self, count: int) -> None:
        """Waits until so many more are written."""
        target_count = self.written + count

        async def are_written() -> bool:
            return self.written >= target_count

        await until(are_written)

    def end(self) -> None:
        """Has each client end after what it has begun."""
        self._ending.set()
