"""An operator's day on a PostgreSQL of their own: install, back up, lose, restore to a minute ago, upgrade.

Each step is left out or done wrong first, and `doctor` finds it. `make soak` loses and restores it often.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from app.platform import schema
from app.platform.backup.base_backup import client_tools
from app.platform.embedded import CLUSTER, EmbeddedPostgres, embedded_server, installed_tools
from tests.cli.conftest import Ended, environment
from tests.extent import ALL_EXAMPLES, in_test_all
from tests.forked import Forked, Forking
from tests.operations.breaking import execute
from tests.waiting import until

pytestmark = in_test_all
FAST = {"fsync": "off", "shared_buffers": "16MB"}
LOSSES = 5 if ALL_EXAMPLES else 1
#: Of the settings and the machine, which a test does not set up.
NOT_SET_UP = {"backups_unknown", "backups_unrehearsed", "backups_old", "seals_none", "seals_unexported"}


class OperatorsDay:
    """A PostgreSQL with an archive of its log, an installation on it, and its processes."""

    def __init__(self, folder: Path, forking: Forking) -> None:
        self.folder, self._forking = folder, forking
        self.archive, self.backups = folder / "archive", folder / "backups"
        self.server = self.server_in("first")
        self.processes: list[Forked] = []

    def server_in(self, name: str, **options: str) -> EmbeddedPostgres:
        """A PostgreSQL whose files are in a folder of that name."""
        archiving = {"archive_mode": "on", "archive_command": f"cp %p {self.archive}/%f"}
        return embedded_server(self.folder / name, FAST | archiving | options)

    def url(self, role: str) -> str:
        """The address of the database for a role."""
        return self.server.url("desk", role)

    def variables(self, **settings: str | None) -> dict[str, str]:
        """What a process of the installation is told."""
        usual: dict[str, str | None] = {
            "database_url": self.url("desk_service"),
            "owner_url": self.url("desk_owner"),
            "secrets_dir": str(self.folder / "secrets"),
            "backup_dir": str(self.backups),
        }
        return environment(**usual | settings)

    def run(self, *arguments: str, **settings: str | None) -> Ended:
        """A command that ends."""
        answer = self._forking.ask(
            "run", arguments=arguments, environment=self.variables(**settings), said=""
        )
        return Ended(answer["code"], answer["out"], answer["err"])

    def done(self, *arguments: str) -> str:
        """What a command says that has done its work."""
        ended = self.run(*arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def bad(self, **settings: str | None) -> set[str]:
        """The codes of what `doctor` finds."""
        ended = self.run("doctor", "--json", "--apis", "2", "--workers", "2", **settings)
        checks = json.loads(ended.stdout)["checks"]
        failed = [check for check in checks if check["status"] == "failed"]
        assert (ended.returncode == 0) == (not failed), ended.stdout
        return {check["code"] for check in checks if check["status"] != "ok"} - NOT_SET_UP

    def start(self) -> list[int]:
        """Two APIs and two workers; the ports of the APIs."""
        ports = [free_port(), free_port()]
        commands = [*(["serve", "--port", str(port)] for port in ports), ["work"], ["work"]]
        for command in commands:
            log = self.folder / "log"
            self.processes.append(self._forking.start(*command, environment=self.variables(), log=log))
        return ports

    def stop(self) -> None:
        """Ends the processes that were started."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(60)
        self.processes.clear()

    def name_now(self) -> str:
        """An instant between two changes."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            row = connection.execute("select clock_timestamp()").fetchone()
        assert row is not None
        return str(row[0].isoformat())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def day(forking: Forking) -> Iterator[OperatorsDay]:
    """A PostgreSQL, and nothing on it yet."""
    folder = Path(tempfile.mkdtemp(prefix="ledgerdesk-"))
    folder.chmod(0o711)
    begun = OperatorsDay(folder, forking)
    for place in (begun.archive, begun.backups):
        place.mkdir()
    give_to_postgresql(begun.archive)
    begun.server.__enter__()
    try:
        yield begun
    finally:
        begun.stop()
        begun.server.__exit__()
        shutil.rmtree(folder)


def give_to_postgresql(folder: Path) -> None:
    """Have the folder and all in it belong to the user whom PostgreSQL runs as."""
    user = installed_tools().user
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user.pw_uid, user.pw_gid)


async def are_ready(ports: list[int]) -> None:
    """Waits until each API is ready."""

    async def all_answer() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                answers = [await client.get(f"http://127.0.0.1:{port}/readyz") for port in ports]
            except httpx.TransportError:
                return False
        return all(answer.status_code == 200 for answer in answers)

    await until(all_answer)


def install(day: OperatorsDay) -> None:
    """Roles, database, schema and the first key; each step is looked for before it is done."""
    assert "database_away" in day.bad()
    administrator = day.server.url("postgres", "postgres")
    for role in ("desk_owner", "desk_service"):
        execute(administrator, f"create role {role} login")
    execute(administrator, "create database desk owner desk_owner")
    assert {"schema_empty", "secrets_key"} <= day.bad()
    day.done("migrate")
    assert "roles_owner" in day.bad(database_url=day.url("desk_owner"))
    assert "roles_superuser" in day.bad(database_url=day.url("postgres"))
    day.done("keys", "make", "--admin")
    assert day.bad() == {"backups_none", "consumers_none"}


def back_up(day: OperatorsDay) -> Path:
    """The recipe of docs/backups.md."""
    place = day.backups / time.strftime("%Y-%m-%dT%H-%M-%S")
    url = day.server.url("postgres", "postgres")
    base = [str(client_tools().bin / "pg_basebackup"), "-d", url, "-D", str(place)]
    subprocess.run([*base, "--checkpoint=fast", "--wal-method=stream"], check=True, capture_output=True)
    return place


def restore(day: OperatorsDay, backup: Path, instant: str, name: str) -> None:
    """The recipe of docs/backups.md: the copy, the log from the archive, and the instant to stop at."""
    data = day.folder / name
    data.mkdir()
    data.chmod(0o711)
    shutil.copytree(backup, data / CLUSTER)
    (data / CLUSTER / "recovery.signal").touch()
    give_to_postgresql(data / CLUSTER)
    fetch = {"restore_command": f"cp {day.archive}/%f %p", "recovery_target_action": "promote"}
    day.server = day.server_in(name, recovery_target_time=instant, hot_standby="off", **fetch)
    day.server.__enter__()


def lose(day: OperatorsDay) -> None:
    """The disk of PostgreSQL is gone; what was archived is elsewhere."""
    execute(day.url("postgres"), "select pg_switch_wal()")
    day.stop()
    day.server.__exit__()
    shutil.rmtree(day.server.data_dir)


async def test_an_operators_day(day: OperatorsDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(day)
    await are_ready(day.start())

    async def all_is_well() -> bool:
        return day.bad() == {"backups_none"}

    await until(all_is_well)
    for number in range(LOSSES):
        backup = back_up(day)
        assert day.bad() == set()
        day.done("keys", "make", "--role", "agent", "--name", f"before {number}")
        instant = day.name_now()
        day.done("keys", "make", "--role", "agent", "--name", "too late")
        lose(day)
        assert "database_away" in day.bad()
        restore(day, backup, instant, f"restored-{number}")
        names = [key["name"] for key in json.loads(day.done("keys", "list", "--json"))]
        assert names == ["Administrator", *(f"before {n}" for n in range(number + 1))]
        day.done("rebuild")
        day.done("reconcile", "incidents_opened")
        await are_ready(day.start())
        await until(lambda: is_well(day))
    upgrade(day, tmp_path, monkeypatch)


async def is_well(day: OperatorsDay) -> bool:
    """Whether `doctor` finds nothing any more, once the workers have caught up."""
    return day.bad() == set()


def upgrade(day: OperatorsDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema goes first, as the owner, while the older programs run; then one comes that does more."""
    migrations, newest = schema.MIGRATIONS, schema.newest()
    for revision, adds_only in (("9000", True), ("9001", False)):
        later = tmp_path / revision
        shutil.copytree(migrations, later)
        (later / "versions" / f"{revision}_later.py").write_text(
            f'revision, down_revision = "{revision}", "{newest}"\nADDS_ONLY = {adds_only}\n\n\n'
            "def upgrade() -> None:\n    pass\n",
            encoding="utf-8",
        )
        with monkeypatch.context() as later_program:
            later_program.setattr(schema, "MIGRATIONS", later)
            schema.newest.cache_clear()
            schema.migrate(day.url("desk_owner"), "desk_service")
        schema.newest.cache_clear()
        migrations, newest = later, revision
        assert day.bad() == (set() if adds_only else {"schema_newer", "skipped_schema"})
