"""A backup is made while the database is used, and restored to its newest state or to an instant before."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.platform.backup.base_backup import SLOT
from app.platform.backup.restoring import STAGING, restore_database
from app.platform.backups import PARTIAL, WAL, list_backups, read_erased
from app.platform.embedded import CLUSTER, embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from tests.cli.conftest import Ended, environment
from tests.extent import in_test_all
from tests.forked import Forked, Forking
from tests.operations.breaking import execute
from tests.waiting import until

pytestmark = in_test_all
FAST = {"fsync": "off", "shared_buffers": "16MB", "max_slot_wal_keep_size": "32MB", "max_wal_size": "32MB"}


class OwnInstallation:
    """An installation with an embedded database of its own, whose server runs as long as it is needed."""

    def __init__(self, folder: Path, forking: Forking) -> None:
        self.folder, self._forking = folder, forking
        self.data, self.backups, self.secrets = folder / "data", folder / "backups", folder / "apart"

    def run(self, *arguments: str, **settings: str | None) -> Ended:
        """A command that ends."""
        usual: dict[str, str | None] = {"data_dir": str(self.data), "backup_dir": str(self.backups)}
        variables = environment(**usual | settings)
        answer = self._forking.ask("run", arguments=arguments, environment=variables, said="")
        return Ended(answer["code"], answer["out"], answer["err"])

    def start(self, *arguments: str, **settings: str | None) -> Forked:
        """A command that runs until it is told to end."""
        usual: dict[str, str | None] = {"data_dir": str(self.data), "backup_dir": str(self.backups)}
        variables = environment(**usual | settings)
        return self._forking.start(*arguments, environment=variables, log=self.folder / "log")

    def made(self, *arguments: str, **settings: str | None) -> dict[str, object]:
        """What a command says that has done its work."""
        ended = self.run(*arguments, "--json", **settings)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        document: dict[str, object] = json.loads(ended.stdout)
        return document

    def names(self, data: Path) -> list[str | None]:
        """Names of the keys in an installation, in their order."""
        ended = self.run("keys", "list", "--json", data_dir=str(data))
        assert ended.returncode == 0, ended.stderr
        return [key["name"] for key in json.loads(ended.stdout)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not tmp_path: below that PostgreSQL's user may not go when the tests run as root."""
    folder_made = Path(tempfile.mkdtemp(prefix="ledgerdesk-"))
    folder_made.chmod(0o711)
    yield folder_made
    shutil.rmtree(folder_made)


@pytest.fixture(scope="module")
def own(folder: Path, forking: Forking) -> Iterator[OwnInstallation]:
    """An installation with a key, a backup, and another backup with the log that was received since."""
    installation = OwnInstallation(folder, forking)
    with embedded_server(installation.data, FAST):
        installation.made("keys", "make", "--role", "agent", "--name", "before the backup")
        installation.made("backup", "--secrets-to", str(installation.secrets))
        yield installation


