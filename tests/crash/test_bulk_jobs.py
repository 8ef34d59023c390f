"""Workers killed while they carry out a file of actions: each line has one effect and a result."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from bench.kill import PATIENCE_SECONDS
from bench.site import POLL_SECONDS, Site, made_token
from tests.client import an_incident
from tests.crash.chances import new_chance
from tests.crash.stalled_worker import killed_in_a_call
from tests.extent import WHOLE, in_test_all
from tests.forked import Sites

pytestmark = in_test_all

LINES, KILLS = 1_500 if WHOLE else 900, 2
FILE = b"".join(
    json.dumps({"action": "report", "body": an_incident(title=f"Case {n}")}).encode() + b"\n"
    for n in range(LINES)
)
WRITTEN = "select count(*) from log.event where type = 'incident.reported'"
TITLES = "select count(distinct title) from fold.incident"


async def test_each_line_has_one_effect_though_workers_are_killed_again_and_again(site: Sites) -> None:
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        headers = {"Authorization": f"Bearer {token}"}
        address = f"http://127.0.0.1:{installation.ports['api']}/v1"
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, headers=headers, trust_env=False) as client:
            upload = (await client.put(f"{address}/uploads/{uuid4()}", content=FILE)).json()["id"]
            body = {"upload": upload, "records": "incidents"}
            answer = await client.post(f"{address}/bulk_jobs", json=body)
            assert answer.status_code == 202, answer.text
            job = f"{address}/bulk_jobs/{upload}"
            killed_at = await _broken(installation)
            installation.work()
            done = await _ended(client, job)
            results = await _results(client, job)
        with psycopg.connect(installation.url) as connection:
            assert _count(connection, WRITTEN) == _count(connection, TITLES) == LINES
    assert 0 < killed_at[0] <= killed_at[-1] < LINES, "it was killed on the way"
    assert (done["state"], done["lines"], done["refused"]) == ("done", LINES, 0)
    assert [row["line"] for row in results] == list(range(1, LINES + 1))
    assert {row["status"] for row in results} == {201}
    assert len({row["record"]["id"] for row in results}) == LINES


async def _broken(installation: Site) -> list[int]:
    """Kills a worker after the other, each while it carries out lines. Gives how far each had come."""
    came: list[int] = []
    chance = new_chance()
    with psycopg.connect(installation.url, autocommit=True) as connection:
        for _ in range(KILLS):
            await killed_in_a_call(installation, chance.randint(300, LINES // 3))  # a call has 256
            came.append(_count(connection, WRITTEN))
    return came


def _count(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def _ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            job: dict[str, Any] = (await client.get(path)).json()
            if job["state"] in {"done", "failed"}:
                return job
            await asyncio.sleep(POLL_SECONDS)


async def _results(client: httpx.AsyncClient, job: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{job}/results", params=query)).json()
        rows += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return rows
