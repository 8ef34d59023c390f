"""The how-to pages are right: each is applied to a copy of the project, which then passes its tests."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column

from app.cli.migration_draft import draft
from app.common.tables import declare_tables
from app.kernel.histories.rebuild import record_classes
from app.platform.settings import PREFIX, PROJECT
from app.registry import LIFECYCLES
from tests.extent import in_test_all
from tests.tidy.held_files import NOT_OURS_TO_READ

#: Settings of the environment, a module of Python, and its arguments.
Command = tuple[str, ...]
HOW_TO = PROJECT / "docs" / "how-to"
#: The newest migration; the pages add those after it.
NEWEST = max(int(path.name[:4]) for path in (PROJECT / "migrations" / "versions").glob("[0-9]*.py"))
#: The migration that a command drafts for the page on fields.
FIELD_MIGRATION = f"migrations/versions/{NEWEST + 1}_room_of_trainings.py"
#: The raw definition and the loops of the page on KPIs.
RAW_SQL = "app/kpis/raw/incident/incidents_first_resolved.sql"
BRUTE_FORCE = "tests/kpis/brute_force/incidents.py"
FIRST_RESOLVED = '"incidents_first_resolved": _at(lambda incident: incident.first_resolution'
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
    "add-a-webhook-adapter.md": 2,
}
#: What `make contract` writes.
GENERATED = {
    "openapi/openapi.json",
    "openapi/events.json",
    # The labels of fields stand in each area.
    *(f"openapi/areas/{path.name}" for path in (PROJECT / "openapi" / "areas").iterdir()),
}
GENERATED |= {
    "docs/lifecycles/incidents.md",
    "docs/lifecycles/loans.md",
    "docs/lifecycles/trainings.md",
    "docs/kpis.md",
    "docs/notice-types.md",
    "docs/how-to/webhooks/statping.md",
}
#: What a copy of the project needs no copy of.
NOT_COPIED = shutil.ignore_patterns(*NOT_OURS_TO_READ)
#: The lists that name a process: of packages, of tags, and of areas of the contract.
LISTS_OF_PROCESSES = ("app/registry.py", "app/api/contract/openapi.py", "app/api/areas.py")
#: The files that each page has somebody write by hand.
BY_HAND = {
    "add-an-action.md": {
        "tests/assistants/allowed.py",
        *(f"app/processes/incidents/{name}.py" for name in ("payloads", "lifecycle")),
    },
    "add-a-field.md": {
        FIELD_MIGRATION,
        *(f"app/processes/trainings/{name}.py" for name in ("records", "payloads")),
    },
    "add-a-process.md": {
        *LISTS_OF_PROCESSES,
        f"migrations/versions/{NEWEST + 2}_loans.py",
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
    "add-a-kpi.md": {"app/kpis/catalogue/tickets/incidents.py", RAW_SQL, BRUTE_FORCE},
    "add-a-webhook-adapter.md": {
        *("app/webhooks/adapters/statping.toml", "app/webhooks/sample_deliveries/statping.json"),
        "tests/webhooks/sample_outcomes.toml",
    },
}
#: How many lines the package of a process with two actions has at most.
TINY_PROCESS = 90
#: What `make contract` runs.
CONTRACT: tuple[Command, ...] = (
    ("app.cli", "contract"),
    ("app.cli", "schema"),
    ("tests.contract.golden",),
)
#: A command of its own, next to Python.
LINT_IMPORTS = "lint-imports"
#: What `make check` runs.
CHECKS: tuple[Command, ...] = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("pytest", "tests/tidy"),
    ("mypy",),
    (LINT_IMPORTS,),
    ("app.cli", "contract", "--check"),
)
#: What the other commands of `make contract` write.
BY_MAKE = {
    "migrations/schema.sql",
    *(f"tests/contract/{name}.txt" for name in ("codes", "routes", "summaries")),
}
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
            assert old or not path.exists(), f"{page} adds {name}, which the project has already"
            assert not old or content.count(old) == 1, f"{page} does not fit {name} any more:\n{old}"
            content = content.replace(old, new) if old else new
        path.write_text(content, encoding="utf-8")
        changed.add(name)
    return changed


def commands(page: str) -> Iterator[Command]:
    """What the page has its reader run."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line == "make contract":
                yield from CONTRACT
            else:
                before, _, after = line.partition(".venv/bin/python -m ")
                assert after, line
                assert all("=" in word for word in before.split()), line
                yield (*before.split(), *shlex.split(after))


