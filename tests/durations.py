"""How long the tests of each file take: `make test ARGS=--durations-by-file`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

import pytest

#: A file is reported if its tests take more seconds.
LONG = 15.0
#: A run is reported if it takes more seconds per processor.
LONG_RUN = 300.0
#: Files that may take longer, and why. Before adding one, look for setup that tests could share.
LONG_FILES = {
    "tests/browser/test_dashboard.py": "is begun first, and makes the demo that others copy",
    "tests/every_action/test_event_folds_back.py": "brings records of every kind into their states",
    "tests/every_action/test_who.py": "tries each policy of each kind with one who may and one who may not",
    "tests/kpis/test_reconcile.py": "computes every KPI by both ways",
}


class FileDurations:
    """Adds up the time of tests by file, with what is set up for them, and shows it at the end."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds the time of one test."""
        self._seconds[report.location[0]] += report.duration  # type: ignore[assignment]  # it counts seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Shows the files that take more than a second, those that take longest first."""
        terminalreporter.section("seconds by file")
        for file, seconds in self._seconds.most_common():
            if seconds >= 1:
                terminalreporter.line(f"{seconds:7.1f} {file}")
        total = sum(self._seconds.values())
        terminalreporter.line(f"{total:7.1f} in all")
        for line in (*new_long_files(self._seconds), *long_run(total, os.cpu_count() or 1)):
            terminalreporter.line(line, yellow=True)


def new_long_files(seconds: Mapping[str, float]) -> list[str]:
    """Return a warning for each file that takes longer than LONG and is not in LONG_FILES."""
    return [
        f"{file} takes {taken:.0f} s, more than {LONG:.0f}: share setup between tests, run fewer examples "
        f"in `make test` (tests/extent.py), or give the reason in LONG_FILES of tests/durations.py."
        for file, taken in seconds.items()
        if taken > LONG and file not in LONG_FILES
    ]


def long_run(seconds: float, processors: int) -> list[str]:
    """Return a line about a run that takes longer than five minutes on each processor, or nothing."""
    each = seconds / processors
    if each <= LONG_RUN:
        return []
    return [
        f"The tests take {each:.0f} s on each of {processors} processors, more than {LONG_RUN:.0f}: "
        "take out as much as was added."
    ]
