"""Requests to other systems, guarded against those that would reach into one's own network (SSRF).

A host name is resolved when the connection is made, every address that it has is checked, and the connection
goes to one of those very addresses: a name that changes its mind in between gains nothing. The name stays in
`Host` and in the handshake of TLS. Redirects are never followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore

from app.platform.settings import Settings

#: A request may take so long altogether.
TIMEOUT_SECONDS = 15.0
#: So much of an answer is read.
LARGEST_ANSWER = 65_536
#: A connection with nothing to do is kept for so long.
KEEP_ALIVE_SECONDS = 5.0
MOST_CONNECTIONS = 8
#: Lower ports belong to mail, files and terminals, except the two of the web.
LEAST_FREE_PORT = 1_024
WEB_PORTS = {"http": 80, "https": 443}
#: Names are resolved by separate threads, so that slow names do not delay others.
MOST_LOOKUPS = 64
LONGEST_URL = 2_000
#: Addresses of IPv6 that stand for one of IPv4 in their last 32 bits.
_NAT64 = ip_network("64:ff9b::/96")
#: Forms that lead elsewhere than they look, or to a network of one's own.
_NEVER = tuple(
    map(ip_network, ("2002::/16", "2001::/32", "64:ff9b:1::/48", "fec0::/10", "::/96", "192.88.99.0/24"))
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class RequestFailed(Exception):
    """No response came. `code` is the reason: `address_refused`, `unknown_host`, `no_connection`, `tls`,
    `timeout`, `closed`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnusableAddress(ValueError):
    """The text is not an address to which requests may be sent. `code` is the reason: `wrong_address`,
    `only_https`, `wrong_port`, `address_refused`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class OutwardPolicy:
    """The addresses that requests may go to: public ones, and those in `networks`; by https, or http too."""

    networks: tuple[Network, ...] = ()
    allows_http: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> OutwardPolicy:
        """Return the policy in the settings."""
        return cls(settings.allowed_networks, settings.outward_http)

    def check_url(self, url: str) -> str:
        """Return scheme, host and port of the address. Raises UnusableAddress."""
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise UnusableAddress("wrong_address")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UnusableAddress("wrong_address") from error
        if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
            raise UnusableAddress("wrong_address")
        if parts.scheme not in WEB_PORTS:
            raise UnusableAddress("wrong_address")
        if parts.scheme == "http" and not self.allows_http:
            raise UnusableAddress("only_https")
        usual = WEB_PORTS[parts.scheme]
        if port is not None and port not in WEB_PORTS.values() and port < LEAST_FREE_PORT:
            raise UnusableAddress("wrong_port")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}" if port in (None, usual) else f"{parts.scheme}://{host}:{port}"

    def check_target(self, url: str) -> str:
        """Return scheme, host and port of an address that is to be stored. An address of one's own network is
        refused at once if it is written as such; the address behind a name is known only at the connection.
        Raises UnusableAddress.
        """
        origin = self.check_url(url)
        address = _literal_address(urlsplit(url).hostname or "")
        if address is not None and not self.permits(address):
            raise UnusableAddress("address_refused")
        return origin

    def permits(self, address: Address) -> bool:
        """Return whether requests may go to that address."""
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return False
        target_address = _meant(address)
        if any(
            target_address in network
            for network in self.networks
            if network.version == target_address.version
        ):
            return True
        if any(address in network for network in _NEVER if network.version == address.version):
            return False
        return target_address.is_global and not (
            target_address.is_multicast or target_address.is_reserved or target_address.is_unspecified
        )


def _literal_address(host: str) -> Address | None:
    """Return the address that the host is, in whatever spelling; None: it is a name. This machine's own name
    is one address everywhere (RFC 6761, 6.3).
    """
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return None


def _meant(address: Address) -> Address:
    """Return the address of IPv4 that one of IPv6 stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: its status, headers with lower-case names, and the beginning of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def _lookups() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_LOOKUPS, "names of other systems")


async def resolve(host: str, port: int) -> list[Address]:
    """Return all addresses of the host. Raises OSError."""
    loop = asyncio.get_running_loop()
    names = await loop.run_in_executor(_lookups(), _resolve, host, port)
    return list(dict.fromkeys(ip_address(name) for name in names))


def _resolve(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """A network backend of httpcore that connects to permitted addresses only."""

    def __init__(self, policy: OutwardPolicy) -> None:
        self._policy = policy
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the host's addresses, if all of them are permitted. Raises RequestFailed, and
        httpcore's errors.
        """
        try:
            addresses = await resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise RequestFailed("unknown_host") from error
        if not addresses or not all(map(self._policy.permits, addresses)):
            raise RequestFailed("address_refused")
        *first_addresses, last = map(str, addresses)
        for address in first_addresses:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._backend.connect_tcp(address, port, timeout)
        return await self._backend.connect_tcp(last, port, timeout)

    async def sleep(self, seconds: float) -> None:
        """Wait for so long."""
        await asyncio.sleep(seconds)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the context of TLS: the authorities that browsers trust, and those of this machine."""
    context = httpcore.default_ssl_context()
    context.load_default_certs()
    return context


class OutwardClient:
    """A client with connections of its own, so that no other waits for its receivers."""

    def __init__(
        self, policy: OutwardPolicy, seconds: float = TIMEOUT_SECONDS, context: ssl.SSLContext | None = None
    ) -> None:
        self.policy = policy
        self._seconds = seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context or _trusted(),
            max_connections=MOST_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=GuardedBackend(policy),
        )

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        largest: int = LARGEST_ANSWER,
    ) -> Answer:
        """Send a request, and return the answer, whatever it is, with at most `largest` bytes of its
        body. Raises RequestFailed, UnusableAddress.
        """
        self.policy.check_url(url)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._request(method, url, headers, body, largest)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise RequestFailed("timeout") from error
        except httpcore.ConnectError as error:
            raise RequestFailed("tls" if _is_of_tls(error) else "no_connection") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise RequestFailed("closed") from error

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, largest: int
    ) -> Answer:
        sent = list(headers.items())
        async with self._pool.stream(method, url, headers=sent, content=body) as response:
            content = b""
            async for chunk in response.aiter_stream():
                content += chunk
                if len(content) >= largest:
                    break
            headers_by_name = {
                name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers
            }
            return Answer(response.status, headers_by_name, content[:largest])

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


@contextlib.asynccontextmanager
async def outward_client(
    policy: OutwardPolicy, seconds: float = TIMEOUT_SECONDS
) -> AsyncIterator[OutwardClient]:
    """Open a client, until the block ends."""
    client = OutwardClient(policy, seconds)
    try:
        yield client
    finally:
        await client.close()


def _is_of_tls(error: BaseException | None) -> bool:
    """Return whether the error comes of TLS: a certificate that is not trusted, for instance."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
