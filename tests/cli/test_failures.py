"""What goes wrong outside ends in a sentence and an exit code that a script can tell apart."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from pydantic import ValidationError

from app.api.service import own_disk
from app.cli import commands
from app.cli.endings import ending_of
from app.cli.exits import WRONG_USE
from app.cli.output import names_hint
from app.foundation.people.persons import AddPerson
from app.kpis.catalogue import KPIS
from app.platform import settings
from app.platform.db import DatabaseGone
from app.platform.settings import PREFIX, Settings, SettingsError
from tests.cli.conftest import Run
from tests.conftest import DatabaseUrls, Server

GONE = "postgresql://nobody:hunter2@127.0.0.1:1/nothing"

WRONG = {
    "database_url": "mysql://user:hunter2@host/database",
    "owner_url": "host",
    "database_wait_seconds": "for ever",
    "allow_owner": "perhaps",
    "port": "65536",
    "time_zone": "Mars/Base",
    "currency": "euro",
    "role_labels": "agent=Supporter",
    "reopen_days": "-1",
    "recurrences": "1",
    "outage_reporters": "0",
    "recurrence_days": "a month",
    "reconcile_at": "3:00",
    "signals_at": "4:00",
    "watched_kpis": "MTTR; backlog",
    "audited_processes": "incident; request",
    "columns_after": "10",
    "environments": "blue,,green",
    "agents_see": "some",
    "read_connections": "0",
    "body_limit": "1 MB",
    "rate_limit": "0",
    "rate_seconds": "1.5",
    "person_writes": "0",
    "integration_writes": "many",
    "wrong_keys": "none",
    "open_metrics": "ajar",
    "assistants": "perhaps",
    "session_hours": "0",
    "oidc_issuer": "http://login.example.org",
    "oidc_client_id": "",
    "oidc_scopes": "profile email",
    "oidc_login_claim": "the name",
    "oidc_groups_claim": "the groups",
    "scim_login": "email",
    "oidc_adds_people": "perhaps",
    "oidc_keys_seconds": "0",
    "origins": "https://portal.example.org/",
    "proxies": "proxy.example.org",
    "upload_limit": "0",
    "waiting_limit": "much",
    "notice_seconds": "-1",
    "smtp_port": "0",
    "smtp_tls": "perhaps",
    "mail_from": "nobody",
    "webhook_rate_limit": "0",
    "outward_http": "perhaps",
    "outward_networks": "10.1.2.300",
    "imap_port": "0",
    "imap_tls": "perhaps",
    "rating_percent": "101",
    "public_url": "desk.example.org",
    "horizon_years": "0",
    "language": "fr",
    "log_level": "loud",
    "relay_url": "amqp://broker:5672",
    "relay_stream": "all.events",
    "relay_replicas": "0",
    "relay_sasl": "GSSAPI",
    "read_url": "replica",
    "read_staleness_seconds": "0",
    "seal_seconds": "-1",
    "seal_s3_url": "s3://bucket",
    "seal_s3_region": "EU West",
    "seal_s3_days": "0",
    "seal_timestamp_url": "tsa.example.org",
}
# Any text is an address, a folder, or somebody's name: what is wrong with it is found when it is used.
ANYTHING = {
    *(
        "data_dir",
        "secrets_dir",
        "backup_dir",
        "host",
        "oidc_audience",
        "smtp_host",
        "smtp_user",
        "smtp_password",
    ),
    *("oidc_client_secret", "imap_host", "imap_user", "imap_password", "imap_folder", "imap_source"),
    *("columns_dir", "seal_folder", "seal_s3_key_id", "seal_s3_secret"),
    *("relay_user", "relay_password", "relay_credentials", "relay_ca", "relay_certificate"),
}


def test_wrong_settings_are_named_each_in_a_sentence_and_no_password_is_shown(run: Run) -> None:
    ended = run("keys", "list", **WRONG)
    assert ended.returncode == 2
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == len(WRONG)
    assert "hunter2" not in ended.stderr
    for name in WRONG:
        (line,) = [line for line in lines if line.startswith(f"{PREFIX}{name.upper()} is ")]
        assert str(Settings.model_fields[name].description) in line


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - ANYTHING))
def test_every_setting_refuses_what_it_cannot_be(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), WRONG[name])
    with pytest.raises(SettingsError, match=f"^{PREFIX}{name.upper()} is "):
        settings.load()


def test_a_setting_may_be_a_file_in_the_secrets_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{PREFIX}reopen_days".lower()).write_text("3\n")
    monkeypatch.setenv(PREFIX + "SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv(PREFIX + "REOPEN_DAYS", raising=False)
    assert settings.load().reopen_days == 3
    monkeypatch.setenv(PREFIX + "REOPEN_DAYS", "5")
    assert settings.load().reopen_days == 5, "the environment comes first"


@pytest.mark.parametrize(
    "command",
    [["keys", "list"], ["migrate"], ["serve", "--port", "1"], ["work"]],
    ids=lambda command: str(command[0]),
)
def test_a_database_that_is_gone_is_exit_code_three(run: Run, command: list[str]) -> None:
    ended = run(*command, database_url=GONE, owner_url=GONE)
    assert (ended.returncode, "refused" in ended.stderr) == (3, True)
    assert "ledgerdesk doctor" in ended.stderr
    assert "hunter2" not in ended.stderr


def test_a_wrong_value_is_told_in_the_words_of_the_api() -> None:
    with pytest.raises(ValidationError) as wrong:
        AddPerson(name="Ada", roles=("agnt",))
    words, code = ending_of(wrong.value) or ("", 0)
    assert words.startswith("roles: agnt is not a role. Roles are requester, agent, engineer, ")
    assert code == WRONG_USE


def test_a_wrong_name_brings_those_that_are_like_it_or_all() -> None:
    assert names_hint("incidents_opene", KPIS).startswith("did you mean incidents_opened or ")
    assert names_hint("happiness", ["backlog", "mtbf"], "ledgerdesk kpi") == "choose one of backlog, mtbf"
    assert names_hint("happiness", KPIS, "ledgerdesk kpi") == "ledgerdesk kpi lists all"


def test_a_database_that_takes_no_connections_is_exit_code_three(
    run: Run, place: DatabaseUrls, server: Server
) -> None:
    database = sql.Identifier(urlsplit(place.url).path.removeprefix("/"))
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute(sql.SQL("alter database {} allow_connections false").format(database))
    ended = run("rebuild")
    assert (ended.returncode, "not currently accepting connections" in ended.stderr) == (3, True)


@pytest.mark.parametrize("error", [DatabaseGone("no connection"), psycopg.OperationalError("it is closed")])
def test_a_database_that_has_ended_itself_is_told_with_the_full_disk_that_made_it(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end() -> None:
        raise error

    def said() -> str:
        with pytest.raises(SystemExit) as ended:
            commands.run()
        assert ended.value.code == 3
        return capsys.readouterr().err

    monkeypatch.setattr("app.cli.commands.signal.signal", lambda *_: None)  # that of the tests stays
    monkeypatch.setattr(commands, "outline", lambda: end)
    monkeypatch.setattr(settings, "current", lambda: Settings(_env_file=None, data_dir=tmp_path))  # type: ignore[call-arg]  # Pydantic's own argument
    assert str(error) in said()
    monkeypatch.setattr(own_disk, "LEAST_FREE_BYTES", 2**62)
    assert said() == f"{tmp_path}: The disk is full: make room, or set LEDGERDESK_DATA_DIR to another disk.\n"
    elsewhere = Settings(_env_file=None, data_dir=tmp_path, database_url=GONE)  # type: ignore[call-arg]  # the same
    monkeypatch.setattr(settings, "current", lambda: elsewhere)
    assert str(error) in said()


def test_a_port_in_use_is_named(run: Run) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ended = run("serve", "--port", str(port))
    assert ended.returncode == 2
    assert re.search(rf"127\.0\.0\.1 port {port} .*in use.*LEDGERDESK_PORT", ended.stderr)


def test_the_role_that_owns_the_log_does_not_serve_unless_it_is_told_to(
    run: Run, place: DatabaseUrls
) -> None:
    ended = run("keys", "list", database_url=place.owner_url)
    assert (ended.returncode, "LEDGERDESK_ALLOW_OWNER" in ended.stderr) == (2, True)
    assert run("keys", "list", database_url=place.owner_url, allow_owner="1").returncode == 0


def test_another_installations_master_key_is_refused_before_anything_is_lost(
    run: Run, tmp_path: Path
) -> None:
    assert run("keys", "list").returncode == 0
    other = run("keys", "list", secrets_dir=str(tmp_path / "other"))
    assert (other.returncode, "master key" in other.stderr) == (2, True)
    (tmp_path / "secrets" / "master.key").write_text("not a key")
    broken = run("keys", "list")
    assert (broken.returncode, "is not a master key" in broken.stderr) == (2, True)
