"""The embedded PostgreSQL: real servers, real signals, real locks."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from app.platform import embedded, installation
from app.platform.embedded import EmbeddedError, EmbeddedPostgres, embedded_server
from app.platform.files.directories import default_data_dir
from app.platform.schema import SchemaTooOldError
from app.platform.settings import Settings
from tests.extent import first_of, in_test_all
from tests.waiting import PATIENCE_SECONDS

PROJECT = Path(__file__).parents[1]
FAST = {"fsync": "off", "shared_buffers": "16MB"}
ROOT = os.geteuid() == 0

# A user of the server in a process of its own: says the address, leaves when its input ends.
USER = """
import sys
from pathlib import Path
from app.platform.embedded import embedded_server
with embedded_server(Path(sys.argv[1]), {"fsync": "off", "shared_buffers": sys.argv[2]}) as server:
    print(server.url("postgres", "postgres"), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: below that PostgreSQL's user may not go when the tests run as root."""
    folder_made = Path(tempfile.mkdtemp(prefix="ledgerdesk-"))
    folder_made.chmod(0o711)
    yield folder_made
    left = [lock.parent for lock in folder_made.rglob("server.lock") if runs(lock.parent)]
    for data in left:
        with embedded_server(data):
            pass  # The last user stops it.
    shutil.rmtree(folder_made)
    assert left == []


def runs(data: Path) -> bool:
    with (data / "server.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def ask(url: str, question: LiteralString = "select 'here'") -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question)
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


def answer(server: EmbeddedPostgres, question: LiteralString = "select 'here'") -> str:
    return ask(server.url("postgres", "postgres"), question)


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def another_user(data: Path, stack: ExitStack) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", USER, str(data), "16MB"]
    pipe = subprocess.PIPE
    user = subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
    stack.enter_context(user)
    stack.callback(user.kill)
    return user


def address(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


@in_test_all
def test_it_starts_from_nothing_answers_and_stops(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server, "select upper('äö汉')") == "ÄÖ汉"
    assert not runs(folder / "data")


@in_test_all
def test_it_keeps_its_data_between_starts(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as server:
        answer(server, "create table kept as select 42 as n")
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server, "select n from kept") == "42"


@in_test_all
def test_options_come_before_the_settings_that_are_safe(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server, "show fsync") == "off"
        assert answer(server, "show synchronous_commit") == "on"
        assert answer(server, "show listen_addresses") == ""
        assert answer(server, "show timezone") == "UTC"


@in_test_all
def test_postgresql_variables_of_the_caller_change_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "7777")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server) == "here"


@in_test_all
def test_a_statement_can_be_cancelled_although_a_shell_started_the_server(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as server, pytest.raises(psycopg.errors.QueryCanceled):
        answer(server, "select pg_cancel_backend(pg_backend_pid()), pg_sleep(20)")


@in_test_all
def test_the_first_user_may_leave_before_the_second(folder: Path) -> None:
    first, second = embedded_server(folder / "data", FAST), embedded_server(folder / "data", FAST)
    with second:
        pass
    with first:
        second.__enter__()
    assert answer(second) == "here"
    second.__exit__()
    assert not runs(folder / "data")


@in_test_all
def test_users_who_come_at_the_same_moment_share_one_server(folder: Path) -> None:
    with ExitStack() as stack:
        users = [another_user(folder / "data", stack) for _ in range(3)]
        assert len({ask(address(user), "select pg_postmaster_start_time()::text") for user in users}) == 1
        for user in users:
            user.communicate(timeout=PATIENCE_SECONDS)
    assert [user.returncode for user in users] == [0, 0, 0]
    assert not runs(folder / "data")


@in_test_all
def test_a_killed_postmaster_is_replaced_while_a_user_is_there(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as first:
        with psycopg.connect(first.url("postgres", "postgres"), autocommit=True) as connection:
            os.kill(postmaster(folder / "data"), signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select pg_sleep(60)")
        with embedded_server(folder / "data", FAST) as second:
            assert answer(first) == answer(second) == "here"
    assert not runs(folder / "data")


@in_test_all
def test_a_process_id_that_now_belongs_to_a_stranger_does_not_prevent_the_start(folder: Path) -> None:
    with embedded_server(folder / "data", FAST):
        os.kill(postmaster(folder / "data"), signal.SIGKILL)
        # One of the same system user: PostgreSQL itself would take it for a postmaster.
        as_user = pwd.getpwnam("ledgerdesk").pw_uid if ROOT else None
        with subprocess.Popen(["sleep", "600"], user=as_user) as stranger:
            try:
                files = [folder / "data/postgres/postmaster.pid"]
                files += (folder / "data/postgres-socket").glob("*.lock")
                for file in files:
                    file.write_text("\n".join([str(stranger.pid), *file.read_text().splitlines()[1:]]) + "\n")
                with embedded_server(folder / "data", FAST) as server:
                    assert answer(server) == "here"
                assert stranger.poll() is None
            finally:
                stranger.kill()
        assert len(files) == 2


def test_a_killed_server_is_revived_at_the_same_address(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as server:
        answer(server, "create table kept as select 42 as n")
        os.kill(postmaster(folder / "data"), signal.SIGKILL)
        server.revive()
        assert answer(server, "select n from kept") == "42"
        alive = postmaster(folder / "data")
        server.revive()
        assert postmaster(folder / "data") == alive
    assert not runs(folder / "data")
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server, "select n from kept") == "42"


@dataclass
class SlowRecovery:
    """A data directory whose server recovers until the test lets it go on: its recovery asks an archive."""

    data: Path
    signs: Path

    @classmethod
    def prepared(cls, folder: Path) -> SlowRecovery:
        """Make the directory, with a table in it."""
        recovery = cls(folder / "data", folder / "signs")
        with embedded_server(recovery.data, FAST) as server:
            answer(server, "create table kept as select 42 as n")
        recovery.signs.mkdir()
        recovery.signs.chmod(0o777)  # PostgreSQL may run as another user
        wait = f"touch {recovery.signs}/begun; until test -e {recovery.signs}/go; do sleep 0.02; done; false"
        with (recovery.data / "postgres/postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = '{wait}'\n")
        (recovery.data / "postgres/recovery.signal").touch()
        return recovery

    def await_begin(self) -> None:
        """Wait until a server recovers."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (self.signs / "begun").exists():
            assert time.monotonic() < ends
            time.sleep(0.01)

    def go_on(self) -> None:
        """Let this recovery and all later ones end."""
        (self.signs / "go").touch()

    def kill_startup(self) -> None:
        """Kill the process that recovers, upon which the server gives up."""
        postmaster_id = postmaster(self.data)
        children = Path(f"/proc/{postmaster_id}/task/{postmaster_id}/children").read_text().split()
        titles = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
        os.kill(int(next(pid for pid, title in titles.items() if "startup" in title)), signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        os.kill(postmaster(self.data), number)


ENDINGS: dict[str, Callable[[SlowRecovery], None]] = {
    "killed": lambda recovery: recovery.signal(signal.SIGKILL),
    "its process that recovers killed": SlowRecovery.kill_startup,
    "stopped": lambda recovery: recovery.signal(signal.SIGINT),
    "stopped at once": lambda recovery: recovery.signal(signal.SIGQUIT),
}


@in_test_all
@pytest.mark.skipif(sys.platform == "darwin", reason="needs Linux: macOS has no /proc")
@pytest.mark.parametrize("ending", first_of(list(ENDINGS), 1))
def test_a_server_that_is_ended_while_it_recovers_is_started_again(folder: Path, ending: str) -> None:
    """A process of the one that was ended holds the data for a moment more."""
    recovery = SlowRecovery.prepared(folder)
    with ThreadPoolExecutor(1) as pool:

        def started() -> str:
            with embedded_server(recovery.data, FAST) as server:
                return answer(server, "select n from kept")

        answered = pool.submit(started)
        try:
            recovery.await_begin()
            ENDINGS[ending](recovery)
        finally:
            recovery.go_on()
        assert answered.result(PATIENCE_SECONDS) == "42"


def remove_socket(server: EmbeddedPostgres) -> None:
    (server.socket_dir / embedded.SOCKET).unlink()


def stop_when_clients_have_gone(server: EmbeddedPostgres) -> None:
    os.kill(postmaster(server.data_dir), signal.SIGTERM)
    ends = time.monotonic() + PATIENCE_SECONDS
    while "stopping" not in (server.cluster / "postmaster.pid").read_text():
        assert time.monotonic() < ends
        time.sleep(0.01)


@in_test_all
@pytest.mark.parametrize("shut", [remove_socket, stop_when_clients_have_gone])
def test_a_server_that_lets_nobody_in_any_more_is_started_again(
    folder: Path, shut: Callable[[EmbeddedPostgres], None]
) -> None:
    with embedded_server(folder / "data", FAST) as first:
        answer(first, "create table kept as select 42 as n")
        with psycopg.connect(first.url("postgres", "postgres")):
            shut(first)
            with embedded_server(folder / "data", FAST) as second:
                assert answer(second, "select n from kept") == "42"
        with psycopg.connect(first.url("postgres", "postgres")):
            shut(first)
            assert first.revive() is not None
            assert answer(first, "select n from kept") == "42"


@in_test_all
def test_the_server_of_a_killed_user_is_adopted_and_stopped(folder: Path) -> None:
    with ExitStack() as stack:
        user = another_user(folder / "data", stack)
        assert ask(address(user)) == "here"
        user.kill()
        user.wait()
        orphan = postmaster(folder / "data")
        with embedded_server(folder / "data", FAST) as server:
            assert answer(server) == "here"
            assert postmaster(folder / "data") == orphan
    assert not runs(folder / "data")


@in_test_all
def test_an_interrupt_from_the_terminal_reaches_the_user_and_not_the_server(folder: Path) -> None:
    with ExitStack() as stack:
        user = another_user(folder / "data", stack)
        url = address(user)
        with embedded_server(folder / "data", FAST):
            os.killpg(user.pid, signal.SIGINT)
            user.wait(60)
            assert ask(url) == "here"


@in_test_all
def test_a_copied_data_directory_gets_a_server_of_its_own(folder: Path) -> None:
    with embedded_server(folder / "data", FAST) as first:
        answer(first, "checkpoint")
        # What is copied says that a server is ready, and where: the server of the other directory.
        subprocess.run(["cp", "-a", folder / "data", folder / "copy"], check=True)
        with embedded_server(folder / "copy", FAST) as second:
            assert first.socket_dir != second.socket_dir
            assert answer(second, "show data_directory") == str(folder / "copy/postgres")


@in_test_all
@pytest.mark.parametrize("name", ["with a space", "数据", 'it\'s "so" $HOME `id`, %41', "long " + "x" * 90])
def test_any_path_will_do(folder: Path, name: str) -> None:
    with embedded_server(folder / name, FAST) as server:
        assert answer(server) == "here"
        # A socket's path is limited to some hundred bytes, and a comma would make two hosts of it.
        assert (server.socket_dir.parent == folder / name) == (len(name) < 60 and "," not in name)
    assert not server.socket_dir.exists()


@in_test_all
def test_a_socket_directory_that_is_not_ours_is_refused(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o711)
    (folder / "data/postgres-socket").symlink_to(folder)
    with (
        pytest.raises(EmbeddedError, match="belongs to another user"),
        embedded_server(folder / "data", FAST),
    ):
        pass


@in_test_all
def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o711)
    (folder / "data/postgres.new").mkdir()
    (folder / "data/postgres.new/PG_VERSION").write_text("18\n")
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server) == "here"


def test_data_of_another_major_version_are_left_alone(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o711)
    (folder / "data/postgres").mkdir()
    (folder / "data/postgres/PG_VERSION").write_text("17\n")
    with (
        pytest.raises(EmbeddedError, match="written by PostgreSQL 17"),
        embedded_server(folder / "data", FAST),
    ):
        pass


@in_test_all
def test_data_from_before_the_first_release_are_to_be_moved_away(folder: Path) -> None:
    ours = Settings(data_dir=folder / "data", database_url=None)
    message = rf"0088.*Move the folder {folder / 'data'} away and start again"
    with installation.open_installation(ours) as opened:
        assert opened.owner_url is not None
        ask(opened.owner_url, "update plumbing.migration set version_num = '0088'")
        with pytest.raises(SchemaTooOldError, match=message), installation.open_installation(ours):
            pass
    with pytest.raises(SchemaTooOldError, match=message), installation.open_installation(ours):
        pass


@in_test_all
def test_a_server_that_does_not_start_is_quoted(folder: Path) -> None:
    wrong = FAST | {"work_mem": "plenty"}
    with pytest.raises(EmbeddedError, match='invalid value for parameter "work_mem"'):  # noqa: SIM117  # what is expected of it comes first
        with embedded_server(folder / "data", wrong):
            pass
    with embedded_server(folder / "data", FAST) as server:
        assert answer(server) == "here"


@in_test_all
@pytest.mark.skipif(sys.platform == "darwin", reason="needs Linux: macOS does not limit a process's memory")
def test_buffers_that_do_not_fit_into_memory_are_made_smaller(folder: Path) -> None:
    limited = ["/bin/sh", "-c", 'ulimit -v 1000000; exec "$@"', "sh", sys.executable, "-c", USER]
    with subprocess.Popen(
        [*limited, folder / "data", "4GB"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        assert ask(address(user), "show shared_buffers") == "16MB"
    assert user.returncode == 0


@in_test_all
def test_the_log_does_not_grow_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES_MAX", 10)
    for _ in range(3):
        with embedded_server(folder / "data", FAST):
            pass
    logs = {path.name for path in (folder / "data").glob("postgres.log*")}
    assert logs == {"postgres.log", "postgres.log.1"}


def test_a_missing_wheel_is_said_with_its_cure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedError, match="make setup"), embedded_server(folder / "data"):
        pass


def test_a_data_directory_that_is_a_file_is_said_with_its_cure(folder: Path) -> None:
    (folder / "data").touch()
    with pytest.raises(EmbeddedError, match="LEDGERDESK_DATA_DIR"), embedded_server(folder / "data"):
        pass


@in_test_all
@pytest.mark.skipif(not ROOT, reason="needs root: only root runs PostgreSQL as another user")
def test_as_root_a_directory_closed_to_postgresql_is_refused_and_stays_closed(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    with (
        pytest.raises(EmbeddedError, match="LEDGERDESK_DATA_DIR"),
        embedded_server(folder / "closed/data", FAST),
    ):
        pass
    assert (folder / "closed").stat().st_mode & 0o777 == 0o700


@in_test_all
@pytest.mark.skipif(not ROOT, reason="needs root: only root can run a process as another user")
def test_an_ordinary_user_needs_no_rights(folder: Path) -> None:
    ordinary = pwd.getpwnam("nobody")
    (folder / "code/app/platform").mkdir(parents=True)
    for module in ("embedded.py", "failures.py"):
        shutil.copy(PROJECT / "app/platform" / module, folder / "code/app/platform")
    (folder / "home").mkdir()
    os.chown(folder / "home", ordinary.pw_uid, ordinary.pw_gid)
    python = python_for(ordinary, folder / "code")
    environment = {"PYTHONPATH": f"{folder / 'code'}:{wheels()}", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [python, "-c", USER, str(folder / "home/data"), "16MB"],
        cwd=folder,
        env=environment,
        user=ordinary.pw_uid,
        group=ordinary.pw_gid,
        extra_groups=[],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        assert ask(address(user)) == "here"
    assert user.returncode == 0
    assert not runs(folder / "home/data")


def wheels() -> Path:
    return Path(psycopg.__file__).parents[1]


def python_for(user: pwd.struct_passwd, code: Path) -> str:
    """Ours may lie in a directory that is closed to others; then the system's, if it is new enough."""
    probe = (
        f"import sys, os; sys.exit(sys.version_info < (3, 11) or not os.access({str(wheels())!r}, os.X_OK))"
    )
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-c", probe], cwd=code, user=user.pw_uid, timeout=PATIENCE_SECONDS, check=False
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("needs a Python that another user can run")


def test_each_checkout_has_a_data_directory_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkouts = [tmp_path / "src" / "desk", tmp_path / "copy" / "desk"]
    for checkout in checkouts:
        checkout.mkdir(parents=True)
        (checkout / "pyproject.toml").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir(checkouts[0]) == checkouts[0] / ".ledgerdesk"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    first, second = [default_data_dir(checkout) for checkout in checkouts]
    assert first.parent == second.parent == Path("/var/lib/ledgerdesk")
    assert first.name.startswith("desk-")
    assert first != second


def test_a_package_keeps_its_data_where_the_next_one_finds_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert default_data_dir(tmp_path / "site-packages") == tmp_path / "share" / "ledgerdesk"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_data_dir(tmp_path / "site-packages") == tmp_path / ".local" / "share" / "ledgerdesk"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir(tmp_path / "site-packages") == Path("/var/lib/ledgerdesk/data")
