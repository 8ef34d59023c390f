"""The relay by Kafka, against the cluster in memory that comes with a client of others.

That cluster knows transactions and their epochs. It keeps nothing when it ends: so kills are tried with NATS
alone. It does not shut out whoever had a transactional id before: of a second relay it is only shown that an
old epoch is refused. Its markers of transactions have wrong checksums.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from aiokafka.producer.transaction_manager import PidAndEpoch
from confluent_kafka import Consumer, Producer, TopicPartition

from app.relay import kafka_topic, relaying
from app.relay.brokers import Overtaken, RelayRefused
from app.relay.kafka_topic import KafkaTopic
from app.relay.messages import Message, Published
from app.relay.targets import RelayTarget
from tests.extent import in_test_all
from tests.relay.conftest import STREAM, RelayedLog
from tests.relay.conftest import relaying as a_relay
from tests.waiting import until


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[RelayTarget]:
    """A topic of a cluster that lives as long as the test."""
    cluster = Producer({"bootstrap.servers": "none:1", "test.mock.num.brokers": 3, "log_level": 0})
    hosts = tuple(f"{each.host}:{each.port}" for each in cluster.list_topics(timeout=10).brokers.values())
    cluster.list_topics(STREAM, timeout=10)  # which makes the topic
    monkeypatch.setattr(kafka_topic, "CHECKS_BYTES", False)
    yield RelayTarget(kind="kafka", hosts=hosts, tls=False, stream=STREAM)
    cluster.flush(1)


def messages_of(*positions: int) -> list[Message]:
    """Messages as small as can be."""
    return [Message(n, "team.told", f"team/{n}", b'{"id":"%d","eventid":"e%d"}' % (n, n)) for n in positions]


def read_committed(target: RelayTarget) -> list[tuple[str, dict[str, Any]]]:
    """Key and text of each message of the topic, as another client reads them."""
    consumer = Consumer(
        {
            "bootstrap.servers": ",".join(target.hosts),
            "group.id": "tests",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    consumer.assign([TopicPartition(target.stream, 0, 0)])
    records = []
    while (record := consumer.poll(10)) is not None and record.error() is None:
        records.append(((record.key() or b"").decode(), orjson.loads(record.value() or b"")))
    consumer.close()
    return records


async def test_what_the_log_has_and_what_comes_is_published_once_and_in_order(
    log: RelayedLog, target: RelayTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH", 30)
    await log.grow(100)

    async def is_done() -> bool:
        return await log.noted(target) == len(await log.ids())

    async with a_relay(log, target):
        await until(is_done)
    await log.grow(7)
    async with a_relay(log, target):
        await until(is_done)
    records = read_committed(target)
    assert [message["eventid"] for _, message in records] == await log.ids()
    assert all(key == message["subject"] for key, message in records)


@in_test_all
async def test_a_relay_goes_on_behind_the_newest_committed_message(target: RelayTarget) -> None:
    async with KafkaTopic(target) as topic:
        await topic.prepare()
        assert await topic.newest() is None
        await topic.publish(messages_of(1, 2, 3))
        await topic.publish(messages_of(4))
    async with KafkaTopic(target) as topic:
        assert await topic.newest() == Published(4, "e4")


@in_test_all
async def test_transactions_in_other_partitions_do_not_hide_the_newest_message(target: RelayTarget) -> None:
    async with KafkaTopic(target) as topic:
        await topic.prepare()
        await topic.publish(messages_of(*range(1, 31)))
        producer = topic._producer
        assert producer is not None
        for _ in range(kafka_topic.FEWEST_OFFSETS):
            async with producer.transaction():
                await producer.send(STREAM, b"of nobody", partition=1)
        assert await topic.newest() == Published(30, "e30")


async def test_whoever_has_an_old_epoch_is_refused_by_the_cluster(target: RelayTarget) -> None:
    async with KafkaTopic(target) as topic:
        await topic.prepare()
        await topic.publish(messages_of(1))
        assert topic._producer is not None
        transactions = topic._producer._txn_manager
        transactions._pid_and_epoch = PidAndEpoch(transactions.producer_id, transactions.producer_epoch + 1)
        with pytest.raises(Overtaken):
            await topic.publish(messages_of(2))
        assert await topic.newest() == Published(1, "e1")


@in_test_all
async def test_a_refused_relay_prints_nothing_of_its_own_client(
    target: RelayTarget, caplog: pytest.LogCaptureFixture
) -> None:
    gc.collect()  # what other tests have left says what it has to say
    async with KafkaTopic(target) as topic:
        await topic.prepare()
        await topic.publish(messages_of(1))
        assert topic._producer is not None
        transactions = topic._producer._txn_manager
        transactions._pid_and_epoch = PidAndEpoch(transactions.producer_id, transactions.producer_epoch + 1)
        with pytest.raises(Overtaken):
            await topic.publish(messages_of(2))
    caplog.clear()
    del topic, transactions
    gc.collect()
    asyncio.get_running_loop().call_exception_handler({"message": "of others"})
    assert [record.message for record in caplog.records if record.name == "asyncio"] == ["of others"]


async def test_a_message_of_somebody_else_ends_the_relay_with_a_sentence(
    log: RelayedLog, target: RelayTarget
) -> None:
    producer = Producer({"bootstrap.servers": ",".join(target.hosts), "log_level": 0})
    producer.produce(target.stream, b"hello", partition=0)
    producer.flush(10)
    async with a_relay(log, target) as relay:
        with pytest.raises(RelayRefused, match="does not come from this log"):
            await relay.task


async def test_a_cluster_that_is_not_there_is_tried_again(log: RelayedLog) -> None:
    nowhere = RelayTarget(kind="kafka", hosts=("127.0.0.1:1",), tls=False, stream=STREAM)
    async with a_relay(log, nowhere) as relay:
        await relay.has_said("The Kafka cluster does not answer")
