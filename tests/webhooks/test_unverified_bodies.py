"""A body whose sender is not known yet is bounded, in size, in time, and together with all others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from app.api.requests.unverified_bodies import BYTES_OF_ADDRESS, BodyBudgetExceeded, UnverifiedBodies
from app.cli.server.http_protocol import BoundedHttpProtocol, Limits
from app.webhooks.adapters import MAIL
from app.webhooks.intake.router import LARGEST_BODY
from tests.client import Api
from tests.extent import in_test_all
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS, until
from tests.webhooks.test_receiving import a_tool, an_admin
from tests.webhooks.tools import a_source

MIB = 1_048_576
MANY = 20
SIGNED = {"X-Hub-Signature-256": f"sha256={'0' * 64}"}
#: So many of the largest deliveries have room.
MOST_HELD_WHOLE = BYTES_OF_ADDRESS // LARGEST_BODY


def resident() -> int:
    """The bytes of memory that this process has."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def head(path: str, length: int) -> bytes:
    """A delivery's request, before its body: with a signature, without which the body is not waited for."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in SIGNED.items())
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n".encode()


@contextlib.contextmanager
def lines(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    """So many connections."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(address, PATIENCE_SECONDS)) for _ in range(count)]


def send_all_but_the_end(open_lines: list[socket.socket], path: str, length: int) -> None:
    """Send bodies of that length through all lines, without their last byte; as much as is taken of each."""
    body = b"x" * (length - 1)
    for line in open_lines:
        with contextlib.suppress(ConnectionError):
            line.sendall(head(path, length) + body)


def answer_of(line: socket.socket) -> bytes:
    """All that is answered until the server hangs up."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := line.recv(65_536):
            received += data
    return received


async def is_held(bodies: UnverifiedBodies, size: int) -> bool:
    """Whether just so many bytes are held."""
    return bodies.held_bytes == size


@in_test_all
async def test_who_posts_to_no_source_is_refused_before_the_body_is_read(api: Api) -> None:
    async with behind_a_socket(api.app) as address:
        before = resident()
        with lines(address, MANY) as held:
            await asyncio.to_thread(send_all_but_the_end, held, "/v1/webhooks/none", 5 * MIB)
            answers = [await asyncio.to_thread(answer_of, line) for line in held]
            grown = resident() - before
    # A connection that is closed while it still sends may lose its answer, but for the first that read it.
    assert {answer[:12] for answer in answers} <= {b"HTTP/1.1 401", b""}
    assert grown < 20 * MIB, f"{grown:,} bytes"


async def test_the_answer_to_who_posts_to_no_source_does_not_wait_for_the_body(api: Api) -> None:
    async with behind_a_socket(api.app) as address:
        with lines(address, 1) as (line,):
            line.sendall(head("/v1/webhooks/none", 5 * MIB) + b"x")
            response = await asyncio.to_thread(answer_of, line)
    assert response.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in response.lower()


async def test_what_shows_no_signature_is_refused_before_its_body_is_read(api: Api) -> None:
    tool = await a_tool(api)
    async with behind_a_socket(api.app) as address:
        with lines(address, 1) as (line,):
            line.sendall(f"POST {tool.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx".encode())
            assert (await asyncio.to_thread(answer_of, line)).startswith(b"HTTP/1.1 401 ")


async def test_bodies_held_open_at_a_source_have_bounded_memory_together(api: Api) -> None:
    tool = await a_tool(api)
    bodies: UnverifiedBodies = api.app.state.webhook_quotas.bodies
    async with behind_a_socket(api.app) as address:
        before = resident()
        with lines(address, MANY) as held:
            for line in held[:MOST_HELD_WHOLE]:
                total = bodies.held_bytes + LARGEST_BODY - 1
                await asyncio.to_thread(send_all_but_the_end, [line], tool.path, LARGEST_BODY)
                await until(partial(is_held, bodies, total))
            more = held[MOST_HELD_WHOLE:]
            await asyncio.to_thread(send_all_but_the_end, more, tool.path, LARGEST_BODY)
            refused = [await asyncio.to_thread(answer_of, line) for line in more]
            assert {response[:12] for response in refused} <= {b"HTTP/1.1 429", b""}
            grown = resident() - before
            assert grown < BYTES_OF_ADDRESS + 32 * MIB, f"{grown:,} bytes"
            assert (await tool.post(b"{}")).status_code == 202, "what is small is taken meanwhile"
        await until(partial(is_held, bodies, 0))


@pytest.mark.parametrize(("adapter", "status"), [("github", 413), (MAIL, 401)])
async def test_only_a_mail_may_be_larger_than_other_deliveries(api: Api, adapter: str, status: int) -> None:
    tool = await a_source(api, await an_admin(api), adapter)
    sent = b"x" * (LARGEST_BODY + 1)
    answer = await api.with_token(None).post(tool.path, content=sent, headers=SIGNED)
    assert answer.status_code == status, answer.text


async def test_a_delivery_has_no_more_time_than_any_other_body(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await a_tool(api)
    monkeypatch.setattr(BoundedHttpProtocol, "limits", replace(Limits(), body_seconds=0.2))
    async with behind_a_socket(api.app) as address:
        with lines(address, 1) as (line,):
            line.sendall(head(tool.path, 100) + b"x")
            response = await asyncio.to_thread(answer_of, line)
    assert response.startswith(b"HTTP/1.1 408 ")


def arriving(client: str, *parts: bytes, stays: asyncio.Event | None = None) -> Request:
    """A request whose body comes in these parts, and then waits until it may go on."""
    coming = iter(parts)

    async def receive() -> Message:
        if (part := next(coming, None)) is not None:
            return {"type": "http.request", "body": part, "more_body": True}
        if stays is not None:
            await stays.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "client": (client, 1)}
    return Request(scope, receive)


async def test_what_all_hold_together_is_bounded_and_so_is_what_one_address_holds() -> None:
    bodies = UnverifiedBodies(most=10, most_of_address=6)
    over = asyncio.Event()
    held = [asyncio.create_task(bodies.read(arriving(a, b"xxxx", stays=over), 100)) for a in "ab"]
    await until(partial(is_held, bodies, 8))
    with pytest.raises(BodyBudgetExceeded) as of_one:
        await bodies.read(arriving("a", b"xxx"), 100)
    with pytest.raises(BodyBudgetExceeded) as of_all:
        await bodies.read(arriving("c", b"xxx"), 100)
    assert (of_one.value.of_address, of_all.value.of_address) == (True, False)
    assert await bodies.read(arriving("c", b"x", b"x"), 100) == b"xx"
    over.set()
    assert await asyncio.gather(*held) == [b"xxxx", b"xxxx"]
    assert bodies.held_bytes == 0
    with pytest.raises(HTTPException):
        await bodies.read(arriving("c", b"xx", b"xx"), 3)
    assert bodies.held_bytes == 0
