"""Requests to other systems go to public addresses only, whatever a name says, and when."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from app.platform import outward
from app.platform.outward import OutwardClient, OutwardPolicy, RequestFailed, UnusableAddress
from tests.subscriptions.receivers import Receiver, answer

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822", "::ffff:93.184.216.34")
NOT_PUBLIC = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)
OPEN = OutwardPolicy((ipaddress.ip_network("127.0.0.0/8"),), allows_http=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert OutwardPolicy().permits(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_of_ones_own_network_are_refused(address: str) -> None:
    assert not OutwardPolicy().permits(ipaddress.ip_address(address))


def test_a_setting_permits_a_network() -> None:
    policy = OutwardPolicy((ipaddress.ip_network("10.1.0.0/16"),))
    assert policy.permits(ipaddress.ip_address("10.1.2.3"))
    assert policy.permits(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not policy.permits(ipaddress.ip_address("10.2.2.3"))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "wrong_address"),
        ("https://", "wrong_address"),
        ("https://user@example.org/", "wrong_address"),
        ("https://example.org/#x", "wrong_address"),
        ("https://example.org\\@evil.org/", "wrong_address"),
        ("https://example.org/\r\nx: y", "wrong_address"),
        ("https://example.org:99999/", "wrong_address"),
        ("https://[::1/", "wrong_address"),
        ("http://example.org/", "only_https"),
        ("https://example.org:25/", "wrong_port"),
    ],
)
def test_what_is_no_address_is_refused(url: str, code: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        OutwardPolicy().check_url(url)
    assert refused.value.code == code


def test_of_an_address_only_its_origin_is_shown() -> None:
    assert (
        OutwardPolicy().check_url("https://Hooks.example.org/T0/secret?key=1") == "https://hooks.example.org"
    )
    assert OutwardPolicy().check_url("https://[2606:4700::1]:8443/x") == "https://[2606:4700::1]:8443"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::1]", "0"])
async def test_spellings_of_this_machine_are_refused(host: str, receiver: Receiver) -> None:
    client = OutwardClient(OutwardPolicy(allows_http=True))
    with pytest.raises(RequestFailed) as failed:
        await client.request("POST", f"http://{host}:{receiver.port}/", {})
    assert failed.value.code in ("address_refused", "unknown_host")
    assert not receiver.received
    await client.close()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0", "localhost", "LOCALHOST.", "a.localhost"),
        *("[::1]", "10.0.0.1", "[::ffff:10.0.0.1]", "169.254.169.254", "[fe80::1%25eth0]"),
    ],
)
def test_an_address_of_ones_own_network_is_refused_before_it_is_kept(host: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        OutwardPolicy().check_target(f"https://{host}/hook")
    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("host", ["93.184.216.34", "[2606:4700::1]", "example.org", "10.0.0.1.example.org"])
def test_public_addresses_and_names_are_kept(host: str) -> None:
    assert OutwardPolicy().check_target(f"https://{host}/hook") == f"https://{host}"


def test_an_address_that_a_setting_permits_is_kept() -> None:
    assert OPEN.check_target("http://127.0.0.1/hook") == "http://127.0.0.1"


async def test_a_name_that_changes_its_mind_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is resolved once for a connection, which goes to the very address that was looked at."""
    answers = iter(["127.0.0.1", "10.0.0.1"])
    resolved_hosts: list[Any] = []

    def resolves(host: str, port: int, **more: Any) -> Any:
        resolved_hosts.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolves)
    client = OutwardClient(OPEN)
    response = await client.request("POST", f"http://rebinds.example:{receiver.port}/", {}, b"{}")
    assert (response.status, resolved_hosts) == (204, ["rebinds.example"])
    assert receiver.received[0].headers["host"] == f"rebinds.example:{receiver.port}"
    await client.close()
    another = OutwardClient(OPEN)
    with pytest.raises(RequestFailed) as failed:
        await another.request("POST", f"http://rebinds.example:{receiver.port}/", {}, b"{}")
    assert failed.value.code == "address_refused"
    await another.close()


async def test_one_address_of_ones_own_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolves(host: str, port: int, **more: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port))
            for name in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolves)
    client = OutwardClient(OutwardPolicy())
    with pytest.raises(RequestFailed) as failed:
        await client.request("POST", "https://both.example/", {})
    assert failed.value.code == "address_refused"


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = lambda request: answer(302, location=receiver.url + "/elsewhere")
    client = OutwardClient(OPEN)
    response = await client.request("POST", receiver.url, {}, b"{}")
    assert (response.status, len(receiver.received)) == (302, 1)
    await client.close()


async def test_an_answer_without_end_is_read_only_so_far(receiver: Receiver) -> None:
    receiver.answers = lambda request: answer(200, b"x" * 1_000_000)
    client = OutwardClient(OPEN)
    response = await client.request("POST", receiver.url, {}, b"{}")
    assert len(response.body) == outward.LARGEST_ANSWER
    await client.close()


@pytest.mark.parametrize(
    ("answered", "code"), [(None, "timeout"), (b"", "closed"), (b"nonsense\r\n\r\n", "closed")]
)
async def test_no_answer_has_a_reason(receiver: Receiver, answered: bytes | None, code: str) -> None:
    receiver.answers = lambda request: answered
    client = OutwardClient(OPEN, seconds=0.2)
    with pytest.raises(RequestFailed) as failed:
        await client.request("POST", receiver.url, {}, b"{}")
    assert failed.value.code == code
    await client.close()
