"""The notebook of docs/notebooks does what it says: its cells are run against the demo."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from app.platform.settings import PROJECT
from tests.docs.conftest import Demo
from tests.extent import in_test_all

PATH = PROJECT / "docs" / "notebooks" / "kpis.ipynb"
NOTEBOOK: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
CELLS = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


@in_test_all
async def test_every_cell_runs_and_finds_the_figures_that_the_service_says(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("API", "KEY"):
        monkeypatch.setenv(name, demo.environment[name])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    names: dict[str, Any] = {"__name__": "__main__"}
    for n, cell in enumerate(CELLS):
        code = compile("".join(cell["source"]), f"cell {n}", "exec")
        # The cells wait for the service, which is in this thread.
        await asyncio.to_thread(exec, code, names)
    output = capsys.readouterr().out
    assert names["ours"].keys() == {"mean", "median", "max", "p90"}
    assert len(names["cases"]) == int(names["worst"]["cases"]) > 10
    assert len(names["series"]) > 1
    assert "no picture" in output


def test_it_is_a_notebook_that_nobody_has_run_elsewhere() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    for cell in CELLS:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert max(len(line) for line in cell["source"]) <= 120


def test_it_needs_only_the_standard_library() -> None:
    imported = [
        line.split()[1].partition(".")[0]
        for cell in CELLS
        for line in "".join(cell["source"]).splitlines()
        if line.strip().startswith(("import ", "from "))
    ]
    assert set(imported) - {"matplotlib"} <= sys.stdlib_module_names
