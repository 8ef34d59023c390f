"""A frontend in TypeScript compiles against the contract, which keeps our rules; where Node is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.contract.selection import TaggedContract
from app.platform.settings import PROJECT
from tests.extent import WHOLE, in_test_all

SAMPLE = PROJECT / "openapi" / "sample"
#: What the sample uses of the contract: all of it takes three times as long to compile.
TAGS = ("incidents", "requests", "service")


def run_script(script: str, folder: Path = SAMPLE) -> None:
    """Run a script of the sample, which must end well; skip where Node or its packages are missing."""
    if shutil.which("npm") is None:
        pytest.skip("needs node: there is no npm")
    if not (SAMPLE / "node_modules").is_dir():
        pytest.skip("needs node: `make frontend` fetches its packages")
    ended = subprocess.run(
        ["npm", "run", "--silent", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def sample_of_a_part(folder: Path) -> Path:
    """A copy of the sample in that folder, with the part of the contract that it uses."""
    copy = folder / "sample"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("node_modules", "build"))
    (copy / "node_modules").symlink_to(SAMPLE / "node_modules")
    contract = json.loads((PROJECT / "openapi" / "openapi.json").read_bytes())
    (folder / "openapi.json").write_text(json.dumps(TaggedContract(contract).with_tags(TAGS)), "utf-8")
    return copy


@in_test_all
def test_the_sample_compiles_against_the_contract(tmp_path: Path) -> None:
    folder = SAMPLE if WHOLE else sample_of_a_part(tmp_path)
    run_script("types", folder)
    run_script("compile", folder)


@in_test_all
def test_the_contract_keeps_our_rules() -> None:
    """Linting takes a minute and a half of CPU."""
    run_script("lint")
