"""Why tests were skipped, in the last lines of a run, and how to get the tools that are missing.

A test that needs a tool skips with the reason `needs TOOL: …`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pytest

#: How to get each tool that tests skip for want of.
HOW_TO_GET = {
    "chromium": "Debian: apt install chromium fonts-noto-cjk",
    "promtool": "Debian: apt install prometheus",
    "alertmanager": "Debian: apt install prometheus-alertmanager",
    "node": "Node 20 or later with npm, then: make frontend",
    "nats-server": "make setup fetches it where there is a build for this machine",
    "openssl": "Debian: apt install openssl",
    "systemd-analyze": "Debian: apt install systemd",
    "pm4py": "LEDGERDESK_TEST_PM4PY names a Python that has pm4py",
    "fsspec": "pip install fsspec",
    "git": "a checkout of the repository",
    "root": "run the tests as root",
}
REASON = re.compile(r"needs (?P<tool>[a-z0-9-]+): ")


def missing(reasons: Iterable[str]) -> Counter[str]:
    """Return the number of skipped tests for each missing tool."""
    return Counter(match["tool"] for reason in reasons if (match := REASON.search(reason)) is not None)


def sentences(skipped: Counter[str]) -> list[str]:
    """Return a sentence for each missing tool, with the most missed one first."""
    lines = []
    for tool, number in skipped.most_common():
        tests = "1 test was" if number == 1 else f"{number} tests were"
        pages = "No page was opened in a browser: " if tool == "chromium" else ""
        lines.append(f"{pages}{tests} skipped because {tool} is missing ({HOW_TO_GET[tool]}).")
    return lines


def by_reason(reasons: Iterable[str]) -> Counter[str]:
    """Return the number of skipped tests for each reason, without the details that follow its colon."""
    return Counter(reason.removeprefix("Skipped: ").partition(":")[0] for reason in reasons)


class MissingTools:
    """Counts the skipped tests by reason, and shows what is missing, at the end of a run."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show a line for each reason, and one for each missing tool."""
        reports = terminalreporter.stats.get("skipped", [])
        reasons = [str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple)]
        if reasons:
            terminalreporter.section("skipped tests by reason")
        for reason, number in by_reason(reasons).most_common():
            terminalreporter.line(f"{number:5} {reason}")
        for line in sentences(missing(reasons)):
            terminalreporter.line(line, yellow=True)
