"""A command loads what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.cli.commands import COMMANDS

LOADED = """
import contextlib, gc, sys
from app.cli import main
sys.argv.append("--help")
with contextlib.suppress(SystemExit):
    main()
assert gc.isenabled()
assert gc.get_freeze_count()
print(*sys.modules)
"""


def loaded(name: str) -> set[str]:
    """The modules that a process has which was called with that name of a command."""
    done = subprocess.run([sys.executable, "-c", LOADED, name], capture_output=True, check=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("name", ["import", "keys", "rebuild", "work"])
def test_a_command_that_serves_nobody_loads_no_routes(name: str) -> None:
    modules = loaded(name)
    assert f"app.cli.{COMMANDS[name]}" in modules
    assert "app.main" not in modules


def test_what_is_no_command_is_looked_for_among_all() -> None:
    assert {f"app.cli.{module}" for module in COMMANDS.values()} <= loaded("imprt")
