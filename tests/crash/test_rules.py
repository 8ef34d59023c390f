"""Workers killed while they carry out rules: each effect is there in the end, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from app.log.canonical import instant
from app.worker import RULES
from bench.kill import PATIENCE_SECONDS, REPORT
from bench.site import POLL_SECONDS, Site, made_token
from tests.crash.chances import new_chance
from tests.extent import in_test_all
from tests.forked import Sites
from tests.people import ago

pytestmark = in_test_all

ROUNDS = 1
#: Otherwise it depends on the id of the closed incident whether its requester is asked to rate it.
EVERYBODY_IS_ASKED = {"RATING_PERCENT": "100"}
#: What a rule has done, and to whom.
DONE = """
select concat_ws(' ', stream, type, convert_from(data, 'utf8')::jsonb->'given'->>'person')
from log.event where source = 'rule' and stream like 'incident/%'"""
#: Whether every rule has followed the log to its end, and no timer is due.
IS_IDLE = """
select count(*) >= %s and bool_and(c.position >= h.position)
  and not exists (select from plumbing.timer where due_at <= now())
from log.checkpoint c cross join log.head h where c.consumer like 'rule:%%'"""


async def test_what_follows_is_done_once_though_workers_are_killed_again_and_again(site: Sites) -> None:
    with site() as installation:
        installation.settings.update(EVERYBODY_IS_ASKED)
        expected, done = await broken(installation)
        with psycopg.connect(installation.url) as connection:
            refused = connection.execute("select rule, code from plumbing.refused_consequence").fetchall()
    assert done == Counter(expected)
    assert refused == []


async def broken(installation: Site) -> tuple[list[str], Counter[str]]:
    """What is to follow from what people did, and what rules have done in the end."""
    chance = new_chance()
    token = made_token(installation)
    await installation.serve()
    address = f"http://127.0.0.1:{installation.ports['api']}/v1"
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, headers=headers, trust_env=False) as client:
        desk = Desk(client, address)
        # Only persons of one customer follow the original of a duplicate.
        await desk.perform("/teams", key="shop", name="Shop")
        people = [
            (await desk.perform("/persons", name=f"Person {n}", teams=["shop"]))["id"] for n in range(3)
        ]
        expected = [effect for _ in range(ROUNDS) for effect in await lived(desk, people)]
    with psycopg.connect(installation.url, autocommit=True) as connection:
        while (before := sum(effects(connection).values())) < len(expected):
            enough = min(before + chance.randint(1, 9), len(expected))
            installation.work()
            await until(lambda: is_idle(connection) or sum(effects(connection).values()) >= enough)  # noqa: B023  # waited for at once
            installation.kill("worker")
            if sum(effects(connection).values()) == before:
                break  # The rules have done all they do: what is missing is shown by the comparison.
        installation.work()
        await until(lambda: is_idle(connection))
        return expected, effects(connection)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110  # nobody tells of an effect
            await asyncio.sleep(POLL_SECONDS)


def is_idle(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the rules have nothing left to do."""
    row = connection.execute(IS_IDLE, [len(RULES)]).fetchone()
    return row is not None and row[0]


def effects(connection: psycopg.Connection[Any]) -> Counter[str]:
    """What rules have done so far."""
    return Counter(effect for (effect,) in connection.execute(DONE))


class Desk:
    """An administrator who does everything."""

    def __init__(self, client: httpx.AsyncClient, address: str) -> None:
        self._client, self._address = client, address

    async def perform(self, path: str, **fields: Any) -> dict[str, Any]:
        """They do it. Gives the record after it."""
        answer = await self._client.post(self._address + path, json=fields)
        assert answer.status_code < 300, answer.text
        record: dict[str, Any] = answer.json()
        return record

    async def reports(self, requester: str, days: float) -> str:
        """An incident of the requester's, opened so long ago and given to the administrator: its path."""
        opened = instant(ago(days=days))
        report = {**REPORT, "title": "Mail is down", "requester": requester, "occurred_at": opened}
        path = f"/incidents/{(await self.perform('/incidents', **report))['id']}"
        await self.perform(f"{path}/assign", person="me")
        return path


async def lived(desk: Desk, people: list[str]) -> list[str]:
    """Duplicates are marked and talked about, their original is resolved; one is held, and one was resolved a
    week ago. Gives what is to follow.
    """
    original, first, another, held, old = [await desk.reports(people[0], days=10) for _ in range(5)]
    resolved = {"resolution_code": "fixed", "done": "Mended."}
    for duplicate in (first, another):
        for person in people[1:]:
            await desk.perform(f"{duplicate}/follow", person=person)
        await desk.perform(f"{duplicate}/mark_duplicate", original=original.rpartition("/")[2])
        await desk.perform(f"{duplicate}/comment", text="Any news?")
    await desk.perform(f"{original}/acknowledge")
    await desk.perform(f"{original}/resolve", **resolved)
    wakes = instant(ago(minutes=30))
    await desk.perform(f"{held}/hold", reason="other", wake_up_at=wakes, occurred_at=instant(ago(hours=1)))
    await desk.perform(f"{old}/acknowledge", occurred_at=instant(ago(days=9)))
    await desk.perform(f"{old}/resolve", **resolved, occurred_at=instant(ago(days=8)))
    follow = [
        *(f"{original} incident.followed {person}" for person in people),
        *[f"{original} incident.comment_passed_on"] * 2,
        *(f"{duplicate} incident.original_resolved" for duplicate in (first, another)),
        f"{held} incident.resumed",
        f"{old} incident.closed",
        f"{old} incident.rating_asked",
    ]
    return [effect.replace("/incidents/", "incident/") for effect in follow]
