"""What a first start says where no terminal is: in a log, in CI, in an editor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.output import progress_bar
from app.cli.server.demo_keys import KEY_FILE
from app.cli.server.first_start import FirstStart
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


def test_keys_of_the_demo_become_variables_of_a_shell(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text('{"agent": "ldk_a", "quality_manager": "ldk_q"}', "utf-8")
    environment = {**os.environ, "LEDGERDESK_SECRETS_DIR": str(tmp_path), "LEDGERDESK_PORT": "8123"}
    script = f'eval "$({sys.executable} -m app.cli demo --keys)"; echo "$API $AGENT $KEY"'
    ended = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "http://127.0.0.1:8123 ldk_a ldk_q\n"
