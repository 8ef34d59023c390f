"""What tests are given of the application: a ledger, or all of it, on a database of the test's own."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import structlog
from psycopg import sql

from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests import forked
from tests.client import Api, make_master_key, serving
from tests.conftest import DEMO, HISTORY, DatabaseUrls, RealHistory, Server, file_lock, fresh, shared_folder
from tests.contract import logged
from tests.databases import EXAMINED_BY
from tests.demo.making import make_demo
from tests.exchange.servicenow_files import WHOLE, import_file
from tests.forked import Forking, Sites

#: By chance somebody would be told more than the tests expect. Settings do not change, so all share these.
UNCHANGED = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument


def pytest_sessionstart() -> None:
    """What a test leaves in the log is held against the contract, whatever wrote it."""
    EXAMINED_BY.append(logged.check_log)
    # A line for each request, written for terminals, takes as long as the request.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


#: The file with the steps of the demo that were refused.
REFUSED_STEPS = "refused-steps-of-the-demo.json"


@pytest.fixture
def settings() -> Settings:
    """Settings as nobody has changed them."""
    return UNCHANGED


@pytest.fixture
async def ledger(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Ledger]:
    """An open ledger on a fresh database."""
    async with _opened(place.url, tmp_path / "secrets", settings) as opened:
        yield opened


def _opened(url: str, secrets_dir: Path, settings: Settings) -> AbstractAsyncContextManager[Ledger]:
    make_master_key(secrets_dir)
    return ledgers.open_ledger(url, secrets_dir, LIFECYCLES_BY_KIND, settings)


@pytest.fixture
async def api(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """The application on a fresh database."""
    async with serving(place.url, tmp_path / "secrets", settings) as opened:
        yield opened


@pytest.fixture
async def other(
    ledger: Ledger, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> AsyncIterator[Ledger]:
    """What a second process has: the same database and master key, caches and a writer of its own."""
    async with _opened(place.url, tmp_path / "secrets", settings) as opened:
        yield opened


async def _made_once(server: Server, run: str, name: str, fill: Callable[[Ledger], Awaitable[None]]) -> Path:
    """The secrets that belong to the database of that name, which is made once per run, for all workers."""
    folder = shared_folder(run)
    secrets = folder / f"{name}-secrets"
    with (
        file_lock(folder / f"{name}.lock"),
        psycopg.connect(server.administrator, autocommit=True) as administrator,
    ):
        if not administrator.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            with fresh(server, server.databases.template) as place:
                async with _opened(place.url, secrets, UNCHANGED) as ledger:
                    await fill(ledger)
                with psycopg.connect(place.owner_url) as connection:
                    logged.check_log(connection)
                made = urlsplit(place.url).path.removeprefix("/")
                copy = sql.SQL("create database {} template {}")
                administrator.execute(copy.format(sql.Identifier(name), sql.Identifier(made)))
    return secrets


@pytest.fixture(scope="session")
async def real_secrets(server: Server, real_data: Path, testrun_uid: str) -> Path:
    """The secrets that belong to the real history."""

    async def fill(ledger: Ledger) -> None:
        await import_file(ledger, real_data / WHOLE)

    return await _made_once(server, testrun_uid, HISTORY, fill)


@pytest.fixture
def real_history(server: Server, real_secrets: Path) -> Iterator[RealHistory]:
    """The whole UCI log of incidents, imported as from UTC; skipped where real data are absent."""
    with fresh(server, HISTORY) as place:
        yield RealHistory(place, real_secrets)


@pytest.fixture(scope="session")
async def demo_secrets(server: Server, testrun_uid: str) -> Path:
    """The secrets that belong to the demo's last months."""
    steps = shared_folder(testrun_uid) / REFUSED_STEPS

    async def fill(ledger: Ledger) -> None:
        steps.write_text(json.dumps([f"{step.action}: {step.because}" for step in await make_demo(ledger)]))

    return await _made_once(server, testrun_uid, DEMO, fill)


@pytest.fixture(scope="session")
def refused_steps(demo_secrets: Path, testrun_uid: str) -> list[str]:
    """The steps of the demo that were refused, with the reason."""
    steps: list[str] = json.loads((shared_folder(testrun_uid) / REFUSED_STEPS).read_text())
    return steps


@pytest.fixture
def demo_place(server: Server, demo_secrets: Path) -> Iterator[DatabaseUrls]:
    """A copy of the demo organisation with its last months, their figures and its improvements."""
    with fresh(server, DEMO) as place:
        yield place


@pytest.fixture
async def demo_ledger(
    demo_place: DatabaseUrls, demo_secrets: Path, settings: Settings
) -> AsyncIterator[Ledger]:
    """An open ledger on that copy."""
    async with _opened(demo_place.url, demo_secrets, settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    """What commands of the command line are forked from."""
    with forked.forking() as process:
        yield process


@pytest.fixture
def site(forking: Forking) -> Sites:
    """Makes installations to be broken, with processes of their own."""
    return forked.sites(forking)
