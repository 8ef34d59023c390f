"""Who a request comes from: proxies that are named are believed, and the log tells of others."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from app.cli.server.proxies import MOST_WARNINGS, NamedProxies


async def come_from(proxies: NamedProxies, address: str, *headers: tuple[bytes, bytes]) -> None:
    """A request of that address with these headers."""

    async def receive() -> Message:
        raise AssertionError("nobody reads it")

    async def send(message: Message) -> None:
        raise AssertionError("nobody answers it")

    scope = {"type": "http", "scheme": "http", "client": (address, 1), "headers": list(headers)}
    await proxies(scope, receive, send)


def noting(visits: list[tuple[str, str]], named: str) -> NamedProxies:
    """Proxies in front of an application that notes who comes, and by which scheme."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        visits.append((scope["client"][0], scope["scheme"]))

    return NamedProxies(app, named)


SENT = ((b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https"))


async def test_a_proxy_that_is_named_is_believed_and_not_told_of() -> None:
    visits: list[tuple[str, str]] = []
    with capture_logs() as logged:
        await come_from(noting(visits, "127.0.0.1,172.16.0.0/12"), "172.18.0.1", *SENT)
    assert (visits, logged) == ([("203.0.113.7", "https")], [])


async def test_an_address_that_is_not_named_is_not_believed_and_is_told_of_once() -> None:
    visits: list[tuple[str, str]] = []
    proxies = noting(visits, "127.0.0.1")
    with capture_logs() as logged:
        for address in ("172.18.0.1", "172.18.0.1", "172.18.0.2"):
            await come_from(proxies, address, *SENT)
        await come_from(proxies, "172.18.0.3")
    assert visits[0] == ("172.18.0.1", "http")
    assert [(entry["log_level"], entry["address"]) for entry in logged] == [
        ("warning", "172.18.0.1"),
        ("warning", "172.18.0.2"),
    ]
    assert "LEDGERDESK_PROXIES" in logged[0]["event"]


async def test_nobody_fills_the_log_by_sending_the_header_from_many_addresses() -> None:
    proxies = noting([], "")
    with capture_logs() as logged:
        for n in range(MOST_WARNINGS + 10):
            await come_from(proxies, f"10.0.0.{n}", *SENT)
    assert len(logged) == MOST_WARNINGS
