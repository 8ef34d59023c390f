"""Brokers that let in by certificate, credentials or password alone, and that have to show their own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.platform.settings import SettingsError
from app.relay import relaying as relay_module
from app.relay.brokers import BrokerGone
from app.relay.kafka_topic import KafkaTopic
from app.relay.nats_credentials import NatsCredentials
from app.relay.targets import RelayTarget
from bench.nats_server import nats_server
from tests.extent import in_test_all
from tests.relay.conftest import PROGRAM, STREAM, RelayedLog, needs_nats, relaying, target_of
from tests.relay.credentials import USER, NatsKey, operated_accounts, write_certificate, write_credentials


@needs_nats
@in_test_all
async def test_nats_lets_in_who_has_a_certificate_and_is_believed_by_its_own(
    log: RelayedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "FIRST_PAUSE", 0.05)
    assert PROGRAM is not None
    theirs, ours = write_certificate(tmp_path / "broker.pem"), write_certificate(tmp_path / "relay.pem")
    options = f"tls {{ cert_file: '{theirs}', key_file: '{theirs}', ca_file: '{ours}', verify: true }}"
    await log.grow(3)
    with nats_server(PROGRAM, tmp_path, options) as server:
        plain = target_of(server)

        def secured(ca: Path | None, certificate: Path | None) -> RelayTarget:
            return RelayTarget("nats", plain.hosts, True, STREAM, ca=ca, certificate=certificate)

        for refused in (plain, secured(None, ours), secured(theirs, None), secured(theirs, theirs)):
            async with relaying(log, refused) as relay:
                await relay.has_said("does not answer")
        async with relaying(log, secured(theirs, ours)) as relay:
            await relay.has_said("publishing")


@needs_nats
async def test_nats_lets_in_who_has_a_file_of_credentials(
    log: RelayedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "FIRST_PAUSE", 0.05)
    assert PROGRAM is not None
    options, token, seed = operated_accounts()
    wrong = write_credentials(tmp_path / "wrong.creds", token, NatsKey.make(USER).seed)
    right = write_credentials(tmp_path / "relay.creds", token, seed)
    await log.grow(3)
    with nats_server(PROGRAM, tmp_path, options) as server:
        for refused in (target_of(server), target_of(server, credentials=wrong)):
            async with relaying(log, refused) as relay:
                await relay.has_said("Authorization Violation")
        async with relaying(log, target_of(server, credentials=right)) as relay:
            await relay.has_said("publishing")
            await relay.stop()


def test_a_file_without_credentials_is_named(tmp_path: Path) -> None:
    empty, damaged = tmp_path / "empty.creds", tmp_path / "damaged.creds"
    empty.write_text("nothing", encoding="ascii")
    write_credentials(damaged, "a.b.c", NatsKey.make(USER).seed[:-3] + "AAA")
    for path, why in ((empty, "contains no token"), (damaged, "is damaged"), (tmp_path, "cannot be read")):
        with pytest.raises(SettingsError, match=why):
            NatsCredentials(path)


class SaslBroker:
    """So much of a Kafka broker as a client needs to log in, and is refused by: it keeps what it is told."""

    VERSIONS, HANDSHAKE, AUTHENTICATE = 18, 17, 36

    def __init__(self) -> None:
        self.mechanism, self.log_in = b"", b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
                key, correlation = int.from_bytes(request[:2], "big"), request[4:8]
                answer = correlation + self._answer(key, request)
                writer.write(len(answer).to_bytes(4, "big") + answer)
        writer.close()

    def _answer(self, key: int, request: bytes) -> bytes:
        body = request[10 + int.from_bytes(request[8:10], "big") :]  # behind the client's name
        if key == self.HANDSHAKE:
            self.mechanism = body[2:]
            return bytes(2) + (1).to_bytes(4, "big") + body
        if key == self.AUTHENTICATE:
            self.log_in = body[4:]
            return (58).to_bytes(2, "big") + b"\xff\xff" + bytes(4)  # it failed, and no word why
        keys = (self.VERSIONS, self.HANDSHAKE, self.AUTHENTICATE, 3)
        spans = [key.to_bytes(2, "big") + bytes(2) + (1).to_bytes(2, "big") for key in keys]
        return bytes(2) + len(spans).to_bytes(4, "big") + b"".join(spans)


@contextlib.asynccontextmanager
async def sasl_broker(certificate: Path) -> AsyncIterator[tuple[str, SaslBroker]]:
    """The address of a broker with that certificate."""
    broker, context = SaslBroker(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", broker


async def test_kafka_is_shown_user_and_password_behind_a_certificate_that_is_believed(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path / "broker.pem")
    async with sasl_broker(certificate) as (address, broker):

        def target(ca: Path | None) -> RelayTarget:
            return RelayTarget(
                "kafka", (address,), True, STREAM, user="relay", password="s3cret", sasl="PLAIN", ca=ca
            )

        with pytest.raises(BrokerGone):
            async with KafkaTopic(target(None)):
                pass
        assert (broker.mechanism, broker.log_in) == (b"", b"")
        with pytest.raises(BrokerGone):
            async with KafkaTopic(target(certificate)):
                pass
    assert broker.mechanism == b"PLAIN"
    assert broker.log_in.endswith(b"relay\0s3cret")
