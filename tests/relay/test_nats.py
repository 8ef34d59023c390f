"""Each position is published to NATS once and in order, whatever is stopped, killed or done twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.relay import nats_stream, relaying
from app.relay.brokers import Overtaken, RelayRefused
from app.relay.messages import MessageWriter
from app.relay.nats_stream import NatsStream
from bench.nats_server import NatsServer, nats_server
from tests.cli.conftest import environment
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, first_of, in_test_all
from tests.forked import Forking
from tests.relay.conftest import (
    PROGRAM,
    STREAM,
    RelayedLog,
    all_published,
    client_of,
    last_sequence,
    needs_nats,
    published,
    target_of,
)
from tests.relay.conftest import relaying as a_relay
from tests.waiting import until

pytestmark = needs_nats
MANY = 400 if WHOLE else 100


async def goes_on_from(server: NatsServer, position: int) -> None:
    """Waits until more than that is published."""

    async def is_further() -> bool:
        try:
            return await last_sequence(server) > position
        except Exception:  # it does not answer, or there is no stream yet
            return False

    await until(is_further)


async def test_an_empty_log_makes_an_empty_stream_that_nobody_can_delete_from(
    log: RelayedLog, nats: NatsServer
) -> None:
    async with a_relay(log, target_of(nats)) as relay:
        await relay.has_said("after position 0")
    async with client_of(nats) as client:
        stream = await client.jetstream().stream_info(STREAM)
    assert stream.state.messages == 0
    assert stream.config.storage == "file"
    assert stream.config.deny_delete
    assert stream.config.deny_purge
    assert stream.config.subjects == [f"{STREAM}.>"]


async def test_what_the_log_has_and_what_comes_is_published_once_and_in_order(
    log: RelayedLog, nats: NatsServer
) -> None:
    target = target_of(nats)
    await log.grow(MANY)
    async with a_relay(log, target):
        await all_published(log, nats)
        await log.grow(3)
        await all_published(log, nats)

        async def is_noted() -> bool:
            return await log.noted(target) == MANY + 3

        await until(is_noted)


async def test_a_relay_goes_on_where_the_stream_ends_and_not_where_it_noted(
    log: RelayedLog, nats: NatsServer
) -> None:
    await log.grow(MANY)
    async with a_relay(log, target_of(nats)):
        await all_published(log, nats)
    for wrong in (0, 7):
        await log.note(target_of(nats), wrong)
        async with a_relay(log, target_of(nats)) as relay:
            await relay.has_said(f"after position {MANY}")
            await all_published(log, nats)


async def test_a_broker_that_is_stopped_or_killed_in_the_middle_gets_the_rest_when_it_is_back(
    log: RelayedLog, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH", 10)
    monkeypatch.setattr(relaying, "FIRST_PAUSE", 0.05)
    await log.grow(MANY)
    async with a_relay(log, target_of(nats)) as relay:
        await goes_on_from(nats, 0)
        for end in first_of((nats.kill, nats.stop, nats.kill), 2):
            before = await last_sequence(nats)
            end()
            relay.reports.clear()
            await log.grow(MANY)
            await relay.has_said("interrupted")
            nats.start()
            assert await last_sequence(nats) >= before
            await goes_on_from(nats, before)
        await all_published(log, nats)


@in_test_all
async def test_a_relay_that_is_killed_in_the_middle_is_followed_by_one_that_goes_on(
    log: RelayedLog, nats: NatsServer, place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    variables = environment(
        database_url=place.url, secrets_dir=str(tmp_path / "secrets"), relay_url=f"nats://{nats.address}"
    )
    log_file = tmp_path / "said"
    for _ in range(3):
        await log.grow(MANY)
        before = 0 if log_file.exists() is False else await last_sequence(nats)
        process = forking.start("relay", environment=variables, log=log_file)
        try:
            await goes_on_from(nats, before)
        finally:
            process.kill()
            process.wait()
    process = forking.start("relay", environment=variables, log=log_file)
    try:
        await all_published(log, nats)
        process.terminate()
        assert process.wait(120) == 143
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log_file.read_text(encoding="utf-8")


async def test_of_two_relays_one_publishes_and_the_other_waits_and_takes_over(
    log: RelayedLog, nats: NatsServer
) -> None:
    async with a_relay(log, target_of(nats)) as first:
        await first.has_said("publishing")
        async with a_relay(log, target_of(nats)) as second:
            await second.has_said("another relay publishes")
            await log.grow(5)
            await all_published(log, nats)
            await first.stop()
            await second.has_said("publishing: after position 5")
            await log.grow(5)
            await all_published(log, nats)


async def test_even_two_that_know_nothing_of_each_other_publish_each_position_once(
    log: RelayedLog, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "LEASE", "select %s::text is not null")
    monkeypatch.setattr(relaying, "BATCH", 7)
    monkeypatch.setattr(relaying, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(relaying, "LONGEST_PAUSE", 0.01)
    async with a_relay(log, target_of(nats)) as first, a_relay(log, target_of(nats)) as second:
        await log.grow(400)
        await all_published(log, nats)
        assert any("does not end before" in sentence for sentence in first.reports + second.reports)


async def test_a_message_of_somebody_else_ends_the_relay_with_a_sentence(
    log: RelayedLog, nats: NatsServer
) -> None:
    await log.grow(3)
    async with a_relay(log, target_of(nats)) as relay:
        await all_published(log, nats)
        async with client_of(nats) as client:
            await client.jetstream().publish(f"{STREAM}.team.told", b"hello")
        await log.grow(1)
        with pytest.raises(
            RelayRefused, match="Message 4 of the stream ledgerdesk does not come from this log"
        ):
            await relay.task
    assert len(await last_messages(nats)) == 1


async def last_messages(server: NatsServer) -> list[bytes]:
    async with client_of(server) as client:
        return [(await client.jetstream().get_msg(STREAM, 4)).data or b""]


async def test_a_stream_of_another_purpose_is_left_alone(log: RelayedLog, nats: NatsServer) -> None:
    async with client_of(nats) as client:
        await client.jetstream().add_stream(name=STREAM, subjects=["orders.>"])
        async with a_relay(log, target_of(nats)) as relay:
            with pytest.raises(RelayRefused, match="was not made by the relay"):
                await relay.task


async def test_a_stream_of_another_log_is_left_alone(log: RelayedLog, nats: NatsServer) -> None:
    async with client_of(nats) as client:
        jetstream = client.jetstream()
        await jetstream.add_stream(name=STREAM, subjects=[f"{STREAM}.>"])
        await jetstream.publish(f"{STREAM}.team.told", b'{"id":"1","eventid":"another"}')
    for why in ("this log ends at 0", "this log has a different event"):
        async with a_relay(log, target_of(nats)) as relay:
            with pytest.raises(RelayRefused, match=why):
                await relay.task
        await log.grow(1)


@pytest.mark.parametrize("retained", ["nothing", "the newest"])
async def test_a_stream_that_keeps_nothing_or_little_still_says_where_to_go_on(
    log: RelayedLog, nats: NatsServer, retained: str
) -> None:
    async with client_of(nats) as client:
        jetstream = client.jetstream()
        limit = -1 if retained == "nothing" else 1
        await jetstream.add_stream(name=STREAM, subjects=[f"{STREAM}.>"], max_msgs=limit)
        await log.grow(5)
        async with a_relay(log, target_of(nats)):
            await goes_on_from(nats, 4)
        if retained == "nothing":
            await jetstream.purge_stream(STREAM)
        await log.grow(2)
        async with a_relay(log, target_of(nats)) as relay:
            await relay.has_said("after position 5")
            await goes_on_from(nats, 6)
        assert [message["id"] for message in await published(nats)][-1] == "7"


async def test_a_stream_that_is_full_is_said_so_and_gets_the_rest_when_there_is_room(
    log: RelayedLog, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "FIRST_PAUSE", 0.05)
    async with client_of(nats) as client:
        jetstream = client.jetstream()
        config = (
            await jetstream.add_stream(name=STREAM, subjects=[f"{STREAM}.>"], max_msgs=3, discard="new")
        ).config
        await log.grow(6)
        async with a_relay(log, target_of(nats)) as relay:
            await relay.has_said("cannot store: maximum messages exceeded")
            assert await last_sequence(nats) == 3
            config.max_msgs = -1
            await jetstream.update_stream(config)
            await all_published(log, nats)


async def test_a_gap_and_a_double_are_refused_by_the_server_itself(log: RelayedLog, nats: NatsServer) -> None:
    await log.grow(4)
    writer = MessageWriter(None, {})
    async with NatsStream(target_of(nats)) as broker:
        await broker.prepare()
        first, second, third, fourth = [writer.message(e, broker.largest) for e in await log.events()]
        await broker.publish([first, second])
        with pytest.raises(Overtaken):
            await broker.publish([fourth])
    async with NatsStream(target_of(nats)) as broker:
        with pytest.raises(Overtaken):
            await broker.publish([third, replace(first, position=2)])
    assert [message["id"] for message in await published(nats)] == ["1", "2", "3"]


async def test_a_broker_that_hangs_is_given_up_and_tried_again(
    log: RelayedLog, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "FIRST_PAUSE", 0.05)
    async with a_relay(log, target_of(nats)) as relay:
        await relay.has_said("publishing")
        monkeypatch.setattr(nats_stream, "ACK_SECONDS", 0.2)
        nats.hang()
        await log.grow(3)
        await relay.has_said("has not answered within")
        monkeypatch.setattr(nats_stream, "ACK_SECONDS", 10.0)
        nats.go_on()
        await all_published(log, nats)


async def test_an_event_that_is_too_large_goes_without_its_data(log: RelayedLog, nats: NatsServer) -> None:
    await log.grow(1, data={"given": {"payload": "x" * 1_200_000}, "set": {}})
    await log.grow(1)
    async with a_relay(log, target_of(nats)):
        await all_published(log, nats)
    large, small = await published(nats)
    assert "data" not in large
    assert large["dataref"] == "/v1/events?after=0&before=2"
    assert "dataref" not in small


async def test_a_broker_with_a_user_lets_the_relay_in_by_its_password_alone(
    log: RelayedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "FIRST_PAUSE", 0.05)
    assert PROGRAM is not None
    with nats_server(PROGRAM, tmp_path, 'authorization { user: relay, password: "s3cret" }') as server:
        async with a_relay(log, target_of(server, user="relay", password="wrong")) as relay:
            await relay.has_said("Authorization Violation")
        async with a_relay(log, target_of(server, user="relay", password="s3cret")) as relay:
            await relay.has_said("publishing")
