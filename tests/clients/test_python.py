"""The package of the typed client in Python, generated from the committed contract, against a running server.

All of it takes long to make and to import: in `make test` it is made of what concerns tickets, with
LEDGERDESK_TEST_EXAMPLES=all, which `make soak` sets, as it is released.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import PROJECT, Settings
from tests.client import Api
from tests.conftest import DatabaseUrls
from tests.extent import ALL_EXAMPLES, WHOLE, in_test_all
from tests.served import behind_a_socket

NAME = "ledgerdesk_client"
#: What is tried by `make test` of what the package is made of.
PART = ("incidents", "requests") if WHOLE else ("incidents",)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the client, which can be imported under its name, for the tests of this file."""
    folder = tmp_path_factory.mktemp("client") / "package"
    command: list[Path | str] = [sys.executable, PROJECT / "deploy" / "client.py", folder]
    ended = subprocess.run(
        [*command, *(() if ALL_EXAMPLES else PART)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def part(path: str) -> Any:
    """A module of the client."""
    return importlib.import_module(f"{NAME}.{path}")


def incidents(operation: str) -> Any:
    """What calls that operation."""
    return part(f"api.incidents.{operation}").asyncio


async def test_a_generated_client_reports_lists_acts_and_is_told_what_is_wrong(
    generated: Path, api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    models = SimpleNamespace(**vars(part("models")))
    agent = await api.client("Lin", Role.agent)
    served = application(place.url, tmp_path / "secrets", settings)
    async with behind_a_socket(served) as (host, port):
        authenticated = part("client").AuthenticatedClient(
            base_url=f"http://{host}:{port}", token=agent.token, raise_on_unexpected_status=True
        )
        async with authenticated as client:
            body = models.ReportIncident(
                title="Mail does not arrive 邮件收不到",
                description="Nothing since nine.",
                channel=models.Channel.PORTAL,
                impact=models.Impact("1"),
                urgency=models.Urgency("1"),
                effect=models.Effect.DOWN,
            )
            reported = await incidents("report_incident")(client=client, body=body)
            assert isinstance(reported, models.IncidentOutWithWarnings)
            assert (reported.state, reported.priority) == (models.IncidentState.NEW, models.Priority.P1)
            page = await incidents("list_incidents")(
                client=client, state=[models.IncidentState.NEW, models.IncidentState.CLOSED]
            )
            assert [item.number for item in page.items] == [reported.number]
            acknowledge = incidents("acknowledge_incident")
            done = await acknowledge(reported.number, client=client, body=models.EmptyPayload())
            assert done.state == models.IncidentState.ACKNOWLEDGED
            assert "acknowledge" in {action.action for action in reported.actions}
            refused = await acknowledge(reported.number, client=client, body=models.EmptyPayload())
            assert isinstance(refused, models.ProblemDocument)
            assert (refused.status, refused.code) == (409, "not_in_this_state")
            assert "assign" in refused.allowed_actions


@in_test_all
async def test_the_program_in_its_readme_has_the_types_it_says_and_files_a_request(
    generated: Path, api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    program = tmp_path / "file_request.py"
    program.write_text((generated / "README.md").read_text("utf-8").split("```")[1].removeprefix("python"))
    requester = await api.client("Olu")
    assert (generated / NAME / "py.typed").exists()
    checked = await _ended(generated, tmp_path, "-m", "mypy", "--strict", program)
    assert checked == (0, "Success: no issues found in 1 source file\n")
    async with behind_a_socket(application(place.url, tmp_path / "secrets", settings)) as (host, port):
        address = {"API": f"http://{host}:{port}", "KEY": str(requester.token)}
        code, printed = await _ended(generated, tmp_path, program, **address)
    assert code == 0, printed
    (filed,) = (await requester.read("/v1/requests"))["items"]
    assert printed == f"{filed['number']} submitted\n"


async def _ended(package: Path, folder: Path, *arguments: str | Path, **variables: str) -> tuple[int, str]:
    """Run Python in that folder with the package installed; give its exit code and what it printed."""
    paths = {"PYTHONPATH": str(package), "MYPYPATH": str(package)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        cwd=folder,
        env={**os.environ, **paths, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()
