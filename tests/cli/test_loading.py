"""A command loads what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from app.cli.commands import COMMANDS
from tests.cli.conftest import environment
from tests.extent import in_test_all

LOADED = """
import contextlib, gc, sys
from app.cli import main
for words in sys.argv[1:]:
    sys.argv[1:] = words.split()
    with contextlib.suppress(SystemExit):
        main()
    assert gc.isenabled()
    assert gc.get_freeze_count()
if "app.main" in sys.modules:
    from app.api.lazy_routes import LazyRoute
    from app.main import ROUTES, build_app

    build_app()
    assert not [route for route in ROUTES if isinstance(route, LazyRoute) and route.is_route_built]
print(*sys.modules)
"""
SERVE_NOBODY = ["doctor", "export", "import", "keys", "kpi", "people", "rebuild", "work"]
SERVE = ("serve --help", "effect-cases --help", "reconcile --help")
#: What takes the time of loading: FastAPI, the database's drivers, and the classes of all records.
HEAVY = {
    "fastapi",
    "sqlalchemy",
    "sqlmodel",
    "psycopg",
    "alembic",
    "httpx",
    "app.registry",
    "app.kernel.ledger",
}


@cache
def loaded(*commands: str, data_dir: Path | None = None) -> set[str]:
    """The modules that a process has which ran these commands, one after the other."""
    settings = {} if data_dir is None else {"data_dir": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *commands],
        capture_output=True,
        check=True,
        text=True,
        env=environment(**settings),
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_and_the_keys_of_the_demo_load_neither_records_nor_a_web_framework(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "demo-keys.json").write_text(
        '{"quality_manager": "ldk_1", "agent": "ldk_2"}', encoding="utf-8"
    )
    modules = loaded("--help", "", "imprt", "demo --keys", data_dir=tmp_path)
    assert "app.cli.server.demo" in modules
    assert modules.isdisjoint(HEAVY)


def test_a_process_that_ends_collects_nothing_of_what_it_has_loaded() -> None:
    """A handler that was registered before those of the application runs after them."""
    program = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))
import app
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == "True\n"


@in_test_all
def test_commands_that_serve_nobody_load_no_routes() -> None:
    modules = loaded(*(f"{name} --help" for name in SERVE_NOBODY))
    assert {f"app.cli.{COMMANDS[name].module}" for name in SERVE_NOBODY} <= modules
    assert not {name for name in modules if name == "app.main" or name.endswith(".router")}


@in_test_all
def test_the_service_starts_without_making_a_route() -> None:
    assert "app.main" in loaded(*SERVE)  # which asserts it


@in_test_all
def test_what_only_statistics_need_is_loaded_when_they_are_asked_for() -> None:
    """It takes half a second, which neither the service nor a command is to take longer to start."""
    modules = loaded(*SERVE)
    assert "app.main" in modules
    assert {"app.kpis.router", "app.kpis.effects.router", "app.kpis.statistics.intervals"} <= modules
    assert {"numpy", "scipy"}.isdisjoint(modules)
