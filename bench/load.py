"""Load by HTTP clients that use little CPU themselves.

`run` is a closed loop, in which each client waits for its answer and then asks again: right for ratios
between two things measured in the same way. `run_paced` sends at a given rate: right for latencies.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Result of a load: rate of answers, median and 99th percentile of latencies, and size of answers."""

    per_second: float
    p50_ms: float
    p99_ms: float
    bytes_per_answer: float
    answers: int


class _Client(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._missing = 0  # bytes of the answer still to be received after its head
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def close(self) -> None:
        """Closes the connection."""
        assert self._transport is not None
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._pieces.append(data)
            self._missing -= len(data)
        else:
            data = b"".join([*self._pieces, data])
            head, separator, body = data.partition(b"\r\n\r\n")
            self._pieces = [head[9:12], body] if separator else [data]
            if not separator:
                return
            self._missing = _length(head) - len(body)
        if self._missing <= 0:
            answer, self._answer = self._answer, None
            assert answer is not None
            answer.set_result(b"".join(self._pieces))
            self._pieces, self._missing = [], 0

    async def send(self, request: bytes) -> bytes:
        """Sends the request. Returns the status (three bytes) and the body. Raises ConnectionResetError if
        the server closes the connection, or has closed it.
        """
        assert self._transport is not None
        if self._transport.is_closing():
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


def _length(head: bytes) -> int:
    """Returns the length of the body, by the header Content-Length."""
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def request(method: str, path: str, token: str, body: bytes = b"", *, key: str | None = None) -> bytes:
    """Returns a request as bytes, ready to be sent. `key` is its Idempotency-Key."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    if key is not None:
        lines.append(f"Idempotency-Key: {key}")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def run_paced(
    port: int, requests: Sequence[bytes], per_second: float, *, expect: bytes, connections: int = 64
) -> list[float]:
    """Sends each request when it is due, over the first free connection. Returns the seconds from then to
    each answer. A connection that the server has closed, because nothing was sent for a while, is opened
    again.

    Raises RuntimeError at the first answer with another status than `expect`.
    """
    free: asyncio.Queue[_Client] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await _connected(port))
    latencies: list[float] = []

    async def ask(asked: bytes, due: float) -> None:
        connection = await free.get()
        try:
            answer = await connection.send(asked)
        except ConnectionResetError:
            connection = await _connected(port)
            answer = await connection.send(asked)
        latencies.append(time.perf_counter() - due)
        free.put_nowait(connection)
        if answer[:3] != expect:
            raise RuntimeError(f"asked {asked[:200]!r}, answered {answer[:500]!r}")

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n, asked in enumerate(requests):
            due = began + n / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(asked, due))
    while not free.empty():
        free.get_nowait().close()
    return latencies


async def _connected(port: int) -> _Client:
    _, connection = await asyncio.get_running_loop().create_connection(_Client, "127.0.0.1", port)
    return connection


async def run(
    port: int, clients: int, seconds: float, next_request: Callable[[], bytes | None], *, expect: bytes
) -> tuple[Measured, list[bytes]]:
    """Lets so many clients ask for so long, or until `next_request` returns None. Returns the figures and all
    bodies.

    Raises RuntimeError at the first answer with another status than `expect`.
    """
    latencies: list[float] = []
    bodies: list[bytes] = []
    ends = time.perf_counter() + seconds

    async def client() -> None:
        connection = await _connected(port)
        while (asked := next_request()) is not None:
            began = time.perf_counter()
            answer = await connection.send(asked)
            latencies.append(time.perf_counter() - began)
            if answer[:3] != expect:
                raise RuntimeError(f"asked {asked[:200]!r}, answered {answer[:500]!r}")
            bodies.append(answer[3:])
            if time.perf_counter() > ends:  # only now, so that each has been answered once
                break
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    took = time.perf_counter() - began
    quantiles = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [latencies[0]] * 99
    sizes = sum(map(len, bodies)) / len(bodies)
    measured = Measured(
        len(latencies) / took, quantiles[49] * 1e3, quantiles[98] * 1e3, sizes, len(latencies)
    )
    return measured, bodies
