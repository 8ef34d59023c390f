"""What only a real server meets: bytes that are no request yet, and those that never become one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.api.contract import problems
from app.api.requests.middleware import BodyLimitMiddleware, RequestContextMiddleware
from app.api.service.metrics import Metrics
from app.cli.server import http_protocol as wire
from app.main import build_app
from tests.contract.answers import PROBLEM, validate
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n"
PUT = b"PUT /v1/uploads/x HTTP/1.1\r\nHost: x\r\n"
CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LIMIT = wire.Limits().head_bytes


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where a server listens that has no ledger: it answers `/livez`."""
    async with behind_a_socket(build_app()) as bound:
        yield bound


async def _counted(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


def echoing() -> FastAPI:
    """What reads a body of 1,000 bytes at most to its end, and says how many they were; of files 5,000."""
    app = FastAPI(routes=[Route("/v1/echo", _counted, methods=["POST"])])
    app.router.routes.append(Route("/v1/uploads/{id}", _counted, methods=["PUT"]))
    problems.add_to(app)
    app.add_middleware(BodyLimitMiddleware, body_limit=1_000, upload_limit=5_000)
    app.add_middleware(RequestContextMiddleware, metrics=Metrics("x"))
    return app


async def said_to(address: tuple[str, int], *pieces: bytes) -> bytes:
    """All that is answered until the server hangs up; pieces that it does not take any more are not sent."""
    return await asyncio.to_thread(_said_to, address, pieces)


def bounded(monkeypatch: pytest.MonkeyPatch, **limits: Any) -> None:
    """Connections from now on have these bounds."""
    monkeypatch.setattr(wire.BoundedHttpProtocol, "limits", replace(wire.Limits(), **limits))


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


def problem_of(answer: bytes) -> dict[str, Any]:
    """The problem that is the whole answer. Fails if it is none, or something follows."""
    head, _, body = answer.partition(b"\r\n\r\n")
    problem: dict[str, Any] = json.loads(body)
    validate(problem, PROBLEM)
    assert head.startswith(b"HTTP/1.1 %d " % problem["status"])
    assert problem["request_id"].encode() in head
    return problem


def refused(answer: bytes) -> None:
    """Fails if it is not the problem that it should be, and nothing else."""
    problem = problem_of(answer)
    assert b"connection: close" in answer.lower()
    assert (problem["status"], problem["code"]) == (431, "head_too_large")
    assert str(LIMIT) in problem["detail"]


ENDS = b"Connection: close\r\n"
HEADS: dict[str, tuple[bytes, int, str]] = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "unreadable"),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "unreadable"),
    "a tunnel": (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "unreadable"),
    "a wrong length": (REQUEST + b"Content-Length: many\r\n\r\n", 400, "unreadable"),
    "two lengths": (REQUEST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "unreadable"),
    "a length of chunks": (
        REQUEST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "unreadable",
    ),
    "a header without a colon": (REQUEST + b"no colon\r\n\r\n", 400, "unreadable"),
    "no host": (b"GET /livez HTTP/1.1\r\n" + ENDS + b"\r\n", 400, "bad_header"),
    "two hosts": (REQUEST + b"Host: y\r\n" + ENDS + b"\r\n", 400, "bad_header"),
    "the same host twice": (REQUEST + b"Host: x\r\n" + ENDS + b"\r\n", 400, "bad_header"),
    "a host that is none": (b"GET /livez HTTP/1.1\r\nHost: a b\r\n" + ENDS + b"\r\n", 400, "bad_header"),
    "two keys": (
        REQUEST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n" + ENDS + b"\r\n",
        400,
        "bad_header",
    ),
    "two keys of one effect": (
        REQUEST + b"Idempotency-Key: a\r\nidempotency-key: b\r\n" + ENDS + b"\r\n",
        400,
        "bad_header",
    ),
    "a transfer of another kind": (REQUEST + b"Transfer-Encoding: gzip\r\n\r\n", 400, "unreadable"),
    "a transfer of two kinds": (
        REQUEST + ENDS + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_header",
    ),
    "chunks in HTTP/1.0": (
        b"POST /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_header",
    ),
    "a chunk that is none": (CHUNKS + b"zz\r\n", 400, "unreadable"),
    "a chunk that is longer than it says": (CHUNKS + b"1\r\nabc\r\n0\r\n\r\n", 400, "unreadable"),
    "a compressed body": (
        REQUEST + ENDS + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        415,
        "unsupported_content_encoding",
    ),
    "a slash within": (b"GET /livez%2fx HTTP/1.1\r\nHost: x\r\n" + ENDS + b"\r\n", 404, "no_such_path"),
    "a path that is another's": (
        b"GET /v1%2Fme HTTP/1.1\r\nHost: x\r\n" + ENDS + b"\r\n",
        404,
        "no_such_path",
    ),
}


