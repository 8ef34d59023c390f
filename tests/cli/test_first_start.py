"""What a first start says where no terminal is: in a log, in CI, in an editor."""

from __future__ import annotations

import pytest

from app.cli.output import progress_bar
from app.cli.server.first_start import FirstStart


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
