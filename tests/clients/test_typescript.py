"""A frontend in TypeScript compiles against the contract, which keeps our rules; where Node is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from app.platform.settings import PROJECT

SAMPLE = PROJECT / "openapi" / "sample"


def test_the_contract_keeps_our_rules_and_the_sample_compiles_against_it() -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs Node: there is no npm on PATH")
    if not (SAMPLE / "node_modules").is_dir():
        pytest.skip("needs Node's packages: `make frontend` fetches them")
    ended = subprocess.run(
        ["npm", "run", "--silent", "all"], cwd=SAMPLE, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
