"""A real PostgreSQL for every test: one embedded server per run, and a database of the test's own, cloned
from a template or emptied behind another test (databases.py).

A dozen tests (EXTERNAL_TESTS) run a second time on the PostgreSQL at LEDGERDESK_TEST_DATABASE_URL where it is
set; `make test-all` runs all tests of the log, the kernel, the invariants and upgrades there.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from psycopg import sql

from app.platform import schema
from app.platform.embedded import embedded_server
from app.platform.installation import OWNER_ROLE, SERVICE_ROLE, SUPERUSER
from app.platform.settings import PREFIX, PROJECT
from tests.connections import CONNECTIONS, reused_connections
from tests.databases import Databases
from tests.durations import FileDurations
from tests.extent import ALL_EXAMPLES, WHOLE, examples
from tests.left_out import LeftOut
from tests.missing_tools import MissingTools

EXTERNAL_URL = os.environ.get("LEDGERDESK_TEST_DATABASE_URL")
RERUN_ON_EXTERNAL = ("log", "kernel", "invariants", "released", "test_schema.py")
#: The dozen tests that `make test` runs on an external PostgreSQL as well.
EXTERNAL_TESTS = frozenset(
    {
        "test_the_owner_cannot_change_an_event",
        "test_a_superuser_cannot_even_as_a_replica",
        "test_every_partition_has_a_guard_that_is_always_on",
        "test_a_consumer_sees_every_event_once_in_order_and_is_then_at_the_head",
        "test_all_that_wait_are_written_in_their_order_without_a_gap",
        "test_no_number_is_given_twice_however_many_take_them_at_once",
        "test_rows_that_somebody_damaged_are_named_and_made_right",
        "test_every_row_was_written_by_the_transaction_that_appended_its_event",
        "test_both_folds_give_the_rows_that_are_there",
        "test_every_reader_sees_every_event_once_in_one_order_that_is_dense",
        "test_the_models_declare_the_columns_that_the_migrations_make",
        "test_schema_sql_shows_what_the_migrations_make",
    }
)
# Nothing here needs to survive a crash of the machine, except where a test says so and starts its own server.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "256MB",
    # Databases live for as long as a few tests; to clean up and count rows in all of them is in vain.
    "autovacuum": "off",
    # What is prepared is planned once: tables are small, and a plan for some values is no better.
    "plan_cache_mode": "force_generic_plan",
    # Emptying a table looks through all of them.
    "shared_buffers": "256MB",
}
ROOM = 4 * 1024**3
TEMPLATE, HISTORY, DEMO = "template_ledgerdesk", "template_history", "template_demo"

# No test is timed: what takes long on a busy machine is not wrong. The same examples every time, lest one
# that chance finds stop somebody else's work; `make soak` looks for new ones.
hypothesis.settings.register_profile(
    "ledgerdesk", deadline=None, derandomize=not ALL_EXAMPLES, max_examples=examples(100)
)
hypothesis.settings.load_profile("ledgerdesk")
# Hypothesis also draws constants that stand in the modules that are loaded. Which ones those are depends on
# the tests before, and to look for them takes seconds.
if not ALL_EXAMPLES:
    providers._get_local_constants = Constants

# Most tests state dates that lie ahead whenever they run; test_dates_ahead.py tests the horizon.
os.environ.setdefault(f"{PREFIX}HORIZON_YEARS", "300")

# Whoever runs the tests in the background may have them ignore SIGINT, and every process that they start
# would, too; some of them are there to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


#: What takes longest, in this order. Begun first, it is not what everybody waits for in the end. The demo and
#: the real history are made by whoever is first to need them: others come when they are there.
LONGEST = (
    *("browser/test_dashboard.py", "kpis/test_reconcile.py", "test_embedded.py", "every_action"),
    *("cli/test_imports.py", "cli/test_commands.py", "fuzz", "invariants/test_8_kpis_reconcile.py"),
    *("crash/test_kill.py", "automation/test_duplicates_of_customers.py"),
    *("browser", "demo", "docs", "crash", "every_route", "exchange", "kpis", "service_levels", "contract"),
    *("clients/test_python.py", "cli", "api"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the tests that take longest first."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(PROJECT / "tests").as_posix()
        return next((n for n, name in enumerate(LONGEST) if path.startswith(name)), len(LONGEST))

    items.sort(key=place)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        folder = Path(metafunc.module.__file__ or "").relative_to(PROJECT / "tests").parts[0]
        again = folder in RERUN_ON_EXTERNAL if WHOLE else metafunc.definition.name in EXTERNAL_TESTS
        names = ["embedded", "given"] if again else ["embedded"]
        metafunc.parametrize("server", names, indirect=True, scope="session")


def shared_folder(run: str) -> Path:
    # Making a database is making hundreds of files; in memory, where there is plenty, it takes a tenth.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).total >= ROOM
    return (memory if roomy else Path(tempfile.gettempdir())) / f"ledgerdesk-tests-{run}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Workers finish before the one that started them, which has no workerinput.
    if not hasattr(session.config, "workerinput"):
        run = getattr(session.config, "ledgerdesk_run", None)
        if run is not None:
            shutil.rmtree(shared_folder(run), ignore_errors=True)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    said = "show how long the tests of each file take, and name new files that take long"
    parser.getgroup("terminal reporting").addoption("--durations-by-file", action="store_true", help=said)


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()
    if config.getoption("durations_by_file") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FileDurations())
    config.pluginmanager.register(LeftOut())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(MissingTools())
    # Whoever only hands out the tests to others does without the application, which takes seconds to import.
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("tests.fixtures")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are processors: a third of its time a test waits, for PostgreSQL, a browser or a
    process.
    """
    return (yield) + 1


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
    databases: Databases

    @property
    def one_role(self) -> bool:
        """Whether owner and service are the same role, so that privileges cannot be tested."""
        return self.address("x", "owner") == self.address("x", "service")


