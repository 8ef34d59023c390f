"""The how-to pages are right: each is applied to a copy of the project, which then passes its tests."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.platform.settings import PROJECT
from tests.extent import WHOLE, in_test_all

HOW_TO = PROJECT / "docs" / "how-to"
#: The newest migration; the pages add those after it.
NEWEST = max(int(path.name[:4]) for path in (PROJECT / "migrations" / "versions").glob("[0-9]*.py"))
#: In the order in which they are applied to one copy, and how many migrations of earlier pages come before.
PAGES = {
    "add-an-action.md": 0,
    "add-a-field.md": 0,
    "add-a-process.md": 1,
    "add-a-rule.md": 2,
    "add-a-timed-rule.md": 2,
    "add-a-notice.md": 2,
    "bring-a-record-to-a-state.md": 2,
    "add-a-kpi.md": 2,
}
#: What `make contract` writes.
GENERATED = {
    "openapi/openapi.json",
    "openapi/areas/incidents.json",
    "openapi/areas/people.json",
    "openapi/events.json",
    *(["migrations/schema.sql"] if WHOLE else []),
}
GENERATED |= {
    "docs/lifecycles/incidents.md",
    "docs/lifecycles/loans.md",
    "docs/kpis.md",
    "docs/notice-types.md",
}
COPIED = ("app", "docs", "migrations", "openapi", "tests", "pyproject.toml", "Makefile", "CHANGELOG.md")
#: The files that each page has somebody write by hand.
BY_HAND = {
    "add-an-action.md": {f"app/processes/incidents/{name}.py" for name in ("payloads", "lifecycle")},
    "add-a-field.md": {
        f"migrations/versions/{NEWEST + 1}_floor_of_incidents.py",
        *(f"app/processes/incidents/{name}.py" for name in ("records", "payloads")),
    },
    "add-a-process.md": {
        *("app/registry.py", f"migrations/versions/{NEWEST + 2}_loans.py"),
        *(
            f"app/processes/loans/{name}.py"
            for name in ("__init__", "records", "lifecycle", "queries", "routes")
        ),
    },
    "add-a-rule.md": {
        *("app/automation/incidents_and_problems/close_resolved_alerts.py", "app/worker.py", "docs/rules.md"),
        "tests/automation/test_close_resolved_alerts.py",
    },
    "add-a-timed-rule.md": {
        "app/automation/incidents_and_problems/close_resolved_calls.py",
        *("app/worker.py", "docs/rules.md", "tests/automation/test_close_resolved_calls.py"),
    },
    "add-a-notice.md": {
        *(
            "app/common/notices.py",
            "app/notifications/told_fields.py",
            "app/processes/incidents/lifecycle.py",
        ),
        *("app/i18n/en.toml", "app/i18n/zh.toml"),
        "tests/notifications/test_vendor_called.py",
    },
    "bring-a-record-to-a-state.md": {"tests/every_action/test_vendor_called.py"},
    "add-a-kpi.md": {
        *("app/kpis/catalogue/tickets/incidents.py", "app/kpis/raw/incident/incidents_first_resolved.sql"),
        "tests/kpis/brute_force/incidents.py",
    },
}
#: How many lines the package of a process with two actions has at most.
TINY_PROCESS = 90
#: Where the tests of what the pages add stand, and which they are; of all zones of the KPIs one is enough.
TESTS = (
    "tests/every_action",
    *(
        f"tests/automation/test_{name}.py"
        for name in ("close_resolved_alerts", "close_resolved_calls", "rules")
    ),
    "tests/notifications",
    "tests/kpis/brute_force/test_random_histories.py",
    *(f"tests/kpis/test_{name}.py" for name in ("catalogue", "no_kpi_is_without_cases", "reconcile")),
)
OF_EACH = "automation or vendor_called or told_fields or (kpis and (incidents_first_resolved or second_time"
#: Every generic test tries the loans; the incidents' other tests are of actions that were there before.
CHOSEN = (
    f"(every_action and (incident or loan)) or {OF_EACH} or to_every_kpi or (both_paths_agree and Berlin)))"
    if WHOLE
    else f"(every_action and (loan or (incident and (folds_back or test_who)))) or {OF_EACH}))"
)
FEWEST_PASSED = 35 if WHOLE else 20
#: Only against hanging: with everything it takes a few minutes.
SECONDS = 3600


def patches(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each file that the page changes, with what stands in it and what is to stand there instead."""
    for block in re.findall(r"^```diff\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        for patch in re.split(r"^--- \S+\n(?=\+\+\+ )", block, flags=re.MULTILINE)[1:]:
            name = patch.splitlines()[0].removeprefix("+++ ")
            yield name, [_hunk(part) for part in re.split(r"^@@.*@@\n", patch, flags=re.MULTILINE)[1:]]


def _hunk(part: str) -> tuple[str, str]:
    lines = [(line[:1], line[1:] + "\n") for line in part.splitlines()]
    old = "".join(text for mark, text in lines if mark != "+")
    return old, "".join(text for mark, text in lines if mark != "-")


def apply(page: str, folder: Path, migrations_before: int) -> set[str]:
    """Apply the page to the copy, behind so many other migrations; return the files that it changes."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    # A page's migration stands behind the newest one of when the page was written.
    number = re.search(r'^\+down_revision = "(\d+)"', text, re.MULTILINE)
    if number is not None:
        before, later = int(number[1]), NEWEST - int(number[1]) + migrations_before
        numbers = rf"(?<!\d)({before}|{before + 1})(?!\d)"
        text = re.sub(numbers, lambda match: str(int(match[0]) + later), text)
    changed = set()
    for name, hunks in patches(text):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        for old, new in hunks:
            assert not old or content.count(old) == 1, f"{page} does not fit {name} any more:\n{old}"
            content = content.replace(old, new) if old else new
        path.write_text(content, encoding="utf-8")
        changed.add(name)
    return changed


def run(folder: Path, *arguments: str) -> str:
    """Run a module of Python in the copy, which must end well."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LEDGERDESK_TEST_EXAMPLES": "whole"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def different(folder: Path) -> set[str]:
    """The files of the copy that differ from the project's, or that the project does not have."""
    files = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in files)
    meant = (n for n in names if "__pycache__" not in n.parts and not n.parts[0].startswith("."))
    return {str(n) for n in meant if _bytes(PROJECT / n) != _bytes(folder / n)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def written(folder: Path) -> Path:
    """A copy of the project without the caches of Python."""
    copy = folder / "project"
    copy.mkdir()
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


def test_what_the_pages_say_fits_the_project(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    for name in set().union(*BY_HAND.values()):
        if (PROJECT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, copy / name)
    for page, migrations_before in PAGES.items():
        assert apply(page, copy, migrations_before) == BY_HAND[page]
    for name in set().union(*BY_HAND.values()):
        if name.endswith(".py"):
            ast.parse((copy / name).read_text(encoding="utf-8"), name)


def test_a_tiny_process_is_a_small_package_and_one_line() -> None:
    added = {
        name: sum(new.count("\n") - old.count("\n") for old, new in hunks)
        for name, hunks in patches((HOW_TO / "add-a-process.md").read_text(encoding="utf-8"))
    }
    package = sum(number for name, number in added.items() if name.startswith("app/processes/loans/"))
    assert package <= TINY_PROCESS
    assert {
        name: number
        for name, number in added.items()
        if not name.startswith(("app/processes/loans/", "migrations/"))
    } == {"app/registry.py": 1}


@in_test_all
def test_what_the_pages_add_is_tested_already_and_passes(tmp_path: Path) -> None:
    copy = written(tmp_path)
    for page, migrations_before in PAGES.items():
        apply(page, copy, migrations_before)
    run(copy, "app.cli", "contract")
    if WHOLE:  # It migrates a server of its own; the tests migrate one anyway.
        run(copy, "app.cli", "schema")
    report = run(copy, "pytest", "-q", "-n0", "-p", "no:cacheprovider", *TESTS, "-k", CHOSEN)
    assert int(re.findall(r"(\d+) passed", report)[0]) > FEWEST_PASSED
    assert different(copy) == set().union(*BY_HAND.values()) | GENERATED
    contract = (copy / "openapi" / "openapi.json").read_text(encoding="utf-8")
    assert "/v1/incidents/{id}/call_vendor" in contract
    assert '"floor"' in contract
    assert "/v1/loans/{id}/return" in contract
    assert "`incidents_first_resolved`" in (copy / "docs" / "kpis.md").read_text(encoding="utf-8")
