"""`ledgerdesk seal` and `verify` as people use them, and a seal that is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from app.log.writer import Writer
from app.platform.db import connect
from app.sealing import store
from app.sealing.verify import verify
from tests.cli.conftest import Run, environment, run
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.sealing.conftest import write_events

__all__ = ["run"]
#: Seals, and stops when all but the head is written.
HALTED = """
import sys, time
from app.cli import main
from app.sealing import store

async def halt(connection, signed):
    print("halted", flush=True)
    time.sleep(600)

store.add_head = halt
sys.argv = ["ledgerdesk", "seal"]
main()
"""


def kill_when_halted(variables: dict[str, str]) -> None:
    """Let a process seal until it halts, and kill it."""
    with subprocess.Popen([sys.executable, "-c", HALTED], env=variables, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"halted\n"
        child.send_signal(signal.SIGKILL)


async def test_heads_are_exported_once_and_tell_an_older_or_altered_log(
    run: Run, place: DatabaseUrls, tmp_path: Path, administrator_url: str
) -> None:
    assert "nothing to seal" in run("seal").stdout
    writer = Writer(place.url)
    await writer.open()
    await write_events(writer, 5)
    folder, kept_folder = tmp_path / "exported", tmp_path / "kept"
    first = run("seal", "--to", str(kept_folder), seal_folder=str(folder))
    assert (first.returncode, "covers positions 1 to 5" in first.stdout) == (0, True), first.stderr
    await write_events(writer, 3)
    second = json.loads(run("seal", "--json", seal_folder=str(folder)).stdout)
    assert (second["seal"]["head"]["number"], second["seal"]["head"]["size"]) == (2, 8)
    assert [path.name for path in sorted(folder.iterdir())] == [
        "head-000000000001.json",
        "head-000000000002.json",
    ]
    heads = [place / "head-000000000001.json" for place in (kept_folder, folder)]
    assert heads[0].read_bytes() == heads[1].read_bytes()
    again = json.loads(run("seal", "--json").stdout)
    assert again["seal"] == second["seal"]
    rotated = run("seal", "--rotate-key", "--to", str(folder))
    assert (rotated.returncode, "Head 3 " in rotated.stdout) == (0, True), rotated.stdout
    await write_events(writer, 1)
    by_new_key = json.loads(run("seal", "--json", "--to", str(folder)).stdout)["seal"]
    assert by_new_key["head"]["number"] == 4
    assert (
        by_new_key["head"]["key"]
        == json.loads((folder / "head-000000000003.json").read_text())["head"]["next_key"]
    )
    verified = run("verify", "--head", str(folder))
    assert (verified.returncode, "exported heads: positions 1 to 9" in verified.stdout) == (0, True), (
        verified.stdout
    )
    with psycopg.connect(administrator_url, autocommit=True) as superuser:
        superuser.execute("alter table log.event_0000 disable trigger append_only")
        superuser.execute("update log.event_0000 set source = 'cli' where position = 4")
    altered = run("verify", "--head", str(kept_folder / "head-000000000001.json"))
    assert (altered.returncode, "Position 4: altered" in altered.stdout) == (5, True), altered.stdout
    findings = json.loads(run("verify", "--json", "--head", str(folder)).stdout)["findings"]
    assert findings == [{"discrepancy": "altered", "first": 4, "last": 4, "head": None}]
    (folder / "head-000000000009.json").write_text("{}")
    for wrong in (str(folder), str(tmp_path / "nothing"), str(place)):
        assert run("verify", "--head", wrong).returncode == 2
    await writer.close()


async def test_a_target_that_has_another_head_refuses(run: Run, place: DatabaseUrls, tmp_path: Path) -> None:
    writer = Writer(place.url)
    await writer.open()
    await write_events(writer, 1)
    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "head-000000000001.json").write_text("{}")
    refused = run("seal", seal_folder=str(folder))
    assert (refused.returncode, "contains a different head" in refused.stdout) == (6, True), refused.stdout
    assert (folder / "head-000000000001.json").read_text() == "{}"
    await writer.close()


@in_test_all
async def test_of_a_seal_that_is_killed_the_one_before_stands(
    run: Run, place: DatabaseUrls, tmp_path: Path
) -> None:
    writer = Writer(place.url)
    await writer.open()
    await write_events(writer, 300)
    run("seal")
    await write_events(writer, 300)
    variables = environment(database_url=place.url, secrets_dir=str(tmp_path / "secrets"))
    kill_when_halted(variables)
    connection = await connect(place.url)
    newest = await store.newest_head(connection)
    assert newest is not None
    assert (newest.head.number, newest.head.size) == (1, 300)
    assert (await verify(connection, [newest])).finding_count == 0
    assert json.loads(run("seal", "--json").stdout)["seal"]["head"]["size"] == 600
    assert (await verify(connection, [newest])).finding_count == 0
    await connection.close()
    await writer.close()
