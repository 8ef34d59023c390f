"""NATS JetStream: a stream of the relay's own, in which a position is the sequence number of its message.

Each message names the sequence that it expects before it, so the server refuses a gap, a double and a second
writer, however many messages are on their way. The sequence outlives the messages: a stream that was purged,
or keeps only the newest, still has its last sequence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Self

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from app.relay.brokers import LARGEST_BYTES, BrokerGone, Overtaken, RelayRefused
from app.relay.messages import MEDIA_TYPE, ForeignMessage, Message, Published, read_published
from app.relay.nats_credentials import NatsCredentials
from app.relay.targets import RelayTarget

CONNECT_SECONDS = 5
#: So long one acknowledgement may take.
ACK_SECONDS = 10.0
#: Bytes that a server counts in addition to the text: headers, and the subject.
HEADER_BYTES = 1_024
#: The server's code for a message that does not follow the newest.
WRONG_LAST_SEQUENCE = 10071
CUT = "The connection to the NATS server is lost."


class NatsStream:
    """A stream on a NATS server."""

    def __init__(self, target: RelayTarget) -> None:
        self._target = target
        self._name = target.stream
        self._client = Client()
        self._inbox = ""
        self._lost = False

    @property
    def largest(self) -> int:
        """Largest size of a message in bytes, as reported by the server."""
        return min(LARGEST_BYTES, self._client.max_payload - HEADER_BYTES)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.__aexit__()  # the client leaves the connection open that it was refused on
            raise
        return self

    async def _open(self) -> None:
        self._batch = _SentMessages(0)
        with _failures():
            # The client does not reconnect by itself: after a cut, only the newest message shows where to
            # continue.
            await self._client.connect(
                servers=[f"{'tls' if self._target.tls else 'nats'}://{host}" for host in self._target.hosts],
                name="ledgerdesk relay",
                allow_reconnect=False,
                connect_timeout=CONNECT_SECONDS,
                max_reconnect_attempts=1,
                ping_interval=10,
                max_outstanding_pings=2,
                error_cb=_say_nothing,
                closed_cb=self._cut,
                **self._credentials(),
            )
            self._jetstream = self._client.jetstream(timeout=ACK_SECONDS)
            self._inbox = self._client.new_inbox()
            await self._client.subscribe(f"{self._inbox}.*", cb=self._acknowledge)

    def _credentials(self) -> dict[str, Any]:
        target = self._target
        named: dict[str, Any] = {"user": target.user, "password": target.password}
        if target.credentials is not None:
            credentials = NatsCredentials(target.credentials)
            named |= {"user_jwt_cb": credentials.token, "signature_cb": credentials.sign}
        if target.tls:
            named["tls"] = target.tls_context()
        return named

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._client.close()

    async def prepare(self) -> None:
        """Make a missing stream: kept in files, without an end, and without permission to delete."""
        config = StreamConfig(
            name=self._name,
            subjects=[f"{self._name}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            num_replicas=self._target.replicas,
            deny_delete=True,
            deny_purge=True,
        )
        stream = await self._stream()
        if stream is None:
            with _failures():
                await self._jetstream.add_stream(config)
        elif stream.config.subjects != config.subjects:
            raise RelayRefused(
                f"The stream {self._name} of the NATS server was not made by the relay: its subjects are "
                f"{stream.config.subjects}, not {config.subjects}. Set LEDGERDESK_RELAY_STREAM to another "
                "stream."
            )

    async def newest(self) -> Published | None:
        """Return the newest message, or its position where the message is gone; None before the first."""
        stream = await self._stream()
        if stream is None or stream.state.last_seq == 0:
            return None
        position = stream.state.last_seq
        try:
            with _failures():
                text = (await self._jetstream.get_msg(self._name, position)).data or b""
        except NotFoundError:
            return Published(position, None)
        try:
            published = read_published(text)
        except ForeignMessage as error:
            raise self._foreign(position) from error
        if published.position != position:
            raise self._foreign(position)
        return published

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages, all on their way at once, and wait until each is stored at its position."""
        self.check()
        batch = self._batch = _SentMessages(len(messages))
        try:
            async with asyncio.timeout(ACK_SECONDS):
                with _failures():
                    for message in messages:
                        await self._send(message)
                await batch.stored
        except TimeoutError as error:
            raise BrokerGone(f"The NATS server has not answered within {ACK_SECONDS:g} s.") from error

    def check(self) -> None:
        """Raise BrokerGone if the connection is known to be lost."""
        if self._lost:
            raise BrokerGone(CUT)

    async def _send(self, message: Message) -> None:
        headers = {
            "Nats-Msg-Id": str(message.position),
            "Nats-Expected-Stream": self._name,
            "Nats-Expected-Last-Sequence": str(message.position - 1),
            "Content-Type": MEDIA_TYPE,
        }
        reply = f"{self._inbox}.{message.position}"
        await self._client.publish(f"{self._name}.{message.type}", message.text, reply, headers)

    async def _acknowledge(self, answer: Msg) -> None:
        """Take the server's answer to one message."""
        position = int(answer.subject.rpartition(".")[2])
        if not answer.data:  # the subject has no listener
            self._batch.fail(BrokerGone(f"The NATS server has no stream {self._name}."))
            return
        reply = orjson.loads(answer.data)
        error = reply.get("error")
        if error is None and reply["seq"] == position:
            self._batch.count()
        elif error is None or error.get("err_code") == WRONG_LAST_SEQUENCE:
            self._batch.fail(Overtaken(f"The stream {self._name} does not end before position {position}."))
        else:
            self._batch.fail(BrokerGone(f"The NATS server cannot store: {error.get('description')}."))

    async def _cut(self) -> None:
        self._lost = True
        self._batch.fail(BrokerGone(CUT))

    async def _stream(self) -> StreamInfo | None:
        try:
            with _failures():
                return await self._jetstream.stream_info(self._name)
        except NotFoundError:
            return None

    def _foreign(self, position: int) -> RelayRefused:
        return RelayRefused(
            f"Message {position} of the stream {self._name} does not come from this log, so the next "
            f"position is unknown. Allow only the relay to publish to {self._name}.>, and set "
            "LEDGERDESK_RELAY_STREAM to a new stream."
        )


class _SentMessages:
    """Messages that are on their way. `stored`: done when all are stored, or the first was refused."""

    def __init__(self, messages: int) -> None:
        self.stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = messages

    def count(self) -> None:
        """Note that one more is stored."""
        self._waiting -= 1
        if self._waiting == 0 and not self.stored.done():
            self.stored.set_result(None)

    def fail(self, error: Exception) -> None:
        """Note that one was refused, and so will be all behind it."""
        if not self.stored.done():
            self.stored.set_exception(error)
            self.stored.exception()  # the waiting task may be gone


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn failures of the client into BrokerGone, except a stream or message that was not found."""
    try:
        yield
    except NotFoundError:
        raise
    except (NatsError, OSError, TimeoutError) as error:
        raise BrokerGone(f"The NATS server does not answer: {error or type(error).__name__}.") from error


async def _say_nothing(error: Exception) -> None:
    """Keep the client from printing what is raised as well."""
