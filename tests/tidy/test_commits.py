"""Subjects of the branch's commits are sentences with their area (docs/contributing.md)."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from app.platform.settings import PROJECT
from tests.tidy.source import fail_for

LONGEST_SUBJECT = 72
SUBJECT = re.compile(r"[a-z][a-z0-9_-]*: [A-Z].*[^. ]\.")
#: Branches that others are merged into; the first that exists is the base.
BASES = ("main", "origin/main")


def is_well_phrased(subject: str) -> bool:
    """Return whether a commit's subject is `area: Sentence.` and not too long."""
    return len(subject) <= LONGEST_SUBJECT and SUBJECT.fullmatch(subject) is not None


def git(*arguments: str) -> str | None:
    """Return what git prints in the project; None if it fails."""
    ended = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else None


def test_subjects_of_commits_are_sentences_with_their_area() -> None:
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("needs git: this is no checkout")
    bases = [git("merge-base", branch, "HEAD") for branch in BASES]
    base = next(filter(None, bases), None)
    if base is None:
        pytest.skip("commits have no base: this checkout has no main")
    subjects = git("log", "--no-merges", "--format=%s", f"{base}..HEAD")
    assert subjects is not None
    fail_for(
        (subject for subject in subjects.splitlines() if not is_well_phrased(subject)),
        f"Write `area: Imperative sentence.` in at most {LONGEST_SUBJECT} characters (git rebase -i).",
    )


@pytest.mark.parametrize(
    ("subject", "is_right"),
    [
        ("kpis: Count reopened incidents once.", True),
        ("kpis: count reopened incidents once.", False),
        ("kpis: Count reopened incidents once", False),
        ("Count reopened incidents once.", False),
        ("KPIs: Count reopened incidents once.", False),
        (f"kpis: Count {'x' * 60}.", False),
    ],
)
def test_a_subject_is_an_area_and_a_sentence(subject: str, is_right: bool) -> None:
    assert is_well_phrased(subject) is is_right
