"""A real PostgreSQL for every test: one embedded server per run, a fresh database per test, cloned from a
template.

Tests of the log, the kernel and the invariants run a second time on LEDGERDESK_TEST_DATABASE_URL where it is
set; there a database is emptied and used again (databases.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql

from app import schema
from app.embedded import running
from app.installation import OWNER_ROLE, SERVICE_ROLE, SUPERUSER
from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.registry import BY_KIND
from app.settings import PROJECT, Settings
from tests.client import Api, serving
from tests.databases import Databases
from tests.exchange.making import WHOLE, bring

GIVEN_URL = os.environ.get("LEDGERDESK_TEST_DATABASE_URL")
AGAIN_ON_GIVEN = ("log", "kernel", "invariants")
# Nothing here needs to survive a crash of the machine, except where a test says so and starts its own server.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "256MB",
    # Emptying a table looks through all of them.
    "shared_buffers": "256MB",
}
ROOM = 4 * 1024**3
TEMPLATE, HISTORY = "template_ledgerdesk", "template_history"

# No test is timed: what takes long on a busy machine is not wrong.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Whoever runs the tests in the background may have them ignore SIGINT, and every process that they start
# would, too; some of them are there to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        folder = Path(metafunc.module.__file__ or "").relative_to(PROJECT / "tests").parts[0]
        names = ["embedded", "given"] if GIVEN_URL and folder in AGAIN_ON_GIVEN else ["embedded"]
        metafunc.parametrize("server", names, indirect=True, scope="session")


def _shared_folder(run: str) -> Path:
    # Making a database is making hundreds of files; in memory, where there is plenty, it takes a tenth.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).total >= ROOM
    return (memory if roomy else Path(tempfile.gettempdir())) / f"ledgerdesk-tests-{run}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Workers finish before the one that started them, which has no workerinput.
    if not hasattr(session.config, "workerinput"):
        run = getattr(session.config, "ledgerdesk_run", None)
        if run is not None:
            shutil.rmtree(_shared_folder(run), ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    node.config.ledgerdesk_run = node.workerinput["testrunuid"]  # type: ignore[attr-defined]  # xdist's own


@dataclass(frozen=True)
class Server:
    """A PostgreSQL to make databases on.

    `address(database, role)` is an address; role is `owner` or `service`.
    """

    address: Callable[[str, str], str]
    administrator: str
    prefix: str
    #: Of a server that was given: those that are used again.
    databases: Databases | None = None

    @property
    def one_role(self) -> bool:
        """Whether owner and service are the same role, so that privileges cannot be tested."""
        return self.address("x", "owner") == self.address("x", "service")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, worker_id: str, testrun_uid: str) -> Iterator[Server]:
    """The server of this run, with a migrated template database."""
    if request.param == "given":
        with _given(worker_id) as given:
            yield given
        return
    request.config.ledgerdesk_run = testrun_uid  # type: ignore[attr-defined]  # read when the session finishes
    folder = _shared_folder(testrun_uid)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # as root the server runs as another user, who must get to its data
    with running(folder, FAST) as postgres:
        roles = {"owner": OWNER_ROLE, "service": SERVICE_ROLE}
        made = Server(
            lambda database, role: postgres.url(database, roles[role]),
            postgres.url("postgres", SUPERUSER),
            f"test_{worker_id}",
        )
        with _alone(folder / "template.lock"):
            _make_template(made, TEMPLATE, list(roles.values()))
        yield made


@contextlib.contextmanager
def _given(worker_id: str) -> Iterator[Server]:
    assert GIVEN_URL is not None
    parts = urlsplit(GIVEN_URL)
    base = parts.path.removeprefix("/")

    def address(database: str, role: str) -> str:
        return urlunsplit(parts._replace(path=f"/{database}"))

    made = Server(address, GIVEN_URL, f"{base}_{worker_id}")
    template = f"{base}_template"
    with _alone(Path(tempfile.gettempdir()) / f"{base}.lock"):
        _make_template(made, template, [])
    databases = Databases(GIVEN_URL, template, made.prefix)
    yield replace(made, databases=databases)
    databases.drop()


def _make_template(server: Server, name: str, roles: list[str]) -> None:
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        if administrator.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            return
        for role in roles:
            administrator.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        owner = sql.SQL(" owner {}").format(sql.Identifier(OWNER_ROLE)) if roles else sql.SQL("")
        administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)) + owner)
    schema.migrate(server.address(name, "owner"), SERVICE_ROLE if roles else None)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Place:
    """A database of one test."""

    url: str
    owner_url: str
    one_role: bool


_numbers = count()


@contextlib.contextmanager
def fresh(server: Server, base: str | None = None) -> Iterator[Place]:
    """A migrated database that nobody else uses, until the block ends; empty, or a copy of `base`."""
    if server.databases is not None:
        assert base is None, "histories are on the embedded server"
        with server.databases.one() as name:
            yield Place(server.address(name, "service"), server.address(name, "owner"), server.one_role)
        return
    base = base or TEMPLATE
    name = f"{server.prefix}_{next(_numbers)}"
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        with _alone(Path(tempfile.gettempdir()) / f"{base}-{os.getuid()}.clone.lock"):
            # In memory copying files is quicker than writing all of it to the log of the server, too.
            copy = sql.SQL("create database {} template {} strategy file_copy")
            administrator.execute(copy.format(sql.Identifier(name), sql.Identifier(base)))
        yield Place(server.address(name, "service"), server.address(name, "owner"), server.one_role)
        _drop(administrator, name)


def _drop(administrator: psycopg.Connection[Any], name: str) -> None:
    # Those who have just left are still on their way out, and DROP DATABASE looks again only after 0.1 s.
    for _ in range(100):
        if not administrator.execute("select 1 from pg_stat_activity where datname = %s", (name,)).fetchone():
            break
        time.sleep(0.001)
    administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def place(server: Server) -> Iterator[Place]:
    """A migrated database that nobody else uses."""
    with fresh(server) as made:
        yield made


@pytest.fixture
def database_url(place: Place) -> str:
    """The address of a migrated database, as the service's role."""
    return place.url


