"""What the service writes to its log: a line of JSON for each thing that an operator must know."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psycopg

from app.platform import schema
from tests.cli.conftest import answered, environment
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.forked import Forking
from tests.waiting import PATIENCE_SECONDS


@contextlib.contextmanager
def served(
    place: DatabaseUrls, forking: Forking, folder: Path, **settings: str
) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a service with these settings, and the file of its log, which is whole behind the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = environment(database_url=place.url, secrets_dir=str(folder / "secrets"), **settings)
    log_file = folder / "said"
    process = forking.start("serve", "--port", str(port), environment=variables, log=log_file)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as client:
            assert answered(client, "/readyz").status_code == 200
            yield client, log_file
    finally:
        process.terminate()
        process.wait(60)


def lines_of(log_file: Path, event: str) -> list[dict[str, Any]]:
    """The lines of that event, or all where it is empty."""
    lines = [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if event in ("", line["event"])]


def test_it_says_where_it_listens_and_what_was_asked_without_a_name_or_a_secret_and_what_failed(
    place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    with served(place, forking, tmp_path) as (client, log_file):
        answers = [
            client.get("/v1/incidents/INC-2026-000001?q=zhao", headers={"X-Request-Id": "one"}),
            client.get("/helpdesk/v1/incidents/zhao", headers={"X-Request-Id": "two"}),
            client.delete("/rate/secret", headers={"X-Request-Id": "three"}),
        ]
        with psycopg.connect(place.owner_url, autocommit=True) as owner:
            owner.execute("alter table fold.key rename to hidden")
        failed = client.get("/v1/meta", headers={"Authorization": f"Bearer ldk_{'0' * 32}_x"})
        assert (failed.status_code, failed.json()["code"]) == (500, "failed")
        port = client.base_url.port
    (listens,) = lines_of(log_file, "listening")
    assert (listens["host"], listens["port"]) == ("127.0.0.1", port)
    assert (listens["version"], listens["schema"]) == (version("ledgerdesk"), schema.newest())
    (invites,) = lines_of(log_file, "no_administrator")
    assert "/sign-in/first?link=" in invites["open"]
    requests = lines_of(log_file, "request")
    assert [(line["request_id"], line["method"], line["path"], line["status"]) for line in requests[:3]] == [
        ("one", "GET", "/v1/incidents/…", answers[0].status_code),
        ("two", "GET", "/…/v1/incidents/…", answers[1].status_code),
        ("three", "DELETE", "/rate/{token}", answers[2].status_code),
    ]
    assert all(line["level"] == "info" and line["milliseconds"] > 0 for line in requests[:3])
    text = log_file.read_text(encoding="utf-8")
    assert all(word not in text for word in ("zhao", "secret", "readyz"))
    # A failure of ours leaves its traceback with the id that the client received.
    (line,) = [line for line in lines_of(log_file, "") if "exception" in line]
    assert line["level"] == "error"
    assert line["request_id"] == failed.json()["request_id"] == failed.headers["x-request-id"]
    assert line["exception"].startswith("Traceback")
    assert "fold.key" in line["exception"]


@in_test_all
def test_what_machines_ask_every_few_seconds_is_logged_only_for_who_looks_for_faults(
    place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    with served(place, forking, tmp_path, log_level="debug") as (client, log_file):
        assert client.get("/livez").status_code == 200
    assert [(line["path"], line["level"]) for line in lines_of(log_file, "request")] == [
        ("/readyz", "debug"),
        ("/livez", "debug"),
    ]