@pytest.fixture(scope="session")
def connections() -> Iterator[None]:
    """Connections that are closed in good order are kept for the next test."""
    with reused_connections():
        yield


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, connections: None, worker_id: str, testrun_uid: str
) -> Iterator[Server]:
    """The server of this run, with a migrated template database."""
    if request.param == "given":
        if EXTERNAL_URL is None:
            pytest.skip("needs an external PostgreSQL: LEDGERDESK_TEST_DATABASE_URL names none")
        with _external_server(worker_id) as given:
            yield given
        return
    request.config.ledgerdesk_run = testrun_uid  # type: ignore[attr-defined]  # read when the session finishes
    folder = shared_folder(testrun_uid)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # as root the server runs as another user, who must get to its data
    with embedded_server(folder, FAST) as postgres:
        roles = {"owner": OWNER_ROLE, "service": SERVICE_ROLE}
        administrator = postgres.url("postgres", SUPERUSER)
        made = Server(
            lambda database, role: postgres.url(database, roles[role]),
            administrator,
            Databases(administrator, TEMPLATE, f"test_{worker_id}", "strategy file_copy"),
        )
        with file_lock(folder / "template.lock"):
            _make_template(made, TEMPLATE, list(roles.values()))
        yield made
        made.databases.end()


@contextlib.contextmanager
def _external_server(worker_id: str) -> Iterator[Server]:
    assert EXTERNAL_URL is not None
    parts = urlsplit(EXTERNAL_URL)
    base = parts.path.removeprefix("/")

    def address(database: str, role: str) -> str:
        return urlunsplit(parts._replace(path=f"/{database}"))

    template = f"{base}_template"
    made = Server(address, EXTERNAL_URL, Databases(EXTERNAL_URL, template, f"{base}_{worker_id}"))
    with file_lock(Path(tempfile.gettempdir()) / f"{base}.lock"):
        _make_template(made, template, [])
    yield made
    made.databases.end()


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
def file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class DatabaseUrls:
    """A database of one test."""

    url: str
    owner_url: str
    one_role: bool


@contextlib.contextmanager
def fresh(server: Server, base: str | None = None) -> Iterator[DatabaseUrls]:
    """A migrated database that nobody else uses, until the block ends; empty, or a copy of `base`."""
    with server.databases.lease() if base is None else server.databases.copy(base) as name:
        yield DatabaseUrls(server.address(name, "service"), server.address(name, "owner"), server.one_role)


@pytest.fixture
def owner_url(server: Server, place: DatabaseUrls) -> str:
    """The owner of an installation's database may make schemas in it; that of a test's is somebody else."""
    with psycopg.connect(place.owner_url) as owner:
        names = {"database": sql.Identifier(owner.info.dbname), "owner": sql.Identifier(owner.info.user)}
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute(sql.SQL("grant create on database {database} to {owner}").format(**names))
    return place.owner_url


@pytest.fixture
def place(server: Server) -> Iterator[DatabaseUrls]:
    """A migrated database that nobody else uses."""
    with fresh(server) as made:
        yield made


@pytest.fixture
def connections_anew(place: DatabaseUrls) -> None:
    """Whoever connects to the test's database does so anew, and meets what is set for those who do."""
    CONNECTIONS.forget(urlsplit(place.url).path.removeprefix("/"))


@pytest.fixture
def database_url(place: DatabaseUrls) -> str:
    """The address of a migrated database, as the service's role."""
    return place.url


@pytest.fixture
def administrator_url(server: Server, place: DatabaseUrls) -> str:
    """The address of the same database as a superuser."""
    user = urlsplit(server.administrator).netloc
    return urlunsplit(urlsplit(place.owner_url)._replace(netloc=user))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real histories; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEDGERDESK_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real data: there is no {folder}")
    return folder


@dataclass(frozen=True)
class RealHistory:
    """A database of the test's own into which a whole real history was imported."""

    place: DatabaseUrls
    secrets_dir: Path