@pytest.fixture
def administrator_url(server: Server, place: Place) -> str:
    """The address of the same database as a superuser."""
    user = urlsplit(server.administrator).netloc
    return urlunsplit(urlsplit(place.owner_url)._replace(netloc=user))


@pytest.fixture
def settings() -> Settings:
    """Settings as nobody has changed them."""
    return _unchanged()


def _unchanged() -> Settings:
    return Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture
async def ledger(place: Place, tmp_path: Path, settings: Settings) -> AsyncIterator[Ledger]:
    """An open ledger on a fresh database."""
    async with ledgers.opened(place.url, tmp_path / "secrets", BY_KIND, settings) as opened:
        yield opened


@pytest.fixture
async def api(place: Place, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """The application on a fresh database."""
    async with serving(place.url, tmp_path / "secrets", settings) as opened:
        yield opened


@pytest.fixture
async def other(ledger: Ledger, place: Place, tmp_path: Path, settings: Settings) -> AsyncIterator[Ledger]:
    """What a second process has: the same database and master key, caches and a writer of its own."""
    async with ledgers.opened(place.url, tmp_path / "secrets", BY_KIND, settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real histories; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEDGERDESK_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data absent: there is no {folder}")
    return folder


@dataclass(frozen=True)
class RealHistory:
    """A database of the test's own into which a whole real history was imported."""

    place: Place
    secrets_dir: Path


@pytest.fixture(scope="session")
async def real_secrets(server: Server, real_data: Path, testrun_uid: str) -> Path:
    """The secrets that belong to the real history, which is imported once per run, for all of its workers."""
    folder = _shared_folder(testrun_uid)
    secrets = folder / "history-secrets"
    with (
        _alone(folder / "history.lock"),
        psycopg.connect(server.administrator, autocommit=True) as administrator,
    ):
        if not administrator.execute("select 1 from pg_database where datname = %s", (HISTORY,)).fetchone():
            with fresh(server) as place:
                async with ledgers.opened(place.url, secrets, BY_KIND, _unchanged()) as ledger:
                    await bring(ledger, real_data / WHOLE)
                made = urlsplit(place.url).path.removeprefix("/")
                copy = sql.SQL("create database {} template {}")
                administrator.execute(copy.format(sql.Identifier(HISTORY), sql.Identifier(made)))
    return secrets


@pytest.fixture
def real_history(server: Server, real_secrets: Path) -> Iterator[RealHistory]:
    """The whole UCI log of incidents, imported as from UTC; skipped where real data are absent."""
    with fresh(server, HISTORY) as place:
        yield RealHistory(place, real_secrets)
