"""What only a real server meets: bytes that are no request yet, and those that never become one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import pytest

from app.cli import wire
from app.main import routed
from tests.contract.answers import PROBLEM, validate
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
LIMIT = wire.LARGEST_HEAD


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where a server listens that has no ledger: it answers `/livez`."""
    async with behind_a_socket(routed()) as found:
        yield found


async def said_to(address: tuple[str, int], *pieces: bytes) -> bytes:
    """All that is answered until the server hangs up; pieces that it does not take any more are not sent."""
    return await asyncio.to_thread(_said_to, address, pieces)


def _said_to(address: tuple[str, int], pieces: tuple[bytes, ...]) -> bytes:
    answer = bytearray()
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as line:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                line.sendall(piece)
        with contextlib.suppress(ConnectionError):
            while data := line.recv(65_536):
                answer += data
    return bytes(answer)


def refused(answer: bytes) -> None:
    """Fails if it is not the problem that it should be, and nothing else."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    validate(told, PROBLEM)
    assert (told["status"], told["code"]) == (431, "head_too_large")
    assert told["request_id"].encode() in head
    assert str(LIMIT) in told["detail"]


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    ],
    ids=["TLS", "a wrong length", "a header without a colon"],
)
async def test_what_is_no_request_is_told_so_in_a_problem(address: tuple[str, int], said: bytes) -> None:
    head, _, body = (await said_to(address, said)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    told = json.loads(body)
    validate(told, PROBLEM)
    assert (told["status"], told["code"]) == (400, "unreadable")


async def test_head_is_answered_as_get_is_without_the_body(address: tuple[str, int]) -> None:
    rest = b" /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: 7\r\n\r\n"
    whole = await said_to(address, b"GET" + rest)
    asked = await said_to(address, b"HEAD" + rest)
    assert asked.endswith(b"\r\n\r\n")
    assert asked.partition(b"\r\n\r\n")[0] == whole.partition(b"\r\n\r\n")[0]


class Line(asyncio.Transport):
    """What is sent, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def is_closing(self) -> bool:
        return b"" in self.pieces

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.pieces.append(b"")


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ((b"head ", b"body"), [b"head body"]),
        ((b"head ", b"bo", b"dy"), [b"head bo", b"dy"]),
        ((b"head ", b""), [b"head "]),
    ],
)
def test_a_head_waits_for_the_first_of_its_body(said: tuple[bytes, ...], pieces: list[bytes]) -> None:
    line = Line()
    answer = wire.InOnePiece(line)
    for data in said:
        answer.write(data)
    assert line.pieces == pieces
    assert not answer.is_closing()


def test_a_head_whose_body_never_comes_is_sent_before_the_connection_is_closed() -> None:
    line = Line()
    answer = wire.InOnePiece(line)
    answer.write(b"head ")
    answer.close()
    assert line.pieces == [b"head ", b""]
    assert answer.is_closing()


PIECE = b"a" * 16_384
ENDLESS: dict[str, tuple[bytes, ...]] = {
    "a header's value": (REQUEST + b"X-A: ", *[PIECE] * 100),
    "a header's name": (REQUEST, *[PIECE] * 100),
    "headers": (REQUEST, *[b"".join(b"X-%d: a\r\n" % n for n in range(1_500))] * 20),
    "an address": (b"GET /", *[PIECE] * 100),
    "blank lines": tuple([b"\r\n" * 8_192] * 20),
}


@pytest.mark.parametrize("of", ENDLESS)
async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(
    address: tuple[str, int], of: str
) -> None:
    refused(await said_to(address, *ENDLESS[of]))


@pytest.mark.parametrize("size", [LIMIT - 200, LIMIT + 1, LIMIT * 3])
async def test_a_head_that_comes_in_one_piece_is_measured_as_well(
    address: tuple[str, int], size: int
) -> None:
    answer = await said_to(address, REQUEST + b"Connection: close\r\nX-A: " + b"a" * size + b"\r\n\r\n")
    if size < LIMIT:
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        refused(answer)


async def test_each_request_of_a_connection_is_measured_by_itself(address: tuple[str, int]) -> None:
    one = REQUEST + b"X-A: " + b"a" * (LIMIT // 2) + b"\r\n"
    answer = await said_to(address, *[one + b"\r\n"] * 4, one + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 5


async def test_the_end_of_a_body_in_pieces_is_measured_as_well(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", PATIENCE_SECONDS * 10)
    begins = b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    answer = await said_to(address, begins + b"X-A: ", *[PIECE] * 100)
    assert answer, "and it has ended"


async def test_a_large_body_is_no_large_head(address: tuple[str, int]) -> None:
    head = b"POST /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n"
    assert (await said_to(address, head + b"a" * 400_000)).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "begins",
    [b"", REQUEST, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" + REQUEST],
    ids=["nothing", "one", "two"],
)
async def test_who_never_comes_to_the_end_of_a_head_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int], begins: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    answer = await said_to(address, begins)
    assert answer.count(b"HTTP/1.1 ") == begins.count(b"\r\n\r\n")
