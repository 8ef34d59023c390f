"""What the service writes to its log: a line of JSON for each thing that an operator must know."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import psycopg

from tests.cli.conftest import environment
from tests.conftest import DatabaseUrls
from tests.forked import Forking
from tests.waiting import PATIENCE_SECONDS


def test_a_failure_of_ours_leaves_its_traceback_with_the_id_that_the_client_was_told(
    place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = environment(database_url=place.url, secrets_dir=str(tmp_path / "secrets"))
    said = tmp_path / "said"
    process = forking.start("serve", "--port", str(port), environment=seen, log=said)
    try:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=PATIENCE_SECONDS
        ) as client:
            assert client.get("/readyz").status_code == 200
            with psycopg.connect(place.owner_url, autocommit=True) as owner:
                owner.execute("alter table fold.key rename to hidden")
            failed = client.get("/v1/meta", headers={"Authorization": f"Bearer ldk_{'0' * 32}_x"})
            assert (failed.status_code, failed.json()["code"]) == (500, "failed")
    finally:
        process.terminate()
        process.wait(60)
    lines = said.read_text(encoding="utf-8").splitlines()
    (line,) = [json.loads(line) for line in lines if '"exception"' in line]
    assert line["level"] == "error"
    assert line["request_id"] == failed.json()["request_id"] == failed.headers["x-request-id"]
    assert line["exception"].startswith("Traceback")
    assert "fold.key" in line["exception"]
