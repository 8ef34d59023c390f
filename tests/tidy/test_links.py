"""Links between pages of the docs lead to files and headings that exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.platform.settings import PROJECT
from tests.tidy.source import fail_for

PAGES = [
    *(PROJECT / name for name in ("README.md", "CHANGELOG.md", "deploy/client.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
]
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)")


@cache
def prose(page: Path) -> str:
    """Return the text of a page without its blocks of code."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the page's headings."""
    repeated = Counter[str]()
    names = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        names.add(f"{name}-{repeated[name]}" if repeated[name] else name)
        repeated[name] += 1
    return names


def dead_links(page: Path) -> Iterator[str]:
    """Yield each link of a page that leads to no file, or to no heading of a page."""
    for path, anchor in LINK.findall(prose(page)):
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            yield f"{path}#{anchor}" if anchor else path


def test_links_between_pages_lead_to_files_and_headings() -> None:
    dead = {f"{page.relative_to(PROJECT)}: {link}" for page in PAGES for link in dead_links(page)}
    fail_for(dead, "Name the file or the heading as it is now.")


def test_links_to_a_missing_file_or_heading_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n\n## Two, `three` & four\n\n## [One](other.md)\n")
    page = tmp_path / "page.md"
    right = "[a](other.md) [b](other.md#two-three--four) [c](other.md#one-1) [d](#here) [e](https://g.org/x)"
    page.write_text(f"# Here\n\n{right}\n[f](none.md) [g](other.md#none) ![h](none.png) [i](#none)\n")
    assert list(dead_links(page)) == ["none.md", "other.md#none", "none.png", "#none"]