async def test_a_request_that_cannot_be_read_in_one_way_only_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One that is not refused would wait for its end.
    bounded(monkeypatch, head_seconds=5.0, idle_seconds=5.0)
    wrong = {}
    async with behind_a_socket(echoing()) as address:
        for name, (sent, status, code) in HEADS.items():
            problem = problem_of(await said_to(address, sent))
            if (problem["status"], problem["code"]) != (status, code):
                wrong[name] = problem
    assert wrong == {}


async def test_a_compressed_body_is_told_what_is_taken(address: tuple[str, int]) -> None:
    compressed = REQUEST + ENDS + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"
    assert b"\r\naccept-encoding: identity\r\n" in (await said_to(address, compressed)).lower()
    plain = REQUEST + ENDS + b"Content-Encoding: identity\r\nContent-Length: 0\r\n\r\n"
    assert (await said_to(address, plain)).startswith(b"HTTP/1.1 200 ")


async def test_who_asks_for_another_protocol_is_answered_in_this_one(address: tuple[str, int]) -> None:
    for protocol in (b"websocket", b"h2c"):
        request = REQUEST + b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
        answer = await said_to(address, request)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        assert b"connection: close" in answer.lower()


async def test_head_is_answered_as_get_is_without_the_body(address: tuple[str, int]) -> None:
    rest = b" /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: 7\r\n\r\n"
    of_get = await said_to(address, b"GET" + rest)
    of_head = await said_to(address, b"HEAD" + rest)
    assert of_head.endswith(b"\r\n\r\n")
    assert of_head.partition(b"\r\n\r\n")[0] == of_get.partition(b"\r\n\r\n")[0]


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
    ("writes", "pieces"),
    [
        ((b"head ", b"body"), [b"head body"]),
        ((b"head ", b"bo", b"dy"), [b"head bo", b"dy"]),
        ((b"head ", b""), [b"head "]),
    ],
)
def test_a_head_waits_for_the_first_of_its_body(writes: tuple[bytes, ...], pieces: list[bytes]) -> None:
    line = Line()
    answer = wire.BufferedTransport(line, line.close)
    for data in writes:
        answer.write(data)
    assert line.pieces == pieces
    assert not answer.is_closing()


def test_a_head_whose_body_never_comes_is_sent_before_the_connection_is_closed() -> None:
    line = Line()
    answer = wire.BufferedTransport(line, line.close)
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


@pytest.mark.parametrize("name", ENDLESS)
async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(
    address: tuple[str, int], name: str
) -> None:
    refused(await said_to(address, *ENDLESS[name]))


@pytest.mark.parametrize("size", [LIMIT - 200, LIMIT + 1, LIMIT * 3])
async def test_a_head_that_comes_in_one_piece_is_measured_as_well(
    address: tuple[str, int], size: int
) -> None:
    answer = await said_to(address, REQUEST + b"Connection: close\r\nX-A: " + b"a" * size + b"\r\n\r\n")
    if size < LIMIT:
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        refused(answer)


@pytest.mark.parametrize("count", [wire.Limits().headers - 2, wire.Limits().headers + 1])
async def test_so_many_headers_are_taken_and_no_more(address: tuple[str, int], count: int) -> None:
    answer = await said_to(address, REQUEST + ENDS + b"a:b\r\n" * count + b"\r\n")
    if count < wire.Limits().headers:
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        refused(answer)


