"""Clients that repeat a command until it is answered, and the proof that each answered command is in the log
exactly once.

Each command has an Idempotency-Key, which is its request's id as well, so the log shows which event belongs
to which command. A client without an answer (the server was killed, the database was lost) sends the same
command again.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import psycopg

from app.kernel.histories.rebuild import compare
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import ReconciliationReport, reconcile
from app.platform.db import connect
from app.registry import LIFECYCLES

# The last resort against hanging, also beside busy processes.
PATIENCE_SECONDS = 600.0
# Statuses after which the command was not carried out, or this is unknown: the client sends it again.
NOT_ANSWERED = frozenset({502, 503, 504})
CONSUMER_BEHIND = b"""
select 1 from log.head
where position > coalesce((select position from log.checkpoint where consumer = %s), 0)"""
MOST_INCIDENTS = 200
REPORT = {
    "description": "Since nine o'clock. 从九点开始。",
    "channel": "api",
    "impact": "2",
    "urgency": "2",
    "effect": "degraded",
}
WEIGHTS = {
    "report": 4,
    "acknowledge": 3,
    "assign": 3,
    "comment": 6,
    "resolve": 3,
    "close": 2,
    "reopen": 2,
}


@dataclass(frozen=True)
class CommandAnswer:
    """A command and its final answer. `record` is the id of the incident in the answer."""

    key: str
    action: str
    status: int
    record: str | None

    @property
    def succeeded(self) -> bool:
        """True if the answer confirms the command."""
        return 200 <= self.status < 300


@dataclass
class Load:
    """Clients under way, the addresses to which they send, and the answers that they have received."""

    addresses: Sequence[str]
    token: str
    chance: random.Random
    answered: list[CommandAnswer] = field(default_factory=list)
    #: Other events by count: `no answer`, `repeated`, `failed` (a 500).
    happened: Counter[str] = field(default_factory=Counter)
    _incidents: list[str] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, clients: int) -> None:
        """Starts so many clients."""
        self._clients = [asyncio.create_task(self._client()) for _ in range(clients)]

    async def until_answered(self, count: int) -> None:
        """Waits until so many further commands are answered. Raises TimeoutError, or an exception of a
        client.
        """
        wanted = len(self.answered) + count
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.answered) < wanted:
                self._news.clear()
                await asyncio.wait([asyncio.ensure_future(self._news.wait())], timeout=1)
                for client in self._clients:
                    if client.done():
                        client.result()

    async def end(self) -> None:
        """Waits until every client has finished the command that it has begun."""
        self._ending.set()
        await asyncio.gather(*self._clients)

    async def _client(self) -> None:
        async with httpx.AsyncClient(
            timeout=20, headers={"Authorization": f"Bearer {self.token}"}, trust_env=False
        ) as client:
            while not self._ending.is_set():
                action = self._action()
                key = f"load-{uuid4()}"
                self.answered.append(
                    await self._insist(client, key, action, self._path(action), body(action, key))
                )
                self._news.set()

    def _action(self) -> str:
        if not self._incidents:
            return "report"
        return self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    def _path(self, action: str) -> str:
        if action == "report":
            return "/v1/incidents"
        return f"/v1/incidents/{self.chance.choice(self._incidents)}/{action}"

    async def _insist(
        self, client: httpx.AsyncClient, key: str, action: str, path: str, command_body: dict[str, Any]
    ) -> CommandAnswer:
        """Sends the command, each time to a random address, until it is answered."""
        headers = {"Idempotency-Key": key, "X-Request-Id": key}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await client.post(
                        self.chance.choice(self.addresses) + path, json=command_body, headers=headers
                    )
                except httpx.TransportError:
                    self.happened["no answer"] += 1
                    await asyncio.sleep(0.02)
                    continue
                if answer.status_code == 500:
                    self.happened["failed"] += 1
                if answer.status_code in NOT_ANSWERED | {500} or _code(answer) in ("still_running", "busy"):
                    self.happened["no answer"] += 1
                    await asyncio.sleep(0.02)
                    continue
                self.happened["repeated"] += answer.headers.get("Idempotent-Replayed") == "true"
                return self._answered(key, action, answer)

    def _answered(self, key: str, action: str, answer: httpx.Response) -> CommandAnswer:
        record = answer.json().get("id") if answer.status_code < 300 else None
        if action == "report" and record is not None:
            self._incidents.append(record)
            del self._incidents[:-MOST_INCIDENTS]
        return CommandAnswer(key, action, answer.status_code, record)


def body(action: str, key: str) -> dict[str, Any]:
    """Returns the payload of the command; its texts contain the key, so that records can be traced to
    commands.
    """
    said = {
        "report": {"title": key, **REPORT},
        "assign": {"person": "me"},
        "comment": {"text": key},
        "resolve": {"resolution_code": "fixed", "done": key},
        "reopen": {"reason": key},
    }
    return said.get(action, {})


def _code(answer: httpx.Response) -> str | None:
    code: str | None = answer.json().get("code") if answer.status_code == 409 else None
    return code


@dataclass(frozen=True)
class Proof:
    """Comparison of the log with the answers. Everything after the first three fields must be empty."""

    events: int
    done: int
    refused: int
    lost: list[str]
    doubled: list[str]
    refused_and_written: list[str]
    never_answered: list[str]
    elsewhere: list[str]
    gaps: list[int]
    differing: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """True if there are no faults."""
        return not any(self.faults().values())

    def faults(self) -> dict[str, int]:
        """Returns the number of faults of each kind."""
        return {
            "answered and lost": len(self.lost),
            "answered once and done twice": len(self.doubled),
            "refused and yet written": len(self.refused_and_written),
            "written and never answered": len(self.never_answered),
            "answered with another record": len(self.elsewhere),
            "gaps in the order of the log": len(self.gaps),
            "rows that are not the fold of their events": sum(self.differing.values()),
        }


async def prove(url: str, answered: Sequence[CommandAnswer]) -> Proof:
    """Reads the whole log and all rows, and compares them with the answers that the clients received."""
    with psycopg.connect(url) as connection:
        events = connection.execute(
            "select position, correlation_id, stream from log.event order by position"
        ).fetchall()
        head = connection.execute("select position from log.head").fetchone()
        titles = {key for (key,) in connection.execute("select title from fold.incident")}
        once = {key for (key,) in connection.execute("select key from log.idempotency")}
    assert head is not None
    told: dict[str, list[str]] = {}
    for _, key, stream in events:
        told.setdefault(key, []).append(stream)
    done = {one.key: one for one in answered if one.succeeded}
    refused = {one.key for one in answered if not one.succeeded}
    reported = {key for key, one in done.items() if one.action == "report"}
    places = {position for position, _, _ in events}
    return Proof(
        events=len(events),
        done=len(done),
        refused=len(refused),
        lost=sorted((done.keys() - told.keys()) | (reported - titles) | (done.keys() - once)),
        doubled=sorted(key for key in done if len(told.get(key, ())) > 1),
        refused_and_written=sorted(refused & (told.keys() | once)),
        never_answered=sorted(
            key for key in told if key.startswith("load-") and key not in done and key not in refused
        ),
        elsewhere=sorted(
            key for key, one in done.items() if {f"incident/{one.record}"} != set(told.get(key, ()))
        ),
        gaps=sorted(set(range(1, max(head[0], len(events)) + 1)) ^ places),
        differing=await differing_rows(url),
    )


async def prove_facts(url: str) -> ReconciliationReport:
    """Waits until the facts have followed the whole log, and compares every KPI with its raw definition.

    A worker must be running. Raises TimeoutError if the facts do not catch up.
    """
    connection = await connect(url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await (await connection.execute(CONSUMER_BEHIND, (FACTS.name,))).fetchone():  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # there is no notification of checkpoints
    finally:
        await connection.close()
    return await reconcile(url, zone=ZoneInfo("UTC"), now=datetime.now(UTC))


async def differing_rows(url: str) -> dict[str, int]:
    """Returns by table how many rows are not the fold of their events."""
    connection = await connect(url, "-c jit=off -c timezone=UTC -c work_mem=64MB")
    try:
        return (await compare(connection, LIFECYCLES)).differing
    finally:
        await connection.close()
