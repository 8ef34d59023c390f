"""What a first start says where no terminal is: in a log, in CI, in an editor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.output import progress_bar
from app.cli.server.demo_keys import KEY_FILE, keep_address
from app.cli.server.first_start import FirstStart
from app.platform import settings
from app.platform.settings import PROJECT


def test_without_a_terminal_each_step_and_each_tenth_of_it_is_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with FirstStart() as start:
        start.start_step("Making history")
        for done in (1, 5, 6, 10):
            start.advance(done, 20)
        start.start_step("Computing figures")
        with progress_bar() as bar:
            bar.add_task("Following the log")
    assert capsys.readouterr().err.splitlines() == [
        "Making history …",
        "Making history: 20 %",
        "Making history: 30 %",
        "Making history: 50 %",
        "Computing figures …",
    ]


def exported(folder: Path, **environment: str) -> str:
    """Return what a shell makes of `demo --keys`."""
    (folder / KEY_FILE).write_text('{"agent": "ldk_a", "quality_manager": "ldk_q"}', "utf-8")
    environment = {**os.environ, "LEDGERDESK_SECRETS_DIR": str(folder), **environment}
    script = f'eval "$({sys.executable} -m app.cli demo --keys)"; echo "$API $AGENT $KEY"'
    ended = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    return ended.stdout


def test_keys_of_the_demo_become_variables_of_a_shell(tmp_path: Path) -> None:
    assert exported(tmp_path, LEDGERDESK_PORT="8123") == "http://127.0.0.1:8123 ldk_a ldk_q\n"


def test_the_address_is_where_the_demo_was_served_unless_a_port_is_named(tmp_path: Path) -> None:
    served = settings.load(secrets_dir=tmp_path, port=8124)
    keep_address(served)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    assert exported(tmp_path) == "http://127.0.0.1:8124 ldk_a ldk_q\n"
    assert exported(tmp_path, LEDGERDESK_PORT="8123") == "http://127.0.0.1:8123 ldk_a ldk_q\n"
