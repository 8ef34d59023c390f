"""The command line as people use it: a process of its own, its output, its exit code."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from app.platform.settings import PREFIX
from tests.conftest import DatabaseUrls
from tests.forked import Forking
from tests.waiting import LOOK_SECONDS, PATIENCE_SECONDS


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


class Run(Protocol):
    """Runs a command until it ends. Settings by their name: `port="80"`; None: not set."""

    def __call__(self, *arguments: str, said: str = "", **settings: str | None) -> Ended: ...


def environment(**settings: str | None) -> dict[str, str]:
    """What a process sees: nothing of our own settings but these, and no night to work in."""
    others_of_ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    values = {"reconcile_at": "off", "database_wait_seconds": "0", "horizon_years": "300"} | settings
    named = {PREFIX + name.upper(): value for name, value in values.items() if value is not None}
    return others_of_ours | named | {"COLUMNS": "200", "NO_COLOR": "1"}


def answered(client: httpx.Client, path: str) -> httpx.Response:
    """What is answered at that path, as soon as the service listens."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return client.get(path)
        except httpx.ConnectError:
            if time.monotonic() > ends:
                raise
            time.sleep(LOOK_SECONDS)


@pytest.fixture
def run(forking: Forking, place: DatabaseUrls, tmp_path: Path) -> Run:
    """Commands on a database of the test's own."""

    def ledgerdesk(*arguments: str, said: str = "", **settings: str | None) -> Ended:
        usual = {"database_url": place.url, "secrets_dir": str(tmp_path / "secrets")}
        variables = environment(**{**usual, **settings})
        answer = forking.ask("run", arguments=arguments, environment=variables, said=said)
        ended = Ended(answer["code"], answer["out"], answer["err"])
        assert "Traceback" not in ended.stdout + ended.stderr, ended.stderr
        return ended

    return ledgerdesk
