"""The end of a run names the tools whose absence kept tests from running."""

from __future__ import annotations

import re
from collections import Counter

from tests.missing_tools import HOW_TO_GET, REASON, by_reason, missing, sentences
from tests.tidy.source import sources

#: Words with which a reason says that something is missing.
ABSENT = re.compile(
    r"\babsent\b|\bno (browser|program|[\w-]*server)\b|\bthere is no (systemd|openssl|npm)\b|not installed"
)
SKIPS = re.compile(r"(?:pytest\.skip\(|skipif\(|importorskip\().{0,300}?(?:\)\n|$)", re.DOTALL)


def test_skipped_tests_are_counted_by_the_tool_that_they_need() -> None:
    reasons = ["('x.py', 3, 'Skipped: needs chromium: it is not on PATH')"] * 3
    skipped = missing([*reasons, "Skipped: needs promtool: it is not on PATH", "Skipped: tried by make soak"])
    assert skipped == Counter(chromium=3, promtool=1)
    assert sentences(skipped) == [
        "No page was opened in a browser: 3 tests were skipped because chromium is missing "
        "(Debian: apt install chromium fonts-noto-cjk).",
        "1 test was skipped because promtool is missing (Debian: apt install prometheus).",
    ]


def test_skipped_tests_are_counted_by_reason() -> None:
    reasons = [
        "Skipped: needs real data: there is no folder",
        "Skipped: needs real data: x",
        "runs in make test-all",
    ]
    assert by_reason(reasons) == {"needs real data": 2, "runs in make test-all": 1}


def test_every_tool_that_a_test_needs_has_advice_and_no_reason_has_another_form() -> None:
    named, unnamed = set(), []
    for source in sources("tests"):
        for skip in SKIPS.finditer(source.text):
            tool = REASON.search(skip[0])
            if tool is not None:
                named.add(tool["tool"])
            elif ABSENT.search(skip[0]) and "real data" not in skip[0]:
                unnamed.append(f"{source.name}: {skip[0][:120]}")
    assert unnamed == [], "say `needs TOOL: …`"
    assert named == set(HOW_TO_GET)
