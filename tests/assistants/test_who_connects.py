"""Nobody connects without a valid key; its limits hold; and what is missing is said."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from app.assistants.router import assistants_served
from app.cli import mcp as mcp_command
from app.common.people import Role
from app.main import build_app
from app.platform.settings import PROJECT, Settings, SettingsError
from tests.assistants.clients import Assistants
from tests.cli.conftest import environment
from tests.client import Api, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all

LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"accept": "application/json, text/event-stream"}


async def post(assistants: Assistants, key: str | None, body: Any = LIST, **headers: str) -> httpx.Response:
    sent = ACCEPT | headers | ({} if key is None else {"authorization": f"Bearer {key}"})
    async with httpx.AsyncClient() as client:
        return await client.post(f"{assistants.address}/mcp", json=body, headers=sent)


async def test_without_a_key_with_a_wrong_one_and_with_a_revoked_one_nobody_connects(
    api: Api, assistants: Assistants
) -> None:
    admin = await api.client("Ada", Role.admin)
    lin = await api.client("Lin")
    assert lin.token is not None
    assert (await post(assistants, lin.token)).status_code == 200
    for key in (None, "nothing", lin.token[:-1] + ("A" if lin.token[-1] != "A" else "B")):
        answer = await post(assistants, key)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    key_id = (await lin.read("/v1/me"))["key_id"]
    await admin.post_ok(f"/v1/keys/{key_id}/revoke")
    assert (await post(assistants, lin.token)).status_code == 401


async def test_the_rate_limit_and_the_largest_body_of_the_key_hold(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    narrow = settings.model_copy(update={"rate_limit": 4, "body_limit": 5_000})
    async with serving(place.url, tmp_path / "secrets", narrow) as api:
        lin = await api.client("Lin")
        answers = [await lin.post("/mcp", json=LIST, headers=ACCEPT) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200] * 4
        large = await lin.post("/mcp", json=LIST | {"params": {"x": "y" * 6_000}}, headers=ACCEPT)
        assert large.status_code == 413
        limited = await lin.post("/mcp", json=LIST, headers=ACCEPT)
        assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")
        assert limited.headers["retry-after"]


async def test_what_is_no_message_is_refused_and_nothing_fails(api: Api, assistants: Assistants) -> None:
    lin = await api.client("Lin")
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    bodies: list[Any] = [
        [],
        {},
        "text",
        [LIST],
        {**LIST, "method": "nothing/here"},
        {**call, "params": {}},
        {**call, "params": {"name": "find", "arguments": []}},
        {**call, "params": {"name": "find", "arguments": {"language": ["zh"]}}},
        {**call, "params": {"name": "find", "arguments": {"language": "x" * 9_000}}},
        {**call, "params": {"name": None}},
    ]
    for body in bodies:
        answer = await post(assistants, lin.token, body)
        assert answer.status_code < 500, (body, answer.text)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {lin.token}"}) as client:
        assert (await client.get(f"{assistants.address}/mcp")).status_code == 405
        assert (await client.delete(f"{assistants.address}/mcp")).status_code == 405
        # The specification: a stream, or 405. Official clients take all else for a broken stream.
        for accept in ("text/event-stream", "text/event-stream, application/json;q=0.1", "application/json"):
            answer = await client.get(f"{assistants.address}/mcp", headers={"accept": accept})
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), accept


async def test_it_is_served_only_where_a_setting_says_so(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    off = settings.model_copy(update={"assistants": False})
    async with serving(place.url, tmp_path / "secrets", off) as api:
        lin = await api.client("Lin")
        assert (await lin.post("/mcp", json=LIST, headers=ACCEPT)).status_code == 404
        assert (await api.with_token(None).post("/mcp", json=LIST, headers=ACCEPT)).status_code == 401


async def test_without_its_package_the_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.streamable_http_manager", None)
    app = build_app()
    with pytest.raises(SettingsError, match=r"LEDGERDESK_ASSISTANTS.*pip install 'ledgerdesk\[mcp\]'"):
        async with assistants_served(app, is_served=True):
            raise AssertionError("it is not installed")
    async with assistants_served(app, is_served=False):
        assert app.state.assistants is None


def run(*arguments: str, before: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, after those statements."""
    program = (
        f"import sys; {before}\nsys.argv = {['ledgerdesk', *arguments]!r}\nfrom app.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**environment(), **variables},
        cwd=PROJECT,
        input="",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: each of its own would take seconds to load."""

    def refused(key: str = "", url: str = "") -> tuple[int, str]:
        with pytest.raises(typer.Exit) as ended:
            mcp_command.mcp(key, url, "")
        return ended.value.exit_code, capsys.readouterr().err

    for key, url, code, words in (
        ("", "", 2, "LEDGERDESK_MCP_KEY"),
        ("ldk_x", "http://127.0.0.1:1", 6, "there is no response"),
        ("ldk_x", "nowhere", 6, "there is no response"),
    ):
        ended = refused(key, url)
        assert (ended[0], words in ended[1]) == (code, True), ended
    for name in ("mcp", *(name for name in sys.modules if name.startswith("mcp."))):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "app.assistants.server")
    code, words = refused()
    assert (code, "ledgerdesk[mcp]" in words) == (2, True)


@in_test_all
async def test_the_command_refuses_a_wrong_key_and_prints_nothing_of_it(
    api: Api, assistants: Assistants
) -> None:
    key = "ldk_01a21cca928c7002ac0fd417413893a1_bpAtWeKILZYgUkgNWo"
    variables = {"LEDGERDESK_MCP_KEY": key, "LEDGERDESK_MCP_URL": assistants.address}
    refused = await asyncio.to_thread(run, "mcp", **variables)
    assert refused.returncode == 4
    assert refused.stdout == ""
    assert key not in refused.stderr


@in_test_all
async def test_a_key_that_is_revoked_while_an_assistant_is_connected_is_of_no_use_any_more(
    api: Api, assistants: Assistants
) -> None:
    admin, lin = await api.client("Ada", Role.admin), await api.client("Lin")
    assert lin.token is not None
    incident = await lin.post_ok("/v1/incidents", an_incident())
    async with assistants.over_stdio(lin.token) as assistant:
        named = {"kind": "incident", "id": incident["number"]}
        await assistant.use("read", **named)
        await admin.post_ok(f"/v1/keys/{(await lin.read('/v1/me'))['key_id']}/revoke")
        assert (await assistant.refused("read", **named))["code"] == "unauthenticated"
