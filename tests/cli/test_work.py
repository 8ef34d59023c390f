"""The worker: it follows the log as a process of its own, alone or beside a service."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from app.cli.server import serve
from app.cli.server.serve import supervised_worker
from app.kpis.facts.consumer import FACTS
from app.platform.settings import PREFIX
from tests.cli.conftest import Run, environment
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.forked import Forking
from tests.waiting import until


class Log:
    """The log of an installation, and how far the facts have followed it."""

    def __init__(self, place: DatabaseUrls, run: Run) -> None:
        self.url = place.url
        self._run = run

    def grow(self) -> None:
        """Two more events."""
        assert self._run("keys", "make", "--role", "agent").returncode == 0

    async def is_followed(self) -> bool:
        """Whether the facts are as far as the log."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            cursor = await connection.execute(
                "select 1 from log.checkpoint c join log.head h on h.position = c.position "
                "where consumer = %s",
                (FACTS.name,),
            )
            return await cursor.fetchone() is not None


@pytest.fixture
def log(place: DatabaseUrls, run: Run) -> Log:
    return Log(place, run)


async def test_a_worker_follows_the_log_and_another_goes_on_when_it_is_killed(
    log: Log, place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    variables = environment(database_url=place.url, secrets_dir=str(tmp_path / "secrets"))
    log_file = tmp_path / "said"
    log.grow()
    first, second = [forking.start("work", environment=variables, log=log_file) for _ in range(2)]
    try:
        await until(log.is_followed)
        log.grow()
        await until(log.is_followed)
        first.kill()
        log.grow()
        await until(log.is_followed)
        second.terminate()
        assert second.wait(120) in (0, 143)
        assert "Traceback" not in log_file.read_text(encoding="utf-8")
    finally:
        for process in (first, second):
            process.kill()
            process.wait()


@in_test_all
async def test_a_worker_beside_a_service_is_started_again_when_it_is_killed_and_ends_with_it(
    log: Log, place: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "RESTART_SECONDS", 0.01)
    for name, value in {"DATABASE_URL": place.url, "SECRETS_DIR": str(tmp_path / "secrets")}.items():
        monkeypatch.setenv(PREFIX + name, value)
    log.grow()
    with supervised_worker("warning") as supervisor:
        await until(log.is_followed)
        assert supervisor.child is not None
        killed = supervisor.child
        killed.kill()
        log.grow()
        await until(log.is_followed)
        assert supervisor.child is not killed
    assert supervisor.child.wait(30) == 0