@pytest.mark.parametrize("count", [wire.Limits().parameters - 1, wire.Limits().parameters])
async def test_so_many_parameters_are_taken_and_no_more(address: tuple[str, int], count: int) -> None:
    answer = await said_to(address, b"GET /livez?a" + b"&a" * count + REQUEST[10:] + ENDS + b"\r\n")
    if count < wire.Limits().parameters:
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        refused(answer)


async def test_each_request_of_a_connection_is_measured_by_itself(address: tuple[str, int]) -> None:
    request = REQUEST + b"X-A: " + b"a" * (LIMIT // 2) + b"\r\n"
    answer = await said_to(address, *[request + b"\r\n"] * 4, request + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 5


async def test_the_end_of_a_body_in_pieces_is_measured_as_well(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    bounded(monkeypatch, head_seconds=PATIENCE_SECONDS * 10)
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
    bounded(monkeypatch, head_seconds=0.1)
    answer = await said_to(address, begins)
    assert answer.count(b"HTTP/1.1 ") == begins.count(b"\r\n\r\n")


async def trickled(address: tuple[str, int], begins: bytes, piece: bytes, every: float) -> bytes:
    """All that is answered to who sends that piece again and again, until the server hangs up."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(begins)

    async def trickle() -> None:
        while True:
            writer.write(piece)
            await asyncio.sleep(every)

    trickling = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reader.read()
    finally:
        trickling.cancel()
        writer.close()


SLOW: dict[str, tuple[dict[str, float], bytes, bytes]] = {
    "stops": ({"idle_seconds": 0.1}, POST + b"Content-Length: 100\r\n\r\n", b""),
    "trickles": ({"body_seconds": 0.1}, POST + b"Content-Length: 900\r\n\r\n", b"x"),
    "trickles in chunks": ({"body_seconds": 0.1}, CHUNKS, b"1\r\nx\r\n"),
    "trickles by trailers": ({"body_seconds": 0.1}, CHUNKS + b"0\r\n", b"X-A: a\r\n"),
    "trickles a file": ({"upload_seconds": 0.1}, PUT + b"Content-Length: 900\r\n\r\n", b"x"),
    "stops a file": ({"idle_seconds": 0.1}, PUT + b"Content-Length: 900\r\n\r\nxxx", b""),
}


@pytest.mark.parametrize("how", SLOW)
async def test_a_body_that_is_too_slow_is_cut_off_and_told_why(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    limits, begins, piece = SLOW[how]
    bounded(monkeypatch, **limits)
    async with behind_a_socket(echoing()) as address:
        problem = problem_of(await trickled(address, begins, piece, 0.02))
    assert (problem["status"], problem["code"]) == (408, "too_slow")


async def test_a_file_may_take_longer_than_another_body(monkeypatch: pytest.MonkeyPatch) -> None:
    bounded(monkeypatch, body_seconds=0.05)
    async with behind_a_socket(echoing()) as address:
        begins = PUT + ENDS + b"Content-Length: 15\r\n\r\n"
        answer = await trickled(address, begins, b"x", 0.02)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n15")


async def test_a_body_without_an_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the operation reads it or not: the server hangs up once it has said so."""
    bounded(monkeypatch, linger_bytes=10_000)
    chunk = b"400\r\n" + b"x" * 1_024 + b"\r\n"
    without_a_reader = CHUNKS.replace(b"/v1/echo", b"/nowhere")
    async with behind_a_socket(echoing()) as address:
        for begins, status in ((CHUNKS, 413), (without_a_reader, 404), (PUT + CHUNKS[len(POST) :], 413)):
            problem = problem_of(await trickled(address, begins, chunk, 0.0))
            assert problem["status"] == status


async def test_an_answer_before_the_end_of_its_request_is_the_last_of_its_connection(
    address: tuple[str, int],
) -> None:
    head = b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    answer = await said_to(address, head)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"connection: close" in answer.lower()
    answers = await said_to(address, head + b"x" * 100 + REQUEST + ENDS + b"\r\n")
    assert answers.startswith(b"HTTP/1.1 405 ")
    assert b"HTTP/1.1 200 " in answers