@pytest.fixture
def restored(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Data directories to restore into."""
    folders: list[Path] = []

    def named(name: str) -> Path:
        folders.append(folder / name)
        return folders[-1]

    yield named
    for place in folders:
        shutil.rmtree(place, ignore_errors=True)


def _now(own: OwnInstallation) -> str:
    with psycopg.connect(_superuser(own), autocommit=True) as connection:
        row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    return str(row[0].isoformat())


INDEXED = """
select count(*) from search.record
where exists (select from unnest(tokens) token where token.lexeme like %s)"""


def indexed(data: Path, word: str) -> int:
    """How many records the index finds by that word."""
    with (
        embedded_server(data) as server,
        psycopg.connect(server.url(DATABASE, SUPERUSER), autocommit=True) as connection,
    ):
        row = connection.execute(INDEXED, (f"%{word}%",)).fetchone()
    assert row is not None
    return int(row[0])


def _superuser(own: OwnInstallation) -> str:
    with embedded_server(own.data) as server:
        return server.url(DATABASE, SUPERUSER)


async def test_a_database_comes_back_as_it_was_at_an_instant_and_whoever_was_erased_since_stays_so(
    own: OwnInstallation, restored: Callable[[str], Path]
) -> None:
    receiver = own.start("backup", "--wal")
    try:

        async def receives() -> bool:
            return any((own.backups / WAL).glob("*.partial"))

        await until(receives)
        own.made("backup")
        erased = str(own.made("keys", "make", "--role", "agent", "--name", "erased")["person"])
        own.made("keys", "make", "--role", "agent", "--name", "a minute ago")
        own.made("reindex")
        assert indexed(own.data, "erased") == 1
        instant = _now(own)
        own.made("keys", "make", "--role", "agent", "--name", "too late")
        assert own.run("erase", erased, "--yes").returncode == 0
        assert own.run("backup", "--wal").returncode == 4, "one receives already"
    finally:
        receiver.terminate()
        assert receiver.wait(60) == 143
    assert erased in read_erased(own.backups)
    apart = ("--secrets-from", str(own.secrets))
    then, newest, alone = restored("then"), restored("newest"), restored("alone")
    document = own.made("restore", "--until", instant, *apart, data_dir=str(then))
    assert (document["reached"], document["erased_again"]) == (True, [erased])
    assert (document["differing_rows"], document["differing_figures"]) == (0, 0)
    assert own.names(then) == ["before the backup", None, "a minute ago"]
    assert indexed(then, "erased") == 0, "no worker has run"
    assert own.made("restore", *apart, data_dir=str(newest))["erased_again"] == []
    assert own.names(newest) == ["before the backup", None, "a minute ago", "too late"]
    far = own.made("restore", "--until", "2099-01-01T00:00:00Z", *apart, data_dir=str(alone))
    assert far["reached"] is False
    ended = own.run("backup", data_dir=str(then))
    assert (ended.returncode, "restored" in ended.stderr) == (4, True), "its log goes its own way"


@in_test_all
async def test_a_backup_that_is_killed_leaves_the_one_before(own: OwnInstallation) -> None:
    before = list_backups(own.backups)
    killed = own.start("backup")

    async def copies() -> bool:
        return any(own.backups.glob(f"{PARTIAL}*"))

    await until(copies)
    killed.kill()
    killed.wait(60)
    assert list_backups(own.backups) == before

    async def is_made() -> bool:  # as soon as the copying that was begun has ended
        return own.run("backup", "--keep", "1").returncode == 0

    await until(is_made)
    assert not any(own.backups.glob(f"{PARTIAL}*"))
    assert len(list_backups(own.backups)) == 1


@in_test_all
async def test_a_restore_that_is_killed_leaves_no_database_and_is_begun_anew(
    own: OwnInstallation, restored: Callable[[str], Path]
) -> None:
    data, apart = restored("killed"), ("--secrets-from", str(own.secrets))
    killed = own.start("restore", *apart, data_dir=str(data))

    async def recovers() -> bool:
        return (data / STAGING / "server.lock").exists()

    await until(recovers)
    killed.kill()
    killed.wait(60)
    assert not (data / CLUSTER).exists()
    assert own.made("restore", *apart, data_dir=str(data))["differing_rows"] == 0
    assert not (data / STAGING).exists()


@in_test_all
def test_a_database_stands_only_when_those_who_were_erased_are_erased_again(
    own: OwnInstallation, restored: Callable[[str], Path]
) -> None:
    data = restored("broken off")

    def broken_off(copy: Path) -> None:
        assert (copy / CLUSTER).exists()
        assert not (data / CLUSTER).exists()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        restore_database(own.backups, data, None, prepare=broken_off)
    assert not (data / CLUSTER).exists(), "nobody can start what is not erased"
    assert own.made("restore", "--secrets-from", str(own.secrets), data_dir=str(data))["differing_rows"] == 0


@in_test_all
def test_what_cannot_be_restored_is_refused_and_nothing_is_made(
    own: OwnInstallation, restored: Callable[[str], Path]
) -> None:
    def refused(*arguments: str, place: Path | None = None, **settings: str | None) -> str:
        place = place or restored("refused")
        ended = own.run("restore", *arguments, data_dir=str(place), **settings)
        assert ended.returncode == 4, ended.stdout + ended.stderr
        assert place == own.data or not (place / CLUSTER).exists()
        return ended.stderr

    apart = ("--secrets-from", str(own.secrets))
    assert "already" in refused(place=own.data)
    assert "--secrets-from" in refused()
    assert "no earlier time" in refused("--until", "2001-01-01T00:00:00Z", *apart)
    assert "no backup" in refused(*apart, backup_dir=str(own.secrets))
    assert "no master.key in" in refused("--secrets-from", str(own.backups))
    assert "pg_basebackup" in refused(database_url="postgresql://x@127.0.0.1:1/x")
    backup = list_backups(own.backups)[-1].folder
    copied = shutil.copytree(own.backups, own.folder / "damaged")
    damaged = copied / backup.name / CLUSTER / "global" / "pg_control"
    damaged.write_bytes(b"\x00" * damaged.stat().st_size)
    assert "global/pg_control" in refused(*apart, backup_dir=str(copied))
    shutil.rmtree(copied)
    with_gap = shutil.copytree(own.backups, own.folder / "gap")
    (with_gap / WAL).mkdir(exist_ok=True)
    (with_gap / WAL / "0000000100000000000000FE").write_bytes(b"")
    assert "gap" in refused(*apart, backup_dir=str(with_gap))
    shutil.rmtree(with_gap)


def test_secrets_are_kept_where_the_backups_are_not(own: OwnInstallation) -> None:
    ended = own.run("backup", "--secrets-to", str(own.backups / "secrets"))
    assert (ended.returncode, "erased persons" in ended.stderr) == (4, True)
    assert [path.name for path in own.secrets.iterdir()] == ["master.key"]
    modes = [own.secrets.stat().st_mode & 0o777, (own.secrets / "master.key").stat().st_mode & 0o777]
    assert modes == [0o700, 0o600]


@in_test_all
def test_doctor_finds_that_nobody_receives_the_log_any_more(own: OwnInstallation) -> None:
    url = _superuser(own)
    execute(url, "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active")
    execute(url, f"select pg_create_physical_replication_slot('{SLOT}', true)")
    assert _archiving(own) == "archive_idle"
    for _ in range(8):  # of 16 MiB each, so that there is more than PostgreSQL keeps for the slot
        execute(url, "select pg_logical_emit_message(true, 'x', 'x')")
        execute(url, "select pg_switch_wal()")
    execute(url, "checkpoint")
    assert _archiving(own) == "archive_lost"
    execute(url, f"select pg_drop_replication_slot('{SLOT}')")
    assert _archiving(own) == "archive_none"


def _archiving(own: OwnInstallation) -> str:
    """What `doctor` says of the log's receiver."""
    checks = json.loads(own.run("doctor", "--json").stdout)["checks"]
    return next(str(check["code"]) for check in checks if check["check"] == "archive")
