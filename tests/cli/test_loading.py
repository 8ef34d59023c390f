"""A command loads what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from app.cli.commands import COMMANDS
from tests.extent import in_test_all

LOADED = """
import contextlib, gc, sys
from app.cli import main
names = sys.argv[1:]
for name in names:
    sys.argv[1:] = [name, "--help"]
    with contextlib.suppress(SystemExit):
        main()
    assert gc.isenabled()
    assert gc.get_freeze_count()
print(*sys.modules)
"""
SERVE_NOBODY = ["import", "keys", "rebuild", "work"]


@cache
def loaded(*names: str) -> set[str]:
    """The modules that a process has which was called with these names of commands."""
    command = [sys.executable, "-c", LOADED, *names]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_commands_that_serve_nobody_load_no_routes() -> None:
    modules = loaded(*SERVE_NOBODY)
    assert {f"app.cli.{COMMANDS[name]}" for name in SERVE_NOBODY} <= modules
    assert "app.main" not in modules


@in_test_all
def test_what_is_no_command_is_looked_for_among_all() -> None:
    assert {f"app.cli.{module}" for module in COMMANDS.values()} <= loaded("imprt")


def test_what_only_statistics_need_is_loaded_when_they_are_asked_for() -> None:
    """It takes half a second, which neither the service nor a command is to take longer to start."""
    modules = loaded("imprt")
    assert "app.main" in modules
    assert {"app.kpis.router", "app.kpis.effects.router", "app.kpis.statistics.intervals"} <= modules
    assert {"numpy", "scipy"}.isdisjoint(modules)
