"""`ledgerdesk doctor` finds what is broken on purpose, and says how to mend it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from app.api.service import own_disk
from app.cli.doctor import machine, server, work
from app.cli.doctor.doctor import _examine
from app.cli.doctor.findings import (
    REMEDIES,
    SENTENCES,
    CheckOutcome,
    CheckStatus,
    InstallationSetup,
    ReachedDatabase,
)
from app.cli.doctor.machine import examine_machine
from app.cli.doctor.server import examine_server
from app.i18n import LANGUAGES, sentences
from app.kernel.access.vault import MASTER_KEY_FILE
from app.kpis.column_exports.exporting import export_facts
from app.platform.backups import RESTORED, BackupDescription, write_description, write_json
from app.platform.db import Database
from app.platform.settings import Settings
from tests.cli.conftest import Run
from tests.client import make_master_key
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.operations.breaking import execute, insert_row

GONE = "postgresql://nobody:hunter2@127.0.0.1:1/nothing"
NOW = datetime.now(UTC)
#: What the tests of a server of one's own show, or what no test can bring about.
ELSEWHERE = {
    "archive_idle": "tests/operations/test_backup.py",
    "archive_lost": "tests/operations/test_backup.py",
    "replica_foreign": "tests/replicas/test_doctor.py",
    "replica_behind": "tests/replicas/test_doctor.py",
    "archive_failing": "PostgreSQL's own words: pg_stat_archiver",
    "secrets_unreadable": "of another user; root reads all",
    "program_python": "the environment is not made with another Python",
    "database_away": "test_a_database_that_is_away_leaves_the_rest_to_be_examined",
    "database_none": "test_a_database_that_is_away_leaves_the_rest_to_be_examined",
    "schema_empty": "tests/operations/test_upgrade.py",
    "schema_newer": "tests/operations/test_upgrade.py",
}


@pytest.fixture
def secrets_dir(tmp_path: Path) -> Path:
    """A folder with a master key."""
    make_master_key(tmp_path / "secrets")
    return tmp_path / "secrets"


def deployment(
    secrets_dir: Path, data_dir: Path | None = None, workers: int = 1, **values: Any
) -> InstallationSetup:
    """An installation with these settings."""
    return InstallationSetup(Settings(**values), secrets_dir, data_dir, 1, workers)


def of_machine(secrets_dir: Path, data_dir: Path | None = None, **values: Any) -> list[CheckOutcome]:
    """Outcomes of the examinations that need no database."""
    return list(examine_machine(deployment(secrets_dir, data_dir, **values), NOW))


async def of_database(url: str, secrets_dir: Path, workers: int = 1, **values: Any) -> list[CheckOutcome]:
    """Outcomes of the examinations of a database."""
    db = Database(url, 1)
    await db.open()
    try:
        examined = ReachedDatabase(db, deployment(secrets_dir, workers=workers, database_url=url, **values))
        return [outcome async for outcome in _examine(examined)]
    finally:
        await db.close()


def bad(outcomes: list[CheckOutcome]) -> dict[str, CheckStatus]:
    """What is not well, by code; each says in both languages what is wrong and how to mend it."""
    wrong: dict[str, CheckStatus] = {
        outcome.code: outcome.status for outcome in outcomes if outcome.status is not CheckStatus.ok
    }
    for outcome in outcomes:
        for language in LANGUAGES:
            assert "…" not in outcome.sentence(language) + (outcome.remedy(language) or "")
            if outcome.code in wrong:
                assert outcome.remedy(language), outcome
    return wrong


def backed_up(folder: Path, finished_at: datetime) -> Path:
    """A folder with one backup."""
    place = folder / "2026-01-01T00-00-00Z"
    place.mkdir(parents=True)
    written = finished_at.isoformat()
    write_description(place, BackupDescription(written, written, "0.1.0", "1062", 1, "1", 1, "0", 1))
    write_json(folder / RESTORED, {"at": finished_at.isoformat()})
    return folder


# Of this machine ----------------------------------------------------------------------------------------


def _opened_key(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    (secrets_dir / MASTER_KEY_FILE).chmod(0o644)
    return {}


def _opened_folder(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    secrets_dir.chmod(0o777)
    return {}


def _lost_key(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    (secrets_dir / MASTER_KEY_FILE).unlink()
    return {}


def _others_key(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        pytest.skip("needs root: only root can give a file away")
    os.chown(secrets_dir / MASTER_KEY_FILE, 12345, 12345)
    return {}


def _wrong_backups(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    (backed_up(tmp_path / "b", NOW) / "2026-01-01T00-00-00Z" / "backup.json").write_text("{")
    return {"backup_dir": tmp_path / "b"}


def _no_backups(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    return {"backup_dir": secrets_dir}


def _old_backups(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    return {"backup_dir": backed_up(tmp_path / "b", NOW - timedelta(days=8))}


def _late_backups(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    return {"backup_dir": backed_up(tmp_path / "b", NOW - timedelta(days=2))}


def _never_restored(secrets_dir: Path, tmp_path: Path) -> dict[str, Any]:
    (backed_up(tmp_path / "b", NOW) / RESTORED).unlink()
    return {"backup_dir": tmp_path / "b"}


def _set(**values: Any) -> Callable[[Path, Path], dict[str, Any]]:
    return lambda secrets_dir, tmp_path: values


TLS = "https://desk.example.org"
WARNING, FAILED = CheckStatus.warning, CheckStatus.failed
OF_MACHINE: dict[str, tuple[Callable[[Path, Path], dict[str, Any]], str, CheckStatus]] = {
    "a key that others read": (_opened_key, "secrets_open", FAILED),
    "a folder that others write to": (_opened_folder, "secrets_open", WARNING),
    "a lost key": (_lost_key, "secrets_key", FAILED),
    "another user's key": (_others_key, "secrets_owner", WARNING),
    "no folder of backups": (_set(backup_dir=None), "backups_unknown", WARNING),
    "a folder without backups": (_no_backups, "backups_none", FAILED),
    "a folder of something else": (_wrong_backups, "backups_unreadable", FAILED),
    "a backup of last week": (_old_backups, "backups_old", FAILED),
    "a backup that is late": (_late_backups, "backups_old", WARNING),
    "backups that nobody has tried": (_never_restored, "backups_unrehearsed", WARNING),
    "everybody as a proxy": (_set(proxies="10.0.0.1,0.0.0.0/0"), "proxies_everybody", FAILED),
    "mails without links": (_set(smtp_host="mail.example.org"), "proxies_nolinks", WARNING),
    "no TLS": (_set(public_url="http://desk.example.org"), "proxies_clear", WARNING),
    "a proxy that nobody named": (_set(host="0.0.0.0", public_url=TLS), "proxies_unnamed", WARNING),
}


@pytest.mark.parametrize("broken", OF_MACHINE)
def test_what_is_wrong_on_the_machine_is_found(broken: str, secrets_dir: Path, tmp_path: Path) -> None:
    well_set = {"backup_dir": backed_up(tmp_path / "well", NOW), "public_url": TLS, "proxies": "10.0.0.1"}
    assert bad(of_machine(secrets_dir, tmp_path, **well_set)) == {}
    breaking, code, status = OF_MACHINE[broken]
    defaults = {"backup_dir": well_set["backup_dir"]}
    assert bad(of_machine(secrets_dir, tmp_path, **defaults | breaking(secrets_dir, tmp_path))) == {
        code: status
    }


def test_a_disk_that_fills_is_found_before_it_is_full(
    secrets_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "LEAST_ROOM", 2**62)
    assert bad(of_machine(secrets_dir, tmp_path))["disk_low"] is WARNING
    monkeypatch.setattr(own_disk, "LEAST_FREE_BYTES", 2**62)
    assert bad(of_machine(secrets_dir, tmp_path))["disk_full"] is FAILED
    assert "disk_full" not in bad(of_machine(secrets_dir)), "the disk of a server is not ours"


# Of the database ----------------------------------------------------------------------------------------


def _moved(url: str) -> None:
    execute(url, "update plumbing.migration set version_num = '1061'")


def _late_timer(url: str) -> None:
    insert_row(url, "plumbing.timer", due_at=NOW - timedelta(hours=2))


def _undelivered(url: str) -> None:
    insert_row(url, "plumbing.webhook_delivery", state="failed")


def _disabled(url: str) -> None:
    insert_row(url, "fold.subscription", state="disabled")


def _unsent(url: str) -> None:
    insert_row(url, "fold.notice", failure="refused", failed_at=datetime.now(UTC))


def _owned_by_a_customer(url: str) -> None:
    person = uuid4()
    insert_row(url, "fold.person", id=person, state="active", kind="human")
    insert_row(url, "fold.service", state="live", owner_id=person)


def _evidence_of_before(url: str) -> None:
    insert_row(url, "fold.training", material_number="PR2019999")


def _no_room_in_log(url: str) -> None:
    execute(url, "alter table log.event detach partition log.event_0009")
    for number in range(1, 9):
        execute(url, f"alter table log.event detach partition log.event_{number:04}")


def _may_not_append(url: str) -> None:
    execute(url, "revoke execute on all functions in schema log from ledgerdesk")


def _read_only(url: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    execute(url, f"alter database {name} set default_transaction_read_only = on")


OF_DATABASE: dict[str, tuple[Callable[[str], None], str, CheckStatus]] = {
    "an older schema": (_moved, "schema_older", FAILED),
    "a timer that is late": (_late_timer, "timers_late", FAILED),
    "a delivery that failed": (_undelivered, "incoming_failed", WARNING),
    "a subscription that is disabled": (_disabled, "outgoing_failing", WARNING),
    "a mail that was refused": (_unsent, "mails_unsent", WARNING),
    "a service whose owner is no staff": (_owned_by_a_customer, "duties_ineligible", WARNING),
    "a document that no register has": (_evidence_of_before, "evidence_unknown", WARNING),
    "a log without partitions ahead": (_no_room_in_log, "partitions_few", FAILED),
    "a role that may not write": (_may_not_append, "roles_rights", FAILED),
    "a database that is read only": (_read_only, "writes_missing", FAILED),
}
#: As nobody receives the log of the tests' server, and a schema that does not fit leaves the rest unknown.
ALWAYS = {"archive_none": WARNING}


#: As a delivery that failed: each is a row that says so.
ROWS_OF_FAILURES = ("a subscription that is disabled", "a mail that was refused")


@pytest.mark.parametrize(
    "broken",
    [pytest.param(name, marks=in_test_all) if name in ROWS_OF_FAILURES else name for name in OF_DATABASE],
)
async def test_what_is_wrong_in_the_database_is_found(
    broken: str, place: DatabaseUrls, administrator_url: str, secrets_dir: Path, connections_anew: None
) -> None:
    breaking, code, status = OF_DATABASE[broken]
    assert bad(await of_database(place.url, secrets_dir)) == ALWAYS
    breaking(administrator_url)
    outcomes = bad(await of_database(place.url, secrets_dir))
    outcomes.pop("skipped_schema", None)
    assert outcomes == ALWAYS | {code: status}


async def test_a_replica_that_is_away_and_one_that_is_none_are_found(
    place: DatabaseUrls, secrets_dir: Path
) -> None:
    away, none = {"replica_away": WARNING}, {"replica_promoted": FAILED}
    assert bad(await of_database(place.url, secrets_dir, read_url=GONE)) == ALWAYS | away
    assert bad(await of_database(place.url, secrets_dir, read_url=place.url)) == ALWAYS | none


async def test_a_consumer_that_is_behind_and_one_that_was_never_there_are_found(
    place: DatabaseUrls, run: Run, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("keys", "make", "--role", "agent").returncode == 0
    never_sealed = ALWAYS | {"seals_none": WARNING}
    assert bad(await of_database(place.url, secrets_dir)) == never_sealed | {"consumers_none": FAILED}
    insert_row(place.owner_url, "log.checkpoint", consumer="search", position=0)
    assert bad(await of_database(place.url, secrets_dir)) == never_sealed
    monkeypatch.setattr(work, "BEHIND_SECONDS", -1.0)
    assert bad(await of_database(place.url, secrets_dir))["consumers_behind"] is WARNING
    monkeypatch.setattr(work, "STUCK_SECONDS", -1.0)
    assert bad(await of_database(place.url, secrets_dir))["consumers_behind"] is FAILED


async def test_seals_that_are_late_or_stay_beside_the_log_are_found(
    place: DatabaseUrls, run: Run, secrets_dir: Path
) -> None:
    async def found() -> dict[str, CheckStatus]:
        outcomes = bad(await of_database(place.url, secrets_dir))
        return {code: status for code, status in outcomes.items() if code.startswith("seals_")}

    def exported(number: int, size: int, exported_at: datetime) -> None:
        row = {"target": "folder:x", "number": number, "size": size, "exported_at": exported_at}
        insert_row(place.owner_url, "log.seal_export", **row)

    yesterday, now = NOW - timedelta(days=1), datetime.now(UTC)
    assert await found() == {}, "where nothing was written there is nothing to seal"
    execute(place.owner_url, "update log.head set position = 2")
    insert_row(place.owner_url, "log.sealed_head", number=1, size=1, sealed_at=yesterday)
    assert await found() == {"seals_late": FAILED}
    insert_row(place.owner_url, "log.sealed_head", number=2, size=2, sealed_at=now)
    assert await found() == {"seals_unexported": WARNING}
    exported(1, 1, yesterday)
    assert await found() == {"seals_behind": FAILED}
    exported(2, 2, now)
    assert await found() == {}


@in_test_all
async def test_exported_facts_that_cannot_be_answered_from_are_found(
    place: DatabaseUrls, secrets_dir: Path, tmp_path: Path
) -> None:
    async def found() -> dict[str, CheckStatus]:
        outcomes = bad(await of_database(place.url, secrets_dir, columns_dir=tmp_path / "facts"))
        return {code: status for code, status in outcomes.items() if code.startswith("columns_")}

    assert await found() == {"columns_missing": WARNING}
    await export_facts(place.url, tmp_path / "facts", NOW - timedelta(days=30), noted=True)
    assert await found() == {"columns_old": WARNING}
    await export_facts(place.url, tmp_path / "facts", datetime.now(UTC), noted=True)
    assert await found() == {}
    (tmp_path / "facts" / "manifest.json").write_text("{}")
    assert await found() == {"columns_damaged": WARNING}


async def test_another_databases_key_is_found(place: DatabaseUrls, run: Run, tmp_path: Path) -> None:
    assert run("keys", "list").returncode == 0
    assert "key_other" not in bad(await of_database(place.url, tmp_path / "secrets"))
    make_master_key(tmp_path / "others")
    assert bad(await of_database(place.url, tmp_path / "others"))["key_other"] is FAILED


async def test_clocks_that_differ_are_found(place: DatabaseUrls, secrets_dir: Path) -> None:
    async def found(hours: float) -> CheckStatus | None:
        db = Database(place.url, 1)
        await db.open()
        try:
            examined = ReachedDatabase(db, deployment(secrets_dir, database_url=place.url))
            clock = examine_server(examined, lambda: datetime.now(UTC) + timedelta(hours=hours))
            return bad([outcome async for outcome in clock]).get("clock_wrong")
        finally:
            await db.close()

    assert [await found(hours) for hours in (0, 2, -2, 0.01)] == [None, FAILED, FAILED, WARNING]


@pytest.fixture
def wide_url(place: DatabaseUrls, server: Server) -> Iterator[str]:
    """The database as a role that may do more than the service's own."""
    name = f"{urlsplit(place.url).path.removeprefix('/')}_wide"
    role = sql.Identifier(name)
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute(sql.SQL("create role {} login createdb in role ledgerdesk").format(role))
        yield place.url.replace("://ledgerdesk@", f"://{name}@")
        administrator.execute(sql.SQL("drop role {}").format(role))


