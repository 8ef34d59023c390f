"""An API killed while a file comes in, and before it is attached: sent again, it is what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import psycopg
import pytest

from app.kernel.uploads import CHUNK_BYTES
from bench.site import Site, made_token
from tests.client import an_incident
from tests.extent import in_test_all
from tests.forked import Sites
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = in_test_all

FILE = bytes(range(251)) * (5 * CHUNK_BYTES // 251)


async def test_a_file_outlives_kills_between_its_chunks_and_before_it_is_attached(site: Sites) -> None:
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        address = f"http://127.0.0.1:{installation.ports['api']}"
        headers = {"Authorization": f"Bearer {token}"}
        upload, uploads = str(uuid4()), f"{address}/v1/uploads/"
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as client:
            await _broken_off(installation, client, uploads + upload)
            await installation.serve()
            answer = await client.put(uploads + upload, content=FILE)
            assert answer.status_code == 200, answer.text
            installation.kill("api")
            await installation.serve()
            incident = (await client.post(f"{address}/v1/incidents", json=an_incident())).json()
            path = f"{address}/v1/incidents/{incident['id']}"
            attached = await client.post(f"{path}/attach", json={"upload": upload, "name": "a.bin"})
            assert attached.status_code == 200, attached.text
            assert (await client.get(f"{path}/attachments/{upload}/content")).content == FILE
            assert _chunks(installation) == 5


async def _broken_off(installation: Site, client: httpx.AsyncClient, address: str) -> None:
    """Sends three chunks of a file, and kills the API before the rest comes."""
    killed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield FILE[: 3 * CHUNK_BYTES]
        await killed.wait()
        yield FILE[3 * CHUNK_BYTES :]

    async def came() -> bool:
        return _chunks(installation) == 3

    sending = asyncio.create_task(client.put(address, content=pieces()))
    await until(came)
    installation.kill("api")
    killed.set()
    with pytest.raises(httpx.TransportError):
        await sending


def _chunks(installation: Site) -> int:
    with psycopg.connect(installation.url) as connection:
        row = connection.execute("select count(*) from content.chunk").fetchone()
    assert row is not None
    return int(row[0])
