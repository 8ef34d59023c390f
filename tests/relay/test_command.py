"""The command: what it checks, and how it ends when it cannot go on."""

from __future__ import annotations

import sys

import pytest

from app.platform.settings import Settings, SettingsError
from app.relay.connecting import broker_of
from app.relay.targets import RelayTarget, target
from bench.nats_server import NatsServer
from tests.cli import conftest as commands
from tests.cli.conftest import Run
from tests.relay.conftest import STREAM, RelayedLog, all_published, client_of, needs_nats, relaying, target_of

run = commands.run


def settings_with(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type,call-arg]  # Pydantic's own


def test_without_an_address_there_is_nothing_to_relay_to(run: Run) -> None:
    ended = run("relay")
    assert (ended.returncode, "LEDGERDESK_RELAY_URL" in ended.stderr) == (2, True)


def test_an_address_says_which_broker_and_whether_it_is_encrypted() -> None:
    goal = target(settings_with(relay_url="kafka+tls://one:9093,two:9093", relay_stream="log"))
    assert (goal.kind, goal.hosts, goal.tls) == ("kafka", ("one:9093", "two:9093"), True)
    assert goal.name == "relay:kafka:log"
    assert goal.tls_context() is not None
    assert target(settings_with(relay_url="nats://one:4222")).tls_context() is None


def test_files_that_are_not_there_are_named() -> None:
    with pytest.raises(SettingsError, match="LEDGERDESK_RELAY_CREDENTIALS"):
        target(settings_with(relay_url="nats://one:4222", relay_credentials="/nowhere"))
    with pytest.raises(SettingsError, match="LEDGERDESK_RELAY_CA"):
        target(settings_with(relay_url="nats+tls://one:4222", relay_ca="/nowhere")).tls_context()


@pytest.mark.parametrize(("kind", "package"), [("nats", "nats"), ("kafka", "aiokafka")])
def test_a_client_that_is_not_installed_is_named_with_its_extra(
    kind: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("app.relay.nats_", "app.relay.kafka_"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match=rf"pip install 'ledgerdesk\[{kind}\]'"):
        broker_of(RelayTarget(kind=kind, hosts=("one:1",), tls=False, stream="log"))


def test_a_broker_that_is_gone_is_exit_code_six(run: Run) -> None:
    ended = run("relay", "--check", relay_url="nats://127.0.0.1:1")
    assert (ended.returncode, "does not answer" in ended.stderr) == (6, True)


async def test_a_relay_that_has_ended_is_no_consumer_any_more(log: RelayedLog, run: Run) -> None:
    goal = target(settings_with(relay_url="nats://127.0.0.1:1", relay_stream=STREAM))
    await log.note(goal, 7)
    for sentence in ("relay ended at position 7", "no relay to end"):
        ended = run("relay", "--end", relay_url="nats://127.0.0.1:1")
        assert (ended.returncode, ended.stdout.strip()) == (0, f"{STREAM}: {sentence}")


@needs_nats
async def test_a_check_says_how_far_the_broker_is_and_changes_nothing(
    log: RelayedLog, nats: NatsServer, run: Run
) -> None:
    await log.grow(3)
    ended = run("relay", "--check", relay_url=f"nats://{nats.address}")
    assert (ended.returncode, ended.stdout.strip()) == (0, f"{STREAM}: position 0 of 3, 3 to come")
    async with relaying(log, target_of(nats)):
        await all_published(log, nats)
    ended = run("relay", "--check", relay_url=f"nats://{nats.address}")
    assert ended.stdout.strip() == f"{STREAM}: position 3 of 3, 0 to come"


@needs_nats
async def test_a_stream_that_is_not_ours_is_exit_code_four(
    log: RelayedLog, nats: NatsServer, run: Run
) -> None:
    async with client_of(nats) as client:
        await client.jetstream().add_stream(name=STREAM, subjects=["orders.>"])
    ended = run("relay", relay_url=f"nats://{nats.address}")
    assert (ended.returncode, "was not made by the relay" in ended.stderr) == (4, True)