def run(folder: Path, command: Command) -> None:
    """Run the command in the copy, which must end well."""
    done = outcome(folder, command)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def outcome(folder: Path, command: Command) -> subprocess.CompletedProcess[str]:
    """Run the command in the copy, and return how it ended."""
    settings = dict(word.split("=") for word in command if word.startswith(PREFIX))
    command = command[len(settings) :]
    quiet = ("-q", "-n0", "-p", "no:cacheprovider") if command[0] == "pytest" else ()
    lints = command[0] == LINT_IMPORTS
    python = (
        [str(Path(sys.executable).with_name(LINT_IMPORTS))] if lints else [sys.executable, "-m", *command]
    )
    return subprocess.run(
        [*python, *quiet],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def different(folder: Path) -> set[str]:
    """The files of the copy that differ from the project's, or that the project does not have."""
    files = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in files)
    meant = (n for n in names if "__pycache__" not in n.parts and not n.parts[0].startswith("."))
    return {str(n) for n in meant if _bytes(PROJECT / n) != _bytes(folder / n)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def copied(folder: Path, names: set[str]) -> Path:
    """A copy of those of these files that the project has."""
    copy = folder / "project"
    for name in names:
        if (PROJECT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, copy / name)
    return copy


def changed_copy(folder: Path) -> Path:
    """A copy of the project to which all pages have been applied."""
    copy = folder / "project"
    shutil.copytree(PROJECT, copy, ignore=NOT_COPIED)
    for page, migrations_before in PAGES.items():
        apply(page, copy, migrations_before)
    return copy


def missing_imports(copy: Path, name: str) -> Iterator[str]:
    """The names that the file of the copy imports from modules that do not have them."""
    for statement in ast.walk(ast.parse((copy / name).read_text(encoding="utf-8"), name)):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(("app.", "tests.")):
            module = Path(*str(statement.module).split("."))
            there = defined(copy, module)
            for alias in statement.names:
                if alias.name not in there and not is_module(copy, module / alias.name):
                    yield f"{statement.module}.{alias.name}"


def is_module(copy: Path, module: Path) -> bool:
    """Whether the copy or the project has that module or package."""
    places = (module.with_suffix(".py"), module / "__init__.py")
    return any((folder / place).exists() for folder in (copy, PROJECT) for place in places)


def defined(copy: Path, module: Path) -> set[str]:
    """The names that the module of the copy, or else of the project, defines or imports."""
    places = (module.with_suffix(".py"), module / "__init__.py")
    path = next(
        (folder / place for folder in (copy, PROJECT) for place in places if (folder / place).exists()), None
    )
    names: set[str] = set()
    for node in ast.walk(ast.parse("" if path is None else path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_what_the_pages_say_fits_the_project(tmp_path: Path) -> None:
    copy = copied(tmp_path, set().union(*BY_HAND.values()))
    for page, migrations_before in PAGES.items():
        assert apply(page, copy, migrations_before) == BY_HAND[page]
    for name in set().union(*BY_HAND.values()):
        if name.endswith(".py"):
            assert list(missing_imports(copy, name)) == [], name


def test_the_migration_of_a_field_is_the_one_that_is_drafted(tmp_path: Path) -> None:
    apply("add-a-field.md", copied(tmp_path, BY_HAND["add-a-field.md"]), 0)
    kind = declare_tables(record_classes(LIFECYCLES)).tables["fold.training"].c.title.type
    drafted = draft([("add_column", "fold", "training", Column("room", kind))], "The room of a training")
    assert (tmp_path / "project" / FIELD_MIGRATION).read_text(encoding="utf-8") == drafted


def test_a_page_adds_no_file_that_the_project_has(tmp_path: Path) -> None:
    page = "add-a-webhook-adapter.md"
    copy = copied(tmp_path, BY_HAND[page])
    added = copy / "app" / "webhooks" / "adapters" / "statping.toml"
    added.parent.mkdir(parents=True)
    added.touch()
    with pytest.raises(AssertionError, match="which the project has already"):
        apply(page, copy, 0)


def test_a_tiny_process_is_a_small_package_and_a_line_in_each_list() -> None:
    added = {
        name: sum(new.count("\n") - old.count("\n") for old, new in hunks)
        for name, hunks in patches((HOW_TO / "add-a-process.md").read_text(encoding="utf-8"))
    }
    package = sum(number for name, number in added.items() if name.startswith("app/processes/loans/"))
    assert package <= TINY_PROCESS
    lines_in_lists = {
        name: number
        for name, number in added.items()
        if not name.startswith(("app/processes/loans/", "migrations/"))
    }
    assert lines_in_lists.keys() == set(LISTS_OF_PROCESSES)
    assert max(lines_in_lists.values()) == 1


@in_test_all
def test_what_the_pages_add_passes_what_they_have_one_run(tmp_path: Path) -> None:
    copy = changed_copy(tmp_path)
    every_command = dict.fromkeys(command for page in PAGES for command in commands(page))
    for command in (*every_command, *CHECKS):
        run(copy, command)
    changed = set().union(*BY_HAND.values()) | GENERATED | BY_MAKE
    assert different(copy) == changed | {"vendored.toml"}
    contract = (copy / "openapi" / "openapi.json").read_text(encoding="utf-8")
    assert "/v1/incidents/{id}/call_vendor" in contract
    assert '"room"' in contract
    assert "/v1/loans/{id}/return" in contract
    assert "`incidents_first_resolved`" in (copy / "docs" / "kpis.md").read_text(encoding="utf-8")


@in_test_all
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            BRUTE_FORCE,
            "incident.first_resolution, lambda incident, n: 1",
            "incident.last_close, lambda i, n: 1",
        ),
        (RAW_SQL, "from first_resolution", "from first_resolution where false"),
    ],
    ids=["loops", "SQL"],
)
def test_the_tests_of_the_page_on_kpis_find_a_wrong_definition(
    tmp_path: Path, name: str, right: str, wrong: str
) -> None:
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=NOT_COPIED)
    apply("add-a-kpi.md", copy, 0)
    text = (copy / name).read_text(encoding="utf-8")
    assert text.count(right) == 1
    (copy / name).write_text(text.replace(right, wrong), encoding="utf-8")
    (tests,) = (command for command in commands("add-a-kpi.md") if "pytest" in command)
    assert " failed" in outcome(copy, tests).stdout
