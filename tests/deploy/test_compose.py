"""What is deployed names only what there is, keeps its bounds and ends in good order. No Docker is needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes without types

from app.cli.commands import COMMANDS
from app.cli.exits import TERMINATED, WRONG_USE
from app.cli.server.serve import GRACE_SECONDS
from app.platform import settings
from app.platform.settings import LARGEST_UPLOAD, PREFIX, PROJECT, Settings
from bench.nats_server import nats_server_program
from bench.site import free_port
from tests.deploy.conftest import DEPLOY
from tests.waiting import until

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "ledgerdesk"}
ONCE = {"migrate", "first-key", "doctor"}
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))
PROGRAM = nats_server_program()
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


def of(name: str, kind: str) -> list[Any]:
    """What a service has of a kind."""
    return list(SERVICES[name].get(kind, []))


def test_there_are_two_of_each_behind_one_address_and_no_api_is_published() -> None:
    running = {name: SERVICES[name].get("command", ["serve"])[0] for name in OURS - ONCE - {"relay"}}
    assert sorted(running.values()) == ["serve", "serve", "work", "work"]
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"proxy", "grafana"}
    apis = SERVICES["proxy"]["environment"]["APIS"].split()
    assert apis == [f"{name}:8000" for name, command in sorted(running.items()) if command == "serve"]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "compose.yml").read_text(encoding="utf-8"))
    assert scraped["scrape_configs"][0]["static_configs"] == [{"targets": apis}]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_bounds_and_names_only_what_there_is(name: str) -> None:
    service = SERVICES[name]
    assert "mem_limit" in service
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "postgres":
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    for volume in of(name, "volumes"):
        source = volume.partition(":")[0]
        assert (PROJECT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume
    assert set(of(name, "secrets")) <= COMPOSE["secrets"].keys()
    assert set(of(name, "depends_on")) <= SERVICES.keys()
    named = {variable for variable in of(name, "environment") if variable.startswith(PREFIX)}
    assert named <= SETTINGS


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_is_ours_runs_a_command_and_ends_in_time(name: str) -> None:
    service = SERVICES[name]
    assert service.get("command", ["serve"])[0] in COMMANDS
    assert int(service["stop_grace_period"].removesuffix("s")) > GRACE_SECONDS
    assert (service["restart"] == "no") == (name in ONCE)


def test_secrets_are_files_that_the_repository_never_has() -> None:
    for secret in COMPOSE["secrets"].values():
        path = PROJECT / secret["file"]
        assert path.parent == DEPLOY / "secrets"
        assert path.name in (DEPLOY / "secrets" / "README.md").read_text(encoding="utf-8")
    assert (DEPLOY / "secrets" / ".gitignore").read_text(encoding="utf-8").startswith("*\n")


def test_no_password_stands_in_the_environment_which_docker_shows() -> None:
    for name, service in SERVICES.items():
        variables: dict[str, Any] = service.get("environment", {})
        secret = {variable for variable in variables if re.search("PASSWORD|SECRET|TOKEN", variable)}
        assert all("_FILE" in variable for variable in secret), name
        assert not any("://" in str(value) and "@" in str(value) for value in variables.values()), name
    assert "PASSWORD" not in (PROJECT / ".env.example").read_text(encoding="utf-8")
    roles = (DEPLOY / "postgres" / "10-roles.sql").read_text(encoding="utf-8")
    assert set(re.findall("/run/secrets/([a-z_]+)", roles)) <= set(of("postgres", "secrets"))
    ours = {secret.upper() for name in OURS for secret in of(name, "secrets")}
    assert ours <= SETTINGS, "each is the file of a setting"


def test_files_of_secrets_are_read_where_docker_mounts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted, own = tmp_path / "run", tmp_path / "secrets"
    for folder, port in ((mounted, "8001"), (own, "8002")):
        folder.mkdir()
        (folder / "ledgerdesk_port").write_text(f"{port}\n", encoding="utf-8")
    monkeypatch.setattr(settings, "CONTAINER_SECRETS", str(mounted))
    monkeypatch.delenv("LEDGERDESK_SECRETS_DIR", raising=False)
    assert settings.load().port == 8001
    assert settings.load(secrets_dir=own).port == 8002
    (own / "ledgerdesk_port").unlink()
    assert settings.load(secrets_dir=own).port == 8001


def test_an_image_has_the_exact_version_of_a_release() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    images += re.findall(r"^FROM (python\S+)", dockerfile, re.MULTILINE)
    exact = re.compile(r".+:v?\d+\.\d+(\.\d+)?(-slim)?(@sha256:[0-9a-f]{64})?")
    assert [image for image in images if not exact.fullmatch(image)] == []


@pytest.mark.skipif(PROGRAM is None, reason="needs nats-server: none is on PATH")
def test_the_broker_lets_in_only_who_has_a_password(tmp_path: Path) -> None:
    assert PROGRAM is not None
    password = "0123456789abcdef"
    users = f'users: [{{user: relay, password: "{password}"}}]\n'
    (tmp_path / "run/secrets").mkdir(parents=True)
    (tmp_path / "run/secrets/nats_users").write_text(users, encoding="utf-8")
    (tmp_path / "etc/nats").mkdir(parents=True)
    text = (DEPLOY / "nats" / "nats.conf").read_text(encoding="utf-8")
    configuration = tmp_path / "etc/nats/nats.conf"
    port = free_port()
    text = text.replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("/data", str(tmp_path / "data"))
    configuration.write_text(text, encoding="utf-8")

    def answer(**credentials: str) -> bytes:
        """The answer of NATS to a connection with these credentials."""
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
            answers.readline()  # the server's own description
            line.sendall(
                b"CONNECT " + json.dumps({"verbose": False, **credentials}).encode() + b"\r\nPING\r\n"
            )
            return answers.readline().strip()

    async def is_there() -> bool:
        with contextlib.suppress(OSError):
            return bool(answer())
        return False

    with subprocess.Popen([PROGRAM, "--config", str(configuration)], stderr=subprocess.DEVNULL) as server:
        try:
            asyncio.run(until(is_there))
            refused = b"-ERR 'Authorization Violation'"
            assert answer() == answer(user="relay") == refused
            assert answer(user="relay", **{"pass": "wrong"}) == refused
            assert answer(user="relay", **{"pass": password}) == b"PONG"
        finally:
            server.kill()


def test_proxies_say_who_comes_pass_streams_on_and_leave_out_who_is_not_ready() -> None:
    caddy = (DEPLOY / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    assert caddy.count("{") == caddy.count("}")
    for part in ("health_uri /readyz", "flush_interval -1", "path /metrics"):
        assert part in caddy
    nginx = (DEPLOY / "nginx" / "ledgerdesk.conf").read_text(encoding="utf-8")
    assert nginx.count("{") == nginx.count("}")
    for part in ("X-Forwarded-For $remote_addr;", "X-Forwarded-Proto $scheme;", "proxy_buffering off;"):
        assert part in nginx
    largest = [int(size) for size in re.findall(r"(?:max_size|client_max_body_size) (\d+)", caddy + nginx)]
    assert len(largest) == 2
    assert min(largest) * 10**6 > LARGEST_UPLOAD


#: What every unit that runs a command has, whatever the command is.
HARDENED = {
    *(
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "UMask=0077",
        "CapabilityBoundingSet=",
    ),
    *("PrivateTmp=yes", "PrivateDevices=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes"),
    *("ProtectControlGroups=yes", "ProtectClock=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes"),
    *("ProtectProc=invisible", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes"),
    *("SystemCallArchitectures=native", "SystemCallFilter=@system-service", "RestrictRealtime=yes"),
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.name))
def test_a_unit_runs_a_command_with_settings_that_there_are(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert set(re.findall(r"^(LEDGERDESK_\w+)=", text, re.MULTILINE)) <= SETTINGS
    for command in re.findall(r"^ExecStart=/opt/ledgerdesk/bin/ledgerdesk (\S+)", text, re.MULTILINE):
        assert command in COMMANDS
        assert set(text.splitlines()) >= HARDENED
    if "@" in unit.name:
        assert f"RestartPreventExitStatus={WRONG_USE}" in text
        assert f"SuccessExitStatus={TERMINATED}" in text
        assert int(re.findall(r"TimeoutStopSec=(\d+)", text)[0]) > GRACE_SECONDS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: it checks units")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/ledgerdesk/bin/ledgerdesk", "/bin/true")
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    units = [str(path) for path in tmp_path.iterdir() if path.suffix in (".service", ".timer")]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if "ledgerdesk" in line] == []
