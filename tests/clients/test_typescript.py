"""A frontend in TypeScript compiles against the contract, which keeps our rules; where Node is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from app.platform.settings import PROJECT
from tests.extent import in_test_all

SAMPLE = PROJECT / "openapi" / "sample"


def run_script(script: str) -> None:
    """Run a script of the sample, which must end well; skip where Node or its packages are missing."""
    if shutil.which("npm") is None:
        pytest.skip("needs node: there is no npm")
    if not (SAMPLE / "node_modules").is_dir():
        pytest.skip("needs node: `make frontend` fetches its packages")
    ended = subprocess.run(
        ["npm", "run", "--silent", script], cwd=SAMPLE, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_sample_compiles_against_the_contract() -> None:
    run_script("types")
    run_script("compile")


@in_test_all
def test_the_contract_keeps_our_rules() -> None:
    """Linting takes a minute and a half of CPU."""
    run_script("lint")
