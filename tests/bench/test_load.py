"""The load of the benchmarks: what it asks is answered, whatever the server does with idle connections."""

from __future__ import annotations

import asyncio

import pytest

from bench import load

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REQUESTS = [load.request("GET", f"/{n}", "key") for n in range(6)]


@pytest.mark.parametrize("is_late", [False, True], ids=["between requests", "as a request comes"])
async def test_connections_that_the_server_closes_are_opened_again(*, is_late: bool) -> None:
    heads: list[bytes] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)
        if is_late:
            await reader.read(1)
        writer.close()

    async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(30):
            latencies = await load.run_paced(port, REQUESTS, 1_000, expect=b"200", connections=2)
    assert len(latencies) == len(REQUESTS)
    assert sorted(heads) == REQUESTS
