"""Kafka: the first partition of a topic of the relay's own, written in transactions under one id.

A client that begins with a transactional id ends the transactions of all earlier clients with the same id,
and shuts them out: so the newest position that can be read after that is the newest, and only this client
adds to it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    ProducerFenced,
    TopicAlreadyExistsError,
    for_code,
)

from app.relay.brokers import LARGEST_BYTES, BrokerGone, Overtaken, RelayRefused
from app.relay.messages import MEDIA_TYPE, ForeignMessage, Message, Published, read_published
from app.relay.targets import RelayTarget

#: So long a transaction may take, and whatever else is asked of the cluster.
ANSWER_SECONDS = 30.0
#: After so many seconds the cluster ends a transaction that is left open, such as a killed relay's.
TRANSACTION_SECONDS = 60
HEADERS = [("content-type", MEDIA_TYPE.encode())]
#: A topic that the relay makes keeps what it has.
TOPIC_SETTINGS = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
#: So many offsets before the end are read first for the newest message; markers of transactions have some.
FEWEST_OFFSETS = 4
#: Whether the checksums of what is read are compared.
CHECKS_BYTES = True


class KafkaTopic:
    """A topic of a Kafka cluster."""

    def __init__(self, target: RelayTarget) -> None:
        self._topic = target.stream
        self._partition = TopicPartition(self._topic, 0)
        self._replicas = target.replicas
        self._line: dict[str, Any] = {
            "bootstrap_servers": list(target.hosts),
            "client_id": "ledgerdesk-relay",
            "security_protocol": ("SASL_" if target.user else "") + ("SSL" if target.tls else "PLAINTEXT"),
            "ssl_context": target.tls_context(),
            "sasl_mechanism": target.sasl or "PLAIN",
            "sasl_plain_username": target.user,
            "sasl_plain_password": target.password,
        }
        self._transactional_id = target.name
        self._producer: AIOKafkaProducer | None = None

    @property
    def largest(self) -> int:
        """The most bytes that a message may have: what topics take unless they are set to less."""
        return LARGEST_BYTES

    async def __aenter__(self) -> Self:
        _ignore_kept_failures(asyncio.get_running_loop())
        self._consumer = AIOKafkaConsumer(
            **self._line,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            check_crcs=CHECKS_BYTES,
        )
        try:
            async with _answering():
                await self._consumer.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in (self._producer, self._consumer):
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                if client is not None:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await client.stop()

    async def prepare(self) -> None:
        """Make a missing topic, of one partition; shut out earlier publishers."""
        async with _answering():
            if self._topic not in await self._consumer.topics():
                await self._make_topic()
            self._producer = AIOKafkaProducer(
                **self._line,
                transactional_id=self._transactional_id,
                transaction_timeout_ms=TRANSACTION_SECONDS * 1000,
                max_request_size=LARGEST_BYTES + 100_000,
            )
            await self._producer.start()

    async def _make_topic(self) -> None:
        admin = AIOKafkaAdminClient(**self._line)
        await admin.start()
        try:
            topic = NewTopic(self._topic, 1, self._replicas, topic_configs=TOPIC_SETTINGS)
            answer = await admin.create_topics([topic])
        finally:
            await admin.close()
        for _, code, *_ in answer.topic_errors:
            failure = for_code(code)
            if code and failure is not TopicAlreadyExistsError:
                raise failure(f"the topic {self._topic} cannot be created")

    async def newest(self) -> Published | None:
        """Return the newest message; None before the first."""
        async with _answering():
            if self._topic not in await self._consumer.topics():
                return None
            self._consumer.assign([self._partition])
            first = (await self._consumer.beginning_offsets([self._partition]))[self._partition]
            end = (await self._consumer.end_offsets([self._partition]))[self._partition]
            back = FEWEST_OFFSETS
            while end > first:
                start = max(first, end - back)
                text = await self._last_between(start, end)
                if text is not None:
                    return self._read(text)
                if start == first:
                    break
                back *= 4
        if first:
            raise RelayRefused(
                f"The topic {self._topic} is empty, so the next position is unknown. Set retention.ms=-1, "
                "so that the topic keeps its messages, and set LEDGERDESK_RELAY_STREAM to a new topic."
            )
        return None

    async def _last_between(self, start: int, end: int) -> bytes | None:
        """Return the last committed message of these offsets, or None."""
        self._consumer.seek(self._partition, start)
        text = None
        while await self._consumer.position(self._partition) < end:
            records = await self._consumer.getmany(self._partition, timeout_ms=1_000)
            for record in records.get(self._partition, ()):
                text = record.value or b""
        return text

    def _read(self, text: bytes) -> Published:
        try:
            return read_published(text)
        except ForeignMessage as error:
            raise RelayRefused(
                f"The newest message of the topic {self._topic} does not come from this log. Allow only the "
                "relay to write to the topic, and set LEDGERDESK_RELAY_STREAM to a new topic."
            ) from error

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages in one transaction, all together or not at all."""
        producer = self._producer
        assert producer is not None, "prepared first"
        async with _answering(), producer.transaction():
            sent: list[asyncio.Future[Any]] = []
            try:
                for message in messages:
                    key = message.stream.encode()
                    sent.append(
                        await producer.send(self._topic, message.text, key, partition=0, headers=HEADERS)
                    )
            finally:
                outcomes = await asyncio.gather(*sent, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome

    def check(self) -> None:
        """Do nothing: the client connects again by itself, and the next transaction shows whether it may."""


def _ignore_kept_failures(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop not report failures that the client has raised, and keeps in futures that it never reads:
    those of a transaction and of its batches, after another relay has begun.
    """
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(_report_others)


def _report_others(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    future = context.get("future")
    is_kept = isinstance(context.get("exception"), KafkaError) and not isinstance(future, asyncio.Task)
    if future is None or not is_kept:
        loop.default_exception_handler(context)


@contextlib.asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Limit the time of the block, and turn failures of the client into ours."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (ProducerFenced, InvalidProducerEpoch) as error:
        raise Overtaken("Another relay has started to publish to the topic.") from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerGone(f"The Kafka cluster does not answer: {error or type(error).__name__}.") from error
