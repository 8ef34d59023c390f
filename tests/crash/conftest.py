"""Installations to be broken: each a copy of one that is made once per run, which takes seconds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.site import made_token
from tests import forked
from tests.conftest import Server, file_lock, shared_folder
from tests.forked import Forking, Sites


@pytest.fixture(scope="session")
def made_data(server: Server, forking: Forking, testrun_uid: str) -> Path:
    """The data folder of an installation that nobody has used yet."""
    folder = shared_folder(testrun_uid)
    data = folder / "site"
    with file_lock(folder / "site.lock"):
        if not data.exists():
            with forked.sites(forking)() as installation:
                made_token(installation)
                subprocess.run(["/bin/cp", "-a", str(installation.data), str(data)], check=True)
    return data


@pytest.fixture
def site(forking: Forking, made_data: Path) -> Sites:
    """Makes installations with processes of their own."""
    return forked.sites(forking, made_data)