async def test_roles_that_may_do_too_much_are_found(
    place: DatabaseUrls, wide_url: str, administrator_url: str, secrets_dir: Path
) -> None:
    async def found(url: str, **values: Any) -> dict[str, CheckStatus]:
        return {
            code: status
            for code, status in bad(await of_database(url, secrets_dir, **values)).items()
            if code.startswith(("roles_", "owner_"))
        }

    assert await found(place.url, owner_url=place.owner_url) == {}
    assert await found(place.owner_url) == {"roles_owner": FAILED}
    assert await found(place.owner_url, allow_owner=True) == {"roles_owner": WARNING}
    assert await found(administrator_url) == {"roles_superuser": FAILED}
    assert await found(wide_url) == {"roles_wide": WARNING}
    assert await found(place.url, owner_url=place.url) == {"owner_other": FAILED}
    assert await found(place.url, owner_url=GONE) == {"owner_away": FAILED}


async def test_connections_that_do_not_suffice_are_found(
    place: DatabaseUrls, administrator_url: str, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = bad(await of_database(place.url, secrets_dir, workers=100))
    assert outcomes == ALWAYS | {"connections_few": WARNING}
    # The server counts those that have just ended, too: doctor's own must fit in beside them.
    limit, kept_free = 40, 30
    monkeypatch.setattr(server, "OF_A_COMMAND", kept_free)
    name = urlsplit(place.url).path.removeprefix("/")
    execute(administrator_url, f"alter database {name} connection limit {limit}")
    assert "connections_used" not in bad(await of_database(place.url, secrets_dir))
    with contextlib.ExitStack() as held:
        for _ in range(limit - kept_free):
            held.enter_context(psycopg.connect(administrator_url))
        assert bad(await of_database(place.url, secrets_dir))["connections_used"] is FAILED


async def test_a_postgresql_that_is_too_old_is_found(
    place: DatabaseUrls, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "OLDEST_POSTGRESQL", 990_000)
    assert bad(await of_database(place.url, secrets_dir))["server_version"] is FAILED


# As a command -------------------------------------------------------------------------------------------


def test_a_database_that_is_away_leaves_the_rest_to_be_examined(run: Run, tmp_path: Path) -> None:
    make_master_key(tmp_path / "secrets")
    ended = run("doctor", "--json", database_url=GONE)
    document = json.loads(ended.stdout)
    outcomes = {check["code"]: check["status"] for check in document["checks"]}
    assert (ended.returncode, document["status"], outcomes["database_away"]) == (3, "failed", "failed")
    assert outcomes["secrets_ok"] == "ok"
    assert "hunter2" not in ended.stdout
    ended = run("doctor", "--lang", "zh", database_url=None, data_dir=str(tmp_path / "nothing"))
    assert (ended.returncode, "恢复备份" in ended.stdout) == (3, True)
    assert not (tmp_path / "nothing").exists(), "whoever only looks makes nothing"


def test_a_database_that_refuses_is_told_of(run: Run, place: DatabaseUrls, server: Server) -> None:
    execute(place.owner_url, "revoke all on plumbing.migration from ledgerdesk")
    ended = run("doctor", "--json")
    assert (ended.returncode, '"database_refuses"' in ended.stdout) == (3, True), ended.stdout
    name = urlsplit(place.url).path.removeprefix("/")
    execute(server.administrator, f"alter database {name} allow_connections false")
    ended = run("doctor")
    assert (ended.returncode, "not currently accepting connections" in ended.stdout) == (3, True)


def test_the_exit_code_says_whether_something_has_failed_and_each_failure_how_it_is_mended(
    run: Run, place: DatabaseUrls, tmp_path: Path
) -> None:
    make_master_key(tmp_path / "secrets")
    ended = run("doctor")
    assert (ended.returncode, "Failed: 0." in ended.stdout) == (0, True), ended.stdout
    insert_row(place.owner_url, "plumbing.timer", due_at=NOW - timedelta(hours=2))
    ended = run("doctor")
    assert ended.returncode == 5
    lines = ended.stdout.splitlines()
    (line,) = [number for number, line in enumerate(lines) if line.startswith("✗")]
    assert "ledgerdesk work" in lines[line + 1]


def test_every_remedy_has_a_test_that_breaks_it_and_both_languages_have_all() -> None:
    english, chinese = (sentences(language) for language in LANGUAGES)
    for table in (SENTENCES, REMEDIES):
        assert english[table].keys() == chinese[table].keys()
    tested = {code for _, code, _ in [*OF_MACHINE.values(), *OF_DATABASE.values()]} | ELSEWHERE.keys()
    own = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in english[REMEDIES] if code not in tested and f'"{code}"' not in own] == []
    assert not english[REMEDIES].keys() - english[SENTENCES].keys()
