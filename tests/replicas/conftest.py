"""A primary and its streaming replica, made once for all tests here; and applications that read both."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.kernel.replicas import LAG, ReadReason, Replica
from app.platform.embedded import embedded_server
from app.platform.settings import Settings
from tests.client import Api, serving
from tests.replicas.streaming import DATABASE, FAST, ReplicatedServer, StreamingReplica
from tests.waiting import until


@dataclass
class ReadingApi(Api):
    """An application that reads from a replica."""

    @property
    def replica(self) -> Replica:
        """The replica as the process knows it."""
        assert self.ledger.replica is not None
        return self.ledger.replica

    def reads(self) -> Counter[str]:
        """How many reads went where, by the reason."""
        counts = Counter[str]()
        for reason in ReadReason:
            place = "replica" if reason is ReadReason.reached else "primary"
            labels = {"database": place, "reason": reason.value}
            registry = self.app.state.metrics._registry
            counts[reason.value] = int(registry.get_sample_value("ledgerdesk_replica_reads_total", labels))
        return counts

    @contextlib.asynccontextmanager
    async def expecting(self, **reasons: int) -> AsyncIterator[None]:
        """Fails unless so many reads go where they go for these reasons, and no others."""
        before = self.reads()
        yield
        assert self.reads() - before == Counter(reasons)

    async def chooses(self, reason: ReadReason) -> None:
        """Waits until reads of any state go where they go for that reason."""

        async def is_chosen() -> bool:
            return (await self.replica.choose()).reason is reason

        await until(is_chosen, 60)

    async def is_older_than(self, seconds: float) -> None:
        """Waits until the first event that the replica lacks is older."""
        position = self.replica.position

        async def is_old() -> bool:
            lag = await self.ledger.primary.row(LAG, {"position": position})
            return lag is not None and lag["seconds"] > seconds

        await until(is_old, 60)


@pytest.fixture(scope="session")
def replicated() -> Iterator[ReplicatedServer]:
    """A primary with an empty database."""
    # Not tmp_path: below that PostgreSQL's user may not go when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="ledgerdesk-"))
    folder.chmod(0o711)
    try:
        with embedded_server(folder / "primary", FAST) as primary:
            server = ReplicatedServer(folder, primary)
            server.make_database(DATABASE)
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def streaming(replicated: ReplicatedServer) -> Iterator[StreamingReplica]:
    """Its replica."""
    with replicated.replica("replica") as replica:
        yield replica


#: Opens an application that reads from that address.
Serve = Callable[..., AbstractAsyncContextManager[ReadingApi]]


@pytest.fixture
def serve(replicated: ReplicatedServer, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Opens applications on the primary, all with the same master key."""
    secrets = tmp_path_factory.getbasetemp() / "replicated-secrets"

    @contextlib.asynccontextmanager
    async def serve(
        read_url: str, *, database: str = DATABASE, secrets_dir: Path = secrets, **settings: Any
    ) -> AsyncIterator[ReadingApi]:
        usual = {"rating_percent": 0, "read_staleness_seconds": 60}
        chosen = Settings(_env_file=None, read_url=read_url, **{**usual, **settings})  # type: ignore[call-arg]  # Pydantic's own argument
        async with serving(replicated.url(database), secrets_dir, chosen) as api:
            yield ReadingApi(api.app, api.ledger, api.clients)

    return serve


@pytest.fixture
async def reading(serve: Serve, streaming: StreamingReplica) -> AsyncIterator[ReadingApi]:
    """An application that reads from the replica, whatever its age within a minute."""
    streaming.revive()  # a test may have failed with it dead
    async with serve(streaming.url()) as api:
        await api.chooses(ReadReason.reached)
        yield api
