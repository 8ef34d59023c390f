"""Decisions are found by their number: from the index, from code and pages, and by old numbers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from app.platform.settings import PROJECT
from tests.tidy.source import fail_for, sources

FOLDER = PROJECT / "docs/decisions"
PAGES = {path.name[:4]: path for path in FOLDER.glob("[0-9]*.md")}
HOLDS = re.compile(r"^(?:\*\*Status\*\*.* Includes|Holds) ((?:\d{4}|and|[,\s])+)\.$", re.MULTILINE)
NUMBER = re.compile(r"decisions?[ /](\d{4})", re.IGNORECASE)
LINK = re.compile(r"\]\(([\w./-]*\d{4}-[\w-]+\.md)\)")


def held(text: str) -> list[str]:
    """The numbers of decisions that went into this page, by its head."""
    return [number for numbers in HOLDS.findall(text) for number in re.findall(r"\d{4}", numbers)]


def pages() -> list[Path]:
    """All Markdown that leads to decisions."""
    return [*(PROJECT / "docs").rglob("*.md"), PROJECT / "README.md", PROJECT / "CHANGELOG.md"]


def test_the_index_has_each_decision_once() -> None:
    index = Counter(LINK.findall((FOLDER / "README.md").read_text(encoding="utf-8")))
    assert index == Counter(path.name for path in PAGES.values())


def test_a_number_is_that_of_one_page_or_held_by_one() -> None:
    numbers = [number for path in PAGES.values() for number in held(path.read_text(encoding="utf-8"))]
    repetitions = {number for number, times in Counter([*numbers, *PAGES]).items() if times > 1}
    fail_for(repetitions, "A number is never used again, and what went into a page has no other one.")


def test_a_decision_that_code_names_has_a_page() -> None:
    places = {
        f"{source.name}: {number}"
        for source in (*sources("app"), *sources("bench"), *sources("tests"))
        for number in NUMBER.findall(source.text)
        if number not in PAGES
    }
    fail_for(places, "Name the decision that holds it now: search docs/decisions for the number.")


def test_a_link_to_a_decision_leads_to_a_page() -> None:
    places = {
        f"{path.relative_to(PROJECT)}: {link}"
        for path in pages()
        for link in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / link).exists()
    }
    fail_for(places, "Lead to the decision that holds it now: search docs/decisions for the number.")
