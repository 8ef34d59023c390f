"""Workers killed while they bring in a file that was asked for: in the end each row has had one effect."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from app.platform.settings import PROJECT
from bench.kill import PATIENCE_SECONDS
from bench.site import POLL_SECONDS, Site, made_token
from tests.crash.chances import new_chance
from tests.crash.stalled_worker import killed_in_a_call
from tests.exchange.test_xes import a_log, a_trace, steps
from tests.extent import WHOLE, in_test_all
from tests.forked import Sites

pytestmark = in_test_all

CASES, KILLS = 3_000 if WHOLE else 1_000, 2
STEPS = ("Queued/Awaiting Assignment", "Accepted/In Progress", "Completed/Resolved")
LOG = a_log(*(a_trace(f"1-{n}", steps(*STEPS)) for n in range(CASES)))
MAPPING = (PROJECT / "tests" / "exchange" / "mappings" / "vinst_incidents.toml").read_text(encoding="utf-8")
WRITTEN = "select count(*) from log.event where source like 'import:%' and stream like 'incident/%'"
TYPES = "select type, count(*) from log.event where stream like 'incident/%' group by type"


async def test_a_file_is_brought_in_once_though_workers_are_killed_again_and_again(site: Sites) -> None:
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        headers = {"Authorization": f"Bearer {token}"}
        address = f"http://127.0.0.1:{installation.ports['api']}/v1"
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, headers=headers, trust_env=False) as client:
            path = f"{address}/imports/{await _asked_for(client, address)}"
            killed_at = await _broken(installation)
            installation.work()
            done = await _ended(client, path)
        with psycopg.connect(installation.url) as connection:
            types: Counter[str] = Counter(dict(connection.execute(TYPES).fetchall()))
    assert 0 < killed_at[0] <= killed_at[-1] < CASES * len(STEPS), "it was killed on the way"
    assert (done["state"], done["rows"]["refused"]) == ("done", 0)
    # What the workers before it had brought in is repeated for the last one.
    assert done["rows"]["applied"] + done["rows"]["repeated"] == CASES * len(STEPS)
    assert set(types.values()) == {CASES}, types
    assert sum(types.values()) == CASES * len(STEPS)


async def _asked_for(client: httpx.AsyncClient, address: str) -> str:
    upload = await client.put(f"{address}/uploads/{uuid4()}", content=LOG.encode())
    assert upload.status_code == 200, upload.text
    body = {"upload": upload.json()["id"], "format": "xes", "source": "vinst", "mapping": MAPPING}
    answer = await client.post(f"{address}/imports", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def _broken(installation: Site) -> list[int]:
    """Kills a worker after the other, each while it brings in rows. Gives how far each had come."""
    came: list[int] = []
    chance = new_chance()
    with psycopg.connect(installation.url, autocommit=True) as connection:
        for _ in range(KILLS):
            await killed_in_a_call(installation, chance.randint(1_001, max(CASES, 1_500)))  # a call has 1,000
            came.append(_count(connection))
    return came


def _count(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(WRITTEN).fetchone()
    assert row is not None
    return int(row[0])


async def _ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            job: dict[str, Any] = (await client.get(path)).json()
            if job["state"] in {"done", "failed"}:
                return job
            await asyncio.sleep(POLL_SECONDS)
